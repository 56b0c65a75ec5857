//! The simulator: its chains over HTTP, and the payment page's scenarios.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use serde_json::{Value, json};

use crate::house::{House, Reply, token_id};

const CHAIN: &str = "/api/v1/devnet/chain/ethereum";
const NOBODY: &str = "0x000000000000000000000000000000000000dEaD";

/// Gives the merchant mainnet and answers a mainnet key.
async fn mainnet_key(house: &House) -> String {
    let merchant = house.app.merchant(house.merchant_id).await.expect("reads").expect("exists");
    let merchant =
        domain::merchant::Merchant { has_mainnet_access: true, ..merchant.as_ref().clone() };
    house.app.store.commit(merchant.save(house.app.now())).await.expect("saves");
    house.app.caches.forget_merchant(house.merchant_id);
    house.mint(KeyScope::Merchant, Environment::Mainnet).await
}

async fn simulate(house: &House, created: &Value, body: Value) -> Reply {
    house.payor("POST", "/api/v1/payments/simulate", created, body).await
}

async fn status(house: &House, created: &Value) -> String {
    house.read(created).await["status"].as_str().expect("a status").to_owned()
}

#[tokio::test]
async fn a_chain_shows_its_head_and_grows_with_time_or_on_demand() {
    let house = House::start().await;
    let before = house.get(CHAIN).await.ok()["data"].clone();
    assert_eq!(before["network"], "ethereum");
    assert_eq!(before["block_time_ms"], 1_000);
    assert_eq!(before["required_confirmations"], 2);
    assert_eq!(before["rpc"], "ok");
    let head = before["head_number"].as_u64().expect("a head");

    house.advance(3_000);
    assert_eq!(house.get(CHAIN).await.ok()["data"]["head_number"], head + 3);
    let mined = house.post(&format!("{CHAIN}/blocks"), json!({ "count": 5 })).await.ok();
    assert_eq!(mined["data"]["head_number"], head + 8);
    house.advance(1_000);
    assert_eq!(house.get(CHAIN).await.ok()["data"]["head_number"], head + 9);
}

#[tokio::test]
async fn mined_blocks_confirm_a_payment_without_waiting() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let to = house.allocate(&created, "ethereum", "USDC").await;
    let to = to["temp_address"].as_str().expect("an address");
    let sent = house.transfer("ethereum", "USDC", to, "10").await;
    let head = house.get(CHAIN).await.ok()["data"]["head_number"].as_u64().expect("a head");
    assert_eq!(sent["data"]["block_number"], head + 1);
    assert_eq!(sent["data"]["to"], to);
    assert_eq!(sent["data"]["amount"], "10");
    house.post(&format!("{CHAIN}/blocks"), json!({ "count": 2 })).await.ok();
    house.step().await;
    assert_eq!(status(&house, &created).await, "paid");
}

#[tokio::test]
async fn a_fault_shows_until_it_ends() {
    let house = House::start().await;
    let path = format!("{CHAIN}/faults");
    let set = house.post(&path, json!({ "rpc": "lagging", "for_seconds": 10 })).await.ok();
    assert_eq!(set["data"]["rpc"], "lagging");
    house.advance(10_000);
    assert_eq!(house.get(CHAIN).await.ok()["data"]["rpc"], "ok");
    house.post(&path, json!({ "rpc": "failing", "for_seconds": 10 })).await.ok();
    assert_eq!(house.post(&path, json!({ "rpc": "ok" })).await.ok()["data"]["rpc"], "ok");
}

#[tokio::test]
async fn only_devnet_credentials_open_the_simulator() {
    let house = House::start().await;
    let with = |key: &str| house.request("GET", CHAIN).header("x-api-key", key);
    let mainnet = mainnet_key(&house).await;
    assert_eq!(house.send(with(&house.key)).await.status, 200);
    let refused = house.send(with(&house.commerce_key)).await;
    assert_eq!(refused.error(), (403, "INSUFFICIENT_SCOPE"));
    let refused = house.send(with(&mainnet)).await;
    assert_eq!(refused.error(), (403, "ENVIRONMENT_MISMATCH"));
    assert_eq!(house.send(with("sk_test_nonsense")).await.error(), (401, "API_KEY_INVALID"));
    let nobody = house.send(house.request("GET", CHAIN)).await;
    assert_eq!(nobody.error(), (401, "AUTHENTICATION_REQUIRED"));
}

