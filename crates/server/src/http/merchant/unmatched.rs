//! The inbox of transfers that reached our addresses and match no invoice.

use axum::extract::State;
use domain::environment::Environment;
use domain::network::Network;
use domain::unmatched::UnmatchedView;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::idempotency::Answer;
use crate::http::page::{List, PageQuery};

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct UnmatchedQuery {
    #[param(inline)]
    pub network: Option<Network>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct UnmatchedList {
    pub object: &'static str,
    pub data: Vec<UnmatchedView>,
    pub has_more: bool,
}

/// List transfers that match no invoice
///
/// Money that reached your addresses but could not be credited, newest first.
#[utoipa::path(
    get,
    path = "/api/v1/merchant/unmatched",
    tag = "Invoices",
    operation_id = "listUnmatchedTransfers",
    params(PageQuery, UnmatchedQuery),
    responses(
        (status = 200, description = "A page of the inbox", body = UnmatchedList),
        (status = 400, description = "A bad cursor, limit or filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(page): Query<PageQuery>,
    Query(query): Query<UnmatchedQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let environment = caller.environment(&app, query.environment).await?;
    let (id, network) = (caller.merchant_id, query.network);
    let rows = app.store.unmatched_transfers(id, environment, network, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|unmatched| unmatched.view())))
}
