//! Refunds: back to the payor, never more than arrived, out of whatever still stands.

use serde_json::{Value, json};

use super::{
    OTHER_WALLET, WALLET, arrived, balance, check, house, paid, payment, run, set_wallet,
    settlement_of,
};
use crate::house::{House, Reply};

pub const PAYOR: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

pub async fn ask(house: &House, created: &Value, key: &str, body: Value) -> Reply {
    let id = created["invoice_id"].as_str().expect("an id");
    let request = house.request("POST", &format!("/api/v1/invoices/{id}/refunds"));
    let request = request.header("x-api-key", &house.key).header("Idempotency-Key", key);
    house.send(request.json(&body)).await
}

async fn resolve(house: &House, path: &str, key: &str, body: Value) -> Reply {
    let request = house.request("POST", path);
    let request = request.header("x-api-key", &house.key).header("Idempotency-Key", key);
    house.send(request.json(&body)).await
}

pub fn to_payor(amount: Option<&str>) -> Value {
    let destination = json!({ "network": "ethereum", "address": PAYOR });
    match amount {
        Some(amount) => json!({ "amount": amount, "destination": destination }),
        None => json!({ "destination": destination }),
    }
}

pub async fn refund(house: &House, id: &Value) -> Value {
    house.get(&format!("/api/v1/refunds/{}", id.as_str().expect("an id"))).await.ok()
}

/// Nothing is settled, so that the money stands where it arrived.
pub async fn resting() -> House {
    let house = House::start().await;
    super::as_they_come(&house).await;
    house
}

#[tokio::test]
async fn a_part_goes_back_and_the_rest_is_settled() {
    let house = resting().await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let made = ask(&house, &created, "k1", to_payor(Some("4"))).await.ok();
    assert_eq!((&made["status"], &made["amount"]), (&json!("created"), &json!("4")));
    let again = ask(&house, &created, "k1", to_payor(Some("4"))).await.ok();
    assert_eq!(again["id"], made["id"], "the same key makes one refund");
    run(&house).await;
    let sent = refund(&house, &made["id"]).await;
    assert_eq!(sent["status"], "sent", "{sent}");
    let back = arrived(&house, PAYOR, "USDC").await;
    assert_eq!((back.len(), back[0].amount.expect("fits").0), (1, 4_000_000));
    assert_eq!(sent["tx_hashes"], json!([back[0].tx_hash]));
    set_wallet(&house, "ethereum", WALLET).await.ok();
    run(&house).await;
    assert_eq!(settlement_of(&house, &created).await["amount"], "6");
    assert_eq!(arrived(&house, WALLET, "USDC").await[0].amount.expect("fits").0, 6_000_000);
    assert_eq!(balance(&house, "merchant", "USDC").await, 0);
    let events = house.get("/api/v1/events?type=refund.*").await.ok();
    let told: Vec<_> = events["data"]["data"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| (event["type"].clone(), event["data"]["object"]["status"].clone()))
        .collect();
    let expected = [("updated", "sent"), ("updated", "submitted"), ("created", "created")];
    let expected = expected.map(|(kind, status)| (json!(format!("refund.{kind}")), json!(status)));
    assert_eq!(told, expected);
    check(&house).await;
}

#[tokio::test]
async fn all_of_it_goes_back_and_nothing_is_left_to_settle() {
    let house = resting().await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let made = ask(&house, &created, "k", to_payor(None)).await.ok();
    assert_eq!(made["amount"], "10");
    set_wallet(&house, "ethereum", WALLET).await.ok();
    run(&house).await;
    assert_eq!(refund(&house, &made["id"]).await["status"], "sent");
    let payment = payment(&house, &created).await;
    assert_eq!(payment["settlement"]["stage"], "refunded");
    assert_eq!(payment["settlement_status"], "manual");
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 0);
    let more = ask(&house, &created, "k2", to_payor(None)).await;
    assert_eq!(more.error(), (409, "NOTHING_TO_REFUND"));
    check(&house).await;
}

