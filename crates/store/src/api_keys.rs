//! API keys as rows; the text of a key leads to its row through a claim on its hash.
//!
//! The whole key is JSON; beside it stand the columns that lists and the check of a production
//! start look into.

use domain::api_key::ApiKey;
use domain::changes::Noun;
use domain::ids::MerchantId;

use crate::error::StoreError;
use crate::lists::{List, NEWEST_FIRST};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 4] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("is_demo", Kind::Int),
    mutable("revoked_at", Kind::Int).or_null(),
];

impl Row for ApiKey {
    const TABLE: Table = Table {
        noun: Noun::ApiKey,
        name: "api_keys",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            Value::json(&self),
            self.merchant_id.into(),
            self.is_demo.into(),
            self.revoked_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<ApiKey, StoreError> {
        Ok(ApiKey { version: cells.version, ..cells.body(ApiKey::key)? })
    }
}

pub(crate) fn of_merchant(merchant_id: MerchantId) -> List<ApiKey> {
    List::new("").bind(" WHERE merchant_id = ", merchant_id).push(NEWEST_FIRST)
}

pub(crate) fn demo() -> List<ApiKey> {
    List::new(" WHERE is_demo = 1 AND revoked_at IS NULL")
}

impl Store {
    /// Every key of a merchant, revoked ones included, newest first.
    pub async fn api_keys_of_merchant(
        &self,
        merchant_id: MerchantId,
    ) -> Result<Vec<ApiKey>, StoreError> {
        of_merchant(merchant_id).read(self).await
    }

    /// Whether a key that was made for a first try is still let in.
    pub async fn api_key_demo_exists(&self) -> Result<bool, StoreError> {
        Ok(demo().read_one(self).await?.is_some())
    }
}
