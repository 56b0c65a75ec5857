//! Deposits of ramp users as rows: found by id, and paged for their user.
//!
//! A deposit out of an invoice has its payment's id, so that both are found by one key.

use domain::changes::Noun;
use domain::ids::RampUserId;
use domain::ramp_deposit::RampDeposit;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), frozen("user_id", Kind::Key)];

impl Row for RampDeposit {
    const TABLE: Table = Table {
        noun: Noun::RampDeposit,
        name: "ramp_deposits",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.user_id.key().into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<RampDeposit, StoreError> {
        Ok(RampDeposit { version: cells.version, ..cells.body(RampDeposit::key)? })
    }
}

pub(crate) fn of_user(user_id: RampUserId, page: Page, limit: i64) -> List<RampDeposit> {
    List::new("")
        .bind(" WHERE user_id = ", user_id.key())
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// A page of a user's deposits, newest first.
    pub async fn ramp_deposits_of_user(
        &self,
        user_id: RampUserId,
        page: Page,
        limit: i64,
    ) -> Result<Vec<RampDeposit>, StoreError> {
        of_user(user_id, page, limit).read(self).await
    }
}