#[tokio::test]
async fn what_was_settled_is_given_back_out_of_other_payments() {
    let house = house().await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    let nothing = ask(&house, &created, "k1", to_payor(Some("3"))).await;
    assert_eq!(nothing.error(), (409, "INSUFFICIENT_FUNDS"));
    let other = paid(&house, "USDC", "10").await;
    // Confirmed, and not taken up by the next settlement yet.
    for _ in 0..4 {
        house.advance(1_000);
        house.look_around().await;
    }
    let made = ask(&house, &created, "k2", to_payor(Some("3"))).await.ok();
    run(&house).await;
    assert_eq!(refund(&house, &made["id"]).await["status"], "sent");
    assert_eq!(settlement_of(&house, &other).await["amount"], "7");
    let too_much = ask(&house, &created, "k3", to_payor(Some("8"))).await;
    assert_eq!(too_much.error(), (409, "REFUND_TOO_LARGE"));
    check(&house).await;
}

#[tokio::test]
async fn of_refunds_that_race_no_more_goes_back_than_arrived() {
    let house = resting().await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let one = |key: &'static str| ask(&house, &created, key, to_payor(Some("4")));
    let replies = tokio::join!(one("a"), one("b"), one("c"), one("d"), one("e"));
    let replies = [replies.0, replies.1, replies.2, replies.3, replies.4];
    let made = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(made, 2, "{replies:?}");
    // Who read the payment before another's refund, and what stands on the addresses after it,
    // finds too little there.
    let refused = [(409, "REFUND_TOO_LARGE"), (409, "INSUFFICIENT_FUNDS")];
    let is_plain = |reply: &Reply| reply.status == 200 || refused.contains(&reply.error());
    assert!(replies.iter().all(is_plain), "{replies:?}");
    run(&house).await;
    let back = arrived(&house, PAYOR, "USDC").await;
    assert_eq!(back.iter().map(|row| row.amount.expect("fits").0).sum::<u128>(), 8_000_000);
    check(&house).await;
}

