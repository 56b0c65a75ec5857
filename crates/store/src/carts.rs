//! Carts as rows: one per shopper, found by whose it is.
//!
//! The day of its last change lets the ones nobody came back to be swept. It is the day and not the
//! moment because it is indexed, and a cart changes many times a day.

use domain::cart::Cart;
use domain::changes::Noun;
use domain::time::DAY_MS;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), mutable("changed_on", Kind::Int)];

impl Row for Cart {
    const TABLE: Table = Table {
        noun: Noun::Cart,
        name: "carts",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let day = self.updated_at.0.div_euclid(DAY_MS) * DAY_MS;
        vec![Value::json(&self), day.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Cart, StoreError> {
        Ok(Cart { version: cells.version, ..cells.body(Cart::key)? })
    }
}
