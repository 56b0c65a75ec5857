//! What a merchant asks to be sent: a test, or events of the past once more.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::event::PepayEvent;
use domain::ids::EndpointId;
use domain::member::Role;
use domain::refusal::Refusal;
use domain::time::Timestamp;
use domain::webhook_endpoint::WebhookEndpointView;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{bound_to, changeable, environment_of, visible};
use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{Write, events};

/// Send a test
///
/// Makes a `test.ping` that goes to this endpoint alone, whatever it asked for.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/test",
    tag = "Webhooks",
    operation_id = "testWebhookEndpoint",
    params(("id" = String, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "The event that is on its way", body = PepayEvent),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such endpoint here", body = ErrorBody),
        (status = 409, description = "WEBHOOK_ENDPOINT_DISABLED", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn test(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<EndpointId>,
) -> Result<Answer, ApiError> {
    caller.require_role(Role::Developer)?;
    let endpoint = visible(&app, &caller, id).await?;
    if !endpoint.is_enabled() {
        return Err(Refusal::EndpointDisabled.into());
    }
    let environment = environment_of(&app, &caller, &endpoint).await?;
    let changes = endpoint.ping(environment, caller.origin(None), &mut app.fresh());
    let committed = app.commit(changes).await?;
    let entry = app.store.entry(committed.lane, committed.last_sequence).await?;
    let text = entry.and_then(|entry| entry.envelope()).ok_or_else(|| {
        tracing::error!(webhook_endpoint.id = %id, "a test that was committed is not in the log");
        ApiError::new(Code::InternalServerError, "Something went wrong on our side")
    })?;
    Ok(Answer { status: StatusCode::OK, body: text.into_bytes() })
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct RecoverWebhooks {
    /// The id of the last event you have, or a time that is itself included: epoch seconds or
    /// milliseconds, or RFC 3339.
    #[schema(value_type = String, example = "evt_1766320496123-4100")]
    since: Since,
}

/// A place in history as clients write it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Since {
    Number(i64),
    Text(String),
}

/// Recover events of the past
///
/// What this endpoint should have heard since then and did not take is sent again, beside what
/// comes now; `is_recovering` tells while it lasts.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/{id}/recover",
    tag = "Webhooks",
    operation_id = "recoverWebhooks",
    params(
        ("id" = String, Path, description = "The endpoint's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
    ),
    request_body = RecoverWebhooks,
    responses(
        (status = 202, description = "Accepted: it begins soon", body = WebhookEndpointView),
        (status = 400, description = "No such event any more, or no time", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such endpoint here", body = ErrorBody),
        (status = 409, description = "WEBHOOK_ENDPOINT_DISABLED", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn recover(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<EndpointId>,
    write: Write,
) -> Result<Response, ApiError> {
    let RecoverWebhooks { since } = parse_json(&write.body)?;
    let endpoint = changeable(&app, &caller, id).await?;
    let environment = environment_of(&app, &caller, &endpoint).await?;
    let (after_sequence, from) = place_of(&app, &caller, &since).await?;
    let once = write.once((caller.merchant_id, environment))?;
    let asked = || async {
        let before = changeable(&app, &caller, id).await?;
        let mut fresh = app.fresh();
        let mut after = before.recover(after_sequence, from)?;
        after.updated_at = fresh.now();
        let body = serde_json::to_vec(&after.view()).expect("views serialize");
        let mut changes = after.save(fresh.now());
        changes.insert(caller.audit("webhook_endpoint.recovery_asked", id, &mut fresh));
        Ok((changes, Answer { status: StatusCode::ACCEPTED, body }))
    };
    let answer = once.answer(&app, asked).await;
    app.caches.forget_webhook_endpoints(caller.merchant_id);
    answer
}

/// The last place in the log that need not be looked at, and from which moment events count.
async fn place_of(app: &App, caller: &Caller, since: &Since) -> Result<(i64, Timestamp), ApiError> {
    const PARAM: &str = "since";
    let text = match since {
        Since::Number(number) => number.to_string(),
        Since::Text(text) => text.clone(),
    };
    if text.starts_with("evt_") {
        let bound_to = bound_to(app, caller).await?;
        let found = events::visible(app, caller, bound_to, &text).await?;
        let found = found.ok_or_else(|| {
            ApiError::invalid(PARAM, "must be the id of an event that is still kept")
        })?;
        return Ok((found.sequence, Timestamp(0)));
    }
    let from = Timestamp::parse_since(&text).ok_or_else(|| {
        let must = "must be an event's id, epoch seconds or milliseconds, or an RFC 3339 time";
        ApiError::invalid(PARAM, must)
    })?;
    if !from.is_near_or_past(app.now()) {
        return Err(ApiError::invalid(PARAM, "must not be more than a day from now"));
    }
    let lane = app.store.lane_of(caller.merchant_id);
    Ok((app.store.place_of(lane, from).await?.saturating_sub(1), from))
}