#[tokio::test]
async fn a_refund_is_canceled_only_before_it_is_signed() {
    let house = resting().await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let made = ask(&house, &created, "k", to_payor(None)).await.ok();
    let path = format!("/api/v1/refunds/{}/cancel", made["id"].as_str().expect("an id"));
    let canceled = house.post(&path, json!({})).await.ok();
    assert_eq!(canceled["status"], "canceled");
    assert_eq!(payment(&house, &created).await["settlement_status"], "pending");
    check(&house).await;
    let made = ask(&house, &created, "k2", to_payor(None)).await.ok();
    run(&house).await;
    let path = format!("/api/v1/refunds/{}/cancel", made["id"].as_str().expect("an id"));
    assert_eq!(house.post(&path, json!({})).await.error(), (409, "REFUND_NOT_CANCELABLE"));
    assert_eq!(arrived(&house, PAYOR, "USDC").await.len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn a_refund_that_fails_on_chain_may_be_asked_for_again() {
    let house = resting().await;
    let created = paid(&house, "USDC", "20").await;
    house.settle().await;
    let made = ask(&house, &created, "k", to_payor(Some("10.013001"))).await.ok();
    run(&house).await;
    let failed = refund(&house, &made["id"]).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    assert!(failed["reason"].as_str().expect("words").contains("failed"));
    let made = ask(&house, &created, "k2", to_payor(Some("20"))).await.ok();
    run(&house).await;
    assert_eq!(refund(&house, &made["id"]).await["status"], "sent");
    check(&house).await;
}

#[tokio::test]
async fn an_expired_invoice_is_resolved_by_sending_back_what_came_late() {
    let house = resting().await;
    let created = house.invoice(10.0).await;
    let allocation = house.allocate(&created, "ethereum", "USDC").await;
    house.advance(13 * super::HOUR_MS);
    house.settle().await;
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, "10").await;
    house.settle().await;
    let late = payment(&house, &created).await;
    assert_eq!((&late["late"], &late["settlement_status"]), (&json!(true), &json!("manual")));
    let path =
        format!("/api/v1/invoices/{}/resolve", created["invoice_id"].as_str().expect("an id"));
    let body = json!({ "action": "refund", "payment_id": late["id"] });
    assert_eq!(house.post(&path, body.clone()).await.error(), (400, "IDEMPOTENCY_KEY_MISSING"));
    assert_eq!(resolve(&house, &path, "r1", body).await.param(), "destination_address");
    let body = json!({
        "action": "refund", "payment_id": late["id"], "destination_address": PAYOR,
    });
    let made = resolve(&house, &path, "r2", body).await.ok();
    assert_eq!(made["object"], "refund");
    let accept = house.post(&path, json!({ "action": "accept" })).await;
    assert_eq!(accept.error(), (409, "INVOICE_NOT_RESOLVABLE"), "what goes back pays for nothing");
    run(&house).await;
    assert_eq!(refund(&house, &made["id"]).await["status"], "sent");
    assert_eq!(balance(&house, "suspense", "USDC").await, 0);
    check(&house).await;
}

#[tokio::test]
async fn of_a_paid_invoice_only_the_overpayment_is_resolved() {
    let house = resting().await;
    let created = paid(&house, "USDC", "60").await;
    house.settle().await;
    let id = payment(&house, &created).await["id"].clone();
    let path =
        format!("/api/v1/invoices/{}/resolve", created["invoice_id"].as_str().expect("an id"));
    let body = |amount: &str| {
        json!({ "action": "refund", "payment_id": id, "destination_address": PAYOR,
            "amount": amount })
    };
    let much = resolve(&house, &path, "r1", body("50.1")).await;
    assert_eq!(much.error(), (409, "REFUND_TOO_LARGE"));
    let made = resolve(&house, &path, "r2", body("50")).await.ok();
    assert_eq!(made["amount"], "50");
    let more = resolve(&house, &path, "r3", body("0.1")).await;
    assert_eq!(more.error(), (409, "REFUND_TOO_LARGE"));
    run(&house).await;
    assert_eq!(refund(&house, &made["id"]).await["status"], "sent");
    check(&house).await;
}

#[tokio::test]
async fn bad_refunds_change_nothing() {
    let house = resting().await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let path =
        format!("/api/v1/invoices/{}/refunds", created["invoice_id"].as_str().expect("an id"));
    let missing = house.post(&path, to_payor(None)).await;
    assert_eq!(missing.error(), (400, "IDEMPOTENCY_KEY_MISSING"));
    let own = payment(&house, &created).await["to_address"].clone();
    for (body, param) in [
        (json!({}), "destination"),
        (json!({ "destination": { "network": "ethereum", "address": "x" } }), "destination"),
        (json!({ "destination": { "network": "ethereum", "address": own } }), "destination"),
        (to_payor(Some("0")), "amount"),
        (to_payor(Some("-1")), "amount"),
        (to_payor(Some("0.0000001")), "amount"),
    ] {
        let refused = ask(&house, &created, "k", body.clone()).await;
        assert_eq!((refused.status, refused.param()), (400, param), "{body}");
    }
    let base = json!({ "destination": { "network": "base", "address": OTHER_WALLET } });
    assert_eq!(ask(&house, &created, "k", base).await.error(), (409, "NOTHING_TO_REFUND"));
    let (_, key) = house.stranger().await;
    let request = house.request("POST", &path).header("x-api-key", &key);
    let request = request.header("Idempotency-Key", "k").json(&to_payor(None));
    assert_eq!(house.send(request).await.status, 404);
    let list = house.get("/api/v1/refunds").await.ok();
    assert_eq!(list["data"], json!([]));
    check(&house).await;
}
