//! What was final and is on its chain no more, and what a person says of sends nobody can tell of.

use domain::send::SendStatus;
use serde_json::{Value, json};
use server::config::{ChainConfig, Config};

use super::safety::{operator, pause};
use super::{
    HOUR_MS, MINUTE_MS, WALLET, arrived, balance, check, house, house_with, paid, payment, run,
    settlement_of,
};
use crate::account::{act, owner};
use crate::house::{House, Reply};

/// A reorg that reaches just below a transaction, and drops it.
async fn drop_from_chain(house: &House, tx_hash: &str, block_number: u64) {
    let shown = house.get("/api/v1/devnet/chain/ethereum").await.ok();
    let head = shown["data"]["head_number"].as_u64().expect("a number");
    let body = json!({ "depth": head + 1 - block_number, "drop": [tx_hash] });
    house.post("/api/v1/devnet/chain/ethereum/reorgs", body).await.ok();
}

/// Two looks at what was final, each after its time.
async fn look_twice(house: &House) {
    for _ in 0..2 {
        house.advance(2 * MINUTE_MS);
        house.step().await;
    }
}

#[tokio::test]
async fn a_sweep_that_vanishes_after_it_was_final_is_followed_again_and_never_sent_as_another() {
    let house = house().await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    let gas = balance(&house, "gas_tank", "ETH").await;
    let sent = arrived(&house, WALLET, "USDC").await;
    // It stands, however often it is looked at.
    look_twice(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    pause(&house, "paused").await;
    drop_from_chain(&house, &sent[0].tx_hash, sent[0].block_number).await;
    let mut was_missed = false;
    for _ in 0..30 {
        house.advance(MINUTE_MS);
        house.step().await;
        let id = domain::ids::SettlementId(1);
        let sends = house.app.store.sends_of(id.key()).await.expect("reads");
        if sends[0].status == SendStatus::Unknown {
            break;
        }
        was_missed |= sends[0].missed_since.is_some();
        assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    }
    assert!(was_missed, "one look that does not find it proves nothing");
    let whole = settlement_of(&house, &created).await;
    assert_eq!((&whole["status"], &whole["tx_hashes"]), (&json!("processing"), &json!([])));
    assert_eq!(whole["sends"][0]["status"], "unknown", "{whole}");
    assert_eq!(payment(&house, &created).await["settlement_status"], "processing");
    // Promised as before: owed, and nobody else's.
    assert_eq!(balance(&house, "merchant", "USDC").await, 10_000_000);
    let balances = house.app.store.balances(Some(house.merchant_id)).await.expect("reads");
    assert!(balances.iter().any(|one| one.reserved == 10_000_000));
    check(&house).await;
    pause(&house, "open").await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    let again = arrived(&house, WALLET, "USDC").await;
    assert_eq!((again.len(), &again[0].tx_hash), (1, &sent[0].tx_hash));
    assert_eq!(balance(&house, "merchant", "USDC").await, 0);
    assert_eq!(balance(&house, "gas_tank", "ETH").await, gas, "one fee, paid once");
    check(&house).await;
}

/// A payment as large as the first one, to the same address.
async fn pay_again(house: &House, created: &Value, amount: &str) {
    let to = payment(house, created).await["to_address"].clone();
    house.transfer("ethereum", "USDC", to.as_str().expect("an address"), amount).await;
}

#[tokio::test]
async fn an_old_nonce_makes_no_second_sweep_out_of_the_first_ones_transaction() {
    let house = house().await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    let first = arrived(&house, WALLET, "USDC").await;
    // From now on the network tells the nonce of before the sweep.
    drop_from_chain(&house, &first[0].tx_hash, first[0].block_number).await;
    pay_again(&house, &created, "10").await;
    run(&house).await;
    look_twice(&house).await;
    look_twice(&house).await;
    run(&house).await;
    let both = arrived(&house, WALLET, "USDC").await;
    assert_eq!(both.len(), 2, "{both:?}");
    assert_ne!(both[0].tx_hash, both[1].tx_hash);
    assert_eq!(balance(&house, "merchant", "USDC").await, 0);
    check(&house).await;
}

#[tokio::test]
async fn a_transaction_that_failed_is_not_taken_for_another_send() {
    let house = house().await;
    let created = paid(&house, "USDC", "10.013001").await;
    run(&house).await;
    let whole = settlement_of(&house, &created).await;
    assert_eq!(whole["sends"][0]["status"], "failed", "{whole}");
    let id = domain::ids::SettlementId(1);
    let failed = house.app.store.sends_of(id.key()).await.expect("reads").remove(0);
    let chain = domain::network::Network::Ethereum;
    let went = house.app.store.simulated_transactions_from(chain, &failed.from.address).await;
    let sweep = went.expect("reads").pop().expect("a failed one");
    drop_from_chain(&house, &sweep.tx_hash, sweep.block_number).await;
    house.post(&format!("/api/v1/settlements/{}/retry", whole["id"]), json!({})).await.ok();
    run(&house).await;
    let again = settlement_of(&house, &created).await;
    assert_ne!(again["id"], whole["id"]);
    let id = domain::ids::SettlementId(again["id"].as_i64().expect("a number"));
    let waiting = house.app.store.sends_of(id.key()).await.expect("reads").remove(0);
    assert_eq!((waiting.status, waiting.attempts.len()), (SendStatus::Planned, 0), "{waiting:?}");
    check(&house).await;
}

async fn release(house: &House, body: Value) -> Reply {
    operator(house, "/api/admin/settlement/release", body).await
}

/// A house without keys, and one payment that the operator is to sweep.
async fn exported() -> (House, Value, Value) {
    use chains::keys::Keystore;
    use chains::keys::words::Words;
    use domain::environment::Environment;
    use domain::network::Network;

    let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
    let words = Words::parse(words).expect("are words");
    let keys = Keystore::new(&words, Environment::Devnet).expect("usable words").account_keys();
    let watched = ChainConfig { xpub: Some(keys[0].text.clone()), ..ChainConfig::default() };
    let house = house_with(|config: &mut Config| {
        config.chains.entry(Environment::Devnet).or_default().insert(Network::Ethereum, watched);
    })
    .await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    let id = settlement_of(&house, &created).await["sends"][0]["id"].clone();
    (house, created, id)
}

#[tokio::test]
async fn what_the_operator_never_sent_is_released_and_planned_again() {
    let (house, created, id) = exported().await;
    let unasked = house.post("/api/admin/settlement/release", json!({})).await;
    assert_eq!(unasked.status, 401);
    for wrong in [
        json!({ "id": id, "outcome": "sent" }),
        json!({ "id": id, "outcome": "not_sent", "tx_hash": "0x1" }),
        json!({ "id": id, "outcome": "sent", "tx_hash": "no hash" }),
    ] {
        assert_eq!(
            release(&house, wrong.clone()).await.error(),
            (400, "VALIDATION_ERROR"),
            "{wrong}"
        );
    }
    let nobodys = json!({ "id": "0198c0de-0000-7000-8000-000000000000", "outcome": "not_sent" });
    assert_eq!(release(&house, nobodys).await.status, 404);
    let body = json!({ "id": id, "outcome": "not_sent" });
    release(&house, body.clone()).await.ok();
    assert_eq!(release(&house, body).await.error(), (409, "SEND_NOT_RELEASABLE"));
    assert_eq!(payment(&house, &created).await["settlement_status"], "failed");
    assert_eq!(balance(&house, "merchant", "USDC").await, 10_000_000);
    let token = owner(&house).await;
    let audit = act(&house, &token, "GET", "/api/v1/merchant/audit-log", Value::Null).await.ok();
    let entries = audit["data"].as_array().expect("entries");
    let told = entries.iter().find(|one| one["action"] == "send.released").expect("audited");
    assert_eq!(told["target"], format!("{}: not sent", id.as_str().expect("an id")));
    let whole = settlement_of(&house, &created).await;
    house.post(&format!("/api/v1/settlements/{}/retry", whole["id"]), json!({})).await.ok();
    run(&house).await;
    let again = settlement_of(&house, &created).await;
    assert_eq!(again["sends"][0]["status"], "exported");
    assert_ne!(again["id"], whole["id"]);
    check(&house).await;
}

#[tokio::test]
async fn tokens_that_left_their_address_were_sent_by_somebody() {
    let (house, created, id) = exported().await;
    let to = payment(&house, &created).await["to_address"].clone();
    let came = arrived(&house, to.as_str().expect("an address"), "USDC").await;
    drop_from_chain(&house, &came[0].tx_hash, came[0].block_number).await;
    let body = json!({ "id": id, "outcome": "not_sent" });
    assert_eq!(release(&house, body).await.error(), (409, "SEND_NOT_RELEASABLE"));
    assert_eq!(payment(&house, &created).await["settlement_status"], "processing");
}

#[tokio::test]
async fn what_the_operator_says_he_sent_must_not_contradict_the_chain() {
    let (house, created, id) = exported().await;
    let from = payment(&house, &created).await["to_address"].clone();
    let transfer = async |amount: &str| {
        let token_id = crate::house::token_id("ethereum", "USDC");
        let body = json!({ "to": WALLET, "from": from, "amount": amount, "token_id": token_id });
        let sent = house.post("/api/v1/devnet/chain/ethereum/transfers", body).await.ok();
        sent["data"]["tx_hash"].clone()
    };
    let wrong = transfer("9").await;
    house.advance(5_000);
    let sent = |hash: &Value| json!({ "id": id, "outcome": "sent", "tx_hash": hash });
    assert_eq!(release(&house, sent(&wrong)).await.error(), (400, "VALIDATION_ERROR"));
    // Nobody here knows it, so the operator's word is all there is.
    let unknown = json!(format!("0x{}", "ab".repeat(32)));
    release(&house, sent(&unknown)).await.ok();
    let settled = payment(&house, &created).await;
    assert_eq!(settled["settlement_status"], "settled");
    assert_eq!(settled["settlement"]["settlement_tx_hash"], unknown);
    check(&house).await;
}

#[tokio::test]
async fn nothing_is_released_that_a_node_can_still_tell_about() {
    let house = house().await;
    let created = paid(&house, "USDC", "10.013003").await;
    run(&house).await;
    let whole = settlement_of(&house, &created).await;
    assert_eq!(whole["sends"][0]["status"], "unknown", "{whole}");
    let body = json!({ "id": whole["sends"][0]["id"], "outcome": "not_sent" });
    let young = release(&house, body.clone()).await;
    assert_eq!(young.error(), (409, "SEND_NOT_RELEASABLE"));
    house.advance(25 * HOUR_MS);
    let old = release(&house, body.clone()).await;
    assert_eq!(old.error(), (409, "SEND_NOT_RELEASABLE"), "its nonce is free still");
    run(&house).await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    let over = release(&house, body).await;
    assert_eq!(over.error(), (409, "SEND_NOT_RELEASABLE"));
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 1);
    check(&house).await;
}
