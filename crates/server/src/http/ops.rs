//! Health, readiness and metrics, for the operator and his tools.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::auth::has_bearer;
use crate::http::error::{ApiError, Code};

#[derive(Serialize, ToSchema)]
pub struct Health {
    pub status: &'static str,
}

/// Watchers further behind than this make the status `degraded`; requests are served all the same.
const LAG_MS_MAX: i64 = 60_000;

/// How ready this process is to take traffic.
#[derive(Serialize, ToSchema)]
pub struct Readiness {
    /// `ready`, or `degraded` while a network is not being watched as it should.
    pub status: &'static str,
    pub database: &'static str,
    pub watchers: Vec<WatcherReadiness>,
}

#[derive(Serialize, ToSchema)]
pub struct WatcherReadiness {
    pub environment: domain::environment::Environment,
    pub network: domain::network::Network,
    /// How far behind the chain's clock the watcher is; null before its first look.
    pub lag_seconds: Option<i64>,
}

/// The process is alive
#[utoipa::path(get, path = "/healthz", tag = "Metrics", security(()),
    responses((status = 200, body = Health)))]
pub async fn healthz() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// The database answers; how far the watchers are behind
#[utoipa::path(get, path = "/readyz", tag = "Metrics", security(()),
    responses((status = 200, body = Readiness), (status = 503, description = "Not ready")))]
pub async fn readyz(State(app): State<Shared>) -> Result<Json<Readiness>, ApiError> {
    app.store.ping().await?;
    if app.stop.is_cancelled() {
        return Err(ApiError::new(Code::ServiceUnavailable, "Shutting down").retry_after(5));
    }
    let watchers = app.networks.lags(app.now());
    let is_behind = |lag: &Option<i64>| lag.is_none_or(|lag_ms| lag_ms > LAG_MS_MAX);
    let status = match watchers.iter().any(|(_, _, lag)| is_behind(lag)) {
        true => "degraded",
        false => "ready",
    };
    let watchers = watchers.into_iter().map(|(environment, network, lag_ms)| WatcherReadiness {
        environment,
        network,
        lag_seconds: lag_ms.map(|ms| ms / 1_000),
    });
    Ok(Json(Readiness { status, database: "ok", watchers: watchers.collect() }))
}

/// Prometheus metrics (restricted)
#[utoipa::path(get, path = "/metrics", tag = "Metrics",
    responses((status = 200, content_type = "text/plain", body = String),
        (status = 401, description = "The metrics token is missing or wrong")))]
pub async fn metrics(State(app): State<Shared>, headers: HeaderMap) -> Result<Response, ApiError> {
    let is_allowed = match &app.config.metrics_token {
        Some(token) => has_bearer(&headers, token),
        None => false,
    };
    if !is_allowed {
        let message = "Send the metrics token as Authorization: Bearer";
        return Err(ApiError::new(Code::AuthenticationRequired, message));
    }
    crate::workers::gauges::collect(&app).await;
    let mut response = app.metrics.render().into_response();
    let text = HeaderValue::from_static("text/plain; version=0.0.4");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    Ok(response)
}
