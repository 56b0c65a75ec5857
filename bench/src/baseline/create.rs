//! The baseline's `POST /api/v1/invoices`.
//!
//! Look up the key, look up the Idempotency-Key, then one transaction with a statement per row:
//! invoice, session, event, stored answer. The answer leaves after the commit.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::{Acquire, PgConnection, Row};
use sqlx_postgres::PgRow;
use uuid::Uuid;

use super::status::{InvoiceView, decimal};
use super::{Merchant, Refusal, Shop, authenticate, header};
use crate::fresh;

const EXPIRES_IN_MS_DEFAULT: i64 = 43_200_000;
const EXPIRES_IN_MS_MAX: i64 = 2_592_000_000;
const METADATA_BYTES_MAX: usize = 512;

#[derive(Deserialize)]
pub struct NewInvoice {
    amount_usd: f64,
    description: Option<String>,
    customer_id: Option<String>,
    metadata: Option<Box<RawValue>>,
    expires_in: Option<i64>,
}

impl NewInvoice {
    fn is_valid(&self) -> bool {
        let short = |text: &Option<String>| text.as_ref().is_none_or(|text| text.len() <= 255);
        let metadata_bytes = self.metadata.as_ref().map_or(0, |raw| raw.get().len());
        (0.01..=1_000_000.0).contains(&self.amount_usd)
            && short(&self.description)
            && short(&self.customer_id)
            && metadata_bytes <= METADATA_BYTES_MAX
            && self.expires_in.is_none_or(|ms| (1..=EXPIRES_IN_MS_MAX).contains(&ms))
    }
}

#[derive(Serialize)]
struct Created {
    invoice_id: Uuid,
    payment_url: String,
    expires_at: i64,
    session_token: Uuid,
    signature: String,
    payment_session_headers: Value,
}

pub async fn create_invoice(
    State(shop): State<Arc<Shop>>,
    headers: HeaderMap,
    Json(new): Json<NewInvoice>,
) -> Result<Response, Refusal> {
    if !new.is_valid() {
        return Err(Refusal(StatusCode::BAD_REQUEST, "VALIDATION_ERROR"));
    }
    let idempotency_key = header(&headers, "idempotency-key")
        .ok_or(Refusal(StatusCode::BAD_REQUEST, "IDEMPOTENCY_KEY_MISSING"))?;
    let mut connection = shop.pool.acquire().await?;
    let merchant = authenticate(&mut connection, &headers).await?;
    let fingerprint = fingerprint_of(&new);
    let mut transaction = connection.begin().await?;
    let known = sqlx::query(
        "SELECT fingerprint, answer FROM idempotency_keys \
         WHERE merchant_id = $1 AND environment = $2 AND key = $3",
    )
    .bind(merchant.id)
    .bind(&merchant.environment)
    .bind(idempotency_key)
    .fetch_optional(&mut *transaction)
    .await?;
    if let Some(known) = known {
        return replay(&known, &fingerprint);
    }
    let draft = Draft::new(&shop, &merchant, &new);
    let answer = serde_json::to_string(&draft.created)?;
    draft.insert(&mut transaction, &merchant, &new).await?;
    sqlx::query(
        "INSERT INTO idempotency_keys \
         (merchant_id, environment, key, fingerprint, status, answer, created_at) \
         VALUES ($1, $2, $3, $4, 200, $5, $6)",
    )
    .bind(merchant.id)
    .bind(&merchant.environment)
    .bind(idempotency_key)
    .bind(fingerprint.as_slice())
    .bind(&answer)
    .bind(draft.now_ms)
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(([("content-type", "application/json")], answer).into_response())
}

fn replay(known: &PgRow, fingerprint: &[u8; 32]) -> Result<Response, Refusal> {
    if known.get::<&[u8], _>("fingerprint") != fingerprint {
        return Err(Refusal(StatusCode::CONFLICT, "IDEMPOTENCY_KEY_REUSED"));
    }
    let headers = [("content-type", "application/json"), ("idempotent-replayed", "true")];
    Ok((headers, known.get::<String, _>("answer")).into_response())
}

