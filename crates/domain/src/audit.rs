//! The audit log: every privileged act, by whom, from where, on what.
//!
//! Entries are only ever added, in the same commit as the act they tell of.

use serde::{Deserialize, Serialize};

use crate::ids::{AuditId, Fresh, MerchantId, RowKey, Version};
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
    /// The entry that tells of an act of the operator.
    pub fn of_operator(
        merchant_id: MerchantId,
        action: &str,
        object: impl ToString,
        fresh: &mut Fresh,
    ) -> AuditEntry {
        AuditEntry {
            id: AuditId::fresh(fresh),
            merchant_id,
            actor: Actor::Operator,
            action: action.to_owned(),
            object: object.to_string(),
            request_id: None,
            ip: None,
            created_at: fresh.now(),
            version: 0,
        }
    }

    pub fn key(&self) -> RowKey {
        self.id.key()
    }
}

/// One privileged act, as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct AuditEntryView {
    /// Always `audit_entry`.
    pub object: &'static str,
    pub id: AuditId,
    /// `operator`, `member` or `api_key`.
    pub actor_kind: &'static str,
    /// Which member or key; null for the operator.
    pub actor_id: Option<String>,
    /// What was done, for example `api_key.revoked`.
    pub action: String,
    /// What it was done to.
    pub target: String,
    pub request_id: Option<String>,
    pub ip: Option<String>,
    /// Epoch seconds.
    pub created_at: i64,
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> AuditEntryView {
        let (actor_kind, actor_id) = match entry.actor {
            Actor::Operator => ("operator", None),
            Actor::Member(id) => ("member", Some(id)),
            Actor::ApiKey(id) => ("api_key", Some(id)),
        };
        AuditEntryView {
            object: "audit_entry",
            id: entry.id,
            actor_kind,
            actor_id,
            action: entry.action,
            target: entry.object,
            request_id: entry.request_id,
            ip: entry.ip,
            created_at: entry.created_at.seconds(),
        }
    }
}
