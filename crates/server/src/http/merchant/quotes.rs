//! Quotes of the merchant's own: what an amount of USD is in one token, locked for five minutes.
//!
//! No price, a stale price or a blocked token is an answer, not an error: nothing is locked then.

use axum::extract::State;
use axum::response::Response;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::QuoteId;
use domain::invoice::check_amount;
use domain::money::Usd;
use domain::network::Network;
use domain::quote::{Quote, QuoteAsk, QuoteStatus, QuoteView};
use domain::time::Timestamp;
use domain::token::{Token, TokenId};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::tokens::{is_token_blocked, usd_number};
use super::{EnvironmentQuery, Write, usd};
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::page::List;

#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateQuote {
    /// From 0.01 to 1000000, with at most three decimals.
    #[schema(value_type = f64, minimum = 0.01, maximum = 1_000_000, example = 49.99)]
    amount_usd: Box<RawValue>,
    network: Network,
    /// A token of that network.
    token_id: TokenId,
    /// For bearer tokens; without it the account's current one.
    environment: Option<Environment>,
}

/// Today's price of one token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rate)]
pub struct RateView {
    pub object: &'static str,
    pub token_id: TokenId,
    pub symbol: &'static str,
    pub network: Network,
    pub environment: Environment,
    /// Dollars for one whole token.
    #[schema(value_type = f64)]
    pub usd: Box<RawValue>,
    /// Tokens per dollar.
    pub exchange_rate: String,
    pub updated_at: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RateList {
    pub object: &'static str,
    pub data: Vec<RateView>,
    pub has_more: bool,
}

/// Create a quote
///
/// Locks today's price for five minutes. `unavailable` means there is no price to lock, or the
/// merchant takes no payments in this token.
#[utoipa::path(
    post,
    path = "/api/v1/quotes",
    tag = "Quotes",
    operation_id = "createQuote",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CreateQuote,
    responses(
        (status = 200, description = "The quote", body = QuoteView),
        (status = 400, description = "No such token on that network, or a bad amount",
            body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 409, description = "The key was used for another request", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreateQuote = parse_json(&write.body)?;
    let amount_usd = usd("amount_usd", &body.amount_usd)?;
    check_amount(amount_usd)?;
    let environment = caller.environment(&app, body.environment.or(query.environment)).await?;
    let is_there =
        |token: &&Token| token.environment == environment && token.network == body.network;
    let token = app.networks.token(body.token_id).filter(is_there).ok_or_else(|| {
        ApiError::invalid("token_id", "must be a token of this network and environment")
    })?;
    let merchant_id = caller.merchant_id;
    let ask = QuoteAsk { merchant_id, environment, invoice_id: None, amount_usd };
    let is_blocked = is_token_blocked(&app, &caller, token).await?;
    write
        .once((merchant_id, environment))?
        .answer(&app, async || {
            let mut fresh = app.fresh();
            let rate = app
                .rates
                .lockable(token, fresh.now())
                .filter(|_| !is_blocked)
                .map(|price| price.rate);
            let quote = rate.and_then(|rate| Quote::new(ask, token, rate, &mut fresh));
            let mut changes = Changes::of(merchant_id);
            let answer = match &quote {
                Some(quote) => Answer::ok(&quote.view(fresh.now())),
                None => Answer::ok(&unavailable(token, amount_usd, fresh.now())),
            };
            if let Some(quote) = quote {
                changes.insert(quote);
            }
            Ok((changes, answer))
        })
        .await
}

fn unavailable(token: &Token, amount_usd: Usd, now: Timestamp) -> QuoteView {
    QuoteView {
        object: "quote",
        id: None,
        environment: token.environment,
        amount_usd: amount_usd.number(),
        network: token.network,
        token_id: token.id,
        token_amount: None,
        exchange_rate: None,
        fee_usd: Usd::ZERO.number(),
        status: QuoteStatus::Unavailable,
        created_at: now.seconds(),
        valid_until: None,
    }
}

/// Retrieve a quote
#[utoipa::path(
    get,
    path = "/api/v1/quotes/{quote_id}",
    tag = "Quotes",
    operation_id = "retrieveQuote",
    params(("quote_id" = QuoteId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "The quote", body = QuoteView),
        (status = 400, description = "A bad query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such quote here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<QuoteId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let quote = app.store.get::<Quote>(id.key()).await?.filter(|quote| {
        quote.merchant_id == caller.merchant_id && quote.environment == environment
    });
    let quote = quote.ok_or_else(|| ApiError::not_found("quote"))?;
    Ok(Answer::ok(&quote.view(app.now())))
}

/// List today's rates
#[utoipa::path(
    get,
    path = "/api/v1/quotes/rates",
    tag = "Quotes",
    operation_id = "listRates",
    params(EnvironmentQuery),
    responses(
        (status = 200, description = "A price for every token that has one", body = RateList),
        (status = 400, description = "A bad query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn rates(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let now = app.now();
    let data = app.networks.tokens(environment).filter_map(|token| {
        let price = app.rates.price(token, now)?;
        Some(RateView {
            object: "rate",
            token_id: token.id,
            symbol: token.symbol,
            network: token.network,
            environment,
            usd: usd_number(price.rate),
            exchange_rate: price.rate.tokens_per_usd(),
            updated_at: price.updated_at.seconds(),
        })
    });
    Ok(Answer::ok(&List { object: "list", data: data.collect(), has_more: false }))
}
