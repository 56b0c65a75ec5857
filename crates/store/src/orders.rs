//! Orders as rows: found by id, listed by merchant, shopper or status, and the due ones.

use domain::changes::Noun;
use domain::order::Order;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};

const COLUMNS: [Column; 7] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("shopper", Kind::Key),
    frozen("retailer", Kind::Int),
    mutable("status", Kind::Int),
    mutable("due_at", Kind::Int).or_null(),
];

impl Row for Order {
    const TABLE: Table = Table {
        noun: Noun::Order,
        name: "orders",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let shopper = self.shopper.list_key((self.merchant_id, self.environment));
        vec![
            Value::json(&self),
            self.merchant_id.into(),
            self.environment.into(),
            shopper.into(),
            self.retailer().code().into(),
            self.status.code().into(),
            self.due_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Order, StoreError> {
        Ok(Order { version: cells.version, ..cells.body(Order::key)? })
    }
}
