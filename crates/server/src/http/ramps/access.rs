//! Who acts on a ramp's money: a merchant's key or member, for all of his users.

use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{MerchantId, RampUserId};
use domain::ramp_user::RampUser;

use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::ApiError;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

pub struct RampCaller(pub Caller);

impl FromRequestParts<Shared> for RampCaller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let MerchantCaller(caller) = MerchantCaller::from_request_parts(parts, app).await?;
        Ok(RampCaller(caller))
    }
}

/// Whose money it is about, and in which environment.
pub struct Acting {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    /// With a user's own session: him, and nobody else.
    pub only_user: Option<RampUserId>,
    request_id: String,
}

impl Acting {
    pub fn origin(&self, idempotency_key: Option<&str>) -> Origin {
        Origin {
            request_id: Some(self.request_id.clone()),
            idempotency_key: idempotency_key.map(str::to_owned),
        }
    }
}

impl Caller {
    pub async fn acting(
        &self,
        app: &App,
        asked: Option<Environment>,
    ) -> Result<Acting, ApiError> {
        let environment = self.environment(app, asked).await?;
        let request_id = self.request_id.clone();
        Ok(Acting { merchant_id: self.merchant_id, environment, only_user: None, request_id })
    }
}

/// A user of this merchant and environment.
pub async fn user(app: &App, acting: &Acting, id: RampUserId) -> Result<RampUser, ApiError> {
    let user = app.store.get::<RampUser>(id.key()).await?;
    let is_theirs = |user: &RampUser| {
        user.is_of(acting.merchant_id, acting.environment)
            && acting.only_user.is_none_or(|only| only == user.id)
    };
    user.filter(is_theirs).ok_or_else(|| ApiError::not_found("user"))
}
