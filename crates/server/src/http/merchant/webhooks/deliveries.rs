//! Deliveries: what was sent where, how each attempt went, and sending one again.

use axum::extract::State;
use axum::response::Response;
use domain::changes::{Changes, Noun};
use domain::delivery::{Delivery, DeliveryDetails, DeliveryStatus, DeliveryView, EventPlace};
use domain::ids::{DeliveryId, EndpointId};
use domain::member::Role;
use domain::refusal::Refusal;
use serde::{Deserialize, Serialize};
use store::DeliveryFilter;
use utoipa::{IntoParams, ToSchema};

use super::{bound_to, visible};
use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::Write;
use crate::http::page::{List, PageQuery};

/// A page of deliveries, newest events first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<DeliveryView>,
    pub has_more: bool,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// Those in this state only.
    #[param(inline)]
    status: Option<DeliveryStatus>,
    /// Those of this event only.
    event_id: Option<String>,
}

/// List an endpoint's deliveries
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}/deliveries",
    tag = "Webhooks",
    operation_id = "listWebhookDeliveries",
    params(("id" = String, Path, description = "The endpoint's id"), PageQuery, DeliveryQuery),
    responses(
        (status = 200, description = "A page of deliveries", body = DeliveryList),
        (status = 400, description = "A bad cursor, limit or filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such endpoint here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list_deliveries(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<EndpointId>,
    Query(query): Query<PageQuery>,
    Query(asked): Query<DeliveryQuery>,
) -> Result<Answer, ApiError> {
    let limit = query.limit()?;
    let page = query.page_by(|id| DeliveryId::parse(id).map(DeliveryId::key))?;
    let event = asked.event_id.as_deref().map(|id| {
        EventPlace::parse(id).ok_or_else(|| ApiError::invalid("event_id", "must be an event's id"))
    });
    let event = event.transpose()?;
    let endpoint = visible(&app, &caller, id).await?;
    let filter = DeliveryFilter {
        endpoints: vec![endpoint.id],
        status: asked.status,
        environment: bound_to(&app, &caller).await?,
        event,
    };
    let rows = app.store.deliveries(&filter, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|delivery| delivery.view())))
}

/// Retrieve a delivery with every attempt
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/deliveries/{id}",
    tag = "Webhooks",
    operation_id = "getWebhookDelivery",
    params(("id" = String, Path, description = "The delivery's id")),
    responses(
        (status = 200, description = "The delivery", body = DeliveryDetails),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such delivery here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve_delivery(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<DeliveryId>,
) -> Result<Answer, ApiError> {
    let delivery = own_delivery(&app, &caller, id).await?;
    let attempts = app.store.attempts_of_delivery(&delivery).await?;
    Ok(Answer::ok(&delivery.details(&attempts)))
}

/// Send a delivery again
///
/// At once, with the whole schedule of retries before it, whatever became of it so far.
#[utoipa::path(
    post,
    path = "/api/v1/webhooks/deliveries/{id}/resend",
    tag = "Webhooks",
    operation_id = "resendWebhookDelivery",
    params(
        ("id" = String, Path, description = "The delivery's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
    ),
    responses(
        (status = 200, description = "The delivery, on its way", body = DeliveryView),
        (status = 400, description = "A malformed Idempotency-Key", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such delivery here, or its endpoint or event is gone",
            body = ErrorBody),
        (status = 409, description = "WEBHOOK_ENDPOINT_DISABLED, or LIMIT_REACHED after very \
            many attempts", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn resend_delivery(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<DeliveryId>,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let delivery = own_delivery(&app, &caller, id).await?;
    let once = write.once((caller.merchant_id, delivery.environment))?;
    once.answer(&app, || async {
        let delivery = own_delivery(&app, &caller, id).await?;
        let endpoint = visible(&app, &caller, delivery.endpoint).await?;
        if !endpoint.is_enabled() {
            return Err(Refusal::EndpointDisabled.into());
        }
        let place = delivery.event();
        if app.store.entry(place.lane, place.sequence).await?.is_none() {
            return Err(ApiError::not_found("event any more"));
        }
        let again = delivery.resend(app.now())?;
        let answer = Answer::ok(&again.view());
        let mut changes = Changes::of(caller.merchant_id);
        changes.guard(Noun::WebhookEndpoint, endpoint.key(), endpoint.version);
        changes.update(again);
        Ok((changes, answer))
    })
    .await
}

/// The delivery of that id, if this caller may see it.
async fn own_delivery(app: &App, caller: &Caller, id: DeliveryId) -> Result<Delivery, ApiError> {
    let bound_to = bound_to(app, caller).await?;
    let delivery = app.store.get::<Delivery>(id.key()).await?;
    let is_visible = |delivery: &Delivery| {
        delivery.merchant_id == caller.merchant_id
            && bound_to.is_none_or(|environment| delivery.environment == environment)
    };
    delivery.filter(is_visible).ok_or_else(|| ApiError::not_found("delivery"))
}
