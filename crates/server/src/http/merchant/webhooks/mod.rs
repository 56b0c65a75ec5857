//! Webhooks over HTTP: endpoints, their secrets, and what became of each delivery.
//!
//! A key deals with endpoints of its own environment. One that hears both can be read by a key, but
//! only a member changes it, for a key must not decide about the other environment. A secret is in
//! the answer that makes it and nowhere else.

mod change;
mod create;
mod deliveries;
mod read;
mod replay;

pub use change::*;
pub use create::*;
pub use deliveries::*;
pub use read::*;
pub use replay::*;

use domain::environment::Environment;
use domain::ids::EndpointId;
use domain::member::Role;
use domain::webhook_endpoint::{WebhookEndpoint, WebhookEndpointView, WebhookSecret};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::auth::{Caller, Credential};
use crate::http::error::{ApiError, Code};

/// An endpoint with a secret that was just made.
#[derive(Serialize, ToSchema)]
pub struct WebhookEndpointWithSecret {
    #[serde(flatten)]
    pub endpoint: WebhookEndpointView,
    /// What deliveries are signed with. Shown once: keep it now.
    #[schema(example = "whsec_…")]
    pub secret: String,
}

impl WebhookEndpointWithSecret {
    fn new(endpoint: &WebhookEndpoint, secret: &WebhookSecret) -> WebhookEndpointWithSecret {
        let secret = secret.expose().to_owned();
        WebhookEndpointWithSecret { endpoint: endpoint.view(), secret }
    }
}

/// The environment a key is bound to; none for a member, who deals with both.
async fn bound_to(app: &App, caller: &Caller) -> Result<Option<Environment>, ApiError> {
    match &caller.credential {
        Credential::Key(_) => caller.environment(app, None).await.map(Some),
        Credential::Member { .. } => Ok(None),
    }
}

/// The endpoint of that id, if this caller may see it.
async fn visible(app: &App, caller: &Caller, id: EndpointId) -> Result<WebhookEndpoint, ApiError> {
    let bound_to = bound_to(app, caller).await?;
    let endpoint = app.store.get::<WebhookEndpoint>(id.key()).await?;
    let is_visible = |endpoint: &WebhookEndpoint| {
        endpoint.merchant_id == caller.merchant_id
            && !endpoint.is_deleted()
            && bound_to.is_none_or(|environment| endpoint.is_of(environment))
    };
    endpoint.filter(is_visible).ok_or_else(|| ApiError::not_found("webhook endpoint"))
}

/// The same, if this caller may also change it.
async fn changeable(
    app: &App,
    caller: &Caller,
    id: EndpointId,
) -> Result<WebhookEndpoint, ApiError> {
    caller.require_role(Role::Developer)?;
    let endpoint = visible(app, caller, id).await?;
    let is_key = matches!(caller.credential, Credential::Key(_));
    if is_key && endpoint.environment.is_none() {
        let message = "This endpoint hears both environments: a bearer token changes it, not a key";
        return Err(ApiError::new(Code::EnvironmentMismatch, message));
    }
    Ok(endpoint)
}

/// The environment that an act on this endpoint belongs to: its own, or else the caller's.
async fn environment_of(
    app: &App,
    caller: &Caller,
    endpoint: &WebhookEndpoint,
) -> Result<Environment, ApiError> {
    match endpoint.environment {
        Some(environment) => Ok(environment),
        None => caller.environment(app, None).await,
    }
}
