//! The baseline's `GET /api/v1/invoices/{id}/status`, and its view of an invoice.
//!
//! Two reads on one pooled connection after the key look-up: the invoice and its last payment.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sqlx::Row;
use sqlx_postgres::PgRow;
use uuid::Uuid;

use super::{Refusal, Shop, authenticate};

pub async fn invoice_status(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
) -> Result<Response, Refusal> {
    let mut connection = shop.pool.acquire().await?;
    let merchant = authenticate(&mut connection, &headers).await?;
    let invoice = sqlx::query("SELECT * FROM invoices WHERE id = $1 AND merchant_id = $2")
        .bind(id)
        .bind(merchant.id)
        .fetch_optional(&mut *connection)
        .await?
        .ok_or(Refusal(StatusCode::NOT_FOUND, "NOT_FOUND"))?;
    let payment = sqlx::query(
        "SELECT id, status FROM invoice_payments WHERE invoice_id = $1 \
         ORDER BY created_at DESC LIMIT 1",
    )
    .bind(id)
    .fetch_optional(&mut *connection)
    .await?;
    let latest_payment = payment.map(|row| {
        json!({
            "object": "invoice_payment",
            "id": row.get::<Uuid, _>("id"),
            "status": row.get::<String, _>("status"),
        })
    });
    let invoice = InvoiceView::of(&invoice)?;
    let answer = StatusView { object: "invoice_status", invoice, latest_payment };
    Ok(Json(answer).into_response())
}

#[derive(Serialize)]
struct StatusView {
    object: &'static str,
    invoice: InvoiceView,
    latest_payment: Option<Value>,
}

#[derive(Serialize)]
pub struct InvoiceView {
    pub object: &'static str,
    pub id: Uuid,
    pub merchant_id: i64,
    pub status: String,
    pub invoice_type: String,
    pub currency: &'static str,
    pub amount: i64,
    pub amount_decimal: String,
    pub amount_paid: i64,
    pub amount_paid_decimal: String,
    pub amount_remaining: i64,
    pub amount_remaining_decimal: String,
    pub amount_unit: &'static str,
    pub customer_id: Option<String>,
    pub payer_wallet_address: Option<String>,
    pub payer_wallet_network: Option<String>,
    pub commerce_order_id: Option<String>,
    pub environment: String,
    pub expires_at: i64,
    pub created_at: i64,
    pub paid_at: Option<i64>,
    pub last_payment_at: Option<i64>,
    pub metadata: Option<Box<RawValue>>,
}

impl InvoiceView {
    fn of(row: &PgRow) -> Result<Self, Refusal> {
        let amount: i64 = row.get("amount_millis");
        let amount_paid: i64 = row.get("amount_paid_millis");
        let amount_remaining = (amount - amount_paid).max(0);
        let seconds = |ms: i64| ms / 1_000;
        Ok(Self {
            object: "invoice",
            id: row.get("id"),
            merchant_id: row.get("merchant_id"),
            status: row.get("status"),
            invoice_type: row.get("invoice_type"),
            currency: "usd",
            amount,
            amount_decimal: decimal(amount),
            amount_paid,
            amount_paid_decimal: decimal(amount_paid),
            amount_remaining,
            amount_remaining_decimal: decimal(amount_remaining),
            amount_unit: "usd_millis",
            customer_id: row.get("customer_id"),
            payer_wallet_address: row.get("payer_wallet_address"),
            payer_wallet_network: row.get("payer_wallet_network"),
            commerce_order_id: row.get("commerce_order_id"),
            environment: row.get("environment"),
            expires_at: seconds(row.get("expires_at")),
            created_at: seconds(row.get("created_at")),
            paid_at: row.get::<Option<i64>, _>("paid_at").map(seconds),
            last_payment_at: row.get::<Option<i64>, _>("last_payment_at").map(seconds),
            metadata: Some(RawValue::from_string(row.get("metadata"))?),
        })
    }
}

pub fn decimal(millis: i64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}
