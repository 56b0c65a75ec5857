//! A merchant sends what he sold himself: on its way, delivered, or not to be had after all.

use axum::extract::State;
use axum::response::Response;
use domain::changes::Changes;
use domain::ids::{Fresh, OrderId};
use domain::order::{Order, OrderView, Tracking};
use domain::refusal::Refusal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::Enveloped;
use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::ordering;

const REASON_MAX: usize = 255;

/// What the carrier says.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = CommerceTracking)]
#[serde(rename_all = "camelCase")]
pub struct TrackingField {
    #[schema(max_length = 255)]
    pub carrier: Option<String>,
    #[schema(max_length = 255)]
    pub tracking_number: Option<String>,
    /// An https URL.
    #[schema(max_length = 2048)]
    pub tracking_url: Option<String>,
}

impl TrackingField {
    pub fn parse(self) -> Result<Tracking, Refusal> {
        let TrackingField { carrier, tracking_number, tracking_url } = self;
        Tracking { carrier, tracking_number, tracking_url }.checked()
    }
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = CommerceFulfillOrder)]
pub struct FulfillOrder {
    tracking: Option<TrackingField>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[schema(as = CommerceFailOrder)]
pub struct FailOrder {
    /// For the timeline, which the shopper may see.
    #[schema(max_length = 255)]
    reason: Option<String>,
}

/// What may be left out altogether.
fn optional<T: DeserializeOwned + Default>(write: &Write) -> Result<T, ApiError> {
    if write.body.is_empty() { Ok(T::default()) } else { parse_json(&write.body) }
}

/// Send an order
///
/// From `processing` or `placed`: it is on its way to the shopper now.
#[utoipa::path(post, path = "/api/commerce/merchant/orders/{id}/fulfill", tag = "Orders",
    operation_id = "fulfillMerchantOrder",
    params(("id" = OrderId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery),
    request_body(content = Option<FulfillOrder>),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<OrderView<'static>>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "ORDER_STATE")))]
pub async fn fulfill(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<OrderId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: FulfillOrder = optional(&write)?;
    let tracking = body.tracking.map(TrackingField::parse).transpose()?;
    let step =
        |order: Order, _: &mut Changes, fresh: &mut Fresh| order.fulfilled(tracking.clone(), fresh);
    moved(&app, &caller, (id, query), &write, step).await
}

/// Say that an order was delivered
#[utoipa::path(post, path = "/api/commerce/merchant/orders/{id}/deliver", tag = "Orders",
    operation_id = "deliverMerchantOrder",
    params(("id" = OrderId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<OrderView<'static>>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "ORDER_STATE")))]
pub async fn deliver(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<OrderId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let step =
        |order: Order, _: &mut Changes, fresh: &mut Fresh| Ok(vec![order.delivered(None, fresh)?]);
    moved(&app, &caller, (id, query), &write, step).await
}

/// Give an order up that cannot be sent
///
/// From `processing`, unless a retailer has it or may have it. Its pieces go back into the stock,
/// and what was paid is owed to the shopper.
#[utoipa::path(post, path = "/api/commerce/merchant/orders/{id}/fail", tag = "Orders",
    operation_id = "failMerchantOrder",
    params(("id" = OrderId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery),
    request_body(content = Option<FailOrder>),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<OrderView<'static>>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "ORDER_STATE")))]
pub async fn fail(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<OrderId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: FailOrder = optional(&write)?;
    let reason = body.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    let is_bounded =
        |text: &str| text.chars().count() <= REASON_MAX && !text.chars().any(char::is_control);
    if !reason.is_none_or(is_bounded) {
        return Err(ApiError::invalid("reason", "must be at most 255 printable characters"));
    }
    let message = reason.unwrap_or("Order failed");
    let by = caller.actor();
    let step = |order: Order, changes: &mut Changes, fresh: &mut Fresh| {
        let failed = order.failed_by_merchant(message, by.clone(), changes, fresh.now());
        Ok(vec![failed?])
    };
    moved(&app, &caller, (id, query), &write, step).await
}

/// What a merchant does with an order, step by step. It is brought up to date with its
/// invoice first.
async fn moved(
    app: &App,
    caller: &Caller,
    (id, query): (OrderId, EnvironmentQuery),
    write: &Write,
    step: impl Fn(Order, &mut Changes, &mut Fresh) -> Result<Vec<Order>, Refusal> + Sync,
) -> Result<Response, ApiError> {
    let environment = caller.environment(app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let once = write.once(whose)?;
    let origin = caller.origin(once.key_text());
    let step = &step;
    once.answer(app, async || {
        let order = ordering::visible(app, whose, id).await?;
        let mut fresh = app.fresh();
        let mut changes = Changes::of(order.merchant_id);
        let standing = ordering::standing(app, &order).await?;
        let current = standing.bring_up_to_date(&order, &mut changes, fresh.now());
        let steps = step(current.clone(), &mut changes, &mut fresh)?;
        let answer = Answer::ok(&Enveloped::of(steps.last().unwrap_or(&current).view()));
        Order::record_all(steps, &current, &mut changes, &origin);
        Ok((changes, answer))
    })
    .await
}
