//! Unmatched transfers as rows: the inbox a merchant looks through.
//!
//! The transfer is JSON beside the columns its list is filtered by. Merchant and environment lead
//! the index; the network is only a filter.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::network::Network;
use domain::unmatched::Unmatched;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 4] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("network", Kind::Int),
];

impl Row for Unmatched {
    const TABLE: Table = Table {
        noun: Noun::Unmatched,
        name: "unmatched_transfers",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            Value::json(&self),
            self.merchant_id.into(),
            self.environment.into(),
            self.network.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Unmatched, StoreError> {
        Ok(Unmatched { version: cells.version, ..cells.body(Unmatched::key)? })
    }
}

pub(crate) fn of_merchant(
    (merchant_id, environment): (MerchantId, Environment),
    network: Option<Network>,
    page: Page,
    limit: i64,
) -> List<Unmatched> {
    List::new("")
        .bind(" WHERE merchant_id = ", merchant_id)
        .bind(" AND environment = ", environment)
        .within(KeyRange::of_page(page))
        .bind_some(" AND network = ", network)
        .page(page, limit)
}

impl Store {
    /// A page of a merchant's unmatched transfers, newest first.
    pub async fn unmatched_transfers(
        &self,
        merchant_id: MerchantId,
        environment: Environment,
        network: Option<Network>,
        page: Page,
        limit: i64,
    ) -> Result<Vec<Unmatched>, StoreError> {
        of_merchant((merchant_id, environment), network, page, limit).read(self).await
    }
}
