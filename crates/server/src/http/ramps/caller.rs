//! Who calls a route that a user's own client may call too: his merchant, or he himself.
//!
//! A session opens exactly its user's part of exactly these routes. A payor's session names no row
//! of this kind, and a user's none of an invoice, so neither opens what the other does.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{MerchantId, RampUserId};
use domain::ramp_session::RampSession;
use domain::ramp_user::RampUser;
use domain::session::{CredentialError, Session};

use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller, request_id, take_payor_allowance};
use crate::http::error::{ApiError, Code};

pub enum RampCaller {
    /// A key of the merchant scope, or a member: all of the merchant's users.
    Merchant(Caller),
    /// A user's own client: himself.
    User(Box<RampUserCaller>),
}

/// A user by his session.
pub struct RampUserCaller {
    pub session: RampSession,
    /// As he was when the request came in.
    pub user: RampUser,
    pub request_id: String,
}

impl RampCaller {
    pub fn merchant_id(&self) -> MerchantId {
        match self {
            RampCaller::Merchant(caller) => caller.merchant_id,
            RampCaller::User(caller) => caller.session.merchant_id,
        }
    }

    /// The only user this caller may act for; none: any of the merchant's.
    pub fn only_user(&self) -> Option<RampUserId> {
        match self {
            RampCaller::Merchant(_) => None,
            RampCaller::User(caller) => Some(caller.session.user_id),
        }
    }

    /// The environment to act in; a session has its own.
    pub async fn environment(
        &self,
        app: &App,
        asked: Option<Environment>,
    ) -> Result<Environment, ApiError> {
        match self {
            RampCaller::Merchant(caller) => caller.environment(app, asked).await,
            RampCaller::User(caller) => {
                let own = caller.session.environment;
                if !app.config.serves(own) || asked.is_some_and(|asked| asked != own) {
                    let message = "This session belongs to the other environment";
                    return Err(ApiError::new(Code::EnvironmentMismatch, message));
                }
                Ok(own)
            }
        }
    }

    /// What an event caused by this request says of it.
    pub fn origin(&self, idempotency_key: Option<&str>) -> Origin {
        match self {
            RampCaller::Merchant(caller) => caller.origin(idempotency_key),
            RampCaller::User(caller) => Origin {
                request_id: Some(caller.request_id.clone()),
                idempotency_key: idempotency_key.map(str::to_owned),
            },
        }
    }
}

impl FromRequestParts<Shared> for RampCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let Some(token) = text("x-session-token") else {
            let MerchantCaller(caller) = MerchantCaller::from_request_parts(parts, app).await?;
            return Ok(RampCaller::Merchant(caller));
        };
        let has_key = ["x-api-key", "x-commerce-api-key", "authorization"]
            .iter()
            .any(|name| parts.headers.contains_key(*name));
        if has_key {
            let message = "Send either a key or a session, not both";
            return Err(ApiError::new(Code::AuthenticationRequired, message));
        }
        take_payor_allowance(parts, app)?;
        let (session, user) = opened(app, token, text("x-signature").unwrap_or("")).await?;
        let request_id = request_id(parts);
        Ok(RampCaller::User(Box::new(RampUserCaller { session, user, request_id })))
    }
}

/// The session that credentials name, if it is genuine and open.
async fn opened(
    app: &App,
    token: &str,
    signature: &str,
) -> Result<(RampSession, RampUser), ApiError> {
    let unknown = || ApiError::new(Code::SessionInvalid, "The session is not known");
    let forged =
        || ApiError::new(Code::SignatureInvalid, "The signature does not verify or has expired");
    let refused = |error| match error {
        CredentialError::Malformed => unknown(),
        CredentialError::Forged => forged(),
    };
    let mut named = None;
    for id in Session::candidates(&app.keys, token).map_err(refused)? {
        if named.is_none() {
            named = app.store.get::<RampSession>(id.key()).await?;
        }
    }
    let session = named.ok_or_else(unknown)?;
    session.verify(&app.keys, token, signature).map_err(refused)?;
    let user = app.store.get::<RampUser>(session.user_id.key()).await?.ok_or_else(unknown)?;
    if !session.is_open(&user, app.now()) {
        return Err(forged());
    }
    Ok((session, user))
}
