//! Manual verification: "I have paid" makes the house look at the chain again, and credit once.

use domain::ids::PaymentId;
use serde_json::{Value, json};
use server::workers::{Worker as _, observe, verification};

use crate::house::{House, Reply};

fn path(created: &Value) -> String {
    format!("/api/v1/invoice/{}/verify", created["invoice_id"].as_str().expect("an id"))
}

async fn start(house: &House, created: &Value, body: Value) -> Reply {
    house.payor("POST", &path(created), created, body).await
}

async fn read(house: &House, created: &Value) -> Reply {
    house.payor("GET", &path(created), created, Value::Null).await
}

/// Only the verification worker looks; the watchers do not.
async fn verify(house: &House) {
    verification::Verifier::default().step(&house.app).await.expect("a step");
}

/// An invoice of 10 USD that was paid on Ethereum in a block no watcher has looked at.
async fn overlooked(house: &House) -> (Value, Value) {
    let created = house.invoice(10.0).await;
    let allocation = house.allocate(&created, "ethereum", "USDC").await;
    let to = allocation["temp_address"].as_str().expect("an address");
    let sent = house.transfer("ethereum", "USDC", to, "10").await;
    house.advance(1_000);
    (created, sent)
}

#[tokio::test]
async fn a_job_finds_a_payment_before_any_watcher_and_it_counts_once() {
    let house = House::start().await;
    let (created, _) = overlooked(&house).await;
    let reply = start(&house, &created, Value::Null).await;
    assert_eq!(reply.status, 202);
    let job = reply.ok()["data"].clone();
    assert_eq!(job["object"], "invoice_manual_verification");
    assert_eq!((&job["status"], &job["job_status"]), (&json!("pending"), &json!("pending")));
    assert_eq!(job["network"], "ethereum");
    assert_eq!(job["invoice_id"], created["invoice_id"]);

    verify(&house).await;
    let job = read(&house, &created).await.ok()["data"].clone();
    assert_eq!((&job["status"], &job["attempt_count"]), (&json!("completed"), &json!(1)));
    assert_eq!(job["result"]["payments_found"], 1);
    let invoice = house.read(&created).await;
    assert_eq!(invoice["payments"][0]["status"], "pending");

    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(10_000)));
    assert_eq!(invoice["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn a_transaction_can_be_named_and_foreign_ones_find_nothing() {
    let house = House::start().await;
    let (created, sent) = overlooked(&house).await;
    let (other, _) = overlooked(&house).await;
    let hash = sent["data"]["tx_hash"].as_str().expect("a hash");
    start(&house, &other, json!({ "tx_hash": hash })).await.ok();
    start(&house, &created, json!({ "tx_hash": hash.to_uppercase().replace("0X", "0x") }))
        .await
        .ok();
    verify(&house).await;
    let found = |job: Reply| job.ok()["data"]["result"]["payments_found"].clone();
    assert_eq!(found(read(&house, &created).await), 1);
    assert_eq!(found(read(&house, &other).await), 0);
}

#[tokio::test]
async fn one_job_runs_at_a_time() {
    let house = House::start().await;
    let (created, _) = overlooked(&house).await;
    let (one, other) =
        tokio::join!(start(&house, &created, json!({})), start(&house, &created, json!({})));
    let first = one.ok()["data"]["id"].clone();
    assert_eq!(other.ok()["data"]["id"], first);
    assert_eq!(start(&house, &created, json!({})).await.ok()["data"]["id"], first);
    verify(&house).await;
    assert_ne!(start(&house, &created, json!({})).await.ok()["data"]["id"], first);
}

#[tokio::test]
async fn a_node_that_fails_is_asked_again_later_and_at_last_no_more() {
    let house = House::start().await;
    let (created, _) = overlooked(&house).await;
    let fault = json!({ "rpc": "failing", "for_seconds": 86_400 });
    house.post("/api/v1/devnet/chain/ethereum/faults", fault).await.ok();
    start(&house, &created, json!({})).await.ok();
    for attempt in 1..=5 {
        verify(&house).await;
        let job = read(&house, &created).await.ok()["data"].clone();
        assert_eq!(job["attempt_count"], attempt);
        assert_eq!(job["error"]["code"], "CHAIN_UNAVAILABLE");
        assert_eq!(job["status"], if attempt < 5 { "pending" } else { "failed" });
        house.advance(600_000);
    }
    assert_eq!(read(&house, &created).await.ok()["data"]["next_attempt_at"], Value::Null);
}

#[tokio::test]
async fn the_network_is_clear_or_asked_for() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let refused = |reply: Reply| {
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "network"));
    };
    refused(start(&house, &created, json!({})).await);
    house.allocate(&created, "base", "USDC").await;
    refused(start(&house, &created, json!({ "network": "ethereum" })).await);
    refused(start(&house, &created, json!({ "network": "dogecoin" })).await);
    house.allocate(&created, "solana", "USDC").await;
    refused(start(&house, &created, json!({})).await);
    let job = start(&house, &created, json!({ "network": "solana" })).await.ok();
    assert_eq!(job["data"]["network"], "solana");
}

