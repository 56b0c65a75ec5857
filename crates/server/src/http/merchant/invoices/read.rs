//! Reading one invoice: whole, or as clients poll it.

use axum::extract::State;
use domain::ids::InvoiceId;
use domain::invoice::InvoiceView;
use domain::payment::PaymentView;
use serde::Serialize;
use utoipa::ToSchema;

use super::payments::{ExpandQuery, payment_view};
use super::visible;
use crate::app::Shared;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;

/// An invoice and its newest payment, for clients that poll.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceStatusView<'a> {
    pub object: &'static str,
    pub invoice: InvoiceView<'a>,
    /// Null until somebody paid something.
    pub latest_payment: Option<PaymentView>,
}

/// Retrieve an invoice
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{invoice_id}",
    tag = "Invoices",
    operation_id = "retrieveInvoice",
    params(("invoice_id" = InvoiceId, Path), ExpandQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "The invoice", body = InvoiceView<'static>),
        (status = 400, description = "An unknown expansion or a bad limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such invoice here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<InvoiceId>,
    Query(query): Query<EnvironmentQuery>,
    Query(expand): Query<ExpandQuery>,
) -> Result<Answer, ApiError> {
    let expand = expand.parse()?;
    let environment = caller.environment(&app, query.environment).await?;
    let invoice = visible(&app, &caller, environment, id).await?;
    let payments = expand.read(&app, std::slice::from_ref(&invoice)).await?;
    Ok(Answer::ok(&expand.view(&app, &invoice, &payments)))
}

/// Poll an invoice's status
///
/// The invoice with its newest payment. Webhooks and streams tell the same without polling.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/{invoice_id}/status",
    tag = "Invoices",
    operation_id = "pollInvoiceStatus",
    params(("invoice_id" = InvoiceId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "Where the invoice stands", body = InvoiceStatusView<'static>),
        (status = 400, description = "A bad query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such invoice here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn status(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<InvoiceId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let invoice = visible(&app, &caller, environment, id).await?;
    // Most polls find an invoice nobody has paid on yet: one read by key is all they cost.
    let latest = match invoice.payments_seen {
        0 => None,
        _ => app.store.payments_of_invoice(invoice.id, 1).await?.pop(),
    };
    Ok(Answer::ok(&InvoiceStatusView {
        object: "invoice_status",
        invoice: invoice.view(),
        latest_payment: latest.map(|payment| payment_view(&app, environment, &payment)),
    }))
}
