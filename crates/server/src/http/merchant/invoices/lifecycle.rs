//! What a merchant does with an invoice after making it: cancel, accept, let the payor in anew.

use std::sync::Mutex;

use axum::extract::State;
use axum::response::Response;
use domain::ids::{InvoiceId, PaymentId};
use domain::invoice::{self, InvoiceView, OtherSessions};
use domain::order::OrderPayment;
use serde::Deserialize;
use store::CommitError;
use utoipa::ToSchema;

use super::{InvoiceAccess, visible};
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::refunds;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::ordering;
use crate::refunding::{Wanted, Way};
use crate::workers::observe;

/// Far more payments than one invoice ever takes.
const ACCEPTED_MAX: i64 = 10_000;

#[derive(Debug, Deserialize, ToSchema)]
pub struct ResolveInvoice {
    action: ResolveAction,
    /// Of `refund`: the payment that goes back.
    payment_id: Option<PaymentId>,
    /// Of `refund`: an address on the network the payment came over.
    #[schema(max_length = 128)]
    destination_address: Option<String>,
    /// Of `refund`: in whole tokens, as a decimal string; all that may go back if absent.
    amount: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ResolveAction {
    /// Take what arrived as the full payment.
    Accept,
    /// Send back what arrived; of a paid invoice only what was paid too much.
    Refund,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct CreateSession {
    /// Ends every other session of this invoice.
    revoke_others: bool,
}

/// Cancel an invoice
///
/// Only while it is unpaid and no payment was seen. Its links stop working for payments at once.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{invoice_id}/cancel",
    tag = "Invoices",
    operation_id = "cancelInvoice",
    params(
        ("invoice_id" = InvoiceId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    responses(
        (status = 200, description = "The canceled invoice", body = InvoiceView<'static>),
        (status = 400, description = "A malformed key or query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such invoice here", body = ErrorBody),
        (status = 409, description = "It cannot be canceled any more", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn cancel(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<InvoiceId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let once = write.once((caller.merchant_id, environment))?;
    let origin = caller.origin(once.key_text());
    once.answer(&app, async || {
        let before = visible(&app, &caller, environment, id).await?;
        let (after, changes) = invoice::cancel(&before, origin.clone(), app.now())?;
        Ok((changes, Answer::ok(&after.view())))
    })
    .await
}

/// Resolve an expired or underpaid invoice
///
/// `accept` takes what arrived as the full payment: the invoice becomes paid. `refund` sends a
/// payment back, or what a paid invoice was paid too much, and answers the refund; it requires an
/// `Idempotency-Key`. To accept the invoice of an order reserves its pieces anew.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{invoice_id}/resolve",
    tag = "Invoices",
    operation_id = "resolveInvoice",
    params(
        ("invoice_id" = InvoiceId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = ResolveInvoice,
    responses(
        (status = 200, description = "The invoice, now paid", body = InvoiceView<'static>),
        (status = 400, description = "An action that is not open", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such invoice here", body = ErrorBody),
        (status = 409, description = "Nothing to resolve as it stands, or\
            OUT_OF_STOCK", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn resolve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<InvoiceId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: ResolveInvoice = parse_json(&write.body)?;
    let environment = caller.environment(&app, query.environment).await?;
    let once = write.once((caller.merchant_id, environment))?;
    match body.action {
        ResolveAction::Accept => {}
        ResolveAction::Refund => {
            let once = once.required()?;
            let required = |name: &str| ApiError::invalid(name, "is required to refund");
            let payment_id = body.payment_id.ok_or_else(|| required("payment_id"))?;
            let address = body.destination_address;
            let wanted = Wanted {
                payment_id: Some(payment_id),
                token_id: None,
                amount: body.amount,
                network: None,
                address: address.ok_or_else(|| required("destination_address"))?,
                way: Way::Resolve,
            };
            return refunds::answered(&app, &caller, (environment, id), &wanted, once).await;
        }
    }
    let origin = caller.origin(once.key_text());
    let head = |network| app.head(environment, network);
    let taken_for = Mutex::new(None);
    let accept = async || {
        let mut fresh = app.fresh();
        let before = visible(&app, &caller, environment, id).await?;
        let order = ordering::of_invoice(&app, &before).await?;
        let payments = app.store.payments_of_invoice(id, ACCEPTED_MAX).await?;
        let concerned = payments.iter().map(|payment| payment.id).collect();
        let crediting = observe::crediting(&app, &before, concerned).await?;
        let crediting = crediting.as_ref();
        let paid_with = OrderPayment::of(&payments, fresh.now());
        let (cause, heard) = (origin.clone(), origin.clone());
        let accepted = invoice::accept(&before, payments, crediting, &head, cause, &mut fresh);
        let (after, mut changes) = accepted?;
        if let Some(order) = order {
            let whose = (order.merchant_id, order.environment);
            let own = ordering::own_products(&app, whose, &order.lines).await?;
            let taken = order.clone().accepted(paid_with, &own, &mut changes, fresh.now())?;
            taken.record(&order, &mut changes, heard);
            *taken_for.lock().expect("nobody panics holding it") = Some(order);
        }
        changes.insert(caller.audit("invoice.accepted", id, &mut fresh));
        Ok((changes, Answer::ok(&after.view())))
    };
    let refused = |key| {
        let order = taken_for.lock().expect("nobody panics holding it");
        match order.as_ref().filter(|order| order.takes_stock(key)) {
            Some(_) => ordering::out_of_stock(),
            None => CommitError::Insufficient { key }.into(),
        }
    };
    once.answer_bounded(&app, accept, refused).await
}

/// Create a fresh session for an open invoice
///
/// New credentials and a new payment page, for a payor who lost the first.
#[utoipa::path(
    post,
    path = "/api/v1/invoices/{invoice_id}/sessions",
    tag = "Invoices",
    operation_id = "createInvoiceSession",
    params(
        ("invoice_id" = InvoiceId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body(content = Option<CreateSession>),
    responses(
        (status = 200, description = "The new session", body = InvoiceAccess),
        (status = 400, description = "A malformed body, or a paid invoice", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such invoice here", body = ErrorBody),
        (status = 409, description = "The invoice is canceled", body = ErrorBody),
        (status = 410, description = "The invoice has expired", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create_session(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<InvoiceId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let wanted: CreateSession = match write.body.is_empty() {
        true => CreateSession::default(),
        false => parse_json(&write.body)?,
    };
    let environment = caller.environment(&app, query.environment).await?;
    let once = write.once((caller.merchant_id, environment))?;
    once.answer(&app, async || {
        let invoice = visible(&app, &caller, environment, id).await?;
        let others = match wanted.revoke_others {
            true => OtherSessions::Revoke,
            false => OtherSessions::Keep,
        };
        let (session, changes) = invoice::fresh_session(&invoice, others, &mut app.fresh())?;
        Ok((changes, Answer::ok(&InvoiceAccess::new(&app, &invoice, &session))))
    })
    .await
}
