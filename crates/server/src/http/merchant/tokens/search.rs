//! Searching the tokens of an environment, with offset pages as the public contract has them.

use axum::extract::State;
use domain::environment::Environment;
use domain::network::Network;
use domain::token::{AcceptancePolicy, Token, TokenType};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{TokenView, view};
use crate::acceptance::Acceptance;
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::idempotency::Answer;
use crate::http::page::bounded;

const SEARCH_LIMIT_DEFAULT: i64 = 50;
const SEARCH_LIMIT_MAX: i64 = 200;

#[derive(Debug, Serialize, ToSchema)]
pub struct TokenSearchPage {
    pub acceptance_policy: AcceptancePolicy,
    pub environment: Environment,
    pub tokens: Vec<TokenView>,
    /// How many match, on all pages.
    pub total: i64,
    pub limit: i64,
    pub offset: i64,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<String>,
    #[param(value_type = Option<i64>, minimum = 0, default = 0)]
    pub offset: Option<String>,
    /// A part of the symbol, the name or the address, in any letter case.
    pub search: Option<String>,
    #[param(inline)]
    pub network: Option<Network>,
    #[param(inline)]
    pub token_type: Option<TokenType>,
    pub is_active: Option<bool>,
    pub supports_stable_settlement: Option<bool>,
    /// Says something under the policy `selective` only.
    pub blocked: Option<bool>,
}

/// Search the tokens of an environment
#[utoipa::path(
    get,
    path = "/api/v1/merchant/tokens/search",
    tag = "Token Management",
    operation_id = "searchMerchantTokens",
    params(SearchQuery),
    responses(
        (status = 200, description = "One page of what matches", body = TokenSearchPage),
        (status = 400, description = "A bad query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn search(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<SearchQuery>,
) -> Result<Answer, ApiError> {
    let limit = bounded("limit", query.limit.as_deref(), SEARCH_LIMIT_DEFAULT, SEARCH_LIMIT_MAX)?;
    let offset = match &query.offset {
        None => 0,
        Some(text) => text
            .parse::<i64>()
            .ok()
            .filter(|&offset| offset >= 0)
            .ok_or_else(|| ApiError::invalid("offset", "must be a number, not below zero"))?,
    };
    let environment = caller.environment(&app, query.environment).await?;
    let acceptance = Acceptance::of(&app, caller.merchant_id, environment).await?;
    let needle = query.search.as_deref().unwrap_or("").trim().to_lowercase();
    let found = app
        .networks
        .tokens(environment)
        .filter(|token| is_match(token, &needle))
        .map(|token| view(&app, token, &acceptance))
        .filter(|view| query.wants(view));
    let found: Vec<TokenView> = found.collect();
    let total = found.len() as i64;
    let count = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let tokens = found.into_iter().skip(count(offset)).take(count(limit)).collect();
    let acceptance_policy = acceptance.policy;
    let page = TokenSearchPage { acceptance_policy, environment, tokens, total, limit, offset };
    Ok(Answer::ok(&page))
}

fn is_match(token: &Token, needle: &str) -> bool {
    let texts = [token.symbol, token.name, token.address.unwrap_or("")];
    texts.iter().any(|text| text.to_lowercase().contains(needle))
}

impl SearchQuery {
    fn wants(&self, view: &TokenView) -> bool {
        fn fits<T: PartialEq>(asked: Option<T>, found: T) -> bool {
            asked.is_none_or(|asked| asked == found)
        }
        fits(self.network, view.network)
            && fits(self.token_type, view.token_type)
            && fits(self.is_active, view.is_active)
            && fits(self.supports_stable_settlement, view.supports_stable_settlement)
            && fits(self.blocked, view.is_blocked)
    }
}
