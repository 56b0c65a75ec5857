//! Quotes of ramps as rows: found by id, paged for their user, written by the payout taking them.
//!
//! A quote for anybody is of nobody until a payout of somebody takes it.

use domain::changes::Noun;
use domain::ids::RampUserId;
use domain::ramp_quote::RampQuote;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), mutable("user_id", Kind::Key).or_null()];

impl Row for RampQuote {
    const TABLE: Table = Table {
        noun: Noun::RampQuote,
        name: "ramp_quotes",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let user = self.user_id.map_or(Value::Null, |id| Value::Key(id.key()));
        vec![Value::json(&self), user]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<RampQuote, StoreError> {
        Ok(RampQuote { version: cells.version, ..cells.body(RampQuote::key)? })
    }
}

pub(crate) fn of_user(user_id: RampUserId, page: Page, limit: i64) -> List<RampQuote> {
    List::new("")
        .bind(" WHERE user_id = ", user_id.key())
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// A page of a user's quotes, newest first.
    pub async fn ramp_quotes_of_user(
        &self,
        user_id: RampUserId,
        page: Page,
        limit: i64,
    ) -> Result<Vec<RampQuote>, StoreError> {
        of_user(user_id, page, limit).read(self).await
    }
}
