//! Refunds: tokens of an invoice's payments go back to an address the payor named.

use axum::extract::State;
use axum::response::Response;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::{InvoiceId, PaymentId, RefundId, RowKey};
use domain::invoice::Invoice;
use domain::member::Role;
use domain::network::Network;
use domain::refund::{Refund, RefundView};
use domain::refusal::Refusal;
use domain::send::{Ending, Send, SendStatus, Touched, close, count_against};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::invoices::visible;
use super::settlement::Approver;
use super::{EnvironmentQuery, Write};
use crate::app::{App, Shared};
use crate::http::auth::{Caller, MerchantCaller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::{Answer, Once};
use crate::http::page::{List, PageQuery};
use crate::refunding::{self, Asker, Wanted, Way};
use crate::{sending, settling};

#[derive(Debug, Serialize, ToSchema)]
pub struct RefundList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<RefundView>,
    pub has_more: bool,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Destination {
    /// The network the payment came over.
    pub network: Network,
    #[schema(max_length = 128)]
    pub address: String,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateRefund {
    /// In whole tokens, as a decimal string; all that may go back if absent.
    #[schema(example = "12.5")]
    amount: Option<String>,
    destination: Destination,
    /// Which payment, where several tokens arrived on one network.
    payment_id: Option<PaymentId>,
}

/// Create a refund
///
/// In the token the payment came in, and never more than arrived. It is drawn from what still
/// stands on your addresses: this invoice's first.
#[utoipa::path(post, path = "/api/v1/invoices/{invoice_id}/refunds",
    tag = "Invoices", operation_id = "createRefund",
    params(("invoice_id" = InvoiceId, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 characters."),
        EnvironmentQuery),
    request_body = CreateRefund,
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = RefundView),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "DESTINATION_NOT_ALLOWED"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody,
            description = "INSUFFICIENT_FUNDS, REFUND_TOO_LARGE, REFUND_FEE_TOO_HIGH, \
                NOTHING_TO_REFUND, DESTINATION_NOT_ALLOWED_YET")))]
pub async fn create(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<InvoiceId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let environment = caller.environment(&app, query.environment).await?;
    let once = write.once((caller.merchant_id, environment))?.required()?;
    let body: CreateRefund = parse_json(&write.body)?;
    let wanted = Wanted {
        payment_id: body.payment_id,
        token_id: None,
        amount: body.amount,
        network: Some(body.destination.network),
        address: body.destination.address,
        way: Way::Refund,
    };
    answered(&app, &caller, (environment, id), &wanted, once).await
}

/// Decides a refund, and answers it once.
pub async fn answered(
    app: &App,
    caller: &Caller,
    place: (Environment, InvoiceId),
    wanted: &Wanted,
    once: Once,
) -> Result<Response, ApiError> {
    let whose = (caller.merchant_id, place.0);
    // What passes a limit meanwhile is decided again, and waits for somebody to look.
    let passed = |key: RowKey| {
        let is_limit = refunding::is_limit(app, whose, key);
        (!is_limit).then(|| Refusal::InsufficientFunds.into())
    };
    let key_text = once.key_text().map(str::to_owned);
    let wanted = (wanted, key_text.as_deref());
    once.answer_deciding_again(app, || made(app, caller, place, wanted), passed).await
}

/// Decides a refund: what goes back, what it is drawn from, and whether somebody has to look.
async fn made(
    app: &App,
    caller: &Caller,
    (environment, id): (Environment, InvoiceId),
    (wanted, key_text): (&Wanted, Option<&str>),
) -> Result<(Changes, Answer), ApiError> {
    let invoice = visible(app, caller, environment, id).await?;
    let asker = Asker { by: caller.actor(), origin: caller.origin(key_text) };
    let (refund, mut changes) = refunding::decided(app, &invoice, wanted, asker).await?;
    changes.insert(caller.audit("refund.created", refund.id, &mut app.fresh()));
    Ok((changes, Answer::ok(&refund.view())))
}

/// List an invoice's refunds
#[utoipa::path(get, path = "/api/v1/invoices/{invoice_id}/refunds",
    tag = "Invoices", operation_id = "listInvoiceRefunds",
    params(("invoice_id" = InvoiceId, Path), PageQuery, EnvironmentQuery),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = RefundList),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn list_of_invoice(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<InvoiceId>,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let environment = caller.environment(&app, query.environment).await?;
    visible(&app, &caller, environment, id).await?;
    let rows = app.store.refunds_of_invoice(id, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|refund| refund.view())))
}

/// List refunds
#[utoipa::path(get, path = "/api/v1/refunds", tag = "Invoices", operation_id = "listRefunds",
    params(PageQuery, EnvironmentQuery),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = RefundList),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let environment = caller.environment(&app, query.environment).await?;
    let rows = app.store.refunds((caller.merchant_id, environment), page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|refund| refund.view())))
}

async fn seen(
    app: &App,
    caller: &Caller,
    environment: Environment,
    id: RefundId,
) -> Result<Refund, ApiError> {
    let refund = app.store.get::<Refund>(id.key()).await?;
    let is_visible = |refund: &Refund| {
        (refund.merchant_id, refund.environment) == (caller.merchant_id, environment)
    };
    refund.filter(is_visible).ok_or_else(|| ApiError::not_found("refund"))
}