fn fingerprint_of(new: &NewInvoice) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update("POST /api/v1/invoices");
    hash.update(new.amount_usd.to_be_bytes());
    for text in [&new.description, &new.customer_id] {
        hash.update(text.as_deref().unwrap_or_default());
        hash.update([0]);
    }
    hash.update(new.metadata.as_ref().map_or("", |raw| raw.get()));
    hash.update(new.expires_in.unwrap_or(0).to_be_bytes());
    hash.finalize().into()
}

/// Everything a create decides before it is written.
struct Draft {
    now_ms: i64,
    amount_millis: i64,
    expires_at_ms: i64,
    created: Created,
}

impl Draft {
    fn new(shop: &Shop, merchant: &Merchant, new: &NewInvoice) -> Self {
        let now_ms = fresh::unix_ms();
        let expires_at_ms = now_ms + new.expires_in.unwrap_or(EXPIRES_IN_MS_DEFAULT);
        let (invoice_id, session_token) = (fresh::ordered_uuid(), fresh::random_uuid());
        let signature = shop.sign(session_token, now_ms);
        let created = Created {
            invoice_id,
            payment_url: format!(
                "http://127.0.0.1/pay?session={session_token}&signature={signature}&merchant={}",
                merchant.id
            ),
            expires_at: expires_at_ms / 1_000,
            session_token,
            payment_session_headers: json!({
                "x-session-token": session_token,
                "x-signature": &signature,
            }),
            signature,
        };
        let amount_millis = (new.amount_usd * 1_000.0).round() as i64;
        Self { now_ms, amount_millis, expires_at_ms, created }
    }

    /// The invoice as the event tells it.
    fn view(&self, merchant: &Merchant, new: &NewInvoice) -> InvoiceView {
        InvoiceView {
            object: "invoice",
            id: self.created.invoice_id,
            merchant_id: merchant.id,
            status: "unpaid".to_owned(),
            invoice_type: "standard".to_owned(),
            currency: "usd",
            amount: self.amount_millis,
            amount_decimal: decimal(self.amount_millis),
            amount_paid: 0,
            amount_paid_decimal: decimal(0),
            amount_remaining: self.amount_millis,
            amount_remaining_decimal: decimal(self.amount_millis),
            amount_unit: "usd_millis",
            customer_id: new.customer_id.clone(),
            payer_wallet_address: None,
            payer_wallet_network: None,
            commerce_order_id: None,
            environment: merchant.environment.clone(),
            expires_at: self.expires_at_ms / 1_000,
            created_at: self.now_ms / 1_000,
            paid_at: None,
            last_payment_at: None,
            metadata: new.metadata.clone(),
        }
    }

    async fn insert(
        &self,
        transaction: &mut PgConnection,
        merchant: &Merchant,
        new: &NewInvoice,
    ) -> Result<(), Refusal> {
        let metadata = new.metadata.as_ref().map_or("{}", |raw| raw.get());
        sqlx::query(
            "INSERT INTO invoices (id, merchant_id, environment, status, invoice_type, \
             amount_millis, amount_paid_millis, description, customer_id, metadata, \
             expires_at, created_at) \
             VALUES ($1, $2, $3, 'unpaid', 'standard', $4, 0, $5, $6, $7, $8, $9)",
        )
        .bind(self.created.invoice_id)
        .bind(merchant.id)
        .bind(&merchant.environment)
        .bind(self.amount_millis)
        .bind(&new.description)
        .bind(&new.customer_id)
        .bind(metadata)
        .bind(self.expires_at_ms)
        .bind(self.now_ms)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO sessions (token, invoice_id, merchant_id, issued_at) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(self.created.session_token)
        .bind(self.created.invoice_id)
        .bind(merchant.id)
        .bind(self.now_ms)
        .execute(&mut *transaction)
        .await?;
        sqlx::query(
            "INSERT INTO events (id, merchant_id, environment, type, object_id, data, created_at) \
             VALUES ($1, $2, $3, 'invoice.created', $4, $5, $6)",
        )
        .bind(fresh::ordered_uuid())
        .bind(merchant.id)
        .bind(&merchant.environment)
        .bind(self.created.invoice_id)
        .bind(serde_json::to_string(&self.view(merchant, new))?)
        .bind(self.now_ms)
        .execute(&mut *transaction)
        .await?;
        Ok(())
    }
}
