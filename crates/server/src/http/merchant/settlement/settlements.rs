//! Settlements: what went to the merchant, what is on its way, and why the rest waits.

use axum::extract::State;
use domain::changes::Changes;
use domain::ids::{PaymentId, SettlementId};
use domain::ledger::Hold;
use domain::member::Role;
use domain::refusal::Refusal;
use domain::send::{Send, SendStatus, TurningDown, count_against, turn_down};
use domain::settlement::{PendingPoolView, Settlement, SettlementObjectView, SettlementState};
use serde::Serialize;
use store::Page;
use utoipa::ToSchema;

use super::Approver;
use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;
use crate::http::page::{List, PageQuery};
use crate::{sending, settling};

/// A page of settlements, newest first, and on the first page what waits to become one.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<SettlementObjectView>,
    pub has_more: bool,
    /// Confirmed payments that are not on their way yet, and why.
    pub pending: Vec<PendingPoolView>,
}

/// List settlements
#[utoipa::path(get, path = "/api/v1/merchant/settlements",
    tag = "Settlement Management", operation_id = "listSettlements",
    params(PageQuery, EnvironmentQuery),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementList),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let limit = page.limit()?;
    let page = page.page_by(|id| SettlementId::parse(id).map(SettlementId::key))?;
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let rows = app.store.settlements(whose, page, limit + 1).await?;
    let list = List::of(rows, limit, page).map(|settlement| settlement.view(None));
    let pending = match page {
        Page::First => settling::pending(&app, whose).await?,
        Page::After(_) | Page::Before(_) => Vec::new(),
    };
    let (data, has_more) = (list.data, list.has_more);
    Ok(Answer::ok(&SettlementList { object: "list", data, has_more, pending }))
}

/// Retrieve a settlement with its transactions
#[utoipa::path(get, path = "/api/v1/settlements/{id}",
    tag = "Settlement Management", operation_id = "retrieveSettlement",
    params(("id" = i64, Path, description = "What payments call merchant_settlement_id"),
        EnvironmentQuery),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementObjectView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let settlement = visible(&app, &caller, &id, query).await?;
    let sends = app.store.sends_of(settlement.key()).await?;
    Ok(Answer::ok(&settlement.view(Some(&sends))))
}

async fn found(app: &App, id: &str) -> Result<Settlement, ApiError> {
    let unknown = || ApiError::not_found("settlement");
    let id = SettlementId::parse(id).ok_or_else(unknown)?;
    app.store.get::<Settlement>(id.key()).await?.ok_or_else(unknown)
}

async fn visible(
    app: &App,
    caller: &Caller,
    id: &str,
    query: EnvironmentQuery,
) -> Result<Settlement, ApiError> {
    let environment = caller.environment(app, query.environment).await?;
    let settlement = found(app, id).await?;
    let is_visible =
        (settlement.merchant_id, settlement.environment) == (caller.merchant_id, environment);
    if is_visible { Ok(settlement) } else { Err(ApiError::not_found("settlement")) }
}

/// Approve a settlement that waits for a second person
///
/// Takes an owner, or the operator's token; the operator's where it passes the house's limits.
#[utoipa::path(post, path = "/api/v1/settlements/{id}/approve",
    tag = "Settlement Management", operation_id = "approveSettlement",
    params(("id" = i64, Path)), security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementObjectView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody,
            description = "NOT_IN_REVIEW, DESTINATION_CHANGED, DESTINATION_NOT_ALLOWED_YET")))]
pub async fn approve(
    State(app): State<Shared>,
    approver: Approver,
    Path(id): Path<String>,
) -> Result<Answer, ApiError> {
    let (app, approver) = (&app, &approver);
    let settlement = app
        .decide(async || -> Result<_, ApiError> {
            let before = found(app, &id).await?;
            if !approver.sees(before.merchant_id) {
                return Err(ApiError::not_found("settlement"));
            }
            if before.state != SettlementState::InReview {
                return Err(Refusal::NotInReview.into());
            }
            let mut fresh = app.fresh();
            let now = fresh.now();
            let whose = (before.merchant_id, before.environment);
            let mut changes = Changes::of(before.merchant_id);
            let limits = app.config.settlement.limits();
            let speed = approver.speed(app, whose, before.value).await?;
            let counted = (before.value, speed);
            let counted = count_against(&limits, whose, counted, &mut changes, now);
            let sends = app.store.sends_of(before.key()).await?;
            settling::check_destination(app, &before, &sends, &mut changes).await?;
            for send in sends {
                changes.update(send.released(now));
            }
            let audit =
                approver.audit(before.merchant_id, "settlement.approved", before.id, &mut fresh);
            changes.insert(audit);
            let after = before.approve((approver.actor(), counted), now);
            changes.update(after.clone());
            Ok((changes, after))
        })
        .await?;
    Ok(Answer::ok(&settlement.view(None)))
}

