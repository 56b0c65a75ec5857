//! The upgrades: from a request to a stream, or to a refusal that its client can see.

use std::time::Duration;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::Response;

use super::{StreamCaller, StreamScope, scope_of_caller, scope_of_payor, scope_of_token};
use crate::app::Shared;
use crate::http::auth::take_payor_allowance;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::realtime::filter::{Plan, Scope, StreamQuery};
use crate::realtime::frames::Farewell;
use crate::realtime::grant::Grant;
use crate::realtime::seats::Seat;
use crate::realtime::socket;
use crate::realtime::wire::Wire;

/// What clients say is short, and not kept.
const MESSAGE_BYTES_MAX: usize = 4 * 1024;
const READ_BUFFER_BYTES: usize = 1024;
const WRITE_BUFFER_BYTES: usize = 4 * 1024;
/// How long a refusal may take to be told.
const REFUSAL: Duration = Duration::from_secs(2);

/// Follow a merchant's events
///
/// A websocket. Every frame is a JSON text: a `PepayEvent`, a `WsControl`, or a `WsError` before
/// the connection closes.
#[utoipa::path(get, path = "/ws/merchant/events",
    operation_id = "streamMerchantEvents", tag = "WebSockets",
    params(
        ("token" = Option<String>, Query, description = "A ws_token, in place of a header"),
        ("since" = Option<String>, Query,
            description = "Replay what came after this event id, or from this time on"),
        ("types" = Option<String>, Query,
            description = "Event types and prefixes such as `invoice.*`, separated by commas"),
        ("invoice_type" = Option<String>, Query, description = "standard or commerce"),
        ("customer_id" = Option<String>, Query),
        ("invoice_id" = Option<String>, Query),
        ("environment" = Option<String>, Query, description = "devnet or mainnet"),
        ("format" = Option<String>, Query, description = "event_v1, the only one")),
    security(("merchantApiKey" = []), ("bearerAuth" = []), ()),
    responses(
        (status = 101, description = "The stream is open; each frame is a PepayEvent, a WsControl \
            or a WsError"),
        (status = 400, body = ErrorBody, description = "A malformed filter, or no websocket"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody, description = "Too many streams are open")))]
pub async fn merchant_events(
    State(app): State<Shared>,
    request: Request,
) -> Result<Response, ApiError> {
    of_merchant(app, request, StreamScope::Merchant).await
}

/// Follow a merchant's commerce events
///
/// A websocket: orders, and the invoices and payments that belong to them.
#[utoipa::path(get, path = "/ws/commerce/events",
    operation_id = "streamCommerceEvents", tag = "WebSockets",
    params(
        ("token" = Option<String>, Query, description = "A ws_token, in place of a header"),
        ("since" = Option<String>, Query,
            description = "Replay what came after this event id, or from this time on"),
        ("types" = Option<String>, Query,
            description = "Event types and prefixes such as `commerce.order.*`"),
        ("order_id" = Option<String>, Query),
        ("invoice_id" = Option<String>, Query),
        ("customer_id" = Option<String>, Query),
        ("wallet_address" = Option<String>, Query),
        ("wallet_network" = Option<String>, Query),
        ("format" = Option<String>, Query, description = "event_v1, the only one")),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = []), ()),
    responses(
        (status = 101, description = "The stream is open; each frame is a PepayEvent, a WsControl \
            or a WsError"),
        (status = 400, body = ErrorBody, description = "A malformed filter, or no websocket"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 429, body = ErrorBody, description = "Too many streams are open")))]
pub async fn commerce_events(
    State(app): State<Shared>,
    request: Request,
) -> Result<Response, ApiError> {
    of_merchant(app, request, StreamScope::Commerce).await
}

/// Follow one invoice as its payor
///
/// A websocket, opened with the token of `ws_connection`: the invoice, its payments and its price,
/// without what only the merchant may know.
#[utoipa::path(get, path = "/ws/payment",
    operation_id = "streamPayment", tag = "WebSockets",
    params(
        ("token" = Option<String>, Query, description = "The token of `ws_connection`"),
        ("since" = Option<String>, Query,
            description = "Replay what came after this event id, or from this time on"),
        ("format" = Option<String>, Query, description = "event_v1, the only one")),
    security(()),
    responses(
        (status = 101, description = "The stream is open; each frame is a PepayEvent, a WsControl \
            or a WsError"),
        (status = 400, body = ErrorBody, description = "No websocket"),
        (status = 401, body = ErrorBody, description = "No token"),
        (status = 429, body = ErrorBody)))]
