//! Quotes of payouts: what leaves a balance and what a bank account gets for it, for five minutes.

use axum::extract::State;
use axum::response::Response;
use domain::bank_account::BankAccount;
use domain::changes::Changes;
use domain::corridor::{Corridor, PayoutMethod};
use domain::country::Country;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::{BankAccountId, RampQuoteId, RampUserId};
use domain::ledger::{Account, AccountKind, Asset};
use domain::money::{AmountError, TokenAmount};
use domain::ramp_quote::{RampQuote, RampQuoteAsk, RampQuoteView, Side};
use domain::token::{Token, TokenId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::RampCaller;
use super::access::{Acting, user};
use crate::app::{App, Shared};
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::ramp_pricing::pricing;

/// What `source.amount` says for whatever there is.
const ALL: &str = "all";

/// What is to leave the balance: any token or bank money there may be in one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct QuoteSource {
    /// A token. Either this or `currency`.
    #[schema(value_type = Option<i64>)]
    token_id: Option<TokenId>,
    /// Bank money.
    currency: Option<Currency>,
    /// In whole units, or `all`: whatever the user has of it now, even below the corridor's least.
    /// Either this or the target's amount.
    #[schema(example = "100.00")]
    amount: Option<String>,
}

/// What is to reach the bank account.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct QuoteTarget {
    /// In whole units of the currency.
    #[schema(example = "92.00")]
    amount: String,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateRampQuote {
    /// Whose payout it is for; anybody's if absent.
    user_id: Option<RampUserId>,
    source: QuoteSource,
    target: Option<QuoteTarget>,
    /// Where it goes. Without it: `country`, `currency` and `method`.
    bank_account_id: Option<BankAccountId>,
    country: Option<Country>,
    currency: Option<Currency>,
    method: Option<PayoutMethod>,
    /// For bearer tokens; without it the account's current one.
    environment: Option<Environment>,
}

