//! Which tokens there are, at what price, and which of them a merchant accepts.
//!
//! Under `selective` the merchant's blocks decide; under the other policies they are asleep.

mod choices;
mod search;

pub use choices::*;
pub use search::*;

use axum::extract::State;
use domain::environment::Environment;
use domain::money::Rate;
use domain::network::Network;
use domain::token::{AcceptancePolicy, Token, TokenId, TokenType};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::EnvironmentQuery;
use crate::acceptance::Acceptance;
use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::idempotency::Answer;

/// One token on one network, and what the merchant makes of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenView {
    pub id: TokenId,
    pub token_symbol: &'static str,
    pub token_name: &'static str,
    /// Null for a native coin.
    pub token_address: Option<&'static str>,
    pub token_decimals: u8,
    pub network: Network,
    pub network_environment: Environment,
    pub token_type: TokenType,
    /// Always false: every invoice has addresses of its own.
    pub requires_memo: bool,
    pub photo_uri: Option<String>,
    pub supports_subscriptions: bool,
    /// Keeps its value, so settlement can be in it.
    pub supports_stable_settlement: bool,
    pub is_active: bool,
    /// Transfers of it are seen at once.
    pub is_monitored: bool,
    /// The merchant takes no payments in it.
    pub is_blocked: bool,
    /// Null while there is no price: then it cannot be paid with.
    pub price: Option<PriceView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TokenPrice)]
pub struct PriceView {
    /// Dollars for one whole token.
    #[schema(value_type = f64)]
    pub usd: Box<RawValue>,
    pub last_updated_at: i64,
    pub provider_type: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TokenList {
    pub acceptance_policy: AcceptancePolicy,
    pub environment: Environment,
    pub tokens: Vec<TokenView>,
}

/// A price as a JSON number of its decimal text.
pub(super) fn usd_number(rate: Rate) -> Box<RawValue> {
    RawValue::from_string(rate.usd_decimal()).expect("a decimal is JSON")
}

/// Whether this merchant takes no payments in a token.
pub(super) async fn is_token_blocked(
    app: &App,
    caller: &Caller,
    token: &Token,
) -> Result<bool, ApiError> {
    let acceptance = Acceptance::of(app, caller.merchant_id, token.environment).await?;
    Ok(!acceptance.takes(token))
}

fn view(app: &App, token: &'static Token, acceptance: &Acceptance) -> TokenView {
    let price = app.rates.price(token, app.now()).map(|price| PriceView {
        usd: usd_number(price.rate),
        last_updated_at: price.updated_at.seconds(),
        provider_type: app.rates.source_name(),
    });
    TokenView {
        id: token.id,
        token_symbol: token.symbol,
        token_name: token.name,
        token_address: token.address,
        token_decimals: token.decimals,
        network: token.network,
        network_environment: token.environment,
        token_type: token.token_type,
        requires_memo: token.requires_memo(),
        photo_uri: None,
        supports_subscriptions: false,
        supports_stable_settlement: token.stable.is_some(),
        is_active: true,
        is_monitored: app.networks.chain(token.environment, token.network).is_some(),
        is_blocked: !acceptance.takes(token),
        price,
    }
}

/// List the tokens of an environment
#[utoipa::path(
    get,
    path = "/api/v1/merchant/tokens",
    tag = "Token Management",
    operation_id = "listMerchantTokens",
    params(EnvironmentQuery),
    responses(
        (status = 200, description = "Every token, with the merchant's choice", body = TokenList),
        (status = 400, description = "A bad query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let acceptance = Acceptance::of(&app, caller.merchant_id, environment).await?;
    let tokens = app.networks.tokens(environment);
    Ok(Answer::ok(&TokenList {
        acceptance_policy: acceptance.policy,
        environment,
        tokens: tokens.map(|token| view(&app, token, &acceptance)).collect(),
    }))
}
