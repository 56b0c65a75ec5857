//! KYC cases as rows: found by id, and all of a user for his export.
//!
//! The user's own row names the latest; the others are history.

use domain::changes::Noun;
use domain::ids::RampUserId;
use domain::kyc::KycCase;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), frozen("user_id", Kind::Key)];

impl Row for KycCase {
    const TABLE: Table = Table {
        noun: Noun::KycCase,
        name: "kyc_cases",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.user_id.key().into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<KycCase, StoreError> {
        Ok(KycCase { version: cells.version, ..cells.body(KycCase::key)? })
    }
}

pub(crate) fn of_user(user_id: RampUserId, page: Page, limit: i64) -> List<KycCase> {
    List::new("")
        .bind(" WHERE user_id = ", user_id.key())
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// Cases of a user, newest first.
    pub async fn kyc_cases_of_user(
        &self,
        user_id: RampUserId,
        page: Page,
        limit: i64,
    ) -> Result<Vec<KycCase>, StoreError> {
        of_user(user_id, page, limit).read(self).await
    }
}
