//! The payor's door: who is let in and for how long, and what he may see, choose and tell.

mod books;
mod choices;
mod forms;
mod links;
mod solana;

use serde_json::{Value, json};

use crate::house::{House, Reply};

const HOUR_MS: i64 = 60 * 60 * 1_000;
const DETAILS: &str = "/api/v1/payments/session-details";
const STATUS: &str = "/api/v1/payments/payment-status";
const ADDRESSES: &str = "/api/v1/payments/payment-addresses";

async fn details(house: &House, created: &Value) -> Reply {
    house.payor("GET", DETAILS, created, Value::Null).await
}

fn invoice_id(created: &Value) -> &str {
    created["invoice_id"].as_str().expect("an id")
}

async fn cancel(house: &House, created: &Value) {
    house.post(&format!("/api/v1/invoices/{}/cancel", invoice_id(created)), json!({})).await.ok();
}

/// An invoice of 10 USD, paid in full.
async fn paid(house: &House) -> Value {
    let created = house.invoice(10.0).await;
    let to = house.allocate(&created, "ethereum", "USDC").await;
    let to = to["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, "10").await;
    house.settle().await;
    created
}

#[tokio::test]
async fn every_payor_route_refuses_strangers_the_same_way() {
    let house = House::start().await;
    let (created, other) = (house.invoice(10.0).await, house.invoice(10.0).await);
    let text = |created: &Value, field: &str| created[field].as_str().expect("text").to_owned();
    let (token, signature) = (text(&created, "session_token"), text(&created, "signature"));
    let foreign = text(&other, "signature");
    let (hex, issued) = signature.split_once('.').expect("two parts");
    let zeros = format!("{}.{issued}", "0".repeat(64));
    let shifted = format!("{hex}.{}", issued.parse::<i64>().expect("a number") + 1);
    let unknown = "3f2b8a54-9d1c-4c1e-8b7a-2f6d5e4c3b2a";
    let cases = [
        (None, None, (401, "SESSION_INVALID")),
        (Some(token.as_str()), None, (401, "SESSION_INVALID")),
        (None, Some(signature.as_str()), (401, "SESSION_INVALID")),
        (Some("pst_123"), Some(signature.as_str()), (401, "SESSION_INVALID")),
        (Some(token.as_str()), Some("sig_123"), (401, "SESSION_INVALID")),
        (Some(token.as_str()), Some(hex), (401, "SESSION_INVALID")),
        (Some(unknown), Some(signature.as_str()), (401, "SESSION_INVALID")),
        (Some(token.as_str()), Some(foreign.as_str()), (403, "SIGNATURE_INVALID")),
        (Some(token.as_str()), Some(zeros.as_str()), (403, "SIGNATURE_INVALID")),
        (Some(token.as_str()), Some(shifted.as_str()), (403, "SIGNATURE_INVALID")),
    ];
    let verify = format!("/api/v1/invoice/{}/verify", invoice_id(&created));
    let routes = [
        ("GET", DETAILS),
        ("GET", STATUS),
        ("GET", "/api/v1/payments/available-tokens"),
        ("POST", ADDRESSES),
        ("GET", "/api/v1/payments/customer-email"),
        ("POST", "/api/v1/payments/customer-email"),
        ("GET", "/api/v1/payments/invoice-questions"),
        ("POST", "/api/v1/payments/submit-form"),
        ("POST", "/api/v1/payments/solana-transaction"),
        ("POST", "/api/v1/payments/simulate"),
        ("POST", &verify),
        ("GET", &verify),
    ];
    for (method, path) in routes {
        for (token, signature, expected) in cases {
            let mut request = house.request(method, path).header("x-api-key", &house.key);
            if let Some(token) = token {
                request = request.header("x-session-token", token);
            }
            if let Some(signature) = signature {
                request = request.header("x-signature", signature);
            }
            let reply = house.send(request).await;
            assert_eq!(reply.error(), expected, "{method} {path} {token:?} {signature:?}");
        }
    }
}

#[tokio::test]
async fn a_session_dies_a_day_after_its_invoice_is_final() {
    let house = House::start().await;
    let (open, done) = (house.invoice(10.0).await, paid(&house).await);
    let canceled = house.invoice(10.0).await;
    cancel(&house, &canceled).await;
    house.advance(24 * HOUR_MS - 5_000);
    for created in [&done, &canceled, &open] {
        details(&house, created).await.ok();
    }
    house.advance(5_000);
    for created in [&done, &canceled] {
        assert_eq!(details(&house, created).await.error(), (403, "SIGNATURE_INVALID"));
    }
}

#[tokio::test]
async fn fresh_credentials_revoke_the_others_only_if_asked() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let path = format!("/api/v1/invoices/{}/sessions", invoice_id(&created));
    let second = house.post(&path, json!({})).await.ok();
    details(&house, &created).await.ok();
    let third = house.post(&path, json!({ "revoke_others": true })).await.ok();
    for revoked in [&created, &second] {
        assert_eq!(details(&house, revoked).await.error(), (401, "SESSION_INVALID"));
    }
    details(&house, &third).await.ok();
}

