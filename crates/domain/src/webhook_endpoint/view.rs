//! An endpoint as the API shows it: everything but its secret.

use serde::Serialize;
use uuid::Uuid;

use super::{DisabledReason, EndpointStatus, WebhookEndpoint};
use crate::environment::Environment;
use crate::ids::EndpointId;

/// Where a merchant's server hears of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct WebhookEndpointView {
    /// Always `webhook_endpoint`.
    pub object: &'static str,
    #[schema(value_type = String, example = "we_0192f0c1b1d27c3ab3a1f3c1a2b3c4d5")]
    pub id: EndpointId,
    pub url: String,
    pub description: Option<String>,
    /// Event types and wildcards, as they were given.
    pub enabled_events: Vec<String>,
    /// Null: events of both environments.
    pub environment: Option<Environment>,
    pub status: EndpointStatus,
    /// Why it is disabled; null while it is enabled.
    pub disabled_reason: Option<DisabledReason>,
    /// Since when every attempt has failed, in epoch seconds; null if the last one did not.
    pub failing_since: Option<i64>,
    /// Whether events of the past are being sent again now.
    pub is_recovering: bool,
    /// Epoch seconds.
    pub created_at: i64,
    /// Epoch seconds.
    pub updated_at: i64,
}

impl WebhookEndpoint {
    pub fn view(&self) -> WebhookEndpointView {
        WebhookEndpointView {
            object: "webhook_endpoint",
            id: self.id,
            url: self.url.clone(),
            description: self.description.clone(),
            enabled_events: self.enabled_events.clone(),
            environment: self.environment,
            status: self.status,
            disabled_reason: self.disabled_reason,
            failing_since: self.failing_since.map(|at| at.seconds()),
            is_recovering: self.recovery.is_some(),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}

/// The object of `test.ping`.
#[derive(Serialize)]
pub(super) struct Ping {
    object: &'static str,
    id: Uuid,
    status: &'static str,
    webhook_endpoint: EndpointId,
}

impl Ping {
    pub fn new(webhook_endpoint: EndpointId, id: Uuid) -> Ping {
        Ping { object: "ping", id, status: "ok", webhook_endpoint }
    }
}
