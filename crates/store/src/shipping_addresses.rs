//! Shoppers' addresses as rows: found by id, listed by shopper.

use domain::changes::Noun;
use domain::ids::RowKey;
use domain::shipping_address::ShippingAddress;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 6] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("shopper", Kind::Key),
    mutable("is_removed", Kind::Int),
    mutable("added_at", Kind::Int),
];

impl Row for ShippingAddress {
    const TABLE: Table = Table {
        noun: Noun::ShippingAddress,
        name: "shipping_addresses",
        key_origin: KeyOrigin::Business,
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
            self.created_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<ShippingAddress, StoreError> {
        Ok(ShippingAddress { version: cells.version, ..cells.body(ShippingAddress::key)? })
    }
}

pub(crate) fn of_shopper(shopper: RowKey, offset: i64, limit: i64) -> List<ShippingAddress> {
    let list = List::new("").bind(" WHERE shopper = ", shopper).push(" AND is_removed = 0");
    list.push(" ORDER BY added_at DESC, key DESC").limit(limit).bind(" OFFSET ", offset)
}

impl Store {
    /// A shopper's addresses that he has not removed, newest first, but for the first `offset`.
    pub async fn shipping_addresses(
        &self,
        shopper: RowKey,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<ShippingAddress>, StoreError> {
        of_shopper(shopper, offset, limit).read(self).await
    }
}