#[tokio::test]
async fn an_unknown_network_does_not_exist() {
    let house = House::start().await;
    for path in ["dogecoin", "Ethereum", "%00", "ethereum%2F"] {
        let reply = house.get(&format!("/api/v1/devnet/chain/{path}")).await;
        assert_eq!(reply.error(), (404, "NOT_FOUND"), "{path}");
    }
}

#[tokio::test]
async fn transfers_are_checked_field_by_field() {
    let house = House::start().await;
    let usdc = token_id("ethereum", "USDC");
    let cases = [
        (json!({ "amount": "1" }), "to"),
        (json!({ "to": "0x12", "amount": "1" }), "to"),
        (json!({ "to": NOBODY, "amount": 1 }), "amount"),
        (json!({ "to": NOBODY, "amount": "-1" }), "amount"),
        (json!({ "to": NOBODY, "amount": "1e5" }), "amount"),
        (json!({ "to": NOBODY, "amount": "1.0000001", "token_id": usdc }), "amount"),
        (json!({ "to": NOBODY, "amount": "9".repeat(79) }), "amount"),
        (json!({ "to": NOBODY, "amount": "1", "token_id": 1 }), "token_id"),
        (json!({ "to": NOBODY, "amount": "1", "token_id": token_id("base", "USDC") }), "token_id"),
        (json!({ "to": NOBODY, "amount": "1", "token_address": "" }), "token_address"),
        (
            json!({ "to": NOBODY, "amount": "1", "token_id": usdc, "token_address": NOBODY }),
            "token_address",
        ),
        (json!({ "to": NOBODY, "amount": "1", "from": "me" }), "from"),
        (json!({ "to": NOBODY, "amount": "1", "fail": "yes" }), "fail"),
        (json!({ "to": NOBODY, "amount": "1", "token_address": "x", "decimals": 39 }), "decimals"),
    ];
    for (body, param) in cases {
        let reply = house.post(&format!("{CHAIN}/transfers"), body.clone()).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param), "{body}");
    }
    let huge = json!({ "to": NOBODY, "amount": "9".repeat(78) });
    house.post(&format!("{CHAIN}/transfers"), huge).await.ok();
}

#[tokio::test]
async fn blocks_reorgs_and_faults_are_bounded() {
    let house = House::start().await;
    house.post(&format!("{CHAIN}/blocks"), json!({ "count": 1_000 })).await.ok();
    let cases = [
        ("blocks", json!({ "count": 0 }), "count"),
        ("blocks", json!({ "count": 1_001 }), "count"),
        ("blocks", json!({ "count": -1 }), "count"),
        ("blocks", json!({}), "count"),
        ("reorgs", json!({ "depth": 0 }), "depth"),
        ("reorgs", json!({ "depth": 257 }), "depth"),
        ("reorgs", json!({ "depth": 1, "drop": ["0x00"] }), "drop"),
        ("reorgs", json!({ "depth": 1, "drop": "0x00" }), "drop"),
        ("faults", json!({ "rpc": "sulking", "for_seconds": 1 }), "rpc"),
        ("faults", json!({ "rpc": "failing" }), "for_seconds"),
        ("faults", json!({ "rpc": "failing", "for_seconds": 0 }), "for_seconds"),
        ("faults", json!({ "rpc": "failing", "for_seconds": 86_401 }), "for_seconds"),
    ];
    for (act, body, param) in cases {
        let reply = house.post(&format!("{CHAIN}/{act}"), body.clone()).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param), "{body}");
    }
}

#[tokio::test]
async fn each_payment_scenario_ends_as_it_says() {
    let house = House::start().await;
    for (scenario, end) in [("exact", "paid"), ("under", "underpaid"), ("over", "paid")] {
        let created = house.invoice(20.0).await;
        let done = simulate(&house, &created, json!({ "scenario": scenario })).await.ok();
        assert!(done["data"]["tx_hash"].is_string(), "{scenario}");
        house.settle().await;
        assert_eq!(status(&house, &created).await, end, "{scenario}");
    }
}

