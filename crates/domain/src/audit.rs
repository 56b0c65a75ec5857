//! The audit log: every privileged act, by whom, from where, on what.
//!
//! Entries are only ever added, in the same commit as the act they tell of.

use serde::{Deserialize, Serialize};

use crate::ids::{AuditId, MerchantId, RowKey, Version};
use crate::time::Timestamp;

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "id")]
pub enum Actor {
    /// The operator, by command line or operator token.
    Operator,
    Member(String),
    ApiKey(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    pub id: AuditId,
    pub merchant_id: MerchantId,
    pub actor: Actor,
    /// What was done, for example `api_key.revoked`.
    pub action: String,
    /// What it was done to.
    pub object: String,
    pub request_id: Option<String>,
    pub ip: Option<String>,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl AuditEntry {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }
}
