//! Changing an endpoint, switching it on and off, and taking it away.

use axum::extract::State;
use domain::changes::Changes;
use domain::ids::EndpointId;
use domain::webhook_endpoint::{EndpointPatch, EndpointStatus, WebhookEndpointView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::changeable;
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Path, given};
use crate::http::idempotency::Answer;

/// The fields to change.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
pub struct UpdateWebhookEndpoint {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, max_length = 2048)]
    url: Option<String>,
    /// Null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 255)]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, required = false, min_items = 1, max_items = 50)]
    enabled_events: Option<Vec<String>>,
    /// Off, it hears of nothing and what still waits is given up; on again, of what comes then.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = EndpointStatus, required = false)]
    status: Option<EndpointStatus>,
}

/// Change a webhook endpoint
///
/// Absent fields stay as they are. The environment cannot be changed.
#[utoipa::path(
    patch,
    path = "/api/v1/webhooks/{id}",
    tag = "Webhooks",
    operation_id = "updateWebhookEndpoint",
    params(("id" = String, Path, description = "The endpoint's id")),
    request_body = UpdateWebhookEndpoint,
    responses(
        (status = 200, description = "The changed endpoint", body = WebhookEndpointView),
        (status = 400, description = "A field is out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "ENVIRONMENT_MISMATCH: it hears both environments, and a \
            key asks", body = ErrorBody),
        (status = 404, description = "No such endpoint here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn update(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<EndpointId>,
    Json(body): Json<UpdateWebhookEndpoint>,
) -> Result<Answer, ApiError> {
    let patch = EndpointPatch {
        url: body.url,
        description: body.description,
        enabled_events: body.enabled_events,
        status: body.status,
    };
    let reach = app.config.webhook_reach();
    let changed = app
        .decide(|| async {
            let before = changeable(&app, &caller, id).await?;
            let mut after = before.clone().change(patch.clone(), &reach)?;
            if after == before {
                return Ok((Changes::of(caller.merchant_id), before.view()));
            }
            let mut fresh = app.fresh();
            after.updated_at = fresh.now();
            let view = after.view();
            let mut changes = after.save(fresh.now());
            changes.insert(caller.audit("webhook_endpoint.changed", id, &mut fresh));
            Ok::<_, ApiError>((changes, view))
        })
        .await;
    app.caches.forget_webhook_endpoints(caller.merchant_id);
    Ok(Answer::ok(&changed?))
}

/// An endpoint that was taken away.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEndpointDeleted {
    /// Always `webhook_endpoint`.
    pub object: &'static str,
    #[schema(value_type = String)]
    pub id: EndpointId,
    /// Always true.
    pub deleted: bool,
}

/// Delete a webhook endpoint
///
/// What still waits to be sent to it is given up.
#[utoipa::path(
    delete,
    path = "/api/v1/webhooks/{id}",
    tag = "Webhooks",
    operation_id = "deleteWebhookEndpoint",
    params(("id" = String, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "It is gone", body = WebhookEndpointDeleted),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "ENVIRONMENT_MISMATCH: it hears both environments, and a \
            key asks", body = ErrorBody),
        (status = 404, description = "No such endpoint here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn remove(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<EndpointId>,
) -> Result<Answer, ApiError> {
    let removed = app
        .decide(|| async {
            let before = changeable(&app, &caller, id).await?;
            let mut fresh = app.fresh();
            let now = fresh.now();
            let mut changes = before.delete(now).save(now);
            changes.insert(caller.audit("webhook_endpoint.deleted", id, &mut fresh));
            Ok::<_, ApiError>((changes, ()))
        })
        .await;
    app.caches.forget_webhook_endpoints(caller.merchant_id);
    removed?;
    Ok(Answer::ok(&WebhookEndpointDeleted { object: "webhook_endpoint", id, deleted: true }))
}
