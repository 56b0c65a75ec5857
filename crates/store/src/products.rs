//! The merchants' own products as rows: found by their number, listed in the order of their keys.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::{MerchantId, RowKey};
use domain::product::Product;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 4] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    mutable("is_removed", Kind::Int),
];

impl Row for Product {
    const TABLE: Table = Table {
        noun: Noun::Product,
        name: "products",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            Value::json(&self),
            self.merchant_id.into(),
            self.environment.into(),
            i64::from(self.is_removed()).into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Product, StoreError> {
        Ok(Product { version: cells.version, ..cells.body(Product::key)? })
    }
}

pub(crate) fn of_merchant(
    (merchant_id, environment): (MerchantId, Environment),
    page: Page,
    limit: i64,
) -> List<Product> {
    List::new("")
        .bind(" WHERE merchant_id = ", merchant_id)
        .bind(" AND environment = ", environment)
        .push(" AND is_removed = 0")
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

/// Everybody's, removed ones too, in the order of their keys.
pub(crate) fn after(key: RowKey) -> List<Product> {
    List::new("").bind(" WHERE key > ", key).push(" ORDER BY key")
}

impl Store {
    /// A page of a merchant's own products, in the order of their keys, greatest first.
    pub async fn products(
        &self,
        whose: (MerchantId, Environment),
        page: Page,
        limit: i64,
    ) -> Result<Vec<Product>, StoreError> {
        of_merchant(whose, page, limit).read(self).await
    }

    /// Everybody's products after a key, removed ones too: what an index is built anew from.
    pub async fn products_after(
        &self,
        key: RowKey,
        limit: i64,
    ) -> Result<Vec<Product>, StoreError> {
        after(key).limit(limit).read(self).await
    }
}