/// Ask for a quote
///
/// Rate and fee are held still for 300 seconds, for one payout. Give the source's amount, or `all`,
/// or the target's: the source is then what is needed for it. The same bank money on both sides is
/// paid out without being converted.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/quotes",
    tag = "Ramps",
    operation_id = "createRampQuote",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = CreateRampQuote,
    responses(
        (status = 200, description = "The quote", body = RampQuoteView),
        (status = 400, description = "A field is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user or bank account here", body = ErrorBody),
        (status = 409, description = "INSUFFICIENT_FUNDS: there is none", body = ErrorBody),
        (status = 503, description = "There is no rate now", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = []),
        ("sessionToken" = [], "sessionSignature" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    caller: RampCaller,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreateRampQuote = parse_json(&write.body)?;
    let acting = Acting::of(&caller, &app, body.environment).await?;
    let once = acting.once(&write)?;
    once.answer(&app, || quoted(&app, &acting, &body)).await
}

async fn quoted(
    app: &App,
    acting: &Acting,
    body: &CreateRampQuote,
) -> Result<(Changes, Answer), ApiError> {
    let user_id = acting.only_user.or(body.user_id);
    if let Some(id) = user_id {
        user(app, acting, id).await?;
    }
    let corridor = corridor(app, acting, user_id, body).await?;
    let asset = asset(acting.environment, &body.source)?;
    let side = match body.source.amount.as_deref() {
        Some(ALL) if body.target.is_none() => {
            Side::Whole(all_of(app, acting, (user_id, asset)).await?)
        }
        Some(_) | None => side(asset, body, corridor)?,
    };
    let ask = RampQuoteAsk {
        merchant_id: acting.merchant_id,
        environment: acting.environment,
        user_id,
        bank_account_id: body.bank_account_id,
        asset,
        side,
    };
    let now = app.now();
    let no_rate = || ApiError::new(Code::ServiceUnavailable, "There is no rate for this now");
    let priced = pricing(app, acting.environment, (asset, corridor.currency)).await;
    let priced = priced.map_err(|error| {
        tracing::warn!(%error, "no rate for a quote");
        no_rate().retry_after(5)
    })?;
    let pricing = priced.ok_or_else(|| ApiError::invalid("currency", "is not served here"))?;
    let quote = RampQuote::new(ask, corridor, pricing, &mut app.fresh())?;
    let mut changes = Changes::of(acting.merchant_id);
    let answer = Answer::ok(&quote.view(now));
    changes.insert(quote);
    Ok((changes, answer))
}

fn asset(environment: Environment, source: &QuoteSource) -> Result<Asset, ApiError> {
    match (source.token_id, source.currency) {
        (Some(id), None) => {
            let token = Token::by_id(id).filter(|token| token.environment == environment);
            let unknown = || ApiError::invalid("source.token_id", "is not a token here");
            token.map(Asset::of_token).ok_or_else(unknown)
        }
        (None, Some(currency)) => Ok(Asset::Currency(currency)),
        (Some(_), Some(_)) => Err(ApiError::invalid("source.currency", "excludes the token")),
        (None, None) => Err(ApiError::invalid("source.token_id", "or currency is required")),
    }
}

/// What a user may still spend of something.
async fn all_of(
    app: &App,
    acting: &Acting,
    (user_id, asset): (Option<RampUserId>, Asset),
) -> Result<TokenAmount, ApiError> {
    let user_id = user_id.ok_or_else(|| ApiError::invalid("user_id", "is required for all"))?;
    let (merchant_id, environment) = acting.whose();
    let (kind, owner) = (AccountKind::User, Some(user_id.key()));
    let account = Account { merchant_id, environment, kind, asset, owner };
    let available = app.store.balance(account).await?.available();
    let available = u128::try_from(available).ok().filter(|available| *available > 0);
    let nothing = || ApiError::new(Code::InsufficientFunds, "The balance has nothing of this");
    available.map(TokenAmount).ok_or_else(nothing)
}

fn side(asset: Asset, body: &CreateRampQuote, corridor: &Corridor) -> Result<Side, ApiError> {
    let decimals = asset.decimals().unwrap_or(0);
    match (&body.source.amount, &body.target) {
        (Some(text), None) => amount("source.amount", text, decimals).map(Side::Source),
        (None, Some(QuoteTarget { amount: text })) => {
            amount("target.amount", text, corridor.currency.decimals()).map(Side::Target)
        }
        (Some(_), Some(_)) => {
            Err(ApiError::invalid("target.amount", "excludes the source's amount"))
        }
        (None, None) => Err(ApiError::invalid("source.amount", "or the target's is required")),
    }
}

/// A decimal string of whole units.
pub(super) fn amount(
    param: &'static str,
    text: &str,
    decimals: u8,
) -> Result<TokenAmount, ApiError> {
    TokenAmount::parse(text, decimals).map_err(|error| {
        let message = match error {
            AmountError::NotANumber => "must be a decimal string, not below zero".to_owned(),
            AmountError::TooPrecise => format!("must not have more than {decimals} decimals"),
            AmountError::TooLarge => "is too large".to_owned(),
        };
        ApiError::invalid(param, message)
    })
}

async fn corridor(
    app: &App,
    acting: &Acting,
    user_id: Option<RampUserId>,
    body: &CreateRampQuote,
) -> Result<&'static Corridor, ApiError> {
    let named = (body.country, body.currency, body.method);
    match (body.bank_account_id, named) {
        (Some(id), (None, None, None)) => {
            let account = bank_account(app, acting, id).await?;
            if user_id.is_some_and(|user_id| user_id != account.user_id) {
                return Err(ApiError::not_found("bank account"));
            }
            let closed = || ApiError::invalid("bank_account_id", "has no corridor any more");
            account.corridor().ok_or_else(closed)
        }
        (Some(_), _) => {
            Err(ApiError::invalid("bank_account_id", "excludes country, currency and method"))
        }
        (None, (Some(country), Some(currency), Some(method))) => {
            let unknown = || ApiError::invalid("method", "is not served for that country");
            Corridor::find(country, currency, method).ok_or_else(unknown)
        }
        (None, (None, _, _)) => Err(ApiError::invalid("bank_account_id", "or country is required")),
        (None, (Some(_), None, _)) => Err(ApiError::invalid("currency", "is required")),
        (None, (Some(_), Some(_), None)) => Err(ApiError::invalid("method", "is required")),
    }
}

/// An account of this merchant and environment, and of this user if he is the one who asks.
pub(super) async fn bank_account(
    app: &App,
    acting: &Acting,
    id: BankAccountId,
) -> Result<BankAccount, ApiError> {
    let account = app.store.get::<BankAccount>(id.key()).await?;
    let is_theirs = |account: &BankAccount| {
        account.merchant_id == acting.merchant_id
            && account.environment == acting.environment
            && account.deleted_at.is_none()
            && acting.only_user.is_none_or(|only| only == account.user_id)
    };
    account.filter(is_theirs).ok_or_else(|| ApiError::not_found("bank account"))
}

/// Read a quote
#[utoipa::path(
    get,
    path = "/api/v1/ramps/quotes/{id}",
    tag = "Ramps",
    operation_id = "getRampQuote",
    params(("id" = String, Path, description = "The quote's id"), EnvironmentQuery),
    responses(
        (status = 200, description = "The quote", body = RampQuoteView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such quote here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = []),
        ("sessionToken" = [], "sessionSignature" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    caller: RampCaller,
    Path(id): Path<RampQuoteId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let acting = Acting::of(&caller, &app, query.environment).await?;
    let quote = quote(&app, &acting, id).await?;
    Ok(Answer::ok(&quote.view(app.now())))
}

pub(super) async fn quote(
    app: &App,
    acting: &Acting,
    id: RampQuoteId,
) -> Result<RampQuote, ApiError> {
    let quote = app.store.get::<RampQuote>(id.key()).await?;
    let is_theirs = |quote: &RampQuote| {
        quote.is_of(acting.merchant_id, acting.environment)
            && acting.only_user.is_none_or(|only| quote.user_id == Some(only))
    };
    quote.filter(is_theirs).ok_or_else(|| ApiError::not_found("quote"))
}
