//! The edge every request passes once: id, time limit, security headers, CORS, metrics, errors.
//!
//! One layer instead of many, because each layer costs an allocation on every request.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::event::API_VERSION;
use serde_json::json;

use crate::app::Shared;
use crate::clock::steady;
use crate::http::error::{ApiError, Code};
use crate::http::limits::Allowance;

/// The id of a request, in its extensions.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Where the extractors leave what the `RateLimit-*` headers will say.
#[derive(Clone, Debug, Default)]
pub struct AllowanceSlot(pub Arc<OnceLock<Allowance>>);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PEPAY_VERSION: HeaderName = HeaderName::from_static("pepay-version");
const REQUEST_ID_MAX: usize = 128;
const HEADERS_USUAL: usize = 12;
const UNMATCHED_ROUTE: &str = "(none)";

pub async fn edge(State(app): State<Shared>, mut request: Request, next: Next) -> Response {
    let started = steady();
    let id = request_id(request.headers(), &app);
    let method = request.method().clone();
    let is_payor = is_payor_route(request.uri().path());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let in_flight = app.metrics.request_started();
    let allowance = app.limits.is_enabled().then(AllowanceSlot::default);
    if let Some(slot) = &allowance {
        request.extensions_mut().insert(slot.clone());
    }
    let mut response = match version_error(request.headers()) {
        Some(error) => error.into_response(),
        None if is_payor && method == Method::OPTIONS => StatusCode::NO_CONTENT.into_response(),
        None => {
            request.extensions_mut().insert(RequestId(id.clone()));
            let limit = Duration::from_millis(app.config.request_timeout_ms);
            match tokio::time::timeout(limit, next.run(request)).await {
                Ok(response) => response,
                Err(_) => timed_out().into_response(),
            }
        }
    };
    if let Some(error) = response.extensions_mut().remove::<ApiError>() {
        render_error(&mut response, &error, &id);
    }
    drop(in_flight);
    let headers = response.headers_mut();
    write_headers(headers, &id, is_payor);
    if let Some(allowance) = allowance.and_then(|slot| slot.0.get().copied()) {
        write_allowance(headers, allowance);
    }
    let route = route.as_ref().map_or(UNMATCHED_ROUTE, MatchedPath::as_str);
    app.metrics.request_done(&method, route, response.status(), started.elapsed());
    response
}

fn timed_out() -> ApiError {
    ApiError::new(Code::RequestTimeout, "The request took too long").retry_after(1)
}

/// The caller's id if it is sane, else a fresh one.
fn request_id(headers: &HeaderMap, app: &Shared) -> String {
    let is_sane = |text: &&str| {
        !text.is_empty()
            && text.len() <= REQUEST_ID_MAX
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok()).filter(is_sane);
    given.map_or_else(|| format!("req_{}", app.fresh().uuid().simple()), str::to_owned)
}

/// A request may pin the version of the API; there is one so far.
fn version_error(headers: &HeaderMap) -> Option<ApiError> {
    let pinned = headers.get(&PEPAY_VERSION)?;
    if pinned.as_bytes() == API_VERSION.as_bytes() {
        return None;
    }
    Some(ApiError::invalid("Pepay-Version", format!("must be {API_VERSION}")))
}

/// Routes of sessions are called from any origin; they carry no cookies and need none.
fn is_payor_route(path: &str) -> bool {
    path.starts_with("/api/v1/payments/")
        || path.starts_with("/api/v1/ramps/")
        || path == "/api/commerce/cart"
        || path.starts_with("/api/commerce/cart/")
        || (path.starts_with("/api/v1/invoice/") && path.ends_with("/verify"))
}

fn render_error(response: &mut Response, error: &ApiError, request_id: &str) {
    let mut detail = json!({ "code": error.code.as_str(), "message": error.message });
    if let Some(param) = &error.param {
        detail["param"] = json!(param);
    }
    detail["request_id"] = json!(request_id);
    let mut body = json!({ "success": false, "error": detail });
    if error.code.status() == StatusCode::TOO_MANY_REQUESTS {
        body["message"] = json!(error.message);
        body["error_code"] = json!(error.code.as_str());
        body["retry_after"] = json!(error.retry_after_seconds.unwrap_or(1));
    }
    *response.status_mut() = error.code.status();
    *response.body_mut() = Body::from(body.to_string());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.remove(header::CONTENT_LENGTH);
    if let Some(seconds) = error.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

fn write_headers(headers: &mut HeaderMap, request_id: &str, is_payor: bool) {
    let fixed: [(HeaderName, &'static str); 4] = [
        (PEPAY_VERSION, API_VERSION),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ];
    // In one step: a map that grows with every other header is copied as often.
    headers.reserve(HEADERS_USUAL);
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // Old browsers know only yes and no: they are told no wherever nobody may embed the page.
    if is_framed_by_nobody(headers) {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    if is_payor {
        write_cors(headers);
    }
}

fn is_framed_by_nobody(headers: &HeaderMap) -> bool {
    let policy = headers.get(header::CONTENT_SECURITY_POLICY);
    let policy = policy.and_then(|policy| policy.to_str().ok()).unwrap_or_default();
    policy.ends_with("frame-ancestors 'none'")
}

fn write_allowance(headers: &mut HeaderMap, allowance: Allowance) {
    let Allowance { limit, remaining, reset_seconds } = allowance;
    headers.insert("ratelimit-limit", HeaderValue::from(limit));
    headers.insert("ratelimit-remaining", HeaderValue::from(remaining));
    headers.insert("ratelimit-reset", HeaderValue::from(reset_seconds));
}

fn write_cors(headers: &mut HeaderMap) {
    let any_origin = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type, x-session-token, x-signature, user-authorization, x-request-id, \
             pepay-version, idempotency-key",
        ),
        (
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            "x-request-id, retry-after, pepay-version, ratelimit-limit, ratelimit-remaining, \
             ratelimit-reset",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    for (name, value) in any_origin {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
