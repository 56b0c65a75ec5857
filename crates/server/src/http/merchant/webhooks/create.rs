//! Making an endpoint, and giving one a new secret.
//!
//! A merchant has at most fifty. The row that numbers his endpoints is written with each new one,
//! so two that are made at once cannot both be the fiftieth.

use axum::extract::State;
use axum::response::Response;
use domain::changes::{Changes, Noun};
use domain::environment::Environment;
use domain::ids::EndpointId;
use domain::member::Role;
use domain::refusal::Refusal;
use domain::sequence::Sequence;
use domain::webhook_endpoint::{
    ENDPOINTS_MAX, EndpointAsk, OVERLAP_SECONDS_DEFAULT, WebhookEndpoint,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{WebhookEndpointWithSecret, bound_to, changeable, environment_of};
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::Write;

const FIRST_NUMBER: i64 = 1;

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateWebhookEndpoint {
    /// Where events are posted to, https only; without credentials and fragment.
    #[schema(max_length = 2048, example = "https://shop.example/pepay")]
    url: String,
    /// 1 to 50 event types and wildcards: `invoice.updated`, `invoice.*`, `*`.
    #[schema(min_items = 1, max_items = 50, example = json!(["invoice.*"]))]
    enabled_events: Vec<String>,
    /// What it is for, up to 255 bytes.
    #[schema(max_length = 255)]
    description: Option<String>,
    /// A key's own environment if absent; for bearer tokens: both.
    environment: Option<Environment>,
}

/// Create a webhook endpoint
///
/// It hears of events that come after it. Its secret is in this answer only.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks",
    tag = "Webhooks",
    operation_id = "createWebhookEndpoint",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = CreateWebhookEndpoint,
    responses(
        (status = 200, description = "The endpoint and its secret",
            body = WebhookEndpointWithSecret),
        (status = 400, description = "A field is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 409, description = "LIMIT_REACHED: there are fifty already", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let body: CreateWebhookEndpoint = parse_json(&write.body)?;
    let acting_in = caller.environment(&app, body.environment).await?;
    let ask = EndpointAsk {
        url: body.url,
        description: body.description,
        enabled_events: body.enabled_events,
        environment: body.environment.or(bound_to(&app, &caller).await?),
    };
    let once = write.once((caller.merchant_id, acting_in))?;
    let answer = once.answer(&app, || made(&app, &caller, &ask)).await;
    app.caches.forget_webhook_endpoints(caller.merchant_id);
    answer
}

async fn made(
    app: &App,
    caller: &Caller,
    ask: &EndpointAsk,
) -> Result<(Changes, Answer), ApiError> {
    let key = Sequence::webhook_endpoint_key(caller.merchant_id);
    // Read before the endpoints are: whoever makes one meanwhile changes it.
    let known = app.store.get::<Sequence>(key).await?;
    let endpoints = app.store.webhook_endpoints_of_merchant(caller.merchant_id).await?;
    if endpoints.len() >= ENDPOINTS_MAX {
        return Err(Refusal::TooManyEndpoints.into());
    }
    let version = known.as_ref().map_or(0, |known| known.version);
    let (number, numbering) = Sequence::take(known, key, FIRST_NUMBER, 1);
    let mut fresh = app.fresh();
    let (secret, endpoint) = WebhookEndpoint::create(
        caller.merchant_id,
        number,
        ask.clone(),
        &app.config.webhook_reach(),
        &app.keys,
        (&entropy(), &entropy()),
        &mut fresh,
    )?;
    let answer = Answer::ok(&WebhookEndpointWithSecret::new(&endpoint, &secret));
    let audit = caller.audit("webhook_endpoint.created", endpoint.id, &mut fresh);
    let mut changes = endpoint.enroll(fresh.now());
    changes.append(numbering);
    // The first two at once both find no numbering: the later one is to decide again.
    changes.guard(Noun::Sequence, key, version);
    changes.insert(audit);
    Ok((changes, answer))
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct RotateWebhookSecret {
    /// How long the old secret signs along, 0 to 604800; 86400 if absent.
    #[schema(minimum = 0, maximum = 604_800)]
    overlap_seconds: Option<i64>,
}

/// Rotate an endpoint's secret
///
/// The new secret is in this answer only. Until the overlap ends deliveries carry a second
/// signature, by the old one, in `X-Pepay-Signature-Previous`.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/rotate-secret",
    tag = "Webhooks",
    operation_id = "rotateWebhookSecret",
    params(
        ("id" = String, Path, description = "The endpoint's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
    ),
    request_body(content = Option<RotateWebhookSecret>),
    responses(
        (status = 200, description = "The endpoint and its new secret",
            body = WebhookEndpointWithSecret),
        (status = 400, description = "The overlap is out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such endpoint here", body = ErrorBody),
        (status = 409, description = "IDEMPOTENCY_KEY_REUSED", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn rotate_secret(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<EndpointId>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: RotateWebhookSecret = match write.body.is_empty() {
        true => RotateWebhookSecret::default(),
        false => parse_json(&write.body)?,
    };
    let overlap_seconds = body.overlap_seconds.unwrap_or(OVERLAP_SECONDS_DEFAULT);
    let endpoint = changeable(&app, &caller, id).await?;
    let environment = environment_of(&app, &caller, &endpoint).await?;
    let once = write.once((caller.merchant_id, environment))?;
    let rotated = || async {
        let before = changeable(&app, &caller, id).await?;
        let mut fresh = app.fresh();
        let now = fresh.now();
        let drawn = (&entropy(), &entropy());
        let (secret, mut after) = before.rotate(overlap_seconds, &app.keys, drawn, now)?;
        after.updated_at = now;
        let answer = Answer::ok(&WebhookEndpointWithSecret::new(&after, &secret));
        let mut changes = after.save(now);
        changes.insert(caller.audit("webhook_endpoint.secret_rotated", id, &mut fresh));
        Ok((changes, answer))
    };
    let answer = once.answer(&app, rotated).await;
    app.caches.forget_webhook_endpoints(caller.merchant_id);
    answer
}
