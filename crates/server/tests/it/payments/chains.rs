//! What chains do to payments: reorgs, nodes that fail or repeat themselves, and strange transfers.

use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::changes::Changes;
use domain::event::EventType;
use domain::ids::MerchantId;
use domain::money::TokenAmount;
use domain::watch::WatchCursor;
use serde_json::{Value, json};
use server::workers::observe;

use super::*;

async fn reorg(house: &House, network: &str, depth: u64, drop: &[&str]) {
    let path = format!("/api/v1/devnet/chain/{network}/reorgs");
    house.post(&path, json!({ "depth": depth, "drop": drop })).await.ok();
}

async fn unmatched(house: &House) -> Vec<Value> {
    let list = house.get("/api/v1/merchant/unmatched").await.ok();
    list["data"].as_array().expect("a list").clone()
}

#[tokio::test]
async fn a_failed_transaction_never_counts() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    let id = crate::house::token_id("ethereum", "USDC");
    let body = json!({ "to": to, "amount": "10", "token_id": id, "fail": true });
    house.post("/api/v1/devnet/chain/ethereum/transfers", body).await.ok();
    house.settle().await;
    is(statuses(&house, &created).await, "unpaid", &[]);
}

#[tokio::test]
async fn a_failing_node_loses_nothing() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    fault(&house, "ethereum", "failing", 60).await;
    pay_usdc(&house, &to, "10").await;
    house.settle().await;
    is(statuses(&house, &created).await, "unpaid", &[]);
    house.advance(MINUTE_MS);
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
}

#[tokio::test]
async fn a_payment_that_is_told_twice_counts_once() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    fault(&house, "ethereum", "duplicating", 60).await;
    pay_usdc(&house, &to, "10").await;
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
    assert_eq!(house.read(&created).await["amount_paid"], 10_000);
    check(&house).await;
}

#[tokio::test]
async fn a_payment_that_a_reorg_removed_comes_back_as_the_same_payment() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "10").await;
    house.advance(SECOND_MS);
    house.step().await;
    let id = house.read(&created).await["payments"][0]["id"].clone();

    reorg(&house, "ethereum", 1, &[]).await;
    house.step().await;
    is(statuses(&house, &created).await, "unpaid", &["reverted"]);
    assert_eq!(house.read(&created).await["payments"][0]["confirmations"], 0);

    house.advance(SECOND_MS);
    house.step().await;
    is(statuses(&house, &created).await, "unpaid", &["pending"]);
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["payments"][0]["id"], &invoice["amount_paid"]), (&id, &json!(10_000)));
    check(&house).await;
}

#[tokio::test]
async fn a_payment_that_a_reorg_dropped_leaves_the_invoice_unpaid() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    let sent = pay_usdc(&house, &to, "10").await;
    house.advance(SECOND_MS);
    house.step().await;
    reorg(&house, "ethereum", 1, &[hash(&sent)]).await;
    house.settle().await;
    is(statuses(&house, &created).await, "unpaid", &["reverted"]);
    house.advance(12 * HOUR_MS);
    house.settle().await;
    is(statuses(&house, &created).await, "expired", &["reverted"]);
    check(&house).await;
}

#[tokio::test]
async fn a_reorg_deeper_than_final_leaves_the_invoice_paid_and_the_money_in_suspense() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    let sent = pay_usdc(&house, &to, "10").await;
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed"]);

    reorg(&house, "ethereum", 5, &[hash(&sent)]).await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(0)));
    let payment = &invoice["payments"][0];
    assert_eq!(
        (&payment["status"], &payment["settlement_status"]),
        (&json!("reverted"), &json!("manual"))
    );
    check(&house).await;
}

#[tokio::test]
async fn money_that_a_deep_reorg_moved_is_restored_when_it_is_final_again() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "10").await;
    house.settle().await;
    reorg(&house, "ethereum", 5, &[]).await;
    house.step().await;
    is(statuses(&house, &created).await, "paid", &["reverted"]);
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
    assert_eq!(house.read(&created).await["amount_paid"], 10_000);
    check(&house).await;
}

#[tokio::test]
async fn a_payment_on_a_network_without_an_address_waits_in_the_inbox() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    let sent = house.transfer("base", "USDC", &to, "10").await;
    house.settle().await;
    is(statuses(&house, &created).await, "unpaid", &[]);
    let inbox = unmatched(&house).await;
    assert_eq!(inbox.len(), 1);
    assert_eq!(
        (&inbox[0]["network"], &inbox[0]["invoice_id"]),
        (&json!("base"), &created["invoice_id"])
    );
    assert_eq!(inbox[0]["tx_hash"], hash(&sent));
}

#[tokio::test]
async fn an_amount_above_128_bits_is_reported_and_never_credited() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, &"9".repeat(40)).await;
    house.settle().await;
    is(statuses(&house, &created).await, "unpaid", &[]);
    assert_eq!(unmatched(&house).await.len(), 1);
    pay_usdc(&house, &to, "10").await;
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
}

#[tokio::test]
async fn a_watcher_that_starts_over_counts_nothing_twice() {
    let house = House::start().await;
    let key = WatchCursor::row_key(Environment::Devnet, Network::Ethereum);
    let read = async || house.app.store.get::<WatchCursor>(key).await.expect("reads");
    let old = read().await.expect("a cursor");
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "4").await;
    house.settle().await;
    pay_usdc(&house, &to, "6").await;
    house.settle().await;

    let now = read().await.expect("a cursor");
    let mut changes = Changes::of(MerchantId::HOUSE);
    changes.update(WatchCursor { version: now.version, ..old });
    house.app.store.commit(changes).await.expect("turns the watcher back");
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed", "confirmed"]);
    assert_eq!(house.read(&created).await["amount_paid"], 10_000);
    check(&house).await;
}

