//! The environment in which a member's requests act when they name none.

use axum::extract::State;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::member::Role;
use domain::merchant::Merchant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::gone;
use crate::app::{App, Shared};
use crate::http::auth::{Caller, MemberCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Json;

#[derive(Deserialize, ToSchema)]
pub struct ChooseEnvironment {
    environment: Environment,
}

/// Where requests act that name no environment.
#[derive(Serialize, ToSchema)]
pub struct ChosenEnvironment {
    /// Always true.
    pub success: bool,
    pub current_environment: Environment,
}

/// Choose the environment of bearer requests
///
/// A key keeps its own environment, so this route takes a bearer token only.
#[utoipa::path(put, path = "/api/v1/user/environment", tag = "Account",
    operation_id = "setEnvironment", request_body = ChooseEnvironment,
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = ChosenEnvironment),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody,
            description = "INSUFFICIENT_SCOPE with a key, MAINNET_NOT_ENABLED without access")))]
pub async fn set(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Json(body): Json<ChooseEnvironment>,
) -> Result<axum::Json<ChosenEnvironment>, ApiError> {
    caller.require_role(Role::Developer)?;
    app.decide(|| choose(&app, &caller, body.environment)).await?;
    app.caches.forget_merchant(caller.merchant_id);
    Ok(axum::Json(ChosenEnvironment { success: true, current_environment: body.environment }))
}

async fn choose(
    app: &App,
    caller: &Caller,
    environment: Environment,
) -> Result<(Changes, ()), ApiError> {
    let merchant = app.store.get::<Merchant>(caller.merchant_id.key()).await?.ok_or_else(gone)?;
    let mut fresh = app.fresh();
    let id = merchant.id;
    let mut changes = merchant.choose_environment(environment)?.save(fresh.now());
    changes.insert(caller.audit("merchant.environment_chosen", id, &mut fresh));
    Ok((changes, ()))
}