#[tokio::test]
async fn a_hash_must_be_one_of_its_network() {
    let house = House::start().await;
    let (created, _) = overlooked(&house).await;
    for hash in ["", "0x12", "not a hash", &"1".repeat(5_000)] {
        let reply = start(&house, &created, json!({ "tx_hash": hash })).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "tx_hash"));
    }
    assert_eq!(read(&house, &created).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn a_session_verifies_its_own_invoice_only() {
    let house = House::start().await;
    let (mine, other) = (house.invoice(10.0).await, house.invoice(10.0).await);
    for path in [path(&other), "/api/v1/invoice/nonsense/verify".to_owned()] {
        for method in ["GET", "POST"] {
            let reply = house.payor(method, &path, &mine, Value::Null).await;
            assert_eq!(reply.error(), (404, "NOT_FOUND"), "{method} {path}");
        }
    }
    let reply =
        house.send(house.request("POST", &path(&mine)).header("x-api-key", &house.key)).await;
    assert_eq!(reply.error(), (401, "SESSION_INVALID"));
}

/// The status of the invoice's one payment.
async fn payment_status(house: &House, created: &Value) -> Value {
    house.read(created).await["payments"][0]["status"].clone()
}

#[tokio::test]
async fn a_known_payment_waits_while_its_network_fails_and_comes_back() {
    let house = House::start().await;
    let (created, _) = overlooked(&house).await;
    start(&house, &created, json!({})).await.ok();
    verify(&house).await;
    assert_eq!(payment_status(&house, &created).await, "pending");

    let fault = json!({ "rpc": "failing", "for_seconds": 30 });
    house.post("/api/v1/devnet/chain/ethereum/faults", fault).await.ok();
    house.advance(1);
    start(&house, &created, json!({})).await.ok();
    verify(&house).await;
    assert_eq!(payment_status(&house, &created).await, "manual_retry");
    assert_eq!(house.read(&created).await["status"], "unpaid");
    let types = house.get("/api/v1/events?type=invoice_payment.updated&limit=10").await.ok();
    let newest = &types["data"]["data"][0]["data"];
    assert_eq!(newest["object"]["status"], "manual_retry", "{types}");
    assert_eq!(newest["previous_attributes"]["status"], "pending");

    house.advance(31_000);
    verify(&house).await;
    let job = read(&house, &created).await.ok()["data"].clone();
    assert_eq!(
        (&job["status"], &job["result"]["payments_found"]),
        (&json!("completed"), &json!(0))
    );
    assert_eq!(payment_status(&house, &created).await, "pending");
    house.settle().await;
    assert_eq!(payment_status(&house, &created).await, "confirmed");
    assert_eq!(house.read(&created).await["amount_paid"], 10_000);
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn a_payment_whose_block_cannot_be_looked_at_makes_a_job_by_itself() {
    let house = House::start().await;
    let (created, _) = overlooked(&house).await;
    house.look_around().await;
    let id = house.read(&created).await["payments"][0]["id"].as_str().expect("an id").to_owned();
    let id = PaymentId::parse(&id).expect("an id");
    for _ in 0..2 {
        observe::payment_not_seen(&house.app, id, 0, None).await.expect("records");
        assert_eq!(payment_status(&house, &created).await, "manual_retry");
    }
    assert_eq!(read(&house, &created).await.ok()["data"]["status"], "pending");
    verify(&house).await;
    assert_eq!(read(&house, &created).await.ok()["data"]["status"], "completed");
    assert_eq!(payment_status(&house, &created).await, "pending");
    // What waits is money as soon as it is deep enough, whoever looks first.
    observe::payment_not_seen(&house.app, id, 0, None).await.expect("records");
    house.settle().await;
    assert_eq!(house.read(&created).await["status"], "paid");
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn what_a_network_shows_of_itself_counts_and_the_rest_is_looked_for_again() {
    let house = House::start().await;
    let (created, _) = overlooked(&house).await;
    let fault = json!({ "rpc": "partial", "for_seconds": 30 });
    house.post("/api/v1/devnet/chain/ethereum/faults", fault).await.ok();
    start(&house, &created, json!({})).await.ok();
    verify(&house).await;
    let job = read(&house, &created).await.ok()["data"].clone();
    assert_eq!((&job["status"], &job["attempt_count"]), (&json!("pending"), &json!(1)));
    assert_eq!(
        (&job["error"]["code"], &job["result"]),
        (&json!("CHAIN_UNAVAILABLE"), &Value::Null)
    );
    // What was found counts already, and waits only for the look that was not whole.
    let invoice = house.read(&created).await;
    assert_eq!(invoice["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(invoice["payments"][0]["token_amount"], "10");
    // Not before its time.
    verify(&house).await;
    assert_eq!(read(&house, &created).await.ok()["data"]["attempt_count"], 1);

    house.advance(31_000);
    verify(&house).await;
    let job = read(&house, &created).await.ok()["data"].clone();
    assert_eq!((&job["status"], &job["attempt_count"]), (&json!("completed"), &json!(2)));
    assert_eq!(job["result"]["payments_found"], 1, "what the first look found is counted once");
    assert_eq!(job["error"], Value::Null);
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(10_000)));
    assert_eq!(invoice["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn a_network_that_never_shows_all_of_itself_is_given_up_with_what_was_found() {
    let house = House::start().await;
    let (created, sent) = overlooked(&house).await;
    let fault = json!({ "rpc": "partial", "for_seconds": 86_400 });
    house.post("/api/v1/devnet/chain/ethereum/faults", fault).await.ok();
    start(&house, &created, json!({ "tx_hash": sent["data"]["tx_hash"] })).await.ok();
    for _ in 0..5 {
        verify(&house).await;
        house.advance(600_000);
    }
    let job = read(&house, &created).await.ok()["data"].clone();
    assert_eq!((&job["status"], &job["attempt_count"]), (&json!("failed"), &json!(5)));
    house.settle().await;
    // The watcher sees what the node tells of its blocks: the payment is not lost.
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(10_000)));
}
