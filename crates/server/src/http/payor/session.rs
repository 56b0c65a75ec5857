//! What the payor's page shows: the invoice's details, its status, and the stream that follows it.

use axum::Json;
use axum::extract::State;
use domain::environment::Environment;
use domain::ids::{InvoiceId, PaymentId};
use domain::invoice::{Invoice, InvoiceStatus};
use domain::money::UsdNumber;
use domain::network::Network;
use domain::payment::{Payment, PaymentStatus};
use domain::secret::KeyRing;
use domain::session::Session;
use domain::sign_in::{Audience, PaymentStreamClaims, issue_token};
use domain::time::{SECOND_MS, Timestamp};
use domain::token::TokenId;
use serde::Serialize;
use utoipa::ToSchema;

use super::InvoiceQuery;
use crate::app::Shared;
use crate::http::auth::Payor;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;

/// How long the stream token may be used to connect; a connection lives on.
const STREAM_TOKEN_SECONDS: i64 = 60;

/// What a payor may know of an invoice.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionDetails {
    pub invoice_id: InvoiceId,
    pub amount_usd: UsdNumber,
    /// What is left to pay; never below zero.
    pub amount_remaining_usd: UsdNumber,
    pub amount_paid_usd: UsdNumber,
    pub description: Option<String>,
    pub invoice_title: Option<String>,
    pub invoice_footer: Option<String>,
    /// Epoch seconds.
    pub expires_at: i64,
    pub invoice_status: InvoiceStatus,
    /// Milliseconds until the invoice expires; zero once it takes no payments.
    pub remaining_time: i64,
    /// The same in whole seconds.
    pub remaining_seconds: i64,
    pub merchant_name: String,
    pub merchant_email: String,
    pub merchant_logo_url: Option<String>,
    pub network_environment: Environment,
    /// The network of the first payment; set only while the invoice is underpaid.
    pub locked_network: Option<Network>,
    /// The token of the first payment; set only while the invoice is underpaid.
    pub locked_token_id: Option<TokenId>,
    /// The address of the first payment; set only while the invoice is underpaid.
    pub locked_payment_address: Option<String>,
    /// Where the payor goes afterwards; null if the merchant wants no redirect.
    pub payment_return_url: Option<String>,
    /// Where the receipt goes.
    pub customer_email: Option<String>,
    /// Epoch seconds; null until the invoice is paid.
    pub paid_at: Option<i64>,
    /// The receipt, to show and to keep; null until the invoice is paid.
    pub receipt_url: Option<String>,
    pub ws_connection: WsConnection,
}

/// How to follow this invoice live.
#[derive(Serialize, ToSchema)]
pub struct WsConnection {
    /// A JWT for the payor's stream of this invoice; the stream ends when the session does.
    pub token: String,
    pub endpoint: &'static str,
    pub format: &'static str,
    pub ws_url: &'static str,
}

impl std::fmt::Debug for WsConnection {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("WsConnection").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl WsConnection {
    pub fn of(keys: &KeyRing, session: &Session, now: Timestamp) -> WsConnection {
        let claims = PaymentStreamClaims {
            aud: Audience::PaymentStream,
            invoice: session.invoice_id,
            issued_at: session.issued_at,
            exp: now.seconds() + STREAM_TOKEN_SECONDS,
        };
        WsConnection {
            token: issue_token(keys, &claims),
            endpoint: "/ws/payment",
            format: "event_v1",
            ws_url: "/ws/payment?format=event_v1",
        }
    }
}

/// How far the invoice is, for clients that poll.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentStatusView {
    pub status: InvoiceStatus,
    /// Epoch seconds; null until the invoice is paid.
    pub paid_at: Option<i64>,
    pub invoice_id: InvoiceId,
    pub amount_usd: UsdNumber,
    /// Confirmed, overpayment included.
    pub amount_paid_usd: UsdNumber,
    pub amount_remaining_usd: UsdNumber,
    pub amount_overpaid_usd: UsdNumber,
    /// Seen on chain, and not deep enough to count yet.
    pub amount_pending_usd: UsdNumber,
    pub expires_at: i64,
    /// The newest payment, counted or not; null before the first.
    pub latest_payment: Option<PayorPayment>,
}

/// One on-chain transfer, as its payor sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayorPayment {
    pub id: PaymentId,
    pub status: PaymentStatus,
    pub network: Network,
    /// Null for a token that is not known here.
    pub token_id: Option<TokenId>,
    pub token_symbol: Option<&'static str>,
    /// In whole tokens, as a decimal string.
    pub token_amount: Option<String>,
    pub amount_usd: UsdNumber,
    pub tx_hash: String,
    /// Where a human can look the transaction up.
    pub explorer_url: String,
    pub confirmations: i64,
    pub required_confirmations: i64,
    /// Arrived after the pay-by time.
    pub late: bool,
    /// Adds to what is paid once it is confirmed.
    pub counted: bool,
    pub created_at: i64,
}