#[tokio::test]
async fn every_step_of_a_payment_is_told_once() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "10").await;
    house.settle().await;
    house.settle().await;
    let log = house.app.store.log_after(0, 0, 1_000).await.expect("reads");
    let invoice = created["invoice_id"].as_str().expect("an id");
    let told: Vec<&str> = log
        .iter()
        .filter(|entry| entry.entry.data.contains(invoice))
        .filter_map(|entry| entry.entry.kind.public().map(EventType::as_str))
        .collect();
    let expected = [
        "invoice.created",
        "invoice_payment.created",
        "invoice_payment.updated",
        "invoice.updated",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn an_absurd_amount_stops_nobody_else() {
    let house = House::start().await;
    let absurd = house.invoice(20.0).await;
    let address = house.allocate(&absurd, "base", "USDC").await;
    let to = address["temp_address"].as_str().expect("an address").to_owned();
    let nearly_all = "170141183460469231731687303715884";
    for _ in 0..3 {
        house.transfer("base", "USDC", &to, nearly_all).await;
    }
    let other = house.invoice(20.0).await;
    let address = house.allocate(&other, "base", "USDC").await;
    let to = address["temp_address"].as_str().expect("an address").to_owned();
    house.transfer("base", "USDC", &to, "20").await;
    house.settle().await;
    assert_eq!(house.read(&other).await["status"], "paid");
    assert_eq!(house.read(&absurd).await["status"], "unpaid");
    let inbox = house.get("/api/v1/merchant/unmatched").await.ok();
    assert_eq!(inbox["data"].as_array().map(Vec::len), Some(3));
    assert_eq!(inbox["data"][0]["reason"], "amount_too_large");
}

#[tokio::test]
async fn coin_that_only_carries_a_token_pays_nothing_and_binds_nobody() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let allocation = house.allocate(&created, "cardano", "USDC").await;
    // Cardano's ledger sends no token without a little over one ADA.
    house.transfer("cardano", "ADA", address(&allocation), "1.2").await;
    house.settle().await;
    assert_eq!(house.read(&created).await["status"], "unpaid");
    house.transfer("cardano", "USDC", address(&allocation), "10").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(10_000)));
    let counted = |payment: &Value| (payment["token_symbol"].clone(), payment["counted"].clone());
    let payments = invoice["payments"].as_array().expect("payments");
    let payments: Vec<_> = payments.iter().map(counted).collect();
    assert_eq!(payments, [(json!("USDC"), json!(true)), (json!("ADA"), json!(false))]);

    // Who asked for ADA pays with ADA, however little.
    let created = house.invoice(0.5).await;
    let allocation = house.allocate(&created, "cardano", "ADA").await;
    house.transfer("cardano", "ADA", address(&allocation), estimate(&allocation)).await;
    house.settle().await;
    assert_eq!(house.read(&created).await["status"], "paid");
    check(&house).await;
}

/// A transfer of USDC on Ethereum, as a chain tells it.
fn told(to: &str, amount: u128, block: &str) -> ChainTransfer {
    let usdc = Token::of(Environment::Devnet)
        .find(|token| token.network == Network::Ethereum && token.symbol == "USDC");
    ChainTransfer {
        tx_hash: format!("0x{}", "5c".repeat(32)),
        ordinal: 1,
        log_index: Some(0),
        asset: AssetRef::Contract(usdc.and_then(|token| token.address).expect("USDC").to_owned()),
        amount: Some(TokenAmount(amount)),
        from: None,
        to: to.to_owned(),
        block: BlockRef { number: 5, hash: block.to_owned(), time: crate::house::START },
    }
}

#[tokio::test]
async fn a_transaction_that_pays_less_in_another_block_is_worth_less() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    let place = (Environment::Devnet, Network::Ethereum);
    let record = async |transfer: &ChainTransfer| {
        observe::record_transfer(&house.app, place, transfer, None).await.expect("records")
    };
    record(&told(&to, 10_000_000, "a")).await;
    is(statuses(&house, &created).await, "unpaid", &["pending"]);
    // Run again on another fork, the contract pays a millionth of it. The same block told with
    // another amount is the same payment all the same.
    record(&told(&to, 9_000_000, "a")).await;
    house.advance(1);
    record(&told(&to, 10, "b")).await;
    record(&told(&to, 10, "b")).await;
    let invoice = house.read(&created).await;
    let payments = invoice["payments"].as_array().expect("payments");
    let amounts: Vec<&Value> = payments.iter().map(|one| &one["token_amount_base"]).collect();
    assert_eq!(amounts, [&json!("10"), &json!("10000000")]);
    let rows = house.app.store.payments_from_block(place.0, place.1, 0, None, 9).await;
    let rows = rows.expect("reads");
    let first = rows.iter().find(|row| row.amount.0 == 10_000_000).expect("is there").id;
    observe::revert_payment(&house.app, first, 6, None).await.expect("reverts");
    is(statuses(&house, &created).await, "unpaid", &["pending", "reverted"]);
    check(&house).await;
}