#[tokio::test]
async fn a_scenario_pays_where_the_payor_would() {
    let house = House::start().await;
    let created = house.invoice(20.0).await;
    house.allocate(&created, "solana", "SOL").await;
    let done = simulate(&house, &created, json!({ "scenario": "under" })).await.ok();
    assert_eq!(done["data"]["network"], "solana");
    assert_eq!(done["data"]["token_id"], token_id("solana", "SOL"));
    house.settle().await;
    let rest = simulate(&house, &created, json!({ "scenario": "exact" })).await.ok();
    assert_eq!(rest["data"]["token_id"], token_id("solana", "SOL"));
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_overpaid"]), (&json!("paid"), &json!(0)));

    let created = house.invoice(20.0).await;
    let body = json!({ "scenario": "exact", "network": "ton", "amount": "7",
        "token_id": token_id("ton", "USDT") });
    let done = simulate(&house, &created, body).await.ok();
    assert_eq!((&done["data"]["network"], &done["data"]["amount"]), (&json!("ton"), &json!("7")));
    house.settle().await;
    assert_eq!(house.read(&created).await["amount_paid"], 7_000);
}

#[tokio::test]
async fn expire_ends_the_pay_by_time_and_late_pays_after_it() {
    let house = House::start().await;
    let created = house.invoice(20.0).await;
    let done = simulate(&house, &created, json!({ "scenario": "expire" })).await.ok();
    assert_eq!(done["data"]["tx_hash"], Value::Null);
    house.settle().await;
    assert_eq!(status(&house, &created).await, "expired");
    let again = simulate(&house, &created, json!({ "scenario": "expire" })).await;
    assert_eq!(again.error(), (410, "INVOICE_EXPIRED"));

    let created = house.invoice(20.0).await;
    simulate(&house, &created, json!({ "scenario": "late" })).await.ok();
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("expired"), &json!(0)));
    assert_eq!(invoice["payments"][0]["late"], true);
    simulate(&house, &created, json!({ "scenario": "late" })).await.ok();
    house.settle().await;
    assert_eq!(house.read(&created).await["payments"].as_array().map(Vec::len), Some(2));

    // Due, but not looked at yet: nothing is left to end.
    let created = house.invoice(20.0).await;
    house.allocate(&created, "base", "USDC").await;
    house.advance(12 * 60 * 60 * 1_000);
    simulate(&house, &created, json!({ "scenario": "late" })).await.ok();
    house.settle().await;
    assert_eq!(status(&house, &created).await, "expired");
    assert_eq!(house.read(&created).await["payments"][0]["late"], true);
}

#[tokio::test]
async fn reorg_takes_the_newest_payment_away() {
    let house = House::start().await;
    let created = house.invoice(20.0).await;
    let early = simulate(&house, &created, json!({ "scenario": "reorg" })).await;
    assert_eq!((early.error(), early.param()), ((400, "VALIDATION_ERROR"), "scenario"));
    let sent = simulate(&house, &created, json!({ "scenario": "exact" })).await.ok();
    house.advance(1_000);
    house.step().await;
    let done = simulate(&house, &created, json!({ "scenario": "reorg" })).await.ok();
    assert_eq!(done["data"]["tx_hash"], sent["data"]["tx_hash"]);
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["status"], "unpaid");
    assert_eq!(invoice["payments"][0]["status"], "reverted");
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn scenarios_are_checked_and_for_devnet_only() {
    let house = House::start().await;
    let created = house.invoice(20.0).await;
    let cases = [
        (json!({}), "scenario"),
        (json!({ "scenario": "steal" }), "scenario"),
        (json!({ "scenario": "exact", "amount": "x" }), "amount"),
        (json!({ "scenario": "exact", "network": "dogecoin" }), "network"),
        (json!({ "scenario": "exact", "token_id": 1 }), "token_id"),
        (
            json!({ "scenario": "exact", "network": "base",
                "token_id": token_id("ethereum", "USDC") }),
            "token_id",
        ),
    ];
    for (body, param) in cases {
        let reply = simulate(&house, &created, body.clone()).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param), "{body}");
    }
    let key = mainnet_key(&house).await;
    let request = house.request("POST", "/api/v1/invoices").header("x-api-key", key);
    let live = house.send(request.json(&json!({ "amount_usd": 20 }))).await.ok();
    let refused = simulate(&house, &live, json!({ "scenario": "exact" })).await;
    assert_eq!(refused.error(), (403, "ENVIRONMENT_MISMATCH"));
}