impl PayorPayment {
    fn of(payment: &Payment, head: u64) -> PayorPayment {
        let token = payment.token();
        let explorer = payment.network.profile(payment.environment).explorer_tx;
        PayorPayment {
            id: payment.id,
            status: payment.status,
            network: payment.network,
            token_id: payment.token_id,
            token_symbol: token.map(|token| token.symbol),
            token_amount: token.map(|token| payment.amount.decimal(token.decimals)),
            amount_usd: payment.value.number(),
            explorer_url: format!("{explorer}{}", payment.tx_hash),
            tx_hash: payment.tx_hash.clone(),
            confirmations: payment.confirmations(head),
            required_confirmations: payment.required_confirmations,
            late: payment.is_late,
            counted: payment.is_counted,
            created_at: payment.created_at.seconds(),
        }
    }
}

/// Read the invoice behind a payment session
///
/// Everything a payment page shows, and a fresh token for the live stream.
#[utoipa::path(get, path = "/api/v1/payments/session-details",
    operation_id = "getSessionDetails", tag = "Payment Sessions",
    params(InvoiceQuery),
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = SessionDetails),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn details(
    State(app): State<Shared>,
    payor: Payor,
    Query(query): Query<InvoiceQuery>,
) -> Result<Json<SessionDetails>, ApiError> {
    let invoice = payor.invoice;
    query.check(&invoice)?;
    let merchant = app.merchant(invoice.merchant_id).await?;
    let merchant = merchant.ok_or_else(|| ApiError::not_found("invoice"))?;
    let now = app.now();
    let lock = invoice.lock.as_ref().filter(|_| invoice.status == InvoiceStatus::Underpaid);
    let remaining_ms = remaining_ms(&invoice, now);
    let written = &invoice.details;
    let return_url = written.payment_return_url.clone();
    Ok(Json(SessionDetails {
        invoice_id: invoice.id,
        amount_usd: invoice.amount.number(),
        amount_remaining_usd: invoice.amount_remaining().number(),
        amount_paid_usd: invoice.amount_paid.number(),
        description: written.description.clone(),
        invoice_title: written.title.clone(),
        invoice_footer: written.footer.clone(),
        expires_at: invoice.expires_at.seconds(),
        invoice_status: invoice.status,
        remaining_time: remaining_ms,
        remaining_seconds: remaining_ms / SECOND_MS,
        merchant_name: merchant.company_name.clone(),
        merchant_email: merchant.email.clone(),
        merchant_logo_url: merchant.logo_url.clone(),
        network_environment: invoice.environment,
        locked_network: lock.map(|lock| lock.network),
        locked_token_id: lock.map(|lock| lock.token_id),
        locked_payment_address: lock.map(|lock| lock.address.clone()),
        payment_return_url: return_url.filter(|_| written.payment_return_url_enabled),
        customer_email: invoice.customer_email.clone(),
        paid_at: invoice.paid_at.map(Timestamp::seconds),
        receipt_url: (invoice.status == InvoiceStatus::Paid).then(|| app.receipt_url(invoice.id)),
        ws_connection: WsConnection::of(&app.keys, &payor.session, now),
    }))
}

fn remaining_ms(invoice: &Invoice, now: Timestamp) -> i64 {
    if invoice.status.is_open() { now.ms_until(invoice.expires_at).max(0) } else { 0 }
}

/// Poll the payment status
///
/// Answers the invoice's status, and how many confirmations the newest payment has.
#[utoipa::path(get, path = "/api/v1/payments/payment-status",
    operation_id = "getPaymentStatus", tag = "Payment Sessions",
    params(InvoiceQuery),
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = PaymentStatusView),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn status(
    State(app): State<Shared>,
    payor: Payor,
    Query(query): Query<InvoiceQuery>,
) -> Result<Json<PaymentStatusView>, ApiError> {
    let invoice = payor.invoice;
    query.check(&invoice)?;
    let latest = if invoice.payments_seen > 0 {
        app.store.payments_of_invoice(invoice.id, 1).await?.into_iter().next()
    } else {
        None
    };
    let head = |payment: &Payment| app.head(payment.environment, payment.network);
    Ok(Json(PaymentStatusView {
        status: invoice.status,
        paid_at: invoice.paid_at.map(Timestamp::seconds),
        invoice_id: invoice.id,
        amount_usd: invoice.amount.number(),
        amount_paid_usd: invoice.amount_paid.number(),
        amount_remaining_usd: invoice.amount_remaining().number(),
        amount_overpaid_usd: invoice.amount_overpaid().number(),
        amount_pending_usd: invoice.amount_pending.number(),
        expires_at: invoice.expires_at.seconds(),
        latest_payment: latest.map(|payment| PayorPayment::of(&payment, head(&payment))),
    }))
}
