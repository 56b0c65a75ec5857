//! One transaction looked up at the operator's word, over HTTP and by the command line's way.

mod restarts;

use serde_json::{Value, json};

use crate::house::{House, Reply};

async fn watch(house: &House, network: &str, hash: &str) -> Reply {
    let body = json!({ "environment": "devnet", "network": network, "tx_hash": hash });
    let request = house.request("POST", "/api/admin/watch").bearer_auth("operator-token");
    house.send(request.json(&body)).await
}

/// An invoice of 10 USD, and the hash of a transfer that pays it and that no watcher has seen.
async fn paid_unseen(house: &House) -> (Value, String) {
    let created = house.invoice(10.0).await;
    let allocation = house.allocate(&created, "base", "USDC").await;
    let to = allocation["temp_address"].as_str().expect("an address");
    let sent = house.transfer("base", "USDC", to, "10").await;
    house.advance(1_000);
    (created, sent["data"]["tx_hash"].as_str().expect("a hash").to_owned())
}

#[tokio::test]
async fn a_transaction_the_watcher_missed_is_credited_once() {
    let house = House::start().await;
    let (created, hash) = paid_unseen(&house).await;
    assert_eq!(house.read(&created).await["payments"], json!([]));

    let found = watch(&house, "base", &hash).await.ok();
    let transfer = &found["data"][0];
    assert_eq!(found["data"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(transfer["invoice_id"], created["invoice_id"]);
    assert_eq!((&transfer["amount_base"], &transfer["is_new"]), (&json!("10000000"), &json!(true)));
    assert_eq!(house.read(&created).await["payments"][0]["status"], "pending");

    // Again, in another spelling, and then by the watcher: one payment.
    let again = watch(&house, "base", &hash.to_uppercase().replace("0X", "0x")).await.ok();
    assert_eq!(again["data"][0]["is_new"], false);
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["status"], "paid");
    assert_eq!(invoice["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn what_is_not_ours_or_not_there_is_no_credit() {
    let house = House::start().await;
    let stranger = "0x1111111111111111111111111111111111111111";
    let sent = house.transfer("base", "USDC", stranger, "10").await;
    house.advance(1_000);
    let hash = sent["data"]["tx_hash"].as_str().expect("a hash");
    assert_eq!(watch(&house, "base", hash).await.ok()["data"], json!([]));
    let unknown = format!("0x{}", "ab".repeat(32));
    assert_eq!(watch(&house, "base", &unknown).await.ok()["data"], json!([]));
    // Right on another network of the same family is not right here.
    let (_, hash) = paid_unseen(&house).await;
    assert_eq!(watch(&house, "ethereum", &hash).await.ok()["data"], json!([]));
}

#[tokio::test]
async fn only_the_operator_asks_and_only_for_hashes() {
    let house = House::start().await;
    assert_eq!(watch(&house, "base", "0xabc").await.error(), (400, "VALIDATION_ERROR"));
    assert_eq!(watch(&house, "nowhere", "0xabc").await.status, 400);
    let body = json!({ "environment": "mainnet", "network": "base", "tx_hash": "0xabc" });
    let operator = house.request("POST", "/api/admin/watch").bearer_auth("operator-token");
    let not_served = house.send(operator.json(&body)).await;
    assert_eq!((not_served.status, not_served.param()), (400, "network"));
    let by_key = house.post("/api/admin/watch", body).await;
    assert_eq!(by_key.status, 401);
}

#[tokio::test]
async fn a_network_that_does_not_answer_is_told_as_such() {
    let house = House::start().await;
    let (_, hash) = paid_unseen(&house).await;
    let fault = json!({ "rpc": "failing", "for_seconds": 60 });
    house.post("/api/v1/devnet/chain/base/faults", fault).await.ok();
    let refused = watch(&house, "base", &hash).await;
    assert_eq!(refused.error(), (503, "SERVICE_UNAVAILABLE"));
}
