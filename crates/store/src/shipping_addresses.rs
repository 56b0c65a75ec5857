//! Shoppers' addresses as rows: found by id, listed by shopper.

use domain::changes::Noun;
use domain::shipping_address::ShippingAddress;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};

const COLUMNS: [Column; 5] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("shopper", Kind::Key),
    mutable("is_removed", Kind::Int),
];

impl Row for ShippingAddress {
    const TABLE: Table = Table {
        noun: Noun::ShippingAddress,
        name: "shipping_addresses",
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
            i64::from(self.removed_at.is_some()).into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<ShippingAddress, StoreError> {
        Ok(ShippingAddress { version: cells.version, ..cells.body(ShippingAddress::key)? })
    }
}
