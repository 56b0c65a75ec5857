//! What most teams would write: axum, sqlx, PostgreSQL, a transaction per request.
//!
//! It keeps the same rows as Pepay (merchant key, invoice, session, idempotency row with the
//! stored answer, event) and answers the same JSON, on a pool of 16 connections with default
//! settings. It is naive, not crippled: indexes are the needed ones, statements are prepared
//! and cached, no query is made that the answer does not need. It runs as a process of its own.

mod create;
mod status;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use sqlx_postgres::{PgPool, PgPoolOptions};
use tokio::net::TcpListener;
use uuid::Uuid;

use self::create::create_invoice;
use self::status::invoice_status;
use crate::fresh;

const POOL_CONNECTIONS: u32 = 16;
const MERCHANT_ID: i64 = 1;

#[derive(clap::Args)]
pub struct Arguments {
    #[arg(long)]
    port: u16,
    #[arg(long)]
    database_url: String,
    #[arg(long)]
    data_dir: PathBuf,
}

struct Shop {
    pool: PgPool,
    session_secret: [u8; 32],
}

pub async fn serve(arguments: Arguments) -> Result<()> {
    let pool = PgPoolOptions::new()
        .max_connections(POOL_CONNECTIONS)
        // sqlx would ping the server before each use of a connection; that is left out.
        .test_before_acquire(false)
        .connect(&arguments.database_url)
        .await?;
    sqlx::raw_sql(include_str!("baseline/schema.sql")).execute(&pool).await?;
    create_merchant(&pool, &arguments.data_dir).await?;
    let session_secret = Sha256::digest(fresh::random_uuid().as_bytes()).into();
    let router = Router::new()
        .route("/readyz", get(async || StatusCode::OK))
        .route("/api/v1/invoices", post(create_invoice))
        .route("/api/v1/invoices/{id}/status", get(invoice_status))
        .with_state(Arc::new(Shop { pool, session_secret }));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], arguments.port))).await?;
    let listener = axum::serve::ListenerExt::tap_io(listener, |stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

async fn create_merchant(pool: &PgPool, data_dir: &Path) -> Result<()> {
    let api_key = format!("sk_test_{}", fresh::random_uuid().simple());
    sqlx::query("INSERT INTO api_keys (key_hash, merchant_id, environment) VALUES ($1, $2, $3)")
        .bind(Sha256::digest(&api_key).as_slice())
        .bind(MERCHANT_ID)
        .bind("devnet")
        .execute(pool)
        .await?;
    let path = data_dir.join("dev.env");
    std::fs::write(&path, format!("PEPAY_API_KEY={api_key}\n")).context("writing dev.env")
}

impl Shop {
    fn sign(&self, session_token: Uuid, issued_ms: i64) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.session_secret)
            .expect("HMAC takes keys of any length");
        mac.update(format!("{session_token}.{issued_ms}").as_bytes());
        let tag = mac.finalize().into_bytes();
        let mut signature = String::with_capacity(80);
        for byte in tag {
            signature.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            signature.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        signature + "." + &issued_ms.to_string()
    }
}

struct Merchant {
    id: i64,
    environment: String,
}

async fn authenticate(
    connection: &mut PgConnection,
    headers: &HeaderMap,
) -> Result<Merchant, Refusal> {
    let refusal = Refusal(StatusCode::UNAUTHORIZED, "API_KEY_INVALID");
    let Some(api_key) = header(headers, "x-api-key") else { return Err(refusal) };
    let row = sqlx::query(
        "SELECT merchant_id, environment FROM api_keys \
         WHERE key_hash = $1 AND revoked_at IS NULL",
    )
    .bind(Sha256::digest(api_key).as_slice())
    .fetch_optional(connection)
    .await?
    .ok_or(refusal)?;
    Ok(Merchant { id: row.get("merchant_id"), environment: row.get("environment") })
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

struct Refusal(StatusCode, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let error = json!({"success": false, "error": {"code": self.1, "message": self.1}});
        (self.0, Json(error)).into_response()
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        eprintln!("baseline: {error}");
        Self(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR")
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        eprintln!("baseline: {error}");
        Self(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR")
    }
}
