//! The merchant's choices: the acceptance policy of an environment, and blocks of single tokens.
//!
//! Every change is audited in the same commit, and the cache forgets what it held.

use axum::extract::State;
use domain::environment::Environment;
use domain::token::{AcceptancePolicy, TokenId};
use domain::token_rule::TokenRule;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, current};

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct BlockToken {
    blocked: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TokenBlocked {
    pub success: bool,
    pub blocked: bool,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct SetPolicy {
    acceptance_policy: AcceptancePolicy,
    /// For bearer tokens; without it the account's current one.
    environment: Option<Environment>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyView {
    pub acceptance_policy: AcceptancePolicy,
    pub environment: Environment,
}

/// Block or unblock one token
///
/// Kept under every policy; it takes effect under `selective`.
#[utoipa::path(
    post,
    path = "/api/v1/merchant/tokens/{token_id}/block",
    tag = "Token Management",
    operation_id = "blockMerchantToken",
    params(("token_id" = i64, Path, minimum = 1), EnvironmentQuery),
    request_body = BlockToken,
    responses(
        (status = 200, description = "The choice is kept", body = TokenBlocked),
        (status = 400, description = "A bad id or body", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such token in this environment", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn block(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<BlockToken>,
) -> Result<Answer, ApiError> {
    let id = id.parse::<i64>().ok().filter(|&id| id > 0).map(TokenId);
    let id = id.ok_or_else(|| ApiError::invalid("token_id", "must be a positive number"))?;
    let environment = caller.environment(&app, query.environment).await?;
    let token = app.networks.token(id).filter(|token| token.environment == environment);
    let token = token.ok_or_else(|| ApiError::not_found("token"))?;
    let whose = (caller.merchant_id, token.id);
    let action = if body.blocked { "token.blocked" } else { "token.unblocked" };
    app.decide(|| async {
        let mut fresh = app.fresh();
        let known = app.store.get::<TokenRule>(TokenRule::row_key(whose.0, whose.1)).await?;
        let mut changes = TokenRule::set(known, whose, body.blocked, fresh.now());
        changes.insert(caller.audit(action, token.id, &mut fresh));
        Ok::<_, ApiError>((changes, ()))
    })
    .await?;
    app.caches.forget_token_rules(caller.merchant_id);
    Ok(Answer::ok(&TokenBlocked { success: true, blocked: body.blocked }))
}

/// Read the acceptance policy
#[utoipa::path(
    get,
    path = "/api/v1/merchant/tokens/policy",
    tag = "Token Management",
    operation_id = "getAcceptancePolicy",
    params(EnvironmentQuery),
    responses(
        (status = 200, description = "The policy of the environment", body = PolicyView),
        (status = 400, description = "A bad query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn policy(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let acceptance_policy = caller.merchant(&app).await?.policy(environment);
    Ok(Answer::ok(&PolicyView { acceptance_policy, environment }))
}

/// Set the acceptance policy
///
/// `accept_all`, `accept_none`, or `selective`: then single blocks decide.
#[utoipa::path(
    put,
    path = "/api/v1/merchant/tokens/policy",
    tag = "Token Management",
    operation_id = "setAcceptancePolicy",
    params(EnvironmentQuery),
    request_body = SetPolicy,
    responses(
        (status = 200, description = "The new policy", body = PolicyView),
        (status = 400, description = "A bad body", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn set_policy(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<SetPolicy>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, body.environment.or(query.environment)).await?;
    change_policy(&app, &caller, environment, body.acceptance_policy).await
}

/// Reset the acceptance policy to `accept_all`
#[utoipa::path(
    delete,
    path = "/api/v1/merchant/tokens/policy",
    tag = "Token Management",
    operation_id = "resetAcceptancePolicy",
    params(EnvironmentQuery),
    responses(
        (status = 200, description = "The policy is `accept_all`", body = PolicyView),
        (status = 400, description = "A bad query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn reset_policy(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    change_policy(&app, &caller, environment, AcceptancePolicy::AcceptAll).await
}

async fn change_policy(
    app: &App,
    caller: &Caller,
    environment: Environment,
    acceptance_policy: AcceptancePolicy,
) -> Result<Answer, ApiError> {
    let object = format!("{}.{}", environment.as_str(), acceptance_policy.as_str());
    app.decide(|| async {
        let mut fresh = app.fresh();
        let merchant = current(app, caller.merchant_id).await?;
        let merchant = merchant.with_policy(environment, acceptance_policy);
        let mut changes = merchant.save(fresh.now());
        changes.insert(caller.audit("acceptance_policy.changed", &object, &mut fresh));
        Ok::<_, ApiError>((changes, ()))
    })
    .await?;
    app.caches.forget_merchant(caller.merchant_id);
    Ok(Answer::ok(&PolicyView { acceptance_policy, environment }))
}
