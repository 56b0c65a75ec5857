//! What a user has, and the postings that made it; his own client may read both.

use axum::extract::State;
use domain::ids::RampUserId;
use domain::ledger::{AccountKind, BalanceView};
use domain::ramp_user::StatementLine;
use serde::Serialize;
use utoipa::ToSchema;

use super::RampCaller;
use super::access::{Acting, user};
use crate::app::Shared;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;
use crate::http::page::{List, PageQuery};

#[derive(Debug, Serialize, ToSchema)]
pub struct RampBalanceList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<BalanceView>,
    pub has_more: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RampTransactionList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<StatementLine>,
    pub has_more: bool,
}

/// List a user's balances
///
/// One for each token and currency he ever had; all of them in one answer.
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/balances",
    tag = "Ramps",
    operation_id = "listRampBalances",
    params(("user_id" = RampUserId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "His balances", body = RampBalanceList),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = []),
        ("sessionToken" = [], "sessionSignature" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    caller: RampCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let acting = Acting::of(&caller, &app, query.environment).await?;
    let user = user(&app, &acting, id).await?;
    let balances = app.store.balances_of_owner(user.merchant_id, user.key()).await?;
    let is_his = |kind| kind == AccountKind::User;
    let balances = balances.iter().filter(|balance| is_his(balance.account.kind));
    let data: Vec<BalanceView> = balances.map(|balance| balance.view()).collect();
    Ok(Answer::ok(&List { object: "list", data, has_more: false }))
}

/// List a user's transactions
///
/// Every posting that concerns him, with the sign it has for him: the amounts of one token add up
/// to its balance.
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/transactions",
    tag = "Ramps",
    operation_id = "listRampTransactions",
    params(("user_id" = RampUserId, Path), PageQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page, newest first", body = RampTransactionList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = []),
        ("sessionToken" = [], "sessionSignature" = [])),
)]
pub async fn transactions(
    State(app): State<Shared>,
    caller: RampCaller,
    Path(id): Path<RampUserId>,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let acting = Acting::of(&caller, &app, query.environment).await?;
    let user = user(&app, &acting, id).await?;
    let rows = app.store.balance_transactions_of_owner(user.key(), page, limit + 1).await?;
    let rows = List::of(rows, limit, page);
    let lines = statement(&app, user.id, rows).await?;
    Ok(Answer::ok(&lines))
}

pub(super) async fn statement(
    app: &Shared,
    user: RampUserId,
    rows: List<domain::ledger::PlacedTransfer>,
) -> Result<List<StatementLine>, ApiError> {
    let accounts = app.store.accounts_of(&rows.data).await?;
    Ok(rows.map(|row| {
        let account = |key| accounts.get(key).expect("the accounts of every posting were read");
        StatementLine::of(&row, (account(&row.debit), account(&row.credit)), user)
    }))
}
