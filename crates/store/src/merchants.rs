//! Merchants as rows: few, read whole, listed for the operator.
//!
//! The key is the merchant's number, so a list by key is a list by number. The merchant is JSON
//! beside the moment a request for mainnet was made, while one waits.

use domain::changes::Noun;
use domain::ids::MerchantId;
use domain::merchant::Merchant;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] =
    [mutable("body", Kind::Text), mutable("mainnet_requested_at", Kind::Int).or_null()];

impl Row for Merchant {
    const TABLE: Table = Table {
        noun: Noun::Merchant,
        name: "merchants",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let requested_at = self.mainnet_request.as_ref().map(|request| request.requested_at);
        vec![Value::json(&self), requested_at.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Merchant, StoreError> {
        Ok(Merchant { version: cells.version, ..cells.body(Merchant::key)? })
    }
}

pub(crate) fn after(after: Option<MerchantId>) -> List<Merchant> {
    let after = after.unwrap_or(MerchantId::HOUSE).key();
    List::new("").bind(" WHERE key > ", after).push(" ORDER BY key")
}

pub(crate) fn requesting_mainnet() -> List<Merchant> {
    List::new(" WHERE mainnet_requested_at IS NOT NULL ORDER BY mainnet_requested_at")
}

/// Requests that wait for one operator.
const REQUESTS_MAX: i64 = 1_000;

impl Store {
    /// Merchants by ascending number.
    pub async fn merchants(
        &self,
        after: Option<MerchantId>,
        limit: i64,
    ) -> Result<Vec<Merchant>, StoreError> {
        self::after(after).limit(limit).read(self).await
    }

    /// Merchants whose request for mainnet waits for the operator, the oldest request first.
    pub async fn merchants_requesting_mainnet(&self) -> Result<Vec<Merchant>, StoreError> {
        requesting_mainnet().limit(REQUESTS_MAX).read(self).await
    }
}
