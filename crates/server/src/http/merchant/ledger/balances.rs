//! What the merchant has: one line for each account and asset.

use axum::extract::State;
use domain::ledger::{Balance, BalanceView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;

#[derive(Debug, Serialize, ToSchema)]
pub struct BalanceList {
    pub object: &'static str,
    pub data: Vec<BalanceView>,
    pub has_more: bool,
}

/// List balances
///
/// One line for each account and asset. `merchant` is what you may use; `clearing` is what stands
/// on deposit addresses (negative: the other side of what was received); the accounts of one asset
/// sum to zero together with those of your ramp users.
#[utoipa::path(
    get,
    path = "/api/v1/balances",
    tag = "Ledger",
    operation_id = "listBalances",
    params(EnvironmentQuery),
    responses(
        (status = 200, description = "The balances", body = BalanceList),
        (status = 400, description = "A bad filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn balances(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let mut balances = app.store.balances_of_merchant(caller.merchant_id).await?;
    balances.retain(|balance| balance.account.environment == environment);
    balances.sort_unstable_by_key(|balance| balance.account);
    let data = balances.iter().map(Balance::view).collect();
    Ok(Answer::ok(&BalanceList { object: "list", data, has_more: false }))
}
