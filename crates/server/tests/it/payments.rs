//! What money does to an invoice: what counts, for how much, and what it makes of the status.
//!
//! `payments/timing.rs` is about clocks and races, `payments/chains.rs` about what chains do.

mod chains;
mod timing;

use domain::environment::Environment;
use domain::network::Network;
use domain::token::Token;
use serde_json::{Value, json};

use crate::house::House;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn address(allocation: &Value) -> &str {
    allocation["temp_address"].as_str().expect("an address")
}

fn estimate(allocation: &Value) -> &str {
    allocation["estimated_token_amount"].as_str().expect("an estimate")
}

fn hash(sent: &Value) -> &str {
    sent["data"]["tx_hash"].as_str().expect("a hash")
}

/// An invoice of 10 USD with an address for USDC on Ethereum.
async fn ten_dollars(house: &House) -> (Value, String) {
    let created = house.invoice(10.0).await;
    let allocation = house.allocate(&created, "ethereum", "USDC").await;
    let to = address(&allocation).to_owned();
    (created, to)
}

async fn pay_usdc(house: &House, to: &str, amount: &str) -> Value {
    house.transfer("ethereum", "USDC", to, amount).await
}

/// Statuses of the invoice and of its payments, newest first.
async fn statuses(house: &House, created: &Value) -> (String, Vec<String>) {
    let invoice = house.read(created).await;
    let text = |value: &Value| value.as_str().expect("a status").to_owned();
    let payments = invoice["payments"].as_array().expect("payments");
    (text(&invoice["status"]), payments.iter().map(|one| text(&one["status"])).collect())
}

#[track_caller]
fn is(found: (String, Vec<String>), invoice: &str, payments: &[&str]) {
    assert_eq!(
        (found.0.as_str(), found.1),
        (invoice, payments.iter().map(|s| s.to_string()).collect())
    );
}

/// Ledger, log and rows agree.
async fn check(house: &House) {
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

async fn fault(house: &House, network: &str, rpc: &str, for_seconds: i64) {
    let path = format!("/api/v1/devnet/chain/{network}/faults");
    house.post(&path, json!({ "rpc": rpc, "for_seconds": for_seconds })).await.ok();
}

#[tokio::test]
async fn an_exact_payment_in_any_token_of_any_network_ends_paid() {
    let house = House::start().await;
    let mut invoices = Vec::new();
    for token in Token::of(Environment::Devnet) {
        let created = house.invoice(49.99).await;
        let network = token.network.as_str();
        let allocation = house.allocate(&created, network, token.symbol).await;
        house.transfer(network, token.symbol, address(&allocation), estimate(&allocation)).await;
        invoices.push((token, created));
    }
    house.settle().await;
    let networks: std::collections::HashSet<Network> =
        invoices.iter().map(|(token, _)| token.network).collect();
    assert_eq!(networks.len(), 10);
    for (token, created) in invoices {
        let invoice = house.read(&created).await;
        let what = format!("{} on {}", token.symbol, token.network.as_str());
        assert_eq!(invoice["status"], "paid", "{what}");
        assert_eq!(invoice["amount_paid"], 49_990, "{what}");
        assert_eq!(invoice["amount_overpaid"], 0, "{what}");
        assert_eq!(invoice["amount_remaining"], 0, "{what}");
        let payment = &invoice["payments"][0];
        assert_eq!(payment["status"], "confirmed", "{what}");
        assert_eq!(payment["network"], token.network.as_str());
        assert_eq!(payment["token_id"], token.id.0);
        assert_eq!(payment["settlement_status"], "pending");
    }
    check(&house).await;
}

#[tokio::test]
async fn a_payment_is_pending_until_it_is_deep_enough() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "10").await;
    house.step().await;
    is(statuses(&house, &created).await, "unpaid", &[]);
    house.advance(SECOND_MS);
    house.step().await;
    is(statuses(&house, &created).await, "unpaid", &["pending"]);
    let invoice = house.read(&created).await;
    assert_eq!(invoice["payments"][0]["confirmations"], 1);
    assert_eq!(invoice["payments"][0]["required_confirmations"], 2);
    assert_eq!(invoice["amount_paid"], 0);
    house.advance(SECOND_MS);
    house.step().await;
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
}

#[tokio::test]
async fn a_short_payment_locks_network_and_token_until_the_rest_arrives() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "4").await;
    house.settle().await;
    is(statuses(&house, &created).await, "underpaid", &["underpaid"]);
    let details =
        house.payor("GET", "/api/v1/payments/session-details", &created, Value::Null).await.ok();
    assert_eq!(details["locked_network"], "ethereum");
    assert_eq!(details["locked_token_id"], crate::house::token_id("ethereum", "USDC"));
    assert_eq!(details["locked_payment_address"], to.as_str());
    assert_eq!(details["amount_remaining_usd"], 6);

    let again = house.allocate(&created, "ethereum", "USDC").await;
    assert_eq!((address(&again), estimate(&again)), (to.as_str(), "6"));
    pay_usdc(&house, &to, estimate(&again)).await;
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed", "confirmed"]);
    assert_eq!(house.read(&created).await["amount_overpaid"], 0);
    check(&house).await;
}

