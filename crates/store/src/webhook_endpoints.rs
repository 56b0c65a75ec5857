//! Webhook endpoints as rows: those of a merchant, and those that recover.
//!
//! The endpoint is JSON with its secrets sealed inside. A deleted one stays as a row, for the
//! deliveries that name it, and is in no list.

use domain::changes::Noun;
use domain::ids::{MerchantId, RowKey};
use domain::webhook_endpoint::WebhookEndpoint;

use crate::error::StoreError;
use crate::lists::{List, OLDEST_FIRST};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 4] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    mutable("is_deleted", Kind::Int),
    mutable("is_recovering", Kind::Int),
];

impl Row for WebhookEndpoint {
    const TABLE: Table = Table {
        noun: Noun::WebhookEndpoint,
        name: "webhook_endpoints",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            Value::json(&self),
            self.merchant_id.into(),
            self.is_deleted().into(),
            self.recovery.is_some().into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<WebhookEndpoint, StoreError> {
        Ok(WebhookEndpoint { version: cells.version, ..cells.body(WebhookEndpoint::key)? })
    }
}

pub(crate) fn of_merchant(merchant_id: MerchantId) -> List<WebhookEndpoint> {
    let list = List::new("").bind(" WHERE merchant_id = ", merchant_id);
    list.push(" AND is_deleted = 0").push(OLDEST_FIRST)
}

pub(crate) fn recovering() -> List<WebhookEndpoint> {
    List::new(" WHERE is_recovering = 1")
}

pub(crate) fn any() -> List<WebhookEndpoint> {
    List::new("").bind(" WHERE key > ", RowKey([0; 16])).push(" ORDER BY key")
}

impl Store {
    /// A merchant's endpoints, the oldest first; a merchant has few.
    pub async fn webhook_endpoints_of_merchant(
        &self,
        merchant_id: MerchantId,
    ) -> Result<Vec<WebhookEndpoint>, StoreError> {
        of_merchant(merchant_id).read(self).await
    }

    /// Endpoints that asked for events of the past.
    pub async fn webhook_endpoints_recovering(
        &self,
        limit: i64,
    ) -> Result<Vec<WebhookEndpoint>, StoreError> {
        recovering().limit(limit).read(self).await
    }

    /// Whether anybody ever made an endpoint.
    pub async fn has_webhook_endpoints(&self) -> Result<bool, StoreError> {
        Ok(any().read_one(self).await?.is_some())
    }
}
