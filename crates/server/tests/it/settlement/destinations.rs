//! Allowed destinations: where refunds and named receivers go while a merchant requires the list,
//! and what becomes of what waited for somebody while the destination changed.

use serde_json::{Value, json};
use server::config::Config;

use super::refunds::{PAYOR, ask, to_payor};
use super::safety::operator;
use super::{
    HOUR_MS, OTHER_WALLET, WALLET, arrived, as_they_come, check, house_with, paid, payment, run,
    set_wallet, settlement_of,
};
use crate::account::{act, owner};
use crate::house::{House, Reply};

const LIST: &str = "/api/v1/merchant/allowed-destinations";
const POLICY: &str = "/api/v1/merchant/allowed-destinations/policy";

/// A house where what is new waits for an hour, and money stands where it arrived.
async fn slow() -> House {
    let delay = |config: &mut Config| config.settlement.wallet_delay_seconds = Some(3_600);
    let house = House::with(delay).await;
    as_they_come(&house).await;
    house
}

async fn choose(house: &House, choice: &str) -> Value {
    let token = owner(house).await;
    act(house, &token, "PUT", POLICY, json!({ "allow_list": choice })).await.ok()
}

async fn list(house: &House, method: &str, address: &str) -> Reply {
    let token = owner(house).await;
    let body = json!({ "network": "ethereum", "address": address });
    act(house, &token, method, LIST, body).await
}

#[tokio::test]
async fn where_the_list_is_required_refunds_go_nowhere_else_and_to_no_new_address() {
    let house = slow().await;
    let created = paid(&house, "USDC", "40").await;
    house.settle().await;
    ask(&house, &created, "k0", to_payor(Some("4"))).await.ok();
    let chosen = choose(&house, "required").await;
    assert_eq!(chosen, json!({ "required": true, "required_until": null }));
    let refused = ask(&house, &created, "k1", to_payor(Some("4"))).await;
    assert_eq!(refused.error(), (403, "DESTINATION_NOT_ALLOWED"));
    let entry = list(&house, "PUT", PAYOR).await.ok();
    assert_eq!(entry["status"], "pending");
    let from = entry["allowed_from"].as_i64().expect("seconds");
    let early = ask(&house, &created, "k2", to_payor(Some("4"))).await;
    assert_eq!(early.error(), (409, "DESTINATION_NOT_ALLOWED_YET"));
    let message = early.body["error"]["message"].as_str().expect("words").to_owned();
    let named = domain::time::Timestamp::from_seconds(from).rfc3339();
    assert!(message.contains(&named), "{message} names no {named}");
    house.advance(HOUR_MS);
    ask(&house, &created, "k3", to_payor(Some("4"))).await.ok();
    list(&house, "DELETE", PAYOR).await.ok();
    assert_eq!(list(&house, "DELETE", PAYOR).await.status, 404);
    let gone = ask(&house, &created, "k4", to_payor(Some("4"))).await;
    assert_eq!(gone.error(), (403, "DESTINATION_NOT_ALLOWED"));
    // Put back it is new again.
    list(&house, "PUT", PAYOR).await.ok();
    let again = ask(&house, &created, "k5", to_payor(Some("4"))).await;
    assert_eq!(again.error(), (409, "DESTINATION_NOT_ALLOWED_YET"));
    run(&house).await;
    let back = arrived(&house, PAYOR, "USDC").await;
    assert_eq!(back.iter().map(|row| row.amount.expect("fits").0).sum::<u128>(), 8_000_000);
    check(&house).await;
}

#[tokio::test]
async fn the_list_is_left_as_slowly_as_it_is_joined() {
    let house = slow().await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    choose(&house, "required").await;
    let leaving = choose(&house, "off").await;
    assert_eq!(leaving["required"], true);
    assert!(leaving["required_until"].is_i64(), "{leaving}");
    let refused = ask(&house, &created, "k1", to_payor(None)).await;
    assert_eq!(refused.error(), (403, "DESTINATION_NOT_ALLOWED"));
    house.advance(HOUR_MS);
    ask(&house, &created, "k2", to_payor(None)).await.ok();
    let token = owner(&house).await;
    let shown = act(&house, &token, "GET", LIST, Value::Null).await.ok();
    assert_eq!(shown["allow_list"], json!({ "required": false, "required_until": null }));
    assert_eq!(shown["data"], json!([]));
}

