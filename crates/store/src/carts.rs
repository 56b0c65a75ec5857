//! Carts as rows: one per shopper, found by whose it is.
//!
//! `updated_at` lets the ones nobody came back to be swept.

use domain::cart::Cart;
use domain::changes::Noun;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), mutable("updated_at", Kind::Int)];

impl Row for Cart {
    const TABLE: Table = Table {
        noun: Noun::Cart,
        name: "carts",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.updated_at.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Cart, StoreError> {
        Ok(Cart { version: cells.version, ..cells.body(Cart::key)? })
    }
}
