//! A double of the HTTP provider: speaks its shape, keeps what it was sent, misbehaves on demand.
//!
//! Whatever it says in its own words holds a canary, so that a test can look for them outside.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

pub const CANARIES: [&str; 2] = ["zanzibar-clearing", "QX-9981"];
pub const PUBLIC_KEY: &str = include_str!("webhook_key.pub.pem");
const PRIVATE_KEY: &[u8] = include_bytes!("webhook_key.der");

/// How it answers the next transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    /// 429, and nothing done.
    TooMany,
    /// 500, and nothing done.
    Broken,
    /// 500, though the transfer was made.
    BrokenButDone,
    /// Half a body, though the transfer was made.
    HalfABody,
    /// 422.
    Refuses,
    /// Longer than anybody waits, though the transfer was made.
    Never,
}

#[derive(Default)]
struct Inside {
    moods: VecDeque<Mood>,
    /// By idempotency key.
    transfers: HashMap<String, Value>,
    order: Vec<String>,
    /// Every transfer's key as it came in, repetitions included.
    asked: Vec<String>,
    /// The keys of customers and of bank accounts as they were asked for.
    customers: Vec<String>,
    accounts: Vec<String>,
    /// The last transfer's order, as it came.
    last: Value,
    /// Transfers of nobody's, newer than all others.
    crowd: Vec<Value>,
    /// What came in on every virtual account, the newest first.
    receipts: Vec<Value>,
    /// Whether listing works.
    is_mute: bool,
}

#[derive(Clone, Default)]
pub struct Double {
    inside: Arc<Mutex<Inside>>,
    was_asked: Arc<tokio::sync::Notify>,
    pub url: String,
}

impl Double {
    pub async fn start() -> Double {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let double = Double { url, ..Double::default() };
        let router = Router::new()
            .route("/v0/customers", post(customer))
            .route("/v0/customers/{id}/external_accounts", post(external_account))
            .route("/v0/transfers", post(transfer).get(list))
            .route("/v0/customers/{id}/virtual_accounts/{account}/history", get(history))
            .route("/v0/transfers/{id}", get(one))
            .route("/v0/exchange_rates", get(rate))
            .with_state(double.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        double
    }

    fn inside(&self) -> std::sync::MutexGuard<'_, Inside> {
        self.inside.lock().expect("nobody panics holding it")
    }

    /// How many distinct customers there are, and how often one was asked for.
    pub fn customers(&self) -> (usize, usize) {
        counted(&self.inside().customers)
    }

    /// The same of bank accounts.
    pub fn accounts(&self) -> (usize, usize) {
        counted(&self.inside().accounts)
    }

    /// The last transfer's order, as it came.
    pub fn last_sent(&self) -> Value {
        self.inside().last.clone()
    }

    /// What every transfer's receipt says.
    pub fn set_receipt(&self, receipt: Value) {
        for transfer in self.inside().transfers.values_mut() {
            transfer["receipt"] = receipt.clone();
        }
    }

    /// The currency every transfer arrives in.
    pub fn set_destination(&self, currency: &str) {
        for transfer in self.inside().transfers.values_mut() {
            transfer["destination"]["currency"] = currency.into();
        }
    }

    /// How the next transfers are answered, one each.
    pub fn moods(&self, moods: &[Mood]) {
        self.inside().moods.extend(moods);
    }

    /// Whether look-ups are answered from now on.
    pub fn set_mute(&self, is_mute: bool) {
        self.inside().is_mute = is_mute;
    }

    /// The distinct transfers there are: what was really sent.
    pub fn sent(&self) -> usize {
        self.inside().transfers.len()
    }

    /// How often a transfer was asked for, repetitions included.
    pub fn asked(&self) -> usize {
        self.inside().asked.len()
    }

    /// Until the next transfer is asked for.
    #[allow(dead_code, reason = "the server's tests, which share this file, wait for it")]
    pub async fn is_asked(&self) {
        self.was_asked.notified().await;
    }

    /// Moves every transfer to a state.
    pub fn set_state(&self, state: &str) {
        for transfer in self.inside().transfers.values_mut() {
            transfer["state"] = state.into();
        }
    }

    /// So many transfers of nobody's, made at a time, are newer than all others.
    pub fn crowd(&self, count: usize, created_at: &str) {
        let one = |at| {
            json!({ "id": format!("crowd-{at}"), "state": "payment_processed",
            "client_reference_id": null, "created_at": created_at })
        };
        self.inside().crowd = (0..count).map(one).collect();
    }

    /// Every transfer is of one whole unit of this currency.
    pub fn set_currency(&self, currency: Option<&str>) {
        for transfer in self.inside().transfers.values_mut() {
            transfer["currency"] = currency.into();
            transfer["amount"] = "1.00".into();
        }
    }

    /// What came in on every virtual account: names, amounts and currencies, the newest first.
    pub fn receive(&self, receipts: &[(&str, &str, Option<&str>)]) {
        let one = |(id, amount, currency): &(&str, &str, Option<&str>)| {
            json!({ "id": format!("event-{id}"), "type": "funds_received", "deposit_id": id,
                "amount": amount, "currency": currency })
        };
        self.inside().receipts = receipts.iter().map(one).collect();
    }