#[tokio::test]
async fn the_list_is_the_owners() {
    let house = slow().await;
    let body = json!({ "network": "ethereum", "address": PAYOR });
    for (method, path, body) in [
        ("GET", LIST, Value::Null),
        ("PUT", LIST, body.clone()),
        ("DELETE", LIST, body),
        ("PUT", POLICY, json!({ "allow_list": "off" })),
    ] {
        let request = house.request(method, path).header("x-api-key", &house.key);
        let reply = house.send(request.json(&body)).await;
        assert_eq!(reply.error(), (403, "INSUFFICIENT_SCOPE"), "{method} {path}");
    }
    for wrong in ["", "0x1", "not an address"] {
        let refused = list(&house, "PUT", wrong).await;
        assert_eq!((refused.status, refused.param()), (400, "address"), "{wrong}");
    }
    let first = list(&house, "PUT", PAYOR).await.ok();
    house.advance(60_000);
    assert_eq!(list(&house, "PUT", PAYOR).await.ok(), first, "once is enough");
    let token = owner(&house).await;
    let shown = act(&house, &token, "GET", LIST, Value::Null).await.ok();
    assert_eq!(shown["data"], json!([first]));
    let audit = act(&house, &token, "GET", "/api/v1/merchant/audit-log", Value::Null).await.ok();
    let entries = audit["data"].as_array().expect("entries");
    let added = entries.iter().filter(|one| one["action"] == "allowed_destination.added");
    assert_eq!(added.count(), 1);
    check(&house).await;
}

#[tokio::test]
async fn a_receiver_an_invoice_names_is_on_the_list_too() {
    let house = slow().await;
    let token = owner(&house).await;
    let path = "/api/v1/merchant/settlement-token";
    let body = json!({ "settlement_token_id": crate::house::token_id("ethereum", "USDC") });
    act(&house, &token, "PUT", path, body).await.ok();
    choose(&house, "required").await;
    let body = json!({
        "amount_usd": 10, "receiver_override_enable": true,
        "receiver_override_address": OTHER_WALLET,
    });
    let refused = house.post("/api/v1/invoices", body.clone()).await;
    assert_eq!(refused.error(), (403, "DESTINATION_NOT_ALLOWED"));
    list(&house, "PUT", OTHER_WALLET).await.ok();
    let refused = house.post("/api/v1/invoices", body.clone()).await;
    assert_eq!(refused.error(), (409, "DESTINATION_NOT_ALLOWED_YET"));
    house.advance(HOUR_MS);
    let created = house.post("/api/v1/invoices", body).await.ok();
    let allocation = house.allocate(&created, "ethereum", "USDC").await;
    list(&house, "DELETE", OTHER_WALLET).await.ok();
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, "10").await;
    run(&house).await;
    let waiting = house.get("/api/v1/merchant/settlements").await.ok();
    assert_eq!(waiting["pending"][0]["reason"], "receiver_not_allowed");
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 0);
    list(&house, "PUT", OTHER_WALLET).await.ok();
    house.advance(HOUR_MS);
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 1);
    check(&house).await;
}

fn above_nine(config: &mut Config) {
    config.settlement.approval_above_usd = Some(9);
}

#[tokio::test]
async fn what_waited_for_approval_goes_to_no_wallet_that_was_changed_meanwhile() {
    let house = house_with(above_nine).await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    let held = settlement_of(&house, &created).await;
    assert_eq!((&held["status"], &held["destination"]), (&json!("in_review"), &json!(WALLET)));
    set_wallet(&house, "ethereum", OTHER_WALLET).await.ok();
    let approve = |id: &Value| format!("/api/v1/settlements/{id}/approve");
    let refused = operator(&house, &approve(&held["id"]), json!({})).await;
    assert_eq!(refused.error(), (409, "DESTINATION_CHANGED"));
    let reject = format!("/api/v1/settlements/{}/reject", held["id"]);
    operator(&house, &reject, json!({})).await.ok();
    run(&house).await;
    let again = settlement_of(&house, &created).await;
    assert_eq!(again["destination"], OTHER_WALLET);
    operator(&house, &approve(&again["id"]), json!({})).await.ok();
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 0);
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn a_refund_that_waited_for_approval_is_held_to_the_list_as_it_is_then() {
    let house = House::with(above_nine).await;
    as_they_come(&house).await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let made = ask(&house, &created, "k", to_payor(None)).await.ok();
    assert_eq!(made["status"], "in_review");
    choose(&house, "required").await;
    let path = format!("/api/v1/refunds/{}/approve", made["id"].as_str().expect("an id"));
    let refused = operator(&house, &path, json!({})).await;
    assert_eq!(refused.error(), (403, "DESTINATION_NOT_ALLOWED"));
    list(&house, "PUT", PAYOR).await.ok();
    operator(&house, &path, json!({})).await.ok();
    run(&house).await;
    assert_eq!(arrived(&house, PAYOR, "USDC").await.len(), 1);
    check(&house).await;
}