pub async fn payment_events(
    State(app): State<Shared>,
    request: Request,
) -> Result<Response, ApiError> {
    let mut parts = request.into_parts().0;
    take_payor_allowance(&parts, &app)?;
    let query = query(&parts);
    let Some(token) = query.token.clone() else {
        let message = "Connect with the token of ws_connection";
        return Err(ApiError::new(Code::AuthenticationRequired, message));
    };
    let upgrade = upgrade(&mut parts, &app).await?;
    let admitted = match scope_of_payor(&app, &token).await {
        Ok(opened) => admit(&app, query, opened),
        Err(error) => Err(error),
    };
    Ok(begin(app, upgrade, admitted))
}

async fn of_merchant(
    app: Shared,
    request: Request,
    stream: StreamScope,
) -> Result<Response, ApiError> {
    let mut parts = request.into_parts().0;
    let query = query(&parts);
    let has_header = |name| parts.headers.contains_key(name);
    let is_by_header =
        ["x-api-key", "x-commerce-api-key", AUTHORIZATION.as_str()].into_iter().any(has_header);
    match query.token.clone().filter(|_| !is_by_header) {
        Some(token) => {
            let upgrade = upgrade(&mut parts, &app).await?;
            let opened = scope_of_token(&app, &token, stream);
            let admitted = opened.and_then(|opened| admit(&app, query, opened));
            Ok(begin(app, upgrade, admitted))
        }
        None => {
            let StreamCaller { caller, holder, ends_at } =
                StreamCaller::from_request_parts(&mut parts, &app).await?;
            let asked = query.environment()?;
            let scope = scope_of_caller(&app, &caller, stream, asked).await?;
            let upgrade = upgrade(&mut parts, &app).await?;
            let grant = Grant::new(holder, ends_at);
            let admitted = admit(&app, query, (scope, grant))?;
            Ok(begin(app, upgrade, Ok(admitted)))
        }
    }
}

fn query(parts: &Parts) -> StreamQuery {
    StreamQuery::read(parts.uri.query().unwrap_or_default())
}

/// What the stream will tell and by whose grace, and its seat.
type Admitted = ((Box<Plan>, Grant), Seat);

fn admit(
    app: &Shared,
    query: StreamQuery,
    (scope, grant): (Scope, Grant),
) -> Result<Admitted, ApiError> {
    let plan = Box::new(query.plan(scope, app.now())?);
    let seat = app.realtime.seats.take(&plan.scope)?;
    Ok(((plan, grant), seat))
}

async fn upgrade(parts: &mut Parts, app: &Shared) -> Result<WebSocketUpgrade, ApiError> {
    let upgrade = WebSocketUpgrade::from_request_parts(parts, app).await;
    let upgrade = upgrade.map_err(|_| {
        ApiError::new(Code::ValidationError, "This is a websocket: connect with an upgrade")
    })?;
    Ok(upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX))
}

/// Answers the upgrade; the stream lives in a task of its own, which the house waits for.
fn begin(app: Shared, upgrade: WebSocketUpgrade, admitted: Result<Admitted, ApiError>) -> Response {
    let tasks = app.tasks.clone();
    match admitted {
        Ok((plan, seat)) => upgrade
            .on_upgrade(move |socket| tasks.track_future(socket::serve(app, socket, plan, seat))),
        Err(error) => upgrade
            .on_upgrade(move |socket| tasks.track_future(Box::pin(refuse(app, socket, error)))),
    }
}

async fn refuse(app: Shared, socket: WebSocket, error: ApiError) {
    let wire = Wire::new(socket, app.config.ws_stall_ms);
    let refusing = wire.close(Farewell::refused(&error));
    // A client that does not listen is not waited for.
    let _ = tokio::time::timeout(REFUSAL, refusing).await;
}
