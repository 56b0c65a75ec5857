//! Invoices that credit a user: when they are paid, once, and back when a chain takes it back.

use serde_json::{Value, json};

use super::{id, path};
use crate::house::House;

async fn crediting(house: &House, user: &Value) -> Value {
    let body = json!({ "amount_usd": 10.0, "credit_user_id": user["id"] });
    house.post("/api/v1/invoices", body).await.ok()
}

#[tokio::test]
async fn every_payment_is_the_user_s_once_the_invoice_is_paid() {
    let house = House::start().await;
    let user = house.approved_user("Zoe", "basic").await;
    let created = crediting(&house, &user).await;
    assert_eq!(house.read(&created).await["credit_user_id"], user["id"]);
    house.pay(&created, "4").await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["status"], "underpaid");
    assert_eq!(house.get(&path(&user, "/balances")).await.ok()["data"], json!([]));
    house.pay(&created, "6").await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["status"], "paid");
    assert_eq!(house.balance_of(&user).await["balance"], "10");
    let deposits = house.get(&path(&user, "/deposits")).await.ok();
    let deposits = deposits["data"].as_array().expect("a list");
    assert_eq!(deposits.len(), 2);
    for deposit in deposits {
        assert_eq!(
            (&deposit["kind"], &deposit["status"]),
            (&json!("invoice"), &json!("completed"))
        );
        assert_eq!(deposit["invoice_id"], created["invoice_id"]);
    }
    for payment in invoice["payments"].as_array().expect("payments") {
        assert_eq!(payment["settlement_status"], "settled");
    }
    // What is overpaid is his as well.
    let to = invoice["payments"][0]["to_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, "1").await;
    house.settle().await;
    assert_eq!(house.balance_of(&user).await["balance"], "11");
    let events = house.ramp_events().await;
    let deposits = events.iter().filter(|(kind, _)| kind == "ramp.deposit.created").count();
    assert_eq!(deposits, 3);
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn what_a_reorg_takes_back_leaves_the_user_and_comes_back_once() {
    let house = House::start().await;
    let user = house.approved_user("Zoe", "basic").await;
    let created = crediting(&house, &user).await;
    let allocation = house.allocate(&created, "base", "USDC").await;
    let to = allocation["temp_address"].as_str().expect("an address");
    let sent = house.transfer("base", "USDC", to, "10").await;
    house.settle().await;
    assert_eq!(house.balance_of(&user).await["balance"], "10");
    let dropped = json!({ "depth": 6, "drop": [sent["data"]["tx_hash"]] });
    house.post("/api/v1/devnet/chain/base/reorgs", dropped).await.ok();
    house.settle().await;
    let payment = house.read(&created).await["payments"][0].clone();
    assert_eq!(payment["status"], "reverted");
    assert_eq!(house.balance_of(&user).await["balance"], "0");
    let deposits = house.get(&path(&user, "/deposits")).await.ok();
    assert_eq!(deposits["data"][0]["status"], "reverted");
    let (kind, told) = house.ramp_events().await.pop().expect("events");
    assert_eq!(
        (kind.as_str(), &told["previous_attributes"]["status"]),
        ("ramp.deposit.updated", &json!("completed"))
    );
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn a_late_payment_credits_when_the_merchant_accepts_it() {
    let house = House::start().await;
    let user = house.approved_user("Zoe", "basic").await;
    let body = json!({ "amount_usd": 10.0, "credit_user_id": user["id"], "expires_in": 60_000 });
    let created = house.post("/api/v1/invoices", body).await.ok();
    let allocation = house.allocate(&created, "base", "USDC").await;
    house.advance(61_000);
    house.step().await;
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, "10").await;
    house.settle().await;
    assert_eq!(house.read(&created).await["status"], "expired");
    assert_eq!(house.get(&path(&user, "/balances")).await.ok()["data"], json!([]));
    let resolve =
        format!("/api/v1/invoices/{}/resolve", created["invoice_id"].as_str().expect("id"));
    house.post(&resolve, json!({ "action": "accept" })).await.ok();
    assert_eq!(house.balance_of(&user).await["balance"], "10");
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn only_a_known_user_of_this_merchant_can_be_credited() {
    let house = House::start().await;
    let unknown = house.ramp_user("Zoe").await;
    let create = async |user: Value| {
        house.post("/api/v1/invoices", json!({ "amount_usd": 10.0, "credit_user_id": user })).await
    };
    assert_eq!(create(unknown["id"].clone()).await.error(), (403, "KYC_REQUIRED"));
    let (_, foreign) = house.stranger().await;
    let request = house.request("POST", "/api/v1/ramps/users").header("x-api-key", foreign);
    let theirs = house.send(request.json(&super::person("Other"))).await.ok();
    for user in [json!("x"), json!("00000000-0000-7000-8000-000000000000"), json!(id(&theirs))] {
        let reply = create(user).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "credit_user_id"));
    }
}
