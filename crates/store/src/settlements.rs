//! Settlements as rows: found by their number, and listed by their merchant.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::settlement::Settlement;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 3] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
];

impl Row for Settlement {
    const TABLE: Table = Table {
        noun: Noun::Settlement,
        name: "settlements",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.merchant_id.into(), self.environment.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Settlement, StoreError> {
        Ok(Settlement { version: cells.version, ..cells.body(Settlement::key)? })
    }
}

pub(crate) fn of_merchant(
    (merchant_id, environment): (MerchantId, Environment),
    page: Page,
    limit: i64,
) -> List<Settlement> {
    List::new("")
        .bind(" WHERE merchant_id = ", merchant_id)
        .bind(" AND environment = ", environment)
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// A page of a merchant's settlements, newest first.
    pub async fn settlements(
        &self,
        whose: (MerchantId, Environment),
        page: Page,
        limit: i64,
    ) -> Result<Vec<Settlement>, StoreError> {
        of_merchant(whose, page, limit).read(self).await
    }
}
