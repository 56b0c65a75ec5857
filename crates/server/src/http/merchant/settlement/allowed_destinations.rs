//! Allowed destinations: where refunds and named receivers may go, for merchants who require it.
//!
//! Bearer only, like settlement wallets: a key that was stolen asks for refunds, and must not be
//! able to allow itself an address to send them to.

use axum::extract::State;
use domain::address::Address;
use domain::allowed_destination::{
    AllowListChoice, AllowListView, AllowedDestination, AllowedDestinationView, DESTINATIONS_MAX,
};
use domain::changes::Changes;
use domain::environment::Environment;
use domain::member::Role;
use domain::network::Network;
use domain::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::account::Done;
use crate::http::account::second_factor::{Coded, code_of};
use crate::http::auth::{Caller, MemberCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;
use crate::settling;

#[derive(Debug, Serialize, ToSchema)]
pub struct AllowedDestinationList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<AllowedDestinationView>,
    /// Always false: there are at most 200.
    pub has_more: bool,
    /// Whether money goes nowhere else.
    pub allow_list: AllowListView,
}

#[derive(Deserialize, ToSchema)]
pub struct AllowedDestinationAsk {
    network: Network,
    #[schema(max_length = 128)]
    address: String,
    /// The account's current one if absent.
    environment: Option<Environment>,
    /// The six digits of the authenticator app, where one is enrolled.
    totp: Option<String>,
}

#[derive(Deserialize, ToSchema)]
pub struct PutAllowList {
    /// `required` works at once, `off` after the delay of a new destination.
    allow_list: AllowListChoice,
    /// The account's current one if absent.
    environment: Option<Environment>,
    /// The six digits of the authenticator app, where one is enrolled.
    totp: Option<String>,
}

/// List allowed destinations
#[utoipa::path(get, path = "/api/v1/merchant/allowed-destinations",
    tag = "Settlement Management", operation_id = "listAllowedDestinations",
    params(EnvironmentQuery), security(("bearerAuth" = [])),
    responses(
        (status = 200, body = AllowedDestinationList),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let now = app.now();
    let entries = app.store.allowed_destinations(whose).await?;
    let rule = settling::rule(&app, caller.merchant_id, environment).await?;
    Ok(Answer::ok(&AllowedDestinationList {
        object: "list",
        data: entries.iter().map(|entry| entry.view(now)).collect(),
        has_more: false,
        allow_list: rule.allow_list.view(now),
    }))
}

/// Allow a destination
///
/// Takes an owner, and his one-time code where one is enrolled. It counts after a delay: a day on
/// mainnet, at once on devnet.
#[utoipa::path(put, path = "/api/v1/merchant/allowed-destinations",
    tag = "Settlement Management", operation_id = "allowDestination",
    request_body = AllowedDestinationAsk, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = AllowedDestinationView),
        (status = 400, body = ErrorBody, description = "No address of that network"),
        (status = 401, body = ErrorBody, description = "TOTP_REQUIRED, or a wrong code"),
        (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "LIMIT_REACHED")))]
pub async fn allow(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Json(body): Json<AllowedDestinationAsk>,
) -> Result<axum::Json<AllowedDestinationView>, ApiError> {
    caller.require_role(Role::Owner)?;
    let (environment, address) = place(&app, &caller, &body).await?;
    if super::is_ours(&app, (environment, body.network), &address).await? {
        return Err(ApiError::invalid("address", "belongs to this server itself"));
    }
    let (app, caller) = (&app, &caller);
    let whose = (caller.merchant_id, environment);
    let key = AllowedDestination::row_key(whose, body.network, address.as_str());
    let delay_ms = app.config.settlement.wallet_delay_ms(environment);
    let decided = app.decide(async || -> Result<_, ApiError> {
        let mut changes = match coded(app, caller, body.totp.as_deref()).await? {
            Ok(changes) => changes,
            Err((changes, error)) => return Ok((changes, Err(error))),
        };
        let known = app.store.get::<AllowedDestination>(key).await?;
        let is_listed = known.as_ref().is_some_and(|entry| entry.removed_at.is_none());
        let count = app.store.counter(AllowedDestination::count_key(whose)).await?;
        if !is_listed && count >= DESTINATIONS_MAX {
            return Err(Refusal::TooManyDestinations.into());
        }
        let mut fresh = app.fresh();
        let place = (whose.0, whose.1, body.network);
        let when = (fresh.now(), delay_ms);
        let entry = AllowedDestination::allow(known, place, &address, when, &mut changes);
        if !is_listed {
            let object = told(environment, body.network, &address);
            changes.insert(caller.audit("allowed_destination.added", object, &mut fresh));
        }
        Ok((changes, Ok(entry)))
    });
    let entry = decided.await??;
    Ok(axum::Json(entry.view(app.now())))
}