#[tokio::test]
async fn an_overpayment_is_paid_and_shown() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "12.5").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["status"], "paid");
    assert_eq!(invoice["amount_overpaid"], 2_500);
    assert_eq!(invoice["amount_paid"], 12_500);

    pay_usdc(&house, &to, "1").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_overpaid"]), (&json!("paid"), &json!(3_500)));
}

#[tokio::test]
async fn dust_counts_for_what_it_is_worth_and_nothing_binds_nobody() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "0").await;
    house.transfer("ethereum", "ETH", &to, "0.000000000000000001").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["status"], "unpaid");
    assert!(invoice["payments"].as_array().unwrap().iter().all(|one| one["counted"] == false));

    pay_usdc(&house, &to, "0.000001").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("underpaid"), &json!(0)));

    let rest = house.allocate(&created, "ethereum", "USDC").await;
    assert_eq!(estimate(&rest), "9.999999");
    pay_usdc(&house, &to, estimate(&rest)).await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_overpaid"]), (&json!("paid"), &json!(0)));
    check(&house).await;
}

#[tokio::test]
async fn another_token_does_not_count_once_an_invoice_is_locked() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "4").await;
    house.settle().await;
    house.transfer("ethereum", "USDT", &to, "6").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("underpaid"), &json!(4_000)));
    let wrong = &invoice["payments"][0];
    assert_eq!((&wrong["token_symbol"], &wrong["counted"]), (&json!("USDT"), &json!(false)));
    assert_eq!(
        (&wrong["status"], &wrong["settlement_status"]),
        (&json!("confirmed"), &json!("manual"))
    );
    check(&house).await;
}

#[tokio::test]
async fn a_blocked_token_is_recorded_and_not_counted() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    let policy = house.request("PUT", "/api/v1/merchant/tokens/policy");
    let policy = policy.header("x-api-key", &house.key);
    house.send(policy.json(&json!({ "acceptance_policy": "selective" }))).await.ok();
    let id = crate::house::token_id("ethereum", "USDC");
    let path = format!("/api/v1/merchant/tokens/{id}/block");
    house.post(&path, json!({ "blocked": true })).await.ok();

    pay_usdc(&house, &to, "10").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("unpaid"), &json!(0)));
    let payment = &invoice["payments"][0];
    assert_eq!(
        (&payment["counted"], &payment["settlement_status"]),
        (&json!(false), &json!("manual"))
    );
    let body = json!({ "network": "ethereum", "tokenId": id });
    let refused = house.payor("POST", "/api/v1/payments/payment-addresses", &created, body).await;
    assert_eq!((refused.error(), refused.param()), ((400, "VALIDATION_ERROR"), "tokenId"));
}

#[tokio::test]
async fn an_unknown_token_is_recorded_and_worth_nothing() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    let scam = "0x000000000000000000000000000000000000dEaD";
    let body = json!({ "to": to, "amount": "1000000", "token_address": scam });
    house.post("/api/v1/devnet/chain/ethereum/transfers", body).await.ok();
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["status"], "unpaid");
    let payment = &invoice["payments"][0];
    assert_eq!(payment["token_id"], Value::Null);
    assert_eq!(payment["token_address"], scam);
    assert_eq!(payment["amount_usd"], 0);
    assert_eq!(
        (&payment["counted"], &payment["settlement_status"]),
        (&json!(false), &json!("manual"))
    );
    check(&house).await;
}

#[tokio::test]
async fn two_halves_that_arrive_at_once_pay_together() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let one = house.allocate(&created, "ethereum", "USDC").await;
    let other = house.allocate(&created, "base", "USDC").await;
    assert_eq!(address(&one), address(&other));
    house.transfer("ethereum", "USDC", address(&one), "5").await;
    house.transfer("base", "USDC", address(&other), "5").await;
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed", "confirmed"]);
    assert_eq!(house.read(&created).await["amount_overpaid"], 0);
    check(&house).await;
}

#[tokio::test]
async fn two_full_payments_that_arrive_at_once_are_an_overpayment() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    let sent = (pay_usdc(&house, &to, "10"), pay_usdc(&house, &to, "10"));
    tokio::join!(sent.0, sent.1);
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed", "confirmed"]);
    assert_eq!(house.read(&created).await["amount_overpaid"], 10_000);
    check(&house).await;
}

#[tokio::test]
async fn a_shortfall_within_the_merchants_tolerance_is_paid() {
    let house = House::start().await;
    let body = json!({ "tolerance_bps": 100, "tolerance_max_usd": 0.05 });
    crate::profile::patch(&house, body).await.ok();
    let ((close, one), (short, other)) = (ten_dollars(&house).await, ten_dollars(&house).await);
    pay_usdc(&house, &one, "9.95").await;
    pay_usdc(&house, &other, "9.949999").await;
    house.settle().await;
    is(statuses(&house, &close).await, "paid", &["confirmed"]);
    is(statuses(&house, &short).await, "underpaid", &["underpaid"]);
}
