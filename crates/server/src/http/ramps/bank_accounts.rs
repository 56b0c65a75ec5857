//! A user's bank accounts: made, read, taken away. Numbers go in and never come out.

use axum::extract::State;
use axum::response::Response;
use domain::bank_account::{BankAccount, BankAccountAsk, BankAccountView, Numbers};
use domain::corridor::PayoutMethod;
use domain::country::Country;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::{BankAccountId, MerchantId, RampUserId};
use domain::member::Role;
use domain::ramp_user::{RampUser, Sealing};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user_of;
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{List, PageQuery};

/// No `Debug`: it holds numbers.
#[derive(Clone, Deserialize, ToSchema)]
pub struct CreateBankAccount {
    country: Country,
    currency: Currency,
    method: PayoutMethod,
    /// As the bank knows him; what the method cannot carry is refused.
    #[schema(min_length = 1, max_length = 140)]
    holder_name: String,
    /// The fields of the corridor, all of them text.
    #[schema(value_type = Object, example = json!({"iban": "DE89370400440532013000"}))]
    account: Numbers,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BankAccountList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<BankAccountView>,
    pub has_more: bool,
}

/// The account of that id, if it is of this user.
pub async fn account_of(
    app: &App,
    user: &RampUser,
    id: BankAccountId,
) -> Result<BankAccount, ApiError> {
    let account = app.store.get::<BankAccount>(id.key()).await?;
    let account = account.filter(|account| account.user_id == user.id);
    account.ok_or_else(|| ApiError::not_found("bank account"))
}

/// Add a bank account
///
/// Every field of the corridor is checked; `error.param` names the one that is wrong, such as
/// `account.iban`. A holder who is on a screening list makes the account `in_review`.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users/{user_id}/bank_accounts",
    tag = "Ramps",
    operation_id = "createBankAccount",
    params(
        ("user_id" = RampUserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CreateBankAccount,
    responses(
        (status = 200, description = "The account", body = BankAccountView),
        (status = 400, description = "A field is missing or wrong", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
        (status = 409, description = "LIMIT_REACHED or USER_CLOSED", body = ErrorBody),
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
    caller.require_role(Role::Developer)?;
    let body: CreateBankAccount = parse_json(&write.body)?;
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let once = write.once(whose)?;
    let origin = caller.origin(once.key_text());
    once.answer(&app, || async {
        let user = user_of(&app, whose, id).await?;
        let (mut fresh, drawn) = (app.fresh(), entropy());
        let sealing = Sealing { keys: &app.keys, entropy: &drawn };
        let account = BankAccount::create(&user, body.clone().into_ask(), sealing, &mut fresh)?;
        let hit = app.screening.lists().hits_name(&account.holder_name);
        let (account, changes) = account.enroll(&user, hit, origin.clone(), &mut fresh);
        Ok((changes, Answer::ok(&account.view())))
    })
    .await
}

impl CreateBankAccount {
    fn into_ask(self) -> BankAccountAsk {
        BankAccountAsk {
            country: self.country,
            currency: self.currency,
            method: self.method,
            holder_name: self.holder_name,
            fields: self.account,
        }
    }
}

/// List a user's bank accounts
///
/// Deleted ones are not among them.
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/bank_accounts",
    tag = "Ramps",
    operation_id = "listBankAccounts",
    params(("user_id" = RampUserId, Path), PageQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page of accounts, newest first", body = BankAccountList),
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
    let environment = caller.environment(&app, query.environment).await?;
    let user = user_of(&app, (caller.merchant_id, environment), id).await?;
    let rows = app.store.bank_accounts_of_user(user.id, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|account| account.view())))
}

/// Retrieve a bank account
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/bank_accounts/{account_id}",
    tag = "Ramps",
    operation_id = "getBankAccount",
    params(("user_id" = RampUserId, Path), ("account_id" = BankAccountId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "The account", body = BankAccountView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such account here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path((user_id, id)): Path<(RampUserId, BankAccountId)>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let (_, account) = both(&app, (caller.merchant_id, environment), (user_id, id)).await?;
    Ok(Answer::ok(&account.view()))
}

async fn both(
    app: &App,
    whose: (MerchantId, Environment),
    (user_id, id): (RampUserId, BankAccountId),
) -> Result<(RampUser, BankAccount), ApiError> {
    let user = user_of(app, whose, user_id).await?;
    let account = account_of(app, &user, id).await?;
    Ok((user, account))
}

/// Delete a bank account
///
/// Nothing new is paid out to it. It can still be read, with the status `deleted`.
#[utoipa::path(
    delete,
    path = "/api/v1/ramps/users/{user_id}/bank_accounts/{account_id}",
    tag = "Ramps",
    operation_id = "deleteBankAccount",
    params(("user_id" = RampUserId, Path), ("account_id" = BankAccountId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "The account, deleted", body = BankAccountView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such account here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn remove(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(ids): Path<(RampUserId, BankAccountId)>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    caller.require_role(Role::Developer)?;
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let deleted = app.decide(|| async {
        let (user, account) = both(&app, whose, ids).await?;
        let (after, changes) = account.delete(&user, caller.origin(None), app.now());
        Ok::<_, ApiError>((changes, after.view()))
    });
    Ok(Answer::ok(&deleted.await?))
}
