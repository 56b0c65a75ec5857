//! Settlement wallets: one address per network, which counts after a delay.

use axum::extract::State;
use domain::address::Address;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::member::Role;
use domain::network::Network;
use domain::settlement_wallet::{SettlementWallet, SettlementWalletView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::account::second_factor::{Coded, code_of};
use crate::http::auth::{Caller, MemberCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;
use crate::http::page::List;

#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementWalletList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<SettlementWalletView>,
    /// Always false: there is at most one a network.
    pub has_more: bool,
}

#[derive(Deserialize, ToSchema)]
pub struct PutSettlementWallet {
    network: Network,
    #[schema(max_length = 128)]
    address: String,
    /// The account's current one if absent.
    environment: Option<Environment>,
    /// The six digits of the authenticator app, where one is enrolled.
    totp: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct DeleteSettlementWallet {
    network: Network,
    /// The account's current one if absent.
    environment: Option<Environment>,
    /// The six digits of the authenticator app, where one is enrolled.
    totp: Option<String>,
}

/// List settlement wallets
#[utoipa::path(get, path = "/api/v1/merchant/settlement-wallets",
    tag = "Settlement Management", operation_id = "listSettlementWallets",
    params(EnvironmentQuery),
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementWalletList),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let wallets = app.store.settlement_wallets((caller.merchant_id, environment)).await?;
    let now = app.now();
    let named = wallets.into_iter().filter(|wallet| wallet.address.is_some());
    let data = named.map(|wallet| wallet.view(now)).collect();
    Ok(Answer::ok(&List { object: "list", data, has_more: false }))
}

/// Set the settlement wallet of a network
///
/// Takes an owner, and his one-time code where one is enrolled. A new address is used after a
/// delay, and until then the old one.
#[utoipa::path(put, path = "/api/v1/merchant/settlement-wallets",
    tag = "Settlement Management", operation_id = "setSettlementWallet",
    request_body = PutSettlementWallet, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementWalletView),
        (status = 400, body = ErrorBody, description = "No address of that network"),
        (status = 401, body = ErrorBody, description = "TOTP_REQUIRED, or a wrong code"),
        (status = 403, body = ErrorBody)))]
pub async fn set(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Json(body): Json<PutSettlementWallet>,
) -> Result<axum::Json<SettlementWalletView>, ApiError> {
    caller.require_role(Role::Owner)?;
    let environment = caller.environment(&app, body.environment).await?;
    let address = Address::parse(body.network, environment, body.address.trim())
        .map_err(|error| ApiError::invalid("address", error.to_string()))?;
    if super::is_ours(&app, (environment, body.network), &address).await? {
        return Err(ApiError::invalid("address", "belongs to this server itself"));
    }
    let place = (caller.merchant_id, environment, body.network);
    let delay_ms = app.config.settlement.wallet_delay_ms(environment);
    let named = |known: Option<SettlementWallet>| {
        SettlementWallet::name(known, place, &address, (app.now(), delay_ms))
    };
    let action = "settlement_wallet.set";
    let change = Change { environment, network: body.network, action };
    let wallet = write(&app, &caller, change, body.totp.as_deref(), named).await?;
    Ok(axum::Json(wallet.view(app.now())))
}

/// Take the settlement wallet of a network away
///
/// At once: what is confirmed from now on waits.
#[utoipa::path(delete, path = "/api/v1/merchant/settlement-wallets",
    tag = "Settlement Management", operation_id = "deleteSettlementWallet",
    request_body = DeleteSettlementWallet, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = crate::http::account::Done),
        (status = 401, body = ErrorBody, description = "TOTP_REQUIRED, or a wrong code"),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn remove(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Json(body): Json<DeleteSettlementWallet>,
) -> Result<axum::Json<crate::http::account::Done>, ApiError> {
    caller.require_role(Role::Owner)?;
    let environment = caller.environment(&app, body.environment).await?;
    let key = SettlementWallet::row_key(caller.merchant_id, environment, body.network);
    let known = app.store.get::<SettlementWallet>(key).await?;
    if known.is_none_or(|wallet| wallet.address.is_none()) {
        return Err(ApiError::not_found("settlement wallet"));
    }
    let now = app.now();
    let taken =
        |known: Option<SettlementWallet>| known.expect("wallets are never deleted").take_away(now);
    let action = "settlement_wallet.deleted";
    let change = Change { environment, network: body.network, action };
    write(&app, &caller, change, body.totp.as_deref(), taken).await?;
    let message = "Nothing is settled to this network any more".to_owned();
    Ok(axum::Json(crate::http::account::Done { success: true, message }))
}

struct Change {
    environment: Environment,
    network: Network,
    action: &'static str,
}

async fn write(
    app: &App,
    caller: &Caller,
    change: Change,
    code: Option<&str>,
    after: impl Fn(Option<SettlementWallet>) -> SettlementWallet,
) -> Result<SettlementWallet, ApiError> {
    let Change { environment, network, action } = change;
    let key = SettlementWallet::row_key(caller.merchant_id, environment, network);
    let decided = app.decide(async || -> Result<_, ApiError> {
        let mut changes = Changes::of(caller.merchant_id);
        match code_of(app, caller, code).await? {
            Coded::Right(counted) => changes.append(counted),
            Coded::Wrong(counted, error) => return Ok((counted, Err(error))),
        }
        let known = app.store.get::<SettlementWallet>(key).await?;
        let wallet = after(known.clone());
        if known.as_ref() != Some(&wallet) {
            let mut fresh = app.fresh();
            let shown = wallet.address.as_deref().unwrap_or("none");
            let object = format!("{} ({}): {shown}", network.as_str(), environment.as_str());
            changes.insert(caller.audit(action, object, &mut fresh));
            match known {
                None => changes.insert(wallet.clone()),
                Some(_) => changes.update(wallet.clone()),
            }
        }
        Ok((changes, Ok(wallet)))
    });
    decided.await?
}
