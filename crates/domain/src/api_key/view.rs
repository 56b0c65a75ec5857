//! An API key as the API shows it: everything but the key.

use serde::Serialize;

use super::{ApiKey, KeyScope, Restrictions};
use crate::environment::Environment;
use crate::ids::ApiKeyId;

/// An API key without its text, which is shown once when it is made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ApiKeyView {
    /// Always `api_key`.
    pub object: &'static str,
    pub id: ApiKeyId,
    /// The same as `id`, by its older name.
    pub key_id: ApiKeyId,
    pub name: String,
    pub scope: KeyScope,
    pub environment: Environment,
    /// The last four characters of the key.
    pub last4: String,
    pub restrictions: Restrictions,
    /// Epoch seconds.
    pub created_at: i64,
    /// Epoch seconds; null if it does not expire.
    pub expires_at: Option<i64>,
    /// Epoch seconds, to the minute; null if it was never used.
    pub last_used_at: Option<i64>,
    /// Epoch seconds; null while it was not revoked.
    pub revoked_at: Option<i64>,
}

impl From<&ApiKey> for ApiKeyView {
    fn from(key: &ApiKey) -> ApiKeyView {
        ApiKeyView {
            object: "api_key",
            id: key.id,
            key_id: key.id,
            name: key.name.clone(),
            scope: key.scope,
            environment: key.environment,
            last4: key.last4.clone(),
            restrictions: key.restrictions.clone(),
            created_at: key.created_at.seconds(),
            expires_at: key.expires_at.map(|at| at.seconds()),
            last_used_at: key.last_used_at.map(|at| at.seconds()),
            revoked_at: key.revoked_at.map(|at| at.seconds()),
        }
    }
}
