//! Access to mainnet: shown, asked for, or opened with the operator's access key.

use axum::extract::State;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::member::Role;
use domain::merchant::Merchant;
use domain::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Done, Stranger, done, gone};
use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller, Credential, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Json;

#[derive(Serialize, ToSchema)]
pub struct MainnetStatus {
    pub has_mainnet_access: bool,
    /// A key's own environment, or the one chosen for bearer requests.
    pub current_environment: Environment,
}

/// See whether mainnet is open for this account
#[utoipa::path(get, path = "/api/v1/user/mainnet-access/status", tag = "Account",
    operation_id = "mainnetAccessStatus",
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
    responses((status = 200, body = MainnetStatus), (status = 401, body = ErrorBody)))]
pub async fn status(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
) -> Result<axum::Json<MainnetStatus>, ApiError> {
    let merchant = caller.merchant(&app).await?;
    let current_environment = match &caller.credential {
        Credential::Key(key) => key.environment,
        Credential::Member { .. } => merchant.current_environment,
    };
    let has_mainnet_access = merchant.has_mainnet_access;
    Ok(axum::Json(MainnetStatus { has_mainnet_access, current_environment }))
}

#[derive(Deserialize, ToSchema)]
pub struct ActivateMainnet {
    /// From the operator of this deployment.
    access_key: String,
}

/// Open mainnet with an access key
///
/// Takes an owner or a key of the merchant scope.
#[utoipa::path(post, path = "/api/v1/user/mainnet-access/activate", tag = "Account",
    operation_id = "activateMainnetAccess", request_body = ActivateMainnet,
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "ACCESS_KEY_INVALID"),
        (status = 429, body = ErrorBody)))]
pub async fn activate(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    // Guesses count like those of a password.
    _: Stranger,
    Json(body): Json<ActivateMainnet>,
) -> Result<axum::Json<Done>, ApiError> {
    // A key may, like an owner: what opens mainnet is the operator's secret, not the role.
    if matches!(&caller.credential, Credential::Member { .. }) {
        caller.require_role(Role::Owner)?;
    }
    let given = Secret::new(body.access_key);
    let configured = app.config.mainnet_access_key.clone().map(Secret::new);
    app.decide(|| let_in(&app, &caller, &given, configured.as_ref())).await?;
    app.caches.forget_merchant(caller.merchant_id);
    Ok(done("Mainnet is open for this account"))
}

async fn let_in(
    app: &App,
    caller: &Caller,
    given: &Secret,
    configured: Option<&Secret>,
) -> Result<(Changes, ()), ApiError> {
    let merchant = own_merchant(app, caller).await?.activate_mainnet(given, configured)?;
    let mut fresh = app.fresh();
    let id = merchant.id;
    let mut changes = merchant.save(fresh.now());
    changes.insert(caller.audit("merchant.mainnet_activated", id, &mut fresh));
    Ok((changes, ()))
}

async fn own_merchant(app: &App, caller: &Caller) -> Result<Merchant, ApiError> {
    app.store.get::<Merchant>(caller.merchant_id.key()).await?.ok_or_else(gone)
}

#[derive(Deserialize, ToSchema)]
pub struct RequestMainnet {
    /// Where your customers find you: http or https.
    #[schema(example = "https://shop.example")]
    website: String,
    /// What you take payments for, up to 2000 bytes.
    #[schema(min_length = 1, max_length = 2000)]
    use_case: String,
}

/// Ask the operator for mainnet
///
/// Asking again replaces what was written before.
#[utoipa::path(post, path = "/api/v1/user/mainnet-access/request", tag = "Account",
    operation_id = "requestMainnetAccess", request_body = RequestMainnet,
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn request(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Json(body): Json<RequestMainnet>,
) -> Result<axum::Json<Done>, ApiError> {
    caller.require_role(Role::Developer)?;
    app.decide(|| ask(&app, &caller, &body)).await?;
    app.caches.forget_merchant(caller.merchant_id);
    Ok(done("The operator was asked"))
}

async fn ask(app: &App, caller: &Caller, body: &RequestMainnet) -> Result<(Changes, ()), ApiError> {
    let merchant = own_merchant(app, caller).await?;
    let mut fresh = app.fresh();
    let id = merchant.id;
    let asked = merchant.request_mainnet(&body.website, &body.use_case, fresh.now())?;
    let mut changes = asked.save(fresh.now());
    changes.insert(caller.audit("merchant.mainnet_requested", id, &mut fresh));
    Ok((changes, ()))
}