/// Retrieve a refund
#[utoipa::path(get, path = "/api/v1/refunds/{id}", tag = "Invoices",
    operation_id = "retrieveRefund",
    params(("id" = RefundId, Path), EnvironmentQuery),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = RefundView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RefundId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    Ok(Answer::ok(&seen(&app, &caller, environment, id).await?.view()))
}

/// Cancel a refund
///
/// Only before any of its transactions is signed.
#[utoipa::path(post, path = "/api/v1/refunds/{id}/cancel", tag = "Invoices",
    operation_id = "cancelRefund",
    params(("id" = RefundId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = RefundView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "REFUND_NOT_CANCELABLE")))]
pub async fn cancel(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RefundId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let environment = caller.environment(&app, query.environment).await?;
    let once = write.once((caller.merchant_id, environment))?;
    let (app, caller) = (&app, &caller);
    once.answer(app, async || {
        let refund = seen(app, caller, environment, id).await?;
        let sends = app.store.sends_of(refund.key()).await?;
        let is_unsigned =
            |send: &Send| matches!(send.status, SendStatus::Held | SendStatus::Planned);
        if !refund.is_cancelable() || !sends.iter().all(is_unsigned) {
            return Err(Refusal::RefundNotCancelable.into());
        }
        canceled(app, caller, refund, sends).await
    })
    .await
}

/// The refund, its sends, their holds and the payments, all taken back at once.
async fn canceled(
    app: &App,
    caller: &Caller,
    refund: Refund,
    sends: Vec<Send>,
) -> Result<(Changes, Answer), ApiError> {
    let mut fresh = app.fresh();
    let now = fresh.now();
    let mut changes = Changes::of(refund.merchant_id);
    let parts = sends.iter().flat_map(|send| &send.parts).chain(&refund.given);
    let mut ids: Vec<PaymentId> = parts.map(|part| part.payment_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let missing = |_| ApiError::not_found("payment");
    let mut touched = sending::touched(app, ids).await.map_err(missing)?;
    let invoice = app.store.get::<Invoice>(refund.invoice_id.key()).await?;
    let after = refund.cancel(invoice.as_ref(), &mut touched, &mut changes, now);
    for send in sends {
        for part in &send.parts {
            touched.change(part.payment_id, |payment| payment.undraw(part.amount));
        }
        let hold = match send.hold_id {
            Some(id) => app.store.get(id.key()).await?,
            None => None,
        };
        let closing = domain::send::Closing {
            send,
            hold,
            settlement: None,
            refund: None,
            payments: Touched::default(),
            head: 0,
        };
        let closed = close(closing, &Ending::Canceled, &mut fresh);
        changes.append(closed.map_err(|_| Refusal::RefundNotCancelable)?);
    }
    touched.save(app.head(after.environment, after.network), &mut changes, now);
    changes.insert(caller.audit("refund.canceled", after.id, &mut fresh));
    Ok((changes, Answer::ok(&after.view())))
}

/// Approve a refund that waits for a second person
///
/// Takes the operator's token, or an owner who neither asked for it nor created the API key that
/// did; what passes the house's limits takes the operator.
#[utoipa::path(post, path = "/api/v1/refunds/{id}/approve", tag = "Invoices",
    operation_id = "approveRefund", params(("id" = RefundId, Path)),
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = RefundView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "OWN_REQUEST, OPERATOR_REQUIRED, \
            DESTINATION_NOT_ALLOWED"),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody,
            description = "NOT_IN_REVIEW, DESTINATION_NOT_ALLOWED_YET")))]
pub async fn approve(
    State(app): State<Shared>,
    approver: Approver,
    Path(id): Path<RefundId>,
) -> Result<Answer, ApiError> {
    let (app, approver) = (&app, &approver);
    let refund = app
        .decide(async || -> Result<_, ApiError> {
            let known = app.store.get::<Refund>(id.key()).await?;
            let before = known.filter(|refund| approver.sees(refund.merchant_id));
            let before = before.ok_or_else(|| ApiError::not_found("refund"))?;
            if before.status != domain::refund::RefundStatus::InReview {
                return Err(Refusal::NotInReview.into());
            }
            approver.check_not_his(app, &before.requested_by).await?;
            let mut fresh = app.fresh();
            let now = fresh.now();
            let mut changes = Changes::of(before.merchant_id);
            let limits = app.config.settlement.limits();
            let whose = (before.merchant_id, before.environment);
            let place = (before.network, before.destination.as_str());
            settling::check_allowed(app, whose, place, &mut changes).await?;
            let speed = approver.speed(app, whose, before.value).await?;
            let counted = (before.value, speed);
            let counted = count_against(&limits, whose, counted, &mut changes, now);
            for send in app.store.sends_of(before.key()).await? {
                changes.update(send.released(now));
            }
            let audit =
                approver.audit(before.merchant_id, "refund.approved", before.id, &mut fresh);
            changes.insert(audit);
            let invoice = app.store.get::<Invoice>(before.invoice_id.key()).await?;
            let by = (approver.actor(), counted);
            let after = before.approve(by, invoice.as_ref(), &mut changes, now);
            Ok((changes, after))
        })
        .await?;
    Ok(Answer::ok(&refund.view()))
}