/// Take a destination off the list
///
/// At once.
#[utoipa::path(delete, path = "/api/v1/merchant/allowed-destinations",
    tag = "Settlement Management", operation_id = "removeAllowedDestination",
    request_body = AllowedDestinationAsk, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody, description = "No address of that network"),
        (status = 401, body = ErrorBody, description = "TOTP_REQUIRED, or a wrong code"),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn remove(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Json(body): Json<AllowedDestinationAsk>,
) -> Result<axum::Json<Done>, ApiError> {
    caller.require_role(Role::Owner)?;
    let (environment, address) = place(&app, &caller, &body).await?;
    let (app, caller) = (&app, &caller);
    let whose = (caller.merchant_id, environment);
    let key = AllowedDestination::row_key(whose, body.network, address.as_str());
    let decided = app.decide(async || -> Result<_, ApiError> {
        let mut changes = match coded(app, caller, body.totp.as_deref()).await? {
            Ok(changes) => changes,
            Err((changes, error)) => return Ok((changes, Err(error))),
        };
        let known = app.store.get::<AllowedDestination>(key).await?;
        let missing = || ApiError::not_found("allowed destination");
        let mut fresh = app.fresh();
        if !known.ok_or_else(missing)?.remove(&mut changes, fresh.now()) {
            return Err(missing());
        }
        let object = told(environment, body.network, &address);
        changes.insert(caller.audit("allowed_destination.removed", object, &mut fresh));
        Ok((changes, Ok(())))
    });
    decided.await??;
    let message = "Nothing is paid to this address while the list is required".to_owned();
    Ok(axum::Json(Done { success: true, message }))
}

/// Require the list of allowed destinations, or no longer
///
/// While it is required, refunds and receivers that invoices name go to allowed destinations only.
#[utoipa::path(put, path = "/api/v1/merchant/allowed-destinations/policy",
    tag = "Settlement Management", operation_id = "setAllowList",
    request_body = PutAllowList, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = AllowListView),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "TOTP_REQUIRED, or a wrong code"),
        (status = 403, body = ErrorBody)))]
pub async fn choose(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Json(body): Json<PutAllowList>,
) -> Result<axum::Json<AllowListView>, ApiError> {
    caller.require_role(Role::Owner)?;
    let environment = caller.environment(&app, body.environment).await?;
    let (app, caller) = (&app, &caller);
    let delay_ms = app.config.settlement.wallet_delay_ms(environment);
    let decided = app.decide(async || -> Result<_, ApiError> {
        let mut changes = match coded(app, caller, body.totp.as_deref()).await? {
            Ok(changes) => changes,
            Err((changes, error)) => return Ok((changes, Err(error))),
        };
        let mut fresh = app.fresh();
        let now = fresh.now();
        let mut rule = settling::rule(app, caller.merchant_id, environment).await?;
        let before = rule.allow_list;
        rule.allow_list = before.choose(body.allow_list, (now, delay_ms));
        let allow_list = rule.allow_list;
        if allow_list != before {
            rule.updated_at = now;
            let word = match body.allow_list {
                AllowListChoice::Off => "off",
                AllowListChoice::Required => "required",
            };
            let object = format!("{}: {word}", environment.as_str());
            changes.insert(caller.audit("allow_list.set", object, &mut fresh));
            if rule.version == 0 {
                changes.insert(rule);
            } else {
                changes.update(rule);
            }
        }
        Ok((changes, Ok(allow_list)))
    });
    let allow_list = decided.await??;
    Ok(axum::Json(allow_list.view(app.now())))
}

async fn place(
    app: &App,
    caller: &Caller,
    body: &AllowedDestinationAsk,
) -> Result<(Environment, Address), ApiError> {
    let environment = caller.environment(app, body.environment).await?;
    let address = Address::parse(body.network, environment, body.address.trim())
        .map_err(|error| ApiError::invalid("address", error.to_string()))?;
    Ok((environment, address))
}

/// What the caller's one-time code came to: changes to go on with, or to answer an error with.
async fn coded(
    app: &App,
    caller: &Caller,
    code: Option<&str>,
) -> Result<Result<Changes, (Changes, ApiError)>, ApiError> {
    Ok(match code_of(app, caller, code).await? {
        Coded::Right(counted) => {
            let mut changes = Changes::of(caller.merchant_id);
            changes.append(counted);
            Ok(changes)
        }
        Coded::Wrong(counted, error) => Err((counted, error)),
    })
}

fn told(environment: Environment, network: Network, address: &Address) -> String {
    format!("{} ({}): {}", network.as_str(), environment.as_str(), address.as_str())
}
