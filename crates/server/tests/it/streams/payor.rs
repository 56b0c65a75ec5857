//! The payor's stream: one invoice, its payments and its price, without what is the merchant's.

use serde_json::{Value, json};

use super::client::{Client, id};
use super::{MERCHANT, open, types};
use crate::house::House;

const PAYOR: &str = "/ws/payment";
const SECRETS: [&str; 6] =
    ["m-e-t-a", "cus-7", "customer_id", "merchant_id", "settlement", "idempotency_key\":\""];

/// A payor's stream of an invoice, with what the session page hands out.
pub async fn follow(house: &House, created: &Value, rest: &str) -> Client {
    let path = "/api/v1/payments/session-details";
    let details = house.payor("GET", path, created, Value::Null).await.ok();
    let connection = &details["ws_connection"];
    let (url, token) = (&connection["ws_url"], &connection["token"]);
    let path = format!(
        "{}&token={}{rest}",
        url.as_str().expect("a path"),
        token.as_str().expect("a token")
    );
    let opened = Client::try_open(&house.url, &path, &[]).await;
    let mut client = opened.unwrap_or_else(|refusal| panic!("{refusal:?}"));
    client.until("ready").await;
    client
}

pub async fn invoice(house: &House) -> Value {
    let body = json!({
        "amount_usd": 10, "customer_id": "cus-7", "metadata": { "note": "m-e-t-a" },
    });
    house.post("/api/v1/invoices", body).await.ok()
}

fn address(allocation: &Value) -> &str {
    allocation["temp_address"].as_str().expect("an address")
}

#[tokio::test]
async fn a_payor_follows_one_invoice_without_what_is_the_merchants() {
    let house = House::start().await;
    let (created, other) = (invoice(&house).await, invoice(&house).await);
    let mut payor = follow(&house, &created, "").await;
    let mut everything = open(&house, &format!("{MERCHANT}?since=0")).await;
    let others = house.allocate(&other, "ethereum", "USDC").await;
    house.transfer("ethereum", "USDC", address(&others), "10").await;
    let own = house.allocate(&created, "ethereum", "USDC").await;
    house.transfer("ethereum", "USDC", address(&own), "4").await;
    house.settle().await;
    house.transfer("ethereum", "USDC", address(&own), "6").await;
    house.settle().await;
    let invoice_id = &created["invoice_id"];
    let kinds = [
        ("payment_quote.updated", "available"),
        ("invoice_payment.created", "pending"),
        ("invoice_payment.updated", "underpaid"),
        ("invoice.updated", "underpaid"),
        ("payment_quote.updated", "unavailable"),
        ("invoice_payment.created", "pending"),
        ("invoice_payment.updated", "confirmed"),
        ("invoice_payment.updated", "confirmed"),
        ("invoice.updated", "paid"),
        ("payment_quote.updated", "unavailable"),
    ];
    let mut heard = Vec::new();
    for (kind, status) in kinds {
        let (text, event) = payor.text().await;
        let object = &event["data"]["object"];
        assert_eq!((&event["type"], &object["status"]), (&json!(kind), &json!(status)));
        let about = if kind == "invoice.updated" { &object["id"] } else { &object["invoice_id"] };
        assert_eq!(about, invoice_id, "nothing of the other invoice");
        assert_eq!(event["request"], json!({ "id": null, "idempotency_key": null }));
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        heard.push(event);
    }
    let quote = &heard[0]["data"]["object"];
    assert_eq!(quote["amount_remaining_decimal"], "10.000");
    assert_eq!((&quote["network"], &quote["token_amount"]), (&json!("ethereum"), &json!("10")));
    assert_eq!(quote["amount_unit"], "usd_millis");
    assert_eq!(heard[4]["data"]["object"]["amount_remaining"], 6_000);
    assert_eq!(heard[4]["data"]["object"]["network"], "ethereum", "what the payor is bound to");
    assert_eq!(heard[9]["data"]["object"]["amount_remaining"], 0);

    let last = id(&heard[3]);
    let mut again = follow(&house, &created, &format!("&since={last}")).await;
    let (replayed, _) = again.until("replay_finished").await;
    assert_eq!(replayed, heard[4..], "the same texts, from the log");
    let mut lost = follow(&house, &created, "&since=evt_1-1").await;
    lost.until("resync").await;
    let (snapshot, _) = lost.until("replay_finished").await;
    assert_eq!(snapshot.last(), heard.last());
    assert!(snapshot.iter().all(|event| heard.contains(event)));
    let (events, _) = everything.until("replay_finished").await;
    assert_eq!(types(&events), ["invoice.created", "invoice.created"]);
}

#[tokio::test]
async fn what_changes_nothing_for_the_payor_is_not_told_and_filters_are_refused() {
    let house = House::start().await;
    let created = invoice(&house).await;
    let mut payor = follow(&house, &created, "").await;
    let email = json!({ "email": "ann@example.com" });
    house.payor("POST", "/api/v1/payments/customer-email", &created, email).await.ok();
    let path = format!("/api/v1/invoices/{}/cancel", created["invoice_id"].as_str().unwrap());
    house.post(&path, json!({})).await.ok();
    let event = payor.event().await;
    assert_eq!(event["data"]["object"]["status"], "canceled");
    assert_eq!(event["data"]["previous_attributes"], json!({ "status": "unpaid" }));
    let path = "/api/v1/payments/session-details";
    let details = house.payor("GET", path, &created, Value::Null).await.ok();
    let token = details["ws_connection"]["token"].as_str().expect("a token").to_owned();
    for filter in ["types=invoice.*", "environment=devnet", "format=event_v2", "since=x"] {
        let path = format!("{PAYOR}?token={token}&{filter}");
        let mut client = Client::try_open(&house.url, &path, &[]).await.expect("connects");
        assert_eq!(client.end().await, (Some("VALIDATION_ERROR".into()), Some(4400)), "{filter}");
    }
    house.advance(61_000);
    let path = format!("{PAYOR}?token={token}");
    let mut client = Client::try_open(&house.url, &path, &[]).await.expect("connects");
    assert_eq!(client.end().await, (Some("INVALID_TOKEN".into()), Some(4401)));
}
