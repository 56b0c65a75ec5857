//! The websockets: who may open which stream, and the short-lived tokens for browsers.
//!
//! A client that sent a header is answered over HTTP. A browser cannot send one and cannot see how
//! an upgrade was refused, so with `token=` the connection is made first and the refusal is told
//! on it. What is checked here goes along with the stream, which ends when it holds no more
//! (`realtime/grant.rs`).

pub mod token;
pub mod upgrade;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use domain::environment::Environment;
use domain::ids::InvoiceId;
use domain::invoice::Invoice;
use domain::sign_in::{
    AccessClaims, Audience, PaymentStreamClaims, StreamClaims, TokenHead, read_token,
};
use domain::stream_holder::StreamHolder;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller, Credential};
use crate::http::error::{ApiError, Code};
use crate::realtime::filter::{Scope, StreamKind};
use crate::realtime::grant::Grant;

/// Which of the two merchant streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StreamScope {
    Merchant,
    Commerce,
}

impl StreamScope {
    fn audience(self) -> Audience {
        match self {
            StreamScope::Merchant => Audience::MerchantStream,
            StreamScope::Commerce => Audience::CommerceStream,
        }
    }

    fn kind(self) -> StreamKind {
        match self {
            StreamScope::Merchant => StreamKind::Merchant,
            StreamScope::Commerce => StreamKind::Commerce,
        }
    }

    fn path(self) -> &'static str {
        match self {
            StreamScope::Merchant => "/ws/merchant/events",
            StreamScope::Commerce => "/ws/commerce/events",
        }
    }

    /// A commerce key opens the commerce stream only.
    fn check(self, caller: &Caller) -> Result<(), ApiError> {
        if self == StreamScope::Merchant && caller.is_commerce_only() {
            let message = "A commerce key opens the commerce stream only";
            return Err(ApiError::new(Code::InsufficientScope, message));
        }
        Ok(())
    }
}

/// Who opens a stream, or has a token made for one.
pub struct StreamCaller {
    caller: Caller,
    holder: StreamHolder,
    /// The end of his bearer token, if he came with one.
    ends_at: Option<Timestamp>,
}

impl FromRequestParts<Shared> for StreamCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let AnyCaller(caller) = AnyCaller::from_request_parts(parts, app).await?;
        let (holder, ends_at) = match &caller.credential {
            Credential::Key(key) => (StreamHolder::Key(key.id), None),
            Credential::Member { id, role } => {
                let token = parts.headers.get(AUTHORIZATION).and_then(|text| text.to_str().ok());
                let token = token.and_then(|text| text.strip_prefix("Bearer "));
                let claims = token.and_then(|token| read_token(&app.keys, token));
                let AccessClaims { sign_in, exp, .. } = claims.ok_or_else(invalid)?;
                let holder = StreamHolder::Member { id: *id, sign_in, role: *role };
                (holder, Some(Timestamp::from_seconds(exp)))
            }
        };
        Ok(StreamCaller { caller, holder, ends_at })
    }
}

/// The environment a caller's stream is of; a member who names none hears of both.
async fn environment(
    app: &App,
    caller: &Caller,
    asked: Option<Environment>,
) -> Result<Option<Environment>, ApiError> {
    match (&caller.credential, asked) {
        (Credential::Member { .. }, None) => Ok(None),
        (Credential::Member { .. } | Credential::Key(_), asked) => {
            caller.environment(app, asked).await.map(Some)
        }
    }
}

/// What a caller's own credential opens.
async fn scope_of_caller(
    app: &App,
    caller: &Caller,
    stream: StreamScope,
    asked: Option<Environment>,
) -> Result<Scope, ApiError> {
    stream.check(caller)?;
    let environment = environment(app, caller, asked).await?;
    Ok(Scope { kind: stream.kind(), merchant_id: caller.merchant_id, environment })
}

/// What a token of `POST /api/v1/ws/token` opens.
fn scope_of_token(app: &App, token: &str, stream: StreamScope) -> Result<(Scope, Grant), ApiError> {
    check_head(app, token, stream.audience())?;
    let claims: StreamClaims = read_token(&app.keys, token).ok_or_else(invalid)?;
    let StreamClaims { merchant: merchant_id, environment, holder, .. } = claims;
    let scope = Scope { kind: stream.kind(), merchant_id, environment };
    Ok((scope, Grant::new(holder, None)))
}

/// What a payor's token opens: the stream of one invoice.
async fn scope_of_payor(app: &App, token: &str) -> Result<(Scope, Grant), ApiError> {
    check_head(app, token, Audience::PaymentStream)?;
    let claims: PaymentStreamClaims = read_token(&app.keys, token).ok_or_else(invalid)?;
    let id: InvoiceId = claims.invoice;
    let invoice = app.store.get::<Invoice>(id.key()).await?.ok_or_else(invalid)?;
    // Whether the session still holds is looked at when the stream begins.
    let holder = StreamHolder::Payor { invoice: id, issued_at: claims.issued_at };
    let (merchant_id, environment) = (invoice.merchant_id, Some(invoice.environment));
    let scope = Scope { kind: StreamKind::Payor(id), merchant_id, environment };
    Ok((scope, Grant::new(holder, None)))
}

/// A genuine token that is still good, and made for this stream.
fn check_head(app: &App, token: &str, audience: Audience) -> Result<(), ApiError> {
    let head: TokenHead = read_token(&app.keys, token).ok_or_else(invalid)?;
    if head.exp <= app.now().seconds() {
        return Err(ApiError::new(Code::TokenInvalid, "The token has expired; get a fresh one"));
    }
    if head.aud != audience {
        let message = "The token was made for something else";
        return Err(ApiError::new(Code::InsufficientScope, message));
    }
    Ok(())
}

fn invalid() -> ApiError {
    ApiError::new(Code::TokenInvalid, "The token is not valid")
}
