//! Payouts: made of a quote, read, listed, taken back while nothing was sent.

use std::sync::Mutex;

use axum::extract::State;
use axum::response::Response;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{BankAccountId, PayoutId, RampQuoteId, RampUserId, RowKey};
use domain::kyc::Spending;
use domain::payout::{self, Payout, PayoutAsk, PayoutStatus, PayoutView};
use serde::{Deserialize, Serialize};
use store::PayoutFilter;
use utoipa::{IntoParams, ToSchema};

use super::RampCaller;
use super::access::{Acting, user};
use super::quotes::{bank_account, quote};
use crate::app::{App, Shared};
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{List, PageQuery};
use crate::workers::payouts::found;

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreatePayout {
    quote_id: RampQuoteId,
    /// With a user's own session: himself, if absent.
    user_id: Option<RampUserId>,
    bank_account_id: BankAccountId,
    /// For bearer tokens; without it the account's current one.
    environment: Option<Environment>,
}

/// Request a payout
///
/// The whole source amount is held at once. Of two payouts for one balance, one gets it.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/payouts",
    tag = "Ramps",
    operation_id = "createPayout",
    params(("Idempotency-Key" = String, Header, description = "1 to 255 characters.")),
    request_body = CreatePayout,
    responses(
        (status = 200, description = "The payout", body = PayoutView),
        (status = 400, description = "A field is missing or wrong", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "KYC_REQUIRED, or the credential does not open this",
            body = ErrorBody),
        (status = 404, description = "No such quote, user or bank account here", body = ErrorBody),
        (status = 409, description = "QUOTE_EXPIRED, QUOTE_USED, INSUFFICIENT_FUNDS or \
            LIMIT_EXCEEDED", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = []),
        ("sessionToken" = [], "sessionSignature" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    caller: RampCaller,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreatePayout = parse_json(&write.body)?;
    let acting = Acting::of(&caller, &app, body.environment).await?;
    let once = acting.once(&write)?.required()?;
    let origin = acting.origin(once.key_text());
    let spending = Mutex::new(None);
    let made = async || {
        let user_id = acting.only_user.or(body.user_id);
        let user_id = user_id.ok_or_else(|| ApiError::invalid("user_id", "is required"))?;
        let quote = quote(&app, &acting, body.quote_id).await?;
        let user = user(&app, &acting, user_id).await?;
        let account = bank_account(&app, &acting, body.bank_account_id).await?;
        let lists = app.screening.lists();
        let hit = [&user.name, &account.holder_name];
        let hit = hit.into_iter().find_map(|name| lists.hits_name(name));
        let ask = PayoutAsk {
            user: &user,
            account: &account,
            quote: &quote,
            hit,
            deposit_id: None,
            origin: origin.clone(),
        };
        let made = payout::create(ask, &mut app.fresh())?;
        *spending.lock().expect("nobody panics holding it") = Some(made.spending);
        Ok((made.changes, Answer::ok(&made.payout.view())))
    };
    let refused = |key| of_bound(&spending, key);
    once.answer_bounded(&app, made, refused).await
}

/// What the commit was refused for: one of the limits, or what the balance has.
pub(super) fn of_bound(spending: &Mutex<Option<Spending>>, key: RowKey) -> ApiError {
    let spending = spending.lock().expect("nobody panics holding it");
    let passed = spending.as_ref().and_then(|spending| spending.passed(key));
    passed.map_or_else(
        || ApiError::new(Code::InsufficientFunds, "The balance does not cover this"),
        ApiError::from,
    )
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PayoutQuery {
    /// Of one user.
    #[param(inline)]
    pub user_id: Option<RampUserId>,
    #[param(inline)]
    pub status: Option<PayoutStatus>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutList {
    pub object: &'static str,
    pub data: Vec<PayoutView>,
    pub has_more: bool,
}

/// List payouts
#[utoipa::path(
    get,
    path = "/api/v1/ramps/payouts",
    tag = "Ramps",
    operation_id = "listPayouts",
    params(PageQuery, PayoutQuery),
    responses(
        (status = 200, description = "A page, newest first", body = PayoutList),
        (status = 400, description = "A bad cursor, limit or filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = []),
        ("sessionToken" = [], "sessionSignature" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    caller: RampCaller,
    Query(page): Query<PageQuery>,
    Query(query): Query<PayoutQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let acting = Acting::of(&caller, &app, query.environment).await?;
    let filter = PayoutFilter {
        merchant_id: acting.merchant_id,
        environment: acting.environment,
        user_id: acting.only_user.or(query.user_id),
        status: query.status,
    };
    let rows = app.store.payouts(filter, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|payout| payout.view())))
}

/// Read a payout
#[utoipa::path(
    get,
    path = "/api/v1/ramps/payouts/{id}",
    tag = "Ramps",
    operation_id = "getPayout",
    params(("id" = String, Path, description = "The payout's id"), EnvironmentQuery),
    responses(
        (status = 200, description = "The payout", body = PayoutView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such payout here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = []),
        ("sessionToken" = [], "sessionSignature" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    caller: RampCaller,
    Path(id): Path<PayoutId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let acting = Acting::of(&caller, &app, query.environment).await?;
    Ok(Answer::ok(&payout(&app, &acting, id).await?.view()))
}

async fn payout(app: &App, acting: &Acting, id: PayoutId) -> Result<Payout, ApiError> {
    let payout = app.store.get::<Payout>(id.key()).await?;
    let is_theirs = |payout: &Payout| {
        payout.is_of(acting.merchant_id, acting.environment)
            && acting.only_user.is_none_or(|only| only == payout.user_id)
    };
    payout.filter(is_theirs).ok_or_else(|| ApiError::not_found("payout"))
}

/// Cancel a payout
///
/// Only while nothing was sent. The money is free again.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/payouts/{id}/cancel",
    tag = "Ramps",
    operation_id = "cancelPayout",
    params(
        ("id" = String, Path, description = "The payout's id"),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    responses(
        (status = 200, description = "The payout, canceled", body = PayoutView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such payout here", body = ErrorBody),
        (status = 409, description = "PAYOUT_NOT_CANCELABLE", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn cancel(
    State(app): State<Shared>,
    caller: RampCaller,
    Path(id): Path<PayoutId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let acting = Acting::of(&caller, &app, query.environment).await?;
    if acting.only_user.is_some() {
        let message = "A user's session does not cancel payouts";
        return Err(ApiError::new(Code::InsufficientScope, message));
    }
    let once = acting.once(&write)?;
    let canceled = async || -> Result<(Changes, Answer), ApiError> {
        payout(&app, &acting, id).await?;
        let found = found(&app.store, id).await?.ok_or_else(|| ApiError::not_found("payout"))?;
        let (payout, changes) = payout::cancel(found, &mut app.fresh())?;
        Ok((changes, Answer::ok(&payout.view())))
    };
    once.answer(&app, canceled).await
}
