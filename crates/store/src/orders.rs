//! Orders as rows: found by id, listed by merchant, shopper or status, and the due ones.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::{MerchantId, RowKey};
use domain::order::{Order, OrderStatus};
use domain::retailer::Retailer;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, NEWEST_FIRST, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

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

/// Which orders of a merchant are meant. None: all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderFilter {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    /// A shopper's `list_key`.
    pub shopper: Option<RowKey>,
    pub status: Option<OrderStatus>,
    pub retailer: Option<Retailer>,
    /// The first and the last moment of creation that count.
    pub created_from: Option<Timestamp>,
    pub created_to: Option<Timestamp>,
}

impl OrderFilter {
    /// The narrowest index first; a unary plus keeps what is only a filter off the others.
    pub(crate) fn list(&self, (limit, offset): (i64, i64)) -> List<Order> {
        let (status, retailer) = (self.status.map(OrderStatus::code), self.retailer);
        let retailer = retailer.map(Retailer::code);
        let of_merchant = || {
            let list = List::new("").bind(" WHERE merchant_id = ", self.merchant_id);
            list.bind(" AND environment = ", self.environment)
        };
        let list = match (self.shopper, status, retailer) {
            (Some(shopper), ..) => List::new("")
                .bind(" WHERE shopper = ", shopper)
                .bind_some(" AND +status = ", status)
                .bind_some(" AND +retailer = ", retailer),
            (None, Some(status), _) => {
                let list = of_merchant().bind(" AND status = ", status);
                list.bind_some(" AND +retailer = ", retailer)
            }
            (None, None, Some(retailer)) => of_merchant().bind(" AND retailer = ", retailer),
            (None, None, None) => of_merchant(),
        };
        let range = KeyRange::of_page(Page::First).created(self.created_from, self.created_to);
        list.within(range).push(NEWEST_FIRST).limit(limit).bind(" OFFSET ", offset.max(0))
    }
}

impl Store {
    /// A merchant's orders, newest first: `limit` of them after `offset` others.
    pub async fn orders(
        &self,
        filter: &OrderFilter,
        (limit, offset): (i64, i64),
    ) -> Result<Vec<Order>, StoreError> {
        filter.list((limit, offset)).read(self).await
    }

    /// Orders that a worker has to look at, the longest due first.
    pub async fn orders_due(&self, now: Timestamp, limit: i64) -> Result<Vec<Order>, StoreError> {
        List::due(now).limit(limit).read(self).await
    }
}
