//! Virtual accounts of a user: bank details of his own, where bank money becomes stablecoin.

use axum::extract::State;
use axum::response::Response;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::RampUserId;
use domain::token::{Token, TokenId};
use domain::virtual_account::{VirtualAccount, VirtualAccountView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::RampCaller;
use super::access::{Acting, user};
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{List, PageQuery};

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateVirtualAccount {
    currency: Currency,
    /// What the user gets for it: a stablecoin of USD; the usual one if absent.
    #[schema(value_type = Option<i64>)]
    token_id: Option<TokenId>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct VirtualAccountList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<VirtualAccountView>,
    pub has_more: bool,
}

/// The token that is asked for, or the usual one.
pub(super) fn stable(
    environment: Environment,
    asked: Option<TokenId>,
) -> Result<&'static Token, ApiError> {
    let mut all = Token::of(environment).filter(|token| token.is_usd_stable());
    let found = match asked {
        Some(id) => all.find(|token| token.id == id),
        None => all.find(|token| token.default_settlement),
    };
    found.ok_or_else(|| ApiError::invalid("token_id", "must be a stablecoin of USD here"))
}

/// Open a virtual account
///
/// It is `pending` until its bank details are there.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users/{user_id}/virtual_accounts",
    tag = "Ramps",
    operation_id = "createVirtualAccount",
    params(
        ("user_id" = RampUserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CreateVirtualAccount,
    responses(
        (status = 200, description = "The account", body = VirtualAccountView),
        (status = 400, description = "A field is missing or wrong", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "KYC_REQUIRED, or the credential does not open this",
            body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreateVirtualAccount = parse_json(&write.body)?;
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, query.environment).await?;
    let token = stable(acting.environment, body.token_id)?;
    let made = async || {
        let user = user(&app, &acting, id).await?;
        let made = VirtualAccount::create(&user, body.currency, token, &mut app.fresh())?;
        let (account, changes) = made;
        Ok((changes, Answer::ok(&account.view())))
    };
    write.once(acting.whose())?.answer(&app, made).await
}

/// List a user's virtual accounts
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/virtual_accounts",
    tag = "Ramps",
    operation_id = "listVirtualAccounts",
    params(("user_id" = RampUserId, Path), PageQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page, newest first", body = VirtualAccountList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, query.environment).await?;
    let user = user(&app, &acting, id).await?;
    let rows = app.store.virtual_accounts_of_user(user.id, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|account| account.view())))
}
