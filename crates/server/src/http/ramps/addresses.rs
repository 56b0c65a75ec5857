//! Addresses of a ramp user: deposit addresses credit his balance, liquidation addresses make a
//! payout of what arrives besides.

use axum::extract::State;
use axum::response::Response;
use domain::changes::{Changes, Noun};
use domain::ids::{BankAccountId, RampUserId};
use domain::network::Network;
use domain::ramp_address::{
    ADDRESSES_MAX, AddressPurpose, RampAddress, RampAddressAsk, RampAddressView,
};
use domain::sequence::Sequence;
use domain::token::{Token, TokenId};
use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;
use utoipa::ToSchema;

use super::RampCaller;
use super::access::{Acting, user};
use super::quotes::bank_account;
use crate::app::{App, Shared};
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{List, PageQuery};

const FIRST_NUMBER: i64 = 1;

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateDepositAddress {
    network: Network,
    /// A stablecoin of that network: its id, or its symbol.
    #[schema(value_type = String, example = "USDC")]
    token: TokenName,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateLiquidationAddress {
    network: Network,
    /// A stablecoin of USD on that network: its id, or its symbol.
    #[schema(value_type = String, example = "USDC")]
    token: TokenName,
    /// Where what arrives is paid out to.
    bank_account_id: BankAccountId,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum TokenName {
    Id(TokenId),
    Symbol(String),
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RampAddressList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<RampAddressView>,
    pub has_more: bool,
}

/// Give a user a deposit address
///
/// A stablecoin that arrives there credits his balance.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users/{user_id}/deposit_addresses",
    tag = "Ramps",
    operation_id = "createDepositAddress",
    params(
        ("user_id" = RampUserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CreateDepositAddress,
    responses(
        (status = 200, description = "The address", body = RampAddressView),
        (status = 400, description = "A field is missing or wrong", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "KYC_REQUIRED, or the credential does not open this",
            body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
        (status = 409, description = "LIMIT_REACHED: he has a hundred", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create_deposit(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreateDepositAddress = parse_json(&write.body)?;
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, query.environment).await?;
    let token = token(&acting, body.network, &body.token)?;
    let drawn = OnceCell::new();
    let given = || give(&app, &acting, (id, token, AddressPurpose::Deposit), &drawn);
    write.once(acting.whose())?.answer(&app, given).await
}

/// Give a user a liquidation address
///
/// What arrives there is credited, and becomes a payout to the account by itself. What cannot be
/// paid out (below the corridor's least, above a limit) stays in the balance.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users/{user_id}/liquidation_addresses",
    tag = "Ramps",
    operation_id = "createLiquidationAddress",
    params(
        ("user_id" = RampUserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CreateLiquidationAddress,
    responses(
        (status = 200, description = "The address", body = RampAddressView),
        (status = 400, description = "A field is missing or wrong", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "KYC_REQUIRED, or the credential does not open this",
            body = ErrorBody),
        (status = 404, description = "No such user or account here", body = ErrorBody),
        (status = 409, description = "LIMIT_REACHED: he has a hundred", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create_liquidation(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreateLiquidationAddress = parse_json(&write.body)?;
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, query.environment).await?;
    let token = token(&acting, body.network, &body.token)?;
    if !token.is_usd_stable() {
        return Err(ApiError::invalid("token", "must be a stablecoin of USD"));
    }
    let account = bank_account(&app, &acting, body.bank_account_id).await?;
    if account.user_id != id {
        return Err(ApiError::not_found("bank account"));
    }
    let purpose = AddressPurpose::Liquidation(account.id);
    let drawn = OnceCell::new();
    let given = || give(&app, &acting, (id, token, purpose), &drawn);
    write.once(acting.whose())?.answer(&app, given).await
}

fn token(acting: &Acting, network: Network, name: &TokenName) -> Result<&'static Token, ApiError> {
    let mut all = Token::of(acting.environment).filter(|token| token.network == network);
    let found = match name {
        TokenName::Id(id) => all.find(|token| token.id == *id),
        TokenName::Symbol(symbol) => all.find(|token| token.symbol.eq_ignore_ascii_case(symbol)),
    };
    found.ok_or_else(|| ApiError::invalid("token", "names no token of that network"))
}

/// Draws an index at most once per request; if another request committed first, the one that was
/// drawn here is still nobody's.
async fn give(
    app: &App,
    acting: &Acting,
    (id, token, purpose): (RampUserId, &'static Token, AddressPurpose),
    drawn: &OnceCell<u32>,
) -> Result<(Changes, Answer), ApiError> {
    let user = user(app, acting, id).await?;
    let key = Sequence::ramp_address_key(id.key());
    let known = app.store.get::<Sequence>(key).await?;
    let version = known.as_ref().map_or(0, |known| known.version);
    let (number, numbering) = Sequence::take(known, key, FIRST_NUMBER, 1);
    if number > ADDRESSES_MAX {
        let message = format!("A user has at most {ADDRESSES_MAX} addresses");
        return Err(ApiError::new(Code::LimitReached, message));
    }
    let (environment, network) = (acting.environment, token.network);
    let unserved = || ApiError::invalid("network", "gives out no addresses here");
    // Asked before an index is drawn, so that a network without keys uses none up.
    app.networks.address(environment, network, 0).map_err(|_| unserved())?;
    let draw = || app.address_indexes.next(&app.store, environment);
    let index = *drawn.get_or_try_init(draw).await?;
    let address = app.networks.address(environment, network, index).map_err(|_| unserved())?;
    let ask = RampAddressAsk { purpose, token, address, index };
    let (given, mut changes) = RampAddress::create(&user, ask, &mut app.fresh())?;
    changes.append(numbering);
    changes.guard(Noun::Sequence, key, version);
    Ok((changes, Answer::ok(&given.view())))
}

/// List a user's deposit addresses
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/deposit_addresses",
    tag = "Ramps",
    operation_id = "listDepositAddresses",
    params(("user_id" = RampUserId, Path), PageQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page, newest first", body = RampAddressList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list_deposit(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, query.environment).await?;
    list(&app, &acting, (id, AddressPurpose::Deposit), &page).await
}

/// List a user's liquidation addresses
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/liquidation_addresses",
    tag = "Ramps",
    operation_id = "listLiquidationAddresses",
    params(("user_id" = RampUserId, Path), PageQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page, newest first", body = RampAddressList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list_liquidation(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, query.environment).await?;
    let any = BankAccountId::from(id.key());
    list(&app, &acting, (id, AddressPurpose::Liquidation(any)), &page).await
}

async fn list(
    app: &App,
    acting: &Acting,
    (id, like): (RampUserId, AddressPurpose),
    page: &PageQuery,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let user = user(app, acting, id).await?;
    let rows = app.store.ramp_addresses_of_user(user.id, like, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|address| address.view())))
}