/// Turn a settlement down that waits for a second person
///
/// Its payments wait again, and are batched anew.
#[utoipa::path(post, path = "/api/v1/settlements/{id}/reject",
    tag = "Settlement Management", operation_id = "rejectSettlement",
    params(("id" = i64, Path)), security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementObjectView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It waits for nobody")))]
pub async fn reject(
    State(app): State<Shared>,
    approver: Approver,
    Path(id): Path<String>,
) -> Result<Answer, ApiError> {
    let (app, approver) = (&app, &approver);
    let settlement = app
        .decide(async || -> Result<_, ApiError> {
            let settlement = found(app, &id).await?;
            if !approver.sees(settlement.merchant_id) {
                return Err(ApiError::not_found("settlement"));
            }
            if settlement.state != SettlementState::InReview {
                return Err(Refusal::NotInReview.into());
            }
            let mut fresh = app.fresh();
            let (merchant_id, settlement_id) = (settlement.merchant_id, settlement.id);
            let turning = turning_down(app, settlement).await?;
            // Approved between two reads: nothing of it may be taken back any more.
            let turned = turn_down(turning, &mut fresh).map_err(|_| Refusal::NotInReview)?;
            let (after, mut changes) = turned;
            let action = "settlement.rejected";
            changes.insert(approver.audit(merchant_id, action, settlement_id, &mut fresh));
            Ok((changes, after))
        })
        .await?;
    let sends = app.store.sends_of(settlement.key()).await?;
    Ok(Answer::ok(&settlement.view(Some(&sends))))
}

/// Everything that ends with a settlement nobody approves.
async fn turning_down(app: &App, settlement: Settlement) -> Result<TurningDown, ApiError> {
    let mut sends = Vec::new();
    for send in app.store.sends_of(settlement.key()).await? {
        let Some(hold_id) = send.hold_id else { continue };
        let hold = app.store.get::<Hold>(hold_id.key()).await?;
        sends.push((send, hold.ok_or_else(|| ApiError::not_found("settlement"))?));
    }
    let parts = sends.iter().flat_map(|(send, _)| &send.parts);
    let mut ids: Vec<PaymentId> = parts.map(|part| part.payment_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let payments = sending::touched(app, ids).await.map_err(busy)?;
    let head = app.head(settlement.environment, settlement.network);
    Ok(TurningDown { settlement, sends, payments, head })
}

fn busy(error: anyhow::Error) -> ApiError {
    tracing::warn!(error = format!("{error:#}"), "payments of a settlement were not read");
    use crate::http::error::Code;
    ApiError::new(Code::Busy, "Somebody else changed this at once; try again").retry_after(1)
}

/// Settle the payments of a failed settlement again
#[utoipa::path(post, path = "/api/v1/settlements/{id}/retry",
    tag = "Settlement Management", operation_id = "retrySettlement",
    params(("id" = i64, Path), EnvironmentQuery), security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementObjectView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn retry(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    caller.require_role(Role::Developer)?;
    let settlement = visible(&app, &caller, &id, query).await?;
    let sends = app.store.sends_of(settlement.key()).await?;
    let failed = |send: &&Send| send.status == SendStatus::Failed;
    let ids: Vec<PaymentId> = sends
        .iter()
        .filter(failed)
        .flat_map(|send| &send.parts)
        .map(|part| part.payment_id)
        .collect();
    let (app, caller, ids) = (&app, &caller, &ids);
    app.decide(async || -> Result<_, ApiError> {
        let mut fresh = app.fresh();
        let touched = sending::touched(app, ids.iter().copied()).await;
        let mut touched = touched.map_err(busy)?;
        for id in ids {
            touched.change(*id, domain::payment::Payment::settle_again);
        }
        let mut changes = Changes::of(caller.merchant_id);
        changes.insert(caller.audit("settlement.retried", settlement.id, &mut fresh));
        let head = app.head(settlement.environment, settlement.network);
        touched.save(head, &mut changes, fresh.now());
        Ok((changes, ()))
    })
    .await?;
    Ok(Answer::ok(&settlement.view(Some(&sends))))
}
