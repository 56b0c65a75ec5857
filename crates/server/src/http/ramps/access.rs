//! On whose money a request acts, and in which environment: read once at the start of each route.

use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{MerchantId, RampUserId};
use domain::ramp_user::RampUser;

use super::{RampCaller, user_of};
use crate::app::App;
use crate::http::error::ApiError;
use crate::http::idempotency::Once;
use crate::http::merchant::Write;

pub struct Acting {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    /// With a user's own session: him, and nobody else.
    pub only_user: Option<RampUserId>,
    origin: Origin,
}

impl Acting {
    pub async fn of(
        caller: &RampCaller,
        app: &App,
        asked: Option<Environment>,
    ) -> Result<Acting, ApiError> {
        Ok(Acting {
            merchant_id: caller.merchant_id(),
            environment: caller.environment(app, asked).await?,
            only_user: caller.only_user(),
            origin: caller.origin(None),
        })
    }

    pub fn whose(&self) -> (MerchantId, Environment) {
        (self.merchant_id, self.environment)
    }

    /// What makes a request repeatable: a user's keys are his own, beside his merchant's.
    pub fn once(&self, write: &Write) -> Result<Once, ApiError> {
        let once = write.once(self.whose())?;
        Ok(match self.only_user {
            Some(user) => once.of_user(user),
            None => once,
        })
    }

    pub fn origin(&self, idempotency_key: Option<&str>) -> Origin {
        let idempotency_key = idempotency_key.map(str::to_owned);
        Origin { idempotency_key, ..self.origin.clone() }
    }
}

/// A user this caller may act for, as he is now.
pub async fn user(app: &App, acting: &Acting, id: RampUserId) -> Result<RampUser, ApiError> {
    if acting.only_user.is_some_and(|only| only != id) {
        return Err(ApiError::not_found("user"));
    }
    user_of(app, acting.whose(), id).await
}
