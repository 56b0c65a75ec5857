//! How the payment of an order stands: of one, or of up to fifty at once.
//!
//! The invoice is what decides; the order adds what it was paid with.

use axum::extract::State;
use domain::ids::{InvoiceId, OrderId, RowKey};
use domain::invoice::{Invoice, InvoiceStatus};
use domain::money::UsdNumber;
use domain::network::Network;
use domain::order::{Order, OrderStatus};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Enveloped;
use crate::app::Shared;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;
use crate::ordering;

const ORDERS_MAX: usize = 50;

/// `pending`, `underpaid`, `paid`, `expired` or `canceled`.
fn word(status: InvoiceStatus) -> &'static str {
    match status {
        InvoiceStatus::Unpaid => "pending",
        InvoiceStatus::Underpaid
        | InvoiceStatus::Paid
        | InvoiceStatus::Expired
        | InvoiceStatus::Canceled => status.as_str(),
    }
}

/// How an invoice is paid, and with what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommercePaymentState)]
#[serde(rename_all = "camelCase")]
pub struct PaymentState<'a> {
    /// `pending`, `underpaid`, `paid`, `expired` or `canceled`.
    pub status: &'static str,
    /// Of the invoice, in USD.
    pub amount: UsdNumber,
    /// Epoch seconds.
    pub paid_at: Option<i64>,
    pub payment_details: Option<PaymentDetails<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommercePaymentDetails)]
#[serde(rename_all = "camelCase")]
pub struct PaymentDetails<'a> {
    pub network: Option<Network>,
    /// The token's symbol.
    pub token: Option<&'a str>,
    /// In whole tokens, as a decimal string.
    pub amount: Option<&'a str>,
    pub tx_hash: Option<&'a str>,
    /// Who paid.
    pub wallet_address: Option<&'a str>,
}

impl<'a> PaymentState<'a> {
    pub fn of(order: &'a Order, invoice: &Invoice) -> PaymentState<'a> {
        let payment = &order.payment;
        let details = payment.paid_at.map(|_| PaymentDetails {
            network: payment.network,
            token: payment.token_symbol.as_deref(),
            amount: payment.token_amount.as_deref(),
            tx_hash: payment.tx_hash.as_deref(),
            wallet_address: payment.from_address.as_deref(),
        });
        PaymentState {
            status: word(invoice.status),
            amount: invoice.amount.number(),
            paid_at: invoice.paid_at.map(Timestamp::seconds),
            payment_details: details,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommercePaymentStatus)]
#[serde(rename_all = "camelCase")]
pub struct PaymentStatus<'a> {
    pub order_id: OrderId,
    pub invoice_id: InvoiceId,
    pub order_status: OrderStatus,
    pub customer_id: Option<&'a str>,
    #[serde(flatten)]
    pub payment: PaymentState<'a>,
}

/// Check an order's payment
#[utoipa::path(get, path = "/api/commerce/merchant/payments/{orderId}/status",
    tag = "Merchant Payments", operation_id = "getMerchantPaymentStatus",
    params(("orderId" = OrderId, Path), EnvironmentQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<PaymentStatus<'static>>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 429, body = ErrorBody)))]
pub async fn status(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<OrderId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let order = ordering::visible(&app, (caller.merchant_id, environment), id).await?;
    let invoice = app.store.get::<Invoice>(order.invoice_id.key()).await?;
    let invoice = invoice.ok_or_else(|| ApiError::not_found("invoice"))?;
    Ok(Answer::ok(&Enveloped::of(PaymentStatus {
        order_id: order.id,
        invoice_id: order.invoice_id,
        order_status: order.status,
        customer_id: order.shopper.customer_id(),
        payment: PaymentState::of(&order, &invoice),
    })))
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = CommerceBulkStatusRequest)]
#[serde(rename_all = "camelCase")]
pub struct BulkStatus {
    /// 1 to 50.
    #[schema(min_items = 1, max_items = 50)]
    order_ids: Vec<OrderId>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceBulkStatus)]
#[serde(rename_all = "camelCase")]
pub struct BulkStatusRow {
    pub order_id: OrderId,
    /// Null if there is no such order.
    pub status: Option<&'static str>,
    pub error: Option<&'static str>,
}

/// Check the payments of many orders
///
/// In the order of the ids; one that names no order has an `error`.
#[utoipa::path(post, path = "/api/commerce/merchant/payments/bulk-status",
    tag = "Merchant Payments", operation_id = "getMerchantPaymentStatuses",
    params(EnvironmentQuery), request_body = BulkStatus,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<Vec<BulkStatusRow>>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn bulk_status(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<BulkStatus>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let ids = body.order_ids;
    if !(1..=ORDERS_MAX).contains(&ids.len()) {
        let message = format!("must name 1 to {ORDERS_MAX} orders");
        return Err(ApiError::invalid("orderIds", message));
    }
    let orders = app.store.get_many::<Order>(ids.iter().map(|id| id.key()).collect()).await?;
    let is_his = |order: &Order| order.is_of(caller.merchant_id, environment);
    let orders: Vec<Option<Order>> = orders.into_iter().map(|order| order.filter(is_his)).collect();
    let invoices: Vec<RowKey> =
        orders.iter().flatten().map(|order| order.invoice_id.key()).collect();
    let mut invoices = app.store.get_many::<Invoice>(invoices).await?.into_iter();
    let rows = ids.iter().zip(&orders).map(|(id, order)| {
        let invoice = order.as_ref().and_then(|_| invoices.next().flatten());
        let status = invoice.map(|invoice| word(invoice.status));
        let error = status.is_none().then_some("No such order");
        BulkStatusRow { order_id: *id, status, error }
    });
    Ok(Answer::ok(&Enveloped::of(rows.collect::<Vec<_>>())))
}
