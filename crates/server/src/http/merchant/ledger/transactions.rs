//! The postings of a merchant's ledger, page by page, or of one object.

use std::collections::HashMap;

use axum::extract::State;
use domain::environment::Environment;
use domain::ids::{MerchantId, RowKey, SettlementId};
use domain::ledger::{BalanceTransactionView, PlacedTransfer};
use serde::{Deserialize, Serialize};
use store::{LedgerFilter, Store};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::app::Shared;
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::idempotency::Answer;
use crate::http::page::{List, PageQuery, end_of_second, moment};

/// The time part and environment of a question about the ledger.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LedgerQuery {
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
    /// Not before: epoch seconds or RFC 3339.
    pub created_gte: Option<String>,
    /// Not after: epoch seconds or RFC 3339.
    pub created_lte: Option<String>,
}

impl LedgerQuery {
    pub async fn filter(&self, app: &Shared, caller: &Caller) -> Result<LedgerFilter, ApiError> {
        let created_to = moment("created_lte", self.created_lte.as_deref())?.map(end_of_second);
        Ok(LedgerFilter {
            merchant_id: caller.merchant_id,
            environment: caller.environment(app, self.environment).await?,
            created_from: moment("created_gte", self.created_gte.as_deref())?,
            created_to,
        })
    }
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SourceQuery {
    /// Only what belongs to this payment, settlement, refund, deposit or payout: its id, or a
    /// settlement's number.
    pub source: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct BalanceTransactionList {
    pub object: &'static str,
    pub data: Vec<BalanceTransactionView>,
    pub has_more: bool,
}

/// List balance transactions
///
/// Every posting of your ledger, newest first: the same amount out of one account and into
/// another, with both balances right after.
#[utoipa::path(
    get,
    path = "/api/v1/balance_transactions",
    tag = "Ledger",
    operation_id = "listBalanceTransactions",
    params(PageQuery, LedgerQuery, SourceQuery),
    responses(
        (status = 200, description = "A page of postings", body = BalanceTransactionList),
        (status = 400, description = "A bad cursor, limit or filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn transactions(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(page): Query<PageQuery>,
    Query(query): Query<LedgerQuery>,
    Query(source): Query<SourceQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let filter = query.filter(&app, &caller).await?;
    let rows = match source.source {
        None => app.store.balance_transactions(filter, page, limit + 1).await?,
        Some(source) => of_source(&app.store, filter, &source).await?,
    };
    let list = List::of(rows, limit, page);
    let accounts = app.store.accounts_of(&list.data).await?;
    Ok(Answer::ok(&list.map(|transfer| view(&transfer, &accounts))))
}

/// All of one object's, newest first: there are few, and they are read whole.
async fn of_source(
    store: &Store,
    filter: LedgerFilter,
    source: &str,
) -> Result<Vec<PlacedTransfer>, ApiError> {
    let number = SettlementId::parse(source).map(SettlementId::key);
    let key = number.or_else(|| Uuid::try_parse(source).ok().map(RowKey::from));
    let key = key.ok_or_else(|| ApiError::invalid("source", "must be an id"))?;
    let mut rows = store.transfers_of(key).await?;
    rows.retain(|transfer| is_within(transfer, &filter));
    rows.reverse();
    Ok(rows)
}

fn is_within(transfer: &PlacedTransfer, filter: &LedgerFilter) -> bool {
    let whose: (MerchantId, Environment) = (transfer.merchant_id, transfer.environment);
    whose == (filter.merchant_id, filter.environment)
        && filter.created_from.is_none_or(|from| from <= transfer.created_at)
        && filter.created_to.is_none_or(|to| transfer.created_at <= to)
}

/// How a posting looks between its accounts.
pub(super) fn view(
    transfer: &PlacedTransfer,
    accounts: &HashMap<RowKey, domain::ledger::Account>,
) -> BalanceTransactionView {
    transfer.view(&accounts[&transfer.debit], &accounts[&transfer.credit])
}