#[tokio::test]
async fn details_hold_what_a_payment_page_shows() {
    let house = House::start().await;
    let body = json!({
        "amount_usd": 49.99, "description": "Beans", "invoice_title": "Order 7",
        "payment_return_url": "https://shop.example/done", "customer_email": "A@Example.com",
        "expires_in": 90_500
    });
    let created = house.post("/api/v1/invoices", body).await.ok();
    let shown = details(&house, &created).await.ok();
    let expected = json!({
        "invoice_id": created["invoice_id"], "amount_usd": 49.99, "amount_remaining_usd": 49.99,
        "description": "Beans", "invoice_title": "Order 7", "invoice_footer": "Coffee & Co",
        "expires_at": created["expires_at"], "invoice_status": "unpaid",
        "remaining_time": 90_500, "remaining_seconds": 90, "merchant_name": "Coffee & Co",
        "merchant_email": "shop@example.com", "network_environment": "devnet",
        "locked_network": null, "locked_token_id": null, "locked_payment_address": null,
        "payment_return_url": "https://shop.example/done", "customer_email": "a@example.com",
        "paid_at": null
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&shown[field], value, "{field}");
    }
    let stream = &shown["ws_connection"];
    assert_eq!(stream["token"].as_str().map(|token| token.split('.').count()), Some(3));
    assert_eq!(
        (&stream["endpoint"], &stream["format"]),
        (&json!("/ws/payment"), &json!("event_v1"))
    );
    assert_eq!(stream["ws_url"], "/ws/payment?format=event_v1");
}

#[tokio::test]
async fn a_return_url_is_shown_only_if_it_is_enabled() {
    let house = House::start().await;
    let body = json!({ "amount_usd": 1, "payment_return_url": "https://shop.example/done",
        "payment_return_url_enabled": false });
    let created = house.post("/api/v1/invoices", body).await.ok();
    assert_eq!(details(&house, &created).await.ok()["payment_return_url"], Value::Null);
}

#[tokio::test]
async fn status_tells_how_far_a_payment_is() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let status = async || house.payor("GET", STATUS, &created, Value::Null).await.ok();
    let before = status().await;
    assert_eq!((&before["status"], &before["paid_at"]), (&json!("unpaid"), &Value::Null));
    assert_eq!(before["latest_payment"], Value::Null);

    let to = house.allocate(&created, "ethereum", "USDC").await;
    let to = to["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, "10").await;
    house.advance(1_000);
    house.step().await;
    let pending = status().await;
    assert_eq!(pending["amount_pending_usd"], 10);
    let payment = &pending["latest_payment"];
    assert_eq!((&payment["status"], &payment["confirmations"]), (&json!("pending"), &json!(1)));
    assert_eq!(payment["required_confirmations"], 2);

    house.settle().await;
    let after = status().await;
    assert_eq!((&after["status"], &after["amount_paid_usd"]), (&json!("paid"), &json!(10)));
    assert!(after["paid_at"].is_number());
    cancel(&house, &house.invoice(10.0).await).await;
}

#[tokio::test]
async fn a_canceled_invoice_says_so() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    cancel(&house, &created).await;
    let status = house.payor("GET", STATUS, &created, Value::Null).await.ok();
    assert_eq!(status["status"], "canceled");
    let shown = details(&house, &created).await.ok();
    assert_eq!((&shown["remaining_time"], &shown["remaining_seconds"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn to_a_session_no_other_invoice_exists() {
    let house = House::start().await;
    let (mine, other) = (house.invoice(10.0).await, house.invoice(10.0).await);
    for path in [DETAILS, STATUS] {
        let ask = async |id: &str| {
            house.payor("GET", &format!("{path}?invoice_id={id}"), &mine, Value::Null).await
        };
        ask(invoice_id(&mine)).await.ok();
        assert_eq!(ask(invoice_id(&other)).await.error(), (404, "NOT_FOUND"));
        assert_eq!(ask("nonsense").await.error(), (404, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn any_origin_may_ask_and_nothing_is_cached() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let reply = details(&house, &created).await;
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    assert_eq!(reply.header("cache-control"), "no-store");
    let preflight = house.send(house.request("OPTIONS", DETAILS)).await;
    assert_eq!(preflight.status, 204);
    assert!(preflight.header("access-control-allow-headers").contains("x-session-token"));
}
