//! Ramp users as rows: found by id, and paged for their merchant.
//!
//! The user is JSON with what identifies him sealed inside. Whoever has an external id is found by
//! its claim.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::ramp_user::RampUser;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 3] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
];

impl Row for RampUser {
    const TABLE: Table = Table {
        noun: Noun::RampUser,
        name: "ramp_users",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.merchant_id.into(), self.environment.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<RampUser, StoreError> {
        Ok(RampUser { version: cells.version, ..cells.body(RampUser::key)? })
    }
}

pub(crate) fn of_merchant(
    (merchant_id, environment): (MerchantId, Environment),
    page: Page,
    limit: i64,
) -> List<RampUser> {
    List::new("")
        .bind(" WHERE merchant_id = ", merchant_id)
        .bind(" AND environment = ", environment)
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// A page of a merchant's ramp users, newest first.
    pub async fn ramp_users(
        &self,
        whose: (MerchantId, Environment),
        page: Page,
        limit: i64,
    ) -> Result<Vec<RampUser>, StoreError> {
        of_merchant(whose, page, limit).read(self).await
    }
}
