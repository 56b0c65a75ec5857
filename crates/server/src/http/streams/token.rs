//! `POST /api/v1/ws/token`: a short-lived token that a browser can put into a stream's address.
//!
//! It opens one kind of stream of one merchant, and nothing else. A stream outlives its token, but
//! not the credential that the token was made with.

use axum::extract::State;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::sign_in::{StreamClaims, issue_token};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{StreamCaller, StreamScope, scope_of_caller};
use crate::app::{App, Shared};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Json;

const TTL_SECONDS_DEFAULT: i64 = 60;
const TTL_SECONDS: std::ops::RangeInclusive<i64> = 5..=3_600;

#[derive(Debug, Deserialize, ToSchema)]
pub struct WsTokenRequest {
    pub scope: StreamScope,
    /// How long the token can be used to connect; a stream lives on, until the key or sign-in ends.
    #[schema(minimum = 5, maximum = 3600, default = 60)]
    pub ttl_seconds: Option<i64>,
    /// A key has its own. For members: null is both.
    pub environment: Option<Environment>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct WsTokenAnswer {
    pub success: bool,
    pub data: WsToken,
}

/// Opens one stream.
#[derive(Serialize, ToSchema)]
pub struct WsToken {
    /// A JWT; append it to `ws_url` as `token`.
    pub token: String,
    pub scope: StreamScope,
    pub merchant_id: MerchantId,
    /// Null: events of both.
    pub network_environment: Option<Environment>,
    /// Epoch seconds.
    pub expires_at: i64,
    #[schema(example = "wss://pay.example.com/ws/merchant/events")]
    pub ws_url: String,
}

impl std::fmt::Debug for WsToken {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("WsToken").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// Create a token for an event stream
///
/// For browsers and other clients that cannot send a header with an upgrade.
#[utoipa::path(post, path = "/api/v1/ws/token",
    operation_id = "createWsToken", tag = "WebSockets",
    request_body = WsTokenRequest,
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = WsTokenAnswer),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn create(
    State(app): State<Shared>,
    StreamCaller { caller, holder, .. }: StreamCaller,
    Json(body): Json<WsTokenRequest>,
) -> Result<axum::Json<WsTokenAnswer>, ApiError> {
    let ttl_seconds = body.ttl_seconds.unwrap_or(TTL_SECONDS_DEFAULT);
    if !TTL_SECONDS.contains(&ttl_seconds) {
        return Err(ApiError::invalid("ttl_seconds", "must be 5 to 3600"));
    }
    let opened = scope_of_caller(&app, &caller, body.scope, body.environment).await?;
    let claims = StreamClaims {
        aud: body.scope.audience(),
        merchant: opened.merchant_id,
        environment: opened.environment,
        holder,
        exp: app.now().seconds() + ttl_seconds,
    };
    let data = WsToken {
        token: issue_token(&app.keys, &claims),
        scope: body.scope,
        merchant_id: opened.merchant_id,
        network_environment: opened.environment,
        expires_at: claims.exp,
        ws_url: ws_url(&app, body.scope),
    };
    Ok(axum::Json(WsTokenAnswer { success: true, data }))
}

/// The stream's address, as clients reach this server.
fn ws_url(app: &App, scope: StreamScope) -> String {
    let base = app.config.public_url.trim_end_matches('/');
    let base = match base.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => base.to_owned(),
    };
    format!("{base}{}", scope.path())
}
