//! In which token a merchant is settled, and how strictly.

use axum::extract::State;
use domain::changes::Changes;
use domain::member::Role;
use domain::network::Network;
use domain::settlement_rule::{SettlementPreference, SettlementRule, choices};
use domain::time::Timestamp;
use domain::token::{Token, TokenId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::auth::{Caller, MemberCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::settling;

/// The token that is selected.
#[derive(Debug, Serialize, ToSchema)]
pub struct SelectedSettlementToken {
    pub id: TokenId,
    pub token_symbol: &'static str,
    pub token_name: &'static str,
    pub network: Network,
    pub token_address: Option<&'static str>,
    pub token_decimals: u8,
    pub photo_uri: Option<String>,
    /// The default of the system, because nothing was chosen.
    pub is_default: bool,
}

/// A token that may be selected.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailableSettlementToken {
    pub id: TokenId,
    pub token_symbol: &'static str,
    pub token_name: &'static str,
    pub network: Network,
    pub token_address: Option<&'static str>,
    pub token_decimals: u8,
    pub photo_uri: Option<String>,
    /// What the system selects by itself.
    pub is_default_settlement: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementPreferenceView {
    pub object: &'static str,
    pub settlement_preference: SettlementPreference,
    pub description: &'static str,
    pub selected_settlement_token: SelectedSettlementToken,
    pub available_stable_tokens: Vec<AvailableSettlementToken>,
    /// Null while nothing was chosen.
    pub updated_at: Option<i64>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementTokenView {
    pub id: TokenId,
    pub token_symbol: &'static str,
    pub token_name: &'static str,
    pub network: Network,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementTokenUpdated {
    /// Always true.
    pub success: bool,
    pub message: &'static str,
    pub settlement_token: SettlementTokenView,
    pub updated_at: i64,
}

#[derive(Deserialize, ToSchema)]
pub struct PutSettlementPreference {
    settlement_preference: SettlementPreference,
}

#[derive(Deserialize, ToSchema)]
pub struct PutSettlementToken {
    /// One of `available_stable_tokens`; null: the system's default.
    #[serde(deserialize_with = "required")]
    #[schema(required = true)]
    settlement_token_id: Option<i64>,
}

/// Null is a choice, and leaving it out is none.
fn required<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    Option::<i64>::deserialize(input)
}

/// Get the settlement preference
#[utoipa::path(get, path = "/api/v1/merchant/settlement-preference",
    tag = "Settlement Management", operation_id = "getSettlementPreference",
    params(EnvironmentQuery), security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementPreferenceView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn retrieve(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let rule = settling::rule(&app, caller.merchant_id, environment).await?;
    Ok(Answer::ok(&view(&rule)))
}

/// Set the settlement preference
#[utoipa::path(put, path = "/api/v1/merchant/settlement-preference",
    tag = "Settlement Management", operation_id = "setSettlementPreference",
    params(EnvironmentQuery), request_body = PutSettlementPreference,
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementPreferenceView),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn set(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Answer, ApiError> {
    let body: PutSettlementPreference = parse_json(&write.body)?;
    let preference = body.settlement_preference;
    let change = |rule: &mut SettlementRule| rule.preference = preference;
    let rule = save(&app, &caller, query, change).await?;
    Ok(Answer::ok(&view(&rule)))
}

/// Go back to the defaults of the system
#[utoipa::path(delete, path = "/api/v1/merchant/settlement-preference",
    tag = "Settlement Management", operation_id = "resetSettlementPreference",
    params(EnvironmentQuery), security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementPreferenceView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn reset(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let change = |rule: &mut SettlementRule| {
        rule.preference = SettlementPreference::default();
        rule.token_id = None;
    };
    let rule = save(&app, &caller, query, change).await?;
    Ok(Answer::ok(&view(&rule)))
}

/// Select the settlement token
#[utoipa::path(put, path = "/api/v1/merchant/settlement-token",
    tag = "Settlement Management", operation_id = "setSettlementToken",
    params(EnvironmentQuery), request_body = PutSettlementToken,
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementTokenUpdated),
        (status = 400, body = ErrorBody, description = "Not one of available_stable_tokens"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn set_token(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Answer, ApiError> {
    let body: PutSettlementToken = parse_json(&write.body)?;
    let environment = caller.environment(&app, query.environment).await?;
    let token_id = body.settlement_token_id.map(TokenId);
    let is_choice = |id: TokenId| choices(environment).any(|token| token.id == id);
    if !token_id.is_none_or(is_choice) {
        let message = "must be one of available_stable_tokens";
        return Err(ApiError::invalid("settlement_token_id", message));
    }
    let change = |rule: &mut SettlementRule| rule.token_id = token_id;
    let rule = save(&app, &caller, query, change).await?;
    let token = rule.token();
    Ok(Answer::ok(&SettlementTokenUpdated {
        success: true,
        message: "Settlement token updated successfully",
        settlement_token: SettlementTokenView {
            id: token.id,
            token_symbol: token.symbol,
            token_name: token.name,
            network: token.network,
        },
        updated_at: rule.updated_at.seconds(),
    }))
}

async fn save(
    app: &App,
    caller: &Caller,
    query: EnvironmentQuery,
    change: impl Fn(&mut SettlementRule),
) -> Result<SettlementRule, ApiError> {
    caller.require_role(Role::Owner)?;
    let environment = caller.environment(app, query.environment).await?;
    app.decide(async || -> Result<_, ApiError> {
        let mut fresh = app.fresh();
        let mut rule = settling::rule(app, caller.merchant_id, environment).await?;
        change(&mut rule);
        rule.updated_at = fresh.now();
        let mut changes = Changes::of(caller.merchant_id);
        let object = environment.as_str();
        changes.insert(caller.audit("settlement_rule.changed", object, &mut fresh));
        match rule.version {
            0 => changes.insert(rule.clone()),
            _ => changes.update(rule.clone()),
        }
        Ok((changes, rule))
    })
    .await
}

fn view(rule: &SettlementRule) -> SettlementPreferenceView {
    let token = rule.token();
    let available = |token: &'static Token| AvailableSettlementToken {
        id: token.id,
        token_symbol: token.symbol,
        token_name: token.name,
        network: token.network,
        token_address: token.address,
        token_decimals: token.decimals,
        photo_uri: None,
        is_default_settlement: token.default_settlement,
    };
    SettlementPreferenceView {
        object: "settlement_preference",
        settlement_preference: rule.preference,
        description: rule.preference.description(),
        selected_settlement_token: SelectedSettlementToken {
            id: token.id,
            token_symbol: token.symbol,
            token_name: token.name,
            network: token.network,
            token_address: token.address,
            token_decimals: token.decimals,
            photo_uri: None,
            is_default: rule.token_id.is_none(),
        },
        available_stable_tokens: choices(rule.environment).map(available).collect(),
        updated_at: (rule.updated_at > Timestamp(0)).then(|| rule.updated_at.seconds()),
    }
}
