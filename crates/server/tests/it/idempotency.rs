//! Idempotency: a repeated request is answered as the first was, and changes nothing.

use domain::time::DAY_MS;
use serde_json::{Value, json};

use crate::house::{House, Reply};

async fn post(house: &House, path: &str, key: &str, body: &str) -> Reply {
    let request = house
        .request("POST", path)
        .header("x-api-key", &house.key)
        .header("idempotency-key", key)
        .header("content-type", "application/json")
        .body(body.to_owned());
    house.send(request).await
}

async fn count(house: &House) -> Value {
    house.get("/api/v1/invoices/totals").await.ok()["totals"]["all"]["count"].clone()
}

const CREATE: &str = "/api/v1/invoices";

#[tokio::test]
async fn the_same_request_is_answered_the_same_once_more() {
    let house = House::start().await;
    let first = post(&house, CREATE, "order-1", r#"{"amount_usd":10,"description":"x"}"#).await;
    assert_eq!((first.status, first.header("idempotent-replayed")), (200, ""));
    house.advance(60_000);
    let again = post(&house, CREATE, "order-1", r#" { "description": "x", "amount_usd": 10 } "#);
    let again = again.await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
    assert_eq!(again.body, first.body);
    assert_eq!(count(&house).await, 1);
}

#[tokio::test]
async fn a_key_stands_for_one_request_only() {
    let house = House::start().await;
    let created = post(&house, CREATE, "order-1", r#"{"amount_usd":10}"#).await.ok();
    let other = post(&house, CREATE, "order-1", r#"{"amount_usd":11}"#).await;
    assert_eq!(other.error(), (409, "IDEMPOTENCY_KEY_REUSED"));
    let id = created["invoice_id"].as_str().expect("an id");
    let elsewhere = post(&house, &format!("{CREATE}/{id}/cancel"), "order-1", "").await;
    assert_eq!(elsewhere.error(), (409, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(house.read(&created).await["status"], "unpaid");
    assert_eq!(count(&house).await, 1);
}

#[tokio::test]
async fn without_a_key_every_request_counts() {
    let house = House::start().await;
    let (one, other) = (house.invoice(10.0).await, house.invoice(10.0).await);
    assert_ne!(one["invoice_id"], other["invoice_id"]);
    assert_eq!(count(&house).await, 2);
}

#[tokio::test]
async fn keys_are_1_to_255_printable_characters() {
    let house = House::start().await;
    let body = r#"{"amount_usd":10}"#;
    for key in ["", &"k".repeat(256), "ümlaut"] {
        let request = house
            .request("POST", CREATE)
            .header("x-api-key", &house.key)
            .header(
                "idempotency-key",
                reqwest::header::HeaderValue::from_bytes(key.as_bytes()).expect("a value"),
            )
            .body(body);
        let reply = house.send(request).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "Idempotency-Key"));
    }
    for key in ["k", &"k".repeat(255), "6f1e0d9c-3e0c-4d8e-9d3a-0a4f1de3c7d2", "a b:c/d"] {
        post(&house, CREATE, key, body).await.ok();
    }
}

#[tokio::test]
async fn of_many_equal_requests_at_once_one_takes_effect() {
    let house = House::start().await;
    let body = r#"{"amount_usd":10}"#;
    let replies =
        futures_util::future::join_all((0..32).map(|_| post(&house, CREATE, "order-1", body)));
    let replies = replies.await;
    let first = replies[0].body.clone();
    for reply in &replies {
        assert_eq!((reply.status, &reply.body), (200, &first));
    }
    let replayed = replies.iter().filter(|reply| reply.header("idempotent-replayed") == "true");
    assert_eq!(replayed.count(), 31);
    assert_eq!(count(&house).await, 1);
}

#[tokio::test]
async fn a_key_is_forgotten_after_a_day() {
    let house = House::start().await;
    let body = r#"{"amount_usd":10}"#;
    let first = post(&house, CREATE, "order-1", body).await.ok();
    house.advance(DAY_MS - 1);
    assert_eq!(post(&house, CREATE, "order-1", body).await.ok(), first);
    house.advance(1);
    let later = post(&house, CREATE, "order-1", body).await;
    assert_eq!(later.header("idempotent-replayed"), "");
    assert_ne!(later.ok()["invoice_id"], first["invoice_id"]);
    assert_eq!(count(&house).await, 2);
}

#[tokio::test]
async fn a_refusal_is_not_stored() {
    let house = House::start().await;
    let wrong = post(&house, CREATE, "order-1", r#"{"amount_usd":0}"#).await;
    assert_eq!(wrong.error(), (400, "VALIDATION_ERROR"));
    let right = post(&house, CREATE, "order-1", r#"{"amount_usd":10}"#).await;
    assert_eq!((right.status, right.header("idempotent-replayed")), (200, ""));
}

#[tokio::test]
async fn keys_of_different_merchants_do_not_meet() {
    let house = House::start().await;
    let (_, stranger) = house.stranger().await;
    let body = r#"{"amount_usd":10}"#;
    let ours = post(&house, CREATE, "order-1", body).await.ok();
    let request = house
        .request("POST", CREATE)
        .header("x-api-key", &stranger)
        .header("idempotency-key", "order-1")
        .body(body);
    let theirs = house.send(request).await;
    assert_eq!(theirs.header("idempotent-replayed"), "");
    assert_ne!(theirs.ok()["invoice_id"], ours["invoice_id"]);
}

#[tokio::test]
async fn a_repeated_cancel_is_answered_as_the_first_was() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let cancel = format!("{CREATE}/{}/cancel", created["invoice_id"].as_str().expect("an id"));
    let first = post(&house, &cancel, "cancel-1", "").await;
    assert_eq!(first.body["status"], "canceled");
    let again = post(&house, &cancel, "cancel-1", "").await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, "true"));
    assert_eq!(again.body, first.body);
    let anew = post(&house, &cancel, "cancel-2", "").await;
    assert_eq!(anew.error(), (409, "INVOICE_NOT_CANCELABLE"));
}

#[tokio::test]
async fn events_name_the_key_of_their_request() {
    let house = House::start().await;
    post(&house, CREATE, "order-1", r#"{"amount_usd":10}"#).await.ok();
    let entries = house.app.store.log_after(0, 0, 100).await.expect("the log");
    let told = entries
        .iter()
        .filter(|entry| entry.entry.origin.idempotency_key.as_deref() == Some("order-1"));
    assert_eq!(told.count(), 1, "{}", json!(entries.len()));
}