    /// A webhook about the transfer of this id, signed at a time: the body and its header.
    pub fn webhook(&self, event_id: &str, about: &str, at_ms: i64) -> (String, String) {
        let body = json!({
            "api_version": "v0",
            "event_id": event_id,
            "event_category": "transfer",
            "event_type": "transfer.updated.status_transitioned",
            "event_object": { "client_reference_id": about, "state": CANARIES[1] },
        })
        .to_string();
        let header = format!("t={at_ms},v0={}", sign(&format!("{at_ms}.{body}")));
        (body, header)
    }
}

fn sign(text: &str) -> String {
    let key = RsaKeyPair::from_pkcs8(PRIVATE_KEY).expect("a key");
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature)
        .expect("signs");
    STANDARD.encode(signature)
}

fn key_of(headers: &HeaderMap) -> String {
    assert_eq!(headers["Api-Key"], "key-of-the-house");
    headers["Idempotency-Key"].to_str().expect("ASCII").to_owned()
}

fn answer(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

fn counted(keys: &[String]) -> (usize, usize) {
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    (distinct.len(), keys.len())
}

fn made(key: &str) -> Response {
    answer(201, &json!({ "id": format!("{}-{key}", CANARIES[0]) }))
}

async fn customer(State(double): State<Double>, headers: HeaderMap) -> Response {
    let key = key_of(&headers);
    double.inside().customers.push(key.clone());
    made(&key)
}

async fn external_account(State(double): State<Double>, headers: HeaderMap) -> Response {
    let key = key_of(&headers);
    double.inside().accounts.push(key.clone());
    made(&key)
}

async fn transfer(State(double): State<Double>, headers: HeaderMap, body: Bytes) -> Response {
    let key = key_of(&headers);
    let sent: Value = serde_json::from_slice(&body).expect("JSON");
    let (mood, made) = {
        let mut inside = double.inside();
        inside.asked.push(key.clone());
        inside.last = sent.clone();
        let mood = inside.moods.pop_front().unwrap_or(Mood::Well);
        let is_made = match mood {
            Mood::Well | Mood::BrokenButDone | Mood::HalfABody | Mood::Never => true,
            Mood::TooMany | Mood::Broken | Mood::Refuses => false,
        };
        if is_made && !inside.transfers.contains_key(&key) {
            let made = json!({
                "id": format!("{}-{}", CANARIES[0], inside.order.len()),
                "client_reference_id": sent["client_reference_id"],
                "amount": sent["amount"],
                "currency": sent["destination"]["currency"],
                "destination": { "currency": sent["destination"]["currency"] },
                "state": "awaiting_funds",
                "return_details": { "reason": CANARIES[1] },
            });
            inside.order.push(key.clone());
            inside.transfers.insert(key.clone(), made);
        }
        (mood, inside.transfers.get(&key).cloned().unwrap_or(Value::Null))
    };
    double.was_asked.notify_one();
    match mood {
        Mood::Well => answer(201, &made),
        Mood::TooMany => answer(429, &json!({ "message": CANARIES[0] })),
        Mood::Broken | Mood::BrokenButDone => answer(500, &json!({ "message": CANARIES[0] })),
        Mood::Refuses => answer(422, &json!({ "code": CANARIES[1], "message": CANARIES[0] })),
        Mood::HalfABody => {
            let text = made.to_string();
            (StatusCode::CREATED, text[..text.len() / 2].to_owned()).into_response()
        }
        Mood::Never => std::future::pending().await,
    }
}

/// A page of a list, as `limit` and `starting_after` ask.
fn page(all: impl Iterator<Item = Value>, query: &HashMap<String, String>) -> Response {
    let limit = query.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10);
    let mut is_begun = !query.contains_key("starting_after");
    let after = query.get("starting_after").map(String::as_str);
    let rest = all.filter(|one| {
        let was_begun = is_begun;
        is_begun |= one["id"].as_str() == after;
        was_begun
    });
    answer(200, &json!({ "data": rest.take(limit).collect::<Vec<_>>() }))
}

async fn history(
    State(double): State<Double>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    page(double.inside().receipts.clone().into_iter(), &query)
}

async fn list(
    State(double): State<Double>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let inside = double.inside();
    if inside.is_mute {
        return answer(500, &json!({ "message": CANARIES[0] }));
    }
    let newest = inside.order.iter().rev().map(|key| inside.transfers[key].clone());
    page(inside.crowd.iter().cloned().chain(newest), &query)
}

async fn one(State(double): State<Double>, Path(id): Path<String>) -> Response {
    let inside = double.inside();
    if inside.is_mute {
        return answer(500, &json!({ "message": CANARIES[0] }));
    }
    match inside.transfers.values().find(|transfer| transfer["id"] == id.as_str()) {
        Some(transfer) => answer(200, transfer),
        None => answer(404, &json!({ "message": CANARIES[0] })),
    }
}

async fn rate() -> Response {
    answer(200, &json!({ "midmarket_rate": "0.92", "buy_rate": "0.93", "sell_rate": "0.91" }))
}
