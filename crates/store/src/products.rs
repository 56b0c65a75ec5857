//! The merchants' own products as rows: found by their number, listed in the order of their keys.

use domain::changes::Noun;
use domain::product::Product;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};

const COLUMNS: [Column; 3] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
];

impl Row for Product {
    const TABLE: Table = Table {
        noun: Noun::Product,
        name: "products",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.merchant_id.into(), self.environment.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Product, StoreError> {
        Ok(Product { version: cells.version, ..cells.body(Product::key)? })
    }
}
