//! Money on its way to the merchant: from a confirmed payment to a transaction that is final.
//!
//! `settlement/crashes.rs` kills the house between its steps, `settlement/refunds.rs` sends money
//! back, `settlement/safety.rs` is about who may lead money where, and how much of it,
//! `settlement/destinations.rs` about the list of where, and `settlement/vanished.rs` about what
//! nobody can tell of.

mod crashes;
mod destinations;
mod refunds;
mod safety;
mod vanished;

use domain::environment::Environment;
use domain::network::Network;
use domain::simulated::SimulatedTransaction;
use serde_json::{Value, json};
use server::config::Config;

use crate::account::{act, owner};
use crate::house::{House, Reply, token_id};

pub const WALLET: &str = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F";
pub const OTHER_WALLET: &str = "0x742d35Cc6634C0532925a3b844Bc454e4438f44e";
pub const MINUTE_MS: i64 = 60_000;
pub const HOUR_MS: i64 = 60 * MINUTE_MS;

/// A house whose merchant wants his tokens as they come, in his wallet on every EVM network.
pub async fn house() -> House {
    house_with(|_| {}).await
}

pub async fn house_with(configure: impl FnOnce(&mut Config)) -> House {
    let house = House::with(configure).await;
    as_they_come(&house).await;
    set_wallet(&house, "ethereum", WALLET).await.ok();
    house
}

/// No route, no conversion.
pub async fn as_they_come(house: &House) {
    let token = owner(house).await;
    let body = json!({ "settlement_preference": "tokens" });
    act(house, &token, "PUT", "/api/v1/merchant/settlement-preference", body).await.ok();
}

pub async fn set_wallet(house: &House, network: &str, address: &str) -> Reply {
    let token = owner(house).await;
    let body = json!({ "network": network, "address": address });
    act(house, &token, "PUT", "/api/v1/merchant/settlement-wallets", body).await
}

/// An invoice that somebody pays, confirmed and not settled yet.
pub async fn paid(house: &House, symbol: &str, amount: &str) -> Value {
    let created = house.invoice(10.0).await;
    let allocation = house.allocate(&created, "ethereum", symbol).await;
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", symbol, to, amount).await;
    created
}

/// Blocks pass and workers look, until nothing moves any more.
pub async fn run(house: &House) {
    for _ in 0..16 {
        house.advance(1_000);
        house.step().await;
    }
}

pub async fn payment(house: &House, created: &Value) -> Value {
    house.read(created).await["payments"][0].clone()
}

pub async fn settlement_of(house: &House, created: &Value) -> Value {
    let payment = payment(house, created).await;
    let id = payment["settlement"]["merchant_settlement_id"].as_i64().expect("a number");
    house.get(&format!("/api/v1/settlements/{id}")).await.ok()
}

/// What a simulated chain included of what goes to an address in a token.
pub async fn arrived(house: &House, to: &str, symbol: &str) -> Vec<SimulatedTransaction> {
    let all = house.app.store.simulated_transactions_to(Network::Ethereum, to).await;
    let contract =
        domain::token::Token::by_id(domain::token::TokenId(token_id("ethereum", symbol)))
            .expect("listed")
            .address;
    let is_it = |row: &SimulatedTransaction| row.asset.contract() == contract && !row.is_dropped;
    all.expect("reads").into_iter().filter(is_it).collect()
}

/// Ledger, log and rows agree.
pub async fn check(house: &House) {
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

async fn balance(house: &House, kind: &str, symbol: &str) -> i128 {
    let balances = house.app.store.balances(Some(house.merchant_id)).await.expect("reads");
    let is_it = |one: &&domain::ledger::Balance| {
        one.account.kind.as_str() == kind && one.account.asset.symbol() == Some(symbol)
    };
    balances.iter().filter(is_it).map(|one| one.balance).sum()
}

#[tokio::test]
async fn a_confirmed_payment_reaches_the_merchants_wallet() {
    let house = house().await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    let payment = payment(&house, &created).await;
    assert_eq!(payment["settlement_status"], "settled", "{payment}");
    let settlement = &payment["settlement"];
    let sent = arrived(&house, WALLET, "USDC").await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].amount.expect("fits").0, 10_000_000);
    assert_eq!(sent[0].from, payment["to_address"].as_str().expect("an address"));
    assert_eq!(
        *settlement,
        json!({
            "summary_status": "settled", "stage": "final", "status": "settled",
            "merchant_settlement_id": 1, "network": "ethereum",
            "settlement_tx_hash": sent[0].tx_hash,
        })
    );
    let whole = settlement_of(&house, &created).await;
    assert_eq!(whole["status"], "settled");
    assert_eq!(whole["amount"], "10");
    assert_eq!(whole["destination"], WALLET);
    assert_eq!(whole["tx_hashes"], json!([sent[0].tx_hash]));
    assert_eq!(whole["sends"][0]["status"], "confirmed");
    // Nothing is owed any more, and what the network took is written down.
    assert_eq!(balance(&house, "merchant", "USDC").await, 0);
    assert_eq!(balance(&house, "clearing", "USDC").await, 0);
    assert!(balance(&house, "gas_tank", "ETH").await > 0);
    let events = house.get("/api/v1/events?type=invoice_payment.updated&limit=20").await.ok();
    let statuses: Vec<_> = events["data"]["data"]
        .as_array()
        .expect("events")
        .iter()
        .map(|event| event["data"]["object"]["settlement_status"].clone())
        .collect();
    assert_eq!(statuses, ["settled", "processing", "pending"]);
    // The coin that was brought for gas is nobody's payment.
    assert_eq!(house.read(&created).await["payments"].as_array().expect("payments").len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn a_sweep_of_tokens_leaves_coin_that_came_as_a_payment_alone() {
    let house = house_with(|config| config.settlement.minimum_usd = 9).await;
    let created = house.invoice(10.0).await;
    let allocation = house.allocate(&created, "ethereum", "USDC").await;
    let to = allocation["temp_address"].as_str().expect("an address").to_owned();
    let coin = house.allocate(&created, "ethereum", "ETH").await;
    assert_eq!(coin["temp_address"], to.as_str(), "one address for both");
    house.transfer("ethereum", "ETH", &to, "0.0015").await;
    house.transfer("ethereum", "USDC", &to, "10").await;
    run(&house).await;
    run(&house).await;
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 1);
    assert_eq!(arrived(&house, WALLET, "ETH").await.len(), 0, "it is too little by itself");
    let place = (Environment::Devnet, Network::Ethereum);
    let sender = house.app.networks.sender(place).expect("sends");
    let address = domain::address::Address::parse(place.1, place.0, &to).expect("an address");
    let stands = sender.state(&address, None).await.expect("answers").coin;
    let paid_in: u128 = 1_500_000_000_000_000;
    assert!(stands.0 >= paid_in, "{stands:?} stand there of {paid_in}");
    house.advance(25 * HOUR_MS);
    run(&house).await;
    run(&house).await;
    let sent = arrived(&house, WALLET, "ETH").await;
    assert_eq!(sent.iter().map(|row| row.amount.expect("fits").0).sum::<u128>(), paid_in);
    check(&house).await;
}

#[tokio::test]
async fn coin_is_settled_to_the_last_unit() {
    let house = house().await;
    let created = house.invoice(10.0).await;
    let allocation = house.allocate(&created, "ethereum", "ETH").await;
    let (to, amount) = (&allocation["temp_address"], &allocation["estimated_token_amount"]);
    let amount = amount.as_str().expect("an amount");
    house.transfer("ethereum", "ETH", to.as_str().expect("an address"), amount).await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    let sent = arrived(&house, WALLET, "ETH").await;
    let base = payment(&house, &created).await["token_amount_base"].clone();
    assert_eq!(sent[0].amount.expect("fits").0.to_string(), base.as_str().expect("digits"));
    check(&house).await;
}

#[tokio::test]
async fn payments_of_one_token_travel_as_one_settlement() {
    let house = house().await;
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(paid(&house, "USDC", "10").await);
    }
    let other = paid(&house, "USDT", "10").await;
    run(&house).await;
    for created in &all {
        let whole = settlement_of(&house, created).await;
        assert_eq!((&whole["status"], &whole["payments"]), (&json!("settled"), &json!(3)));
        assert_eq!((&whole["amount"], &whole["amount_usd"]), (&json!("30"), &json!(30)));
    }
    assert_ne!(
        settlement_of(&house, &other).await["id"],
        settlement_of(&house, &all[0]).await["id"]
    );
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 3);
    let list = house.get("/api/v1/merchant/settlements?limit=1").await.ok();
    assert_eq!((&list["has_more"], &list["pending"]), (&json!(true), &json!([])));
    let next = list["data"][0]["id"].as_i64().expect("a number");
    let path = format!("/api/v1/merchant/settlements?limit=1&starting_after={next}");
    let older = house.get(&path).await.ok();
    assert_ne!(older["data"][0]["id"], list["data"][0]["id"]);
    check(&house).await;
}

#[tokio::test]
async fn what_waits_says_why() {
    let house = House::with(|config| config.settlement.minimum_usd = 100).await;
    as_they_come(&house).await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    let why = async || {
        let list = house.get("/api/v1/merchant/settlements").await.ok();
        list["pending"][0]["reason"].clone()
    };
    assert_eq!(why().await, "no_settlement_wallet");
    assert_eq!(payment(&house, &created).await["settlement_status"], "pending");
    set_wallet(&house, "ethereum", WALLET).await.ok();
    run(&house).await;
    assert_eq!(why().await, "below_minimum");
    house.advance(24 * HOUR_MS);
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    check(&house).await;
}

#[tokio::test]
async fn fees_that_eat_a_payment_hold_it_back() {
    let house = house_with(|config| config.settlement.fee_bps_max = 0).await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "pending");
    let list = house.get("/api/v1/merchant/settlements").await.ok();
    assert_eq!(list["pending"][0]["reason"], "fee_too_high");
    check(&house).await;
}

#[tokio::test]
async fn a_failed_transaction_moves_nothing_and_may_be_tried_again() {
    let house = house().await;
    let created = paid(&house, "USDC", "10.013001").await;
    run(&house).await;
    let failed = payment(&house, &created).await;
    assert_eq!(failed["settlement_status"], "failed", "{failed}");
    let whole = settlement_of(&house, &created).await;
    assert_eq!((&whole["status"], &whole["amount_settled_base"]), (&json!("failed"), &json!("0")));
    assert_eq!(balance(&house, "merchant", "USDC").await, 10_013_001);
    assert!(balance(&house, "gas_tank", "ETH").await > 0, "it was paid for all the same");
    check(&house).await;

    // Together with another payment it is another amount, which no magic spoils.
    let id = whole["id"].as_i64().expect("a number");
    let more = house.post(&format!("/api/v1/settlements/{id}/retry"), json!({})).await.ok();
    assert_eq!(more["id"], whole["id"]);
    assert_eq!(payment(&house, &created).await["settlement_status"], "pending");
    check(&house).await;
}

#[tokio::test]
async fn a_stuck_transaction_is_replaced_under_its_nonce() {
    let house = house().await;
    let created = paid(&house, "USDC", "10.013003").await;
    run(&house).await;
    let whole = settlement_of(&house, &created).await;
    assert_eq!(whole["sends"][0]["status"], "unknown", "{whole}");
    house.advance(3 * MINUTE_MS);
    run(&house).await;
    let whole = settlement_of(&house, &created).await;
    assert_eq!((&whole["status"], &whole["sends"][0]["attempts"]), (&json!("settled"), &json!(2)));
    let sent = arrived(&house, WALLET, "USDC").await;
    assert_eq!((sent.len(), sent[0].signed.expect("ours").nonce), (1, 0));
    check(&house).await;
}

#[tokio::test]
async fn a_lost_answer_sends_nothing_twice() {
    let house = house().await;
    let created = paid(&house, "USDC", "10.013002").await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn a_reorg_of_a_sweep_is_followed_to_its_end() {
    let house = house_with(|_| {}).await;
    let created = paid(&house, "USDC", "10").await;
    // Until the sweep is in the newest block and not final.
    let mut sent = Vec::new();
    for _ in 0..40 {
        house.advance(500);
        house.step().await;
        sent = arrived(&house, WALLET, "USDC").await;
        if !sent.is_empty() {
            break;
        }
    }
    house.advance(1_000);
    let path = "/api/v1/devnet/chain/ethereum/reorgs";
    let body = json!({ "depth": 1, "drop": [sent[0].tx_hash] });
    house.post(path, body).await.ok();
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 0);
    house.step().await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "processing");
    // No node knows it any more: it is given to them again.
    house.advance(MINUTE_MS);
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    let again = arrived(&house, WALLET, "USDC").await;
    assert_eq!((again.len(), &again[0].tx_hash), (1, &sent[0].tx_hash));
    check(&house).await;
}

#[tokio::test]
async fn an_invoice_may_name_another_receiver() {
    let house = house().await;
    let settled_in = domain::settlement_rule::default_token(Environment::Devnet);
    let network = settled_in.network.as_str();
    let other = match settled_in.network.family() {
        domain::network::Family::Evm => OTHER_WALLET.to_owned(),
        _ => {
            let seed = [5; 32];
            let family = settled_in.network.family();
            let made = domain::address::Address::from_payload(family, Environment::Devnet, &seed);
            made.as_str().to_owned()
        }
    };
    let body = json!({
        "amount_usd": 10, "receiver_override_enable": true, "receiver_override_address": other,
    });
    let created = house.post("/api/v1/invoices", body).await.ok();
    let allocation = house.allocate(&created, network, settled_in.symbol).await;
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer(network, settled_in.symbol, to, "10").await;
    run(&house).await;
    let payment = payment(&house, &created).await;
    assert_eq!(payment["settlement_status"], "settled", "{payment}");
    assert_eq!(settlement_of(&house, &created).await["destination"], other);
    check(&house).await;
}

#[tokio::test]
async fn a_route_carries_money_to_another_network() {
    let house = House::start().await;
    let token = owner(&house).await;
    let path = "/api/v1/merchant/settlement-token";
    let base = token_id("base", "USDC");
    let body = json!({ "settlement_token_id": base });
    act(&house, &token, "PUT", path, body).await.ok();
    set_wallet(&house, "base", OTHER_WALLET).await.ok();
    let created = paid(&house, "USDT", "10").await;
    run(&house).await;
    run(&house).await;
    let whole = settlement_of(&house, &created).await;
    assert_eq!(whole["status"], "settled", "{whole}");
    assert_eq!((&whole["network"], &whole["destination"]), (&json!("base"), &json!(OTHER_WALLET)));
    let there = house.app.store.simulated_transactions_to(Network::Base, OTHER_WALLET).await;
    let there = there.expect("reads");
    // Ten dollars less one in a hundred and five cents.
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].amount.expect("fits").0, 9_850_000);
    let payment = payment(&house, &created).await;
    assert_eq!(payment["settlement"]["settlement_tx_hash"], there[0].tx_hash);
    assert_eq!(payment["settlement"]["network"], "base");
    // Ten were given for ten, of which the route kept its fee: every cent has its place.
    for (kind, symbol, base_units) in [
        ("merchant", "USDT", 0),
        ("clearing", "USDT", 0),
        ("exchange", "USDT", 0),
        ("merchant", "USDC", 0),
        ("clearing", "USDC", 0),
        ("fees", "USDC", 150_000),
        ("exchange", "USDC", -150_000),
    ] {
        assert_eq!(balance(&house, kind, symbol).await, base_units, "{kind} {symbol}");
    }
    let postings = house.get("/api/v1/balance_transactions?limit=100").await.ok();
    let postings = postings["data"].as_array().expect("postings");
    let of = |kind: &str, phase: &str| {
        let is_it = |one: &&Value| one["type"] == kind && one["phase"] == phase;
        let found = postings.iter().filter(is_it);
        found.map(|one| (one["symbol"].clone(), one["amount"].clone())).collect::<Vec<_>>()
    };
    let told = |symbol: &str, amount: &str| (json!(symbol), json!(amount));
    assert_eq!(of("conversion", "captured"), [told("USDT", "10")]);
    assert_eq!(of("settlement_fee", "posted"), [told("USDC", "0.15")]);
    assert_eq!(of("settlement", "captured"), [told("USDC", "9.85")]);
    check(&house).await;
}

#[tokio::test]
async fn the_preference_is_the_members_and_has_defaults() {
    let house = House::start().await;
    let path = "/api/v1/merchant/settlement-preference";
    assert_eq!(house.get(path).await.error(), (403, "INSUFFICIENT_SCOPE"));
    let token = owner(&house).await;
    let first = act(&house, &token, "GET", path, Value::Null).await.ok();
    assert_eq!(first["settlement_preference"], "stables_preferred");
    assert_eq!(first["selected_settlement_token"]["is_default"], true);
    assert_eq!(first["updated_at"], Value::Null);
    let put = async |path: &str, body: Value| act(&house, &token, "PUT", path, body).await;
    let wrong = put(path, json!({ "settlement_preference": "gold" })).await;
    assert_eq!((wrong.status, wrong.param()), (400, "settlement_preference"));
    put(path, json!({ "settlement_preference": "stables_only" })).await.ok();

    let select = "/api/v1/merchant/settlement-token";
    let refused = put(select, json!({})).await;
    assert_eq!((refused.status, refused.param()), (400, "settlement_token_id"));
    for wrong in [token_id("ethereum", "ETH"), 1, -1] {
        let refused = put(select, json!({ "settlement_token_id": wrong })).await;
        assert_eq!((refused.status, refused.param()), (400, "settlement_token_id"));
    }
    let id = token_id("base", "USDC");
    let set = put(select, json!({ "settlement_token_id": id })).await.ok();
    assert_eq!(set["message"], "Settlement token updated successfully");
    assert_eq!(
        (&set["success"], &set["settlement_token"]["network"]),
        (&json!(true), &json!("base"))
    );
    let now = act(&house, &token, "GET", path, Value::Null).await.ok();
    assert_eq!(now["settlement_preference"], "stables_only");
    assert_eq!(now["selected_settlement_token"]["id"], id);
    assert_eq!(now["selected_settlement_token"]["is_default"], false);
    put(select, json!({ "settlement_token_id": null })).await.ok();
    act(&house, &token, "DELETE", path, Value::Null).await.ok();
    let last = act(&house, &token, "GET", path, Value::Null).await.ok();
    assert_eq!(last["selected_settlement_token"], first["selected_settlement_token"]);
    assert_eq!(last["settlement_preference"], "stables_preferred");
}

#[tokio::test]
async fn a_settlements_postings_are_found_by_its_number_and_reported_by_network_and_token() {
    let house = house().await;
    let created = paid(&house, "USDC", "10").await;
    run(&house).await;
    let id = settlement_of(&house, &created).await["id"].as_i64().expect("a number");
    let number = id.to_string();
    let path = format!("/api/v1/balance_transactions?source={number}");
    let found = house.get(&path).await.ok();
    let found = found["data"].as_array().expect("a list").clone();
    let told: Vec<_> = found.iter().map(|one| (&one["type"], &one["phase"])).collect();
    assert!(told.contains(&(&json!("settlement"), &json!("reserved"))), "{told:?}");
    assert!(told.contains(&(&json!("settlement"), &json!("captured"))), "{told:?}");
    assert!(found.iter().all(|one| one["source"] == number.as_str()), "{found:?}");
    let all = house.get("/api/v1/balance_transactions?limit=100").await.ok();
    let all = all["data"].as_array().expect("a list").clone();
    let its: Vec<_> = all.into_iter().filter(|one| one["source"] == number.as_str()).collect();
    assert_eq!(found, its);
    let none = house.get("/api/v1/balance_transactions?source=777").await.ok();
    assert_eq!(none["data"], json!([]));
    for wrong in ["0", "-1", "99999999999999999999"] {
        let refused = house.get(&format!("/api/v1/balance_transactions?source={wrong}")).await;
        assert_eq!((refused.status, refused.param()), (400, "source"), "{wrong}");
    }

    let report = house.get("/api/v1/reports/settlements").await.ok();
    let lines = report["lines"].as_array().expect("lines");
    let told: Vec<_> = lines.iter().map(|line| (&line["status"], &line["amount"])).collect();
    assert_eq!(told, [(&json!("started"), &json!("10")), (&json!("completed"), &json!("10"))]);
    for line in lines {
        assert_eq!((&line["network"], &line["symbol"]), (&json!("ethereum"), &json!("USDC")));
        assert_eq!(line["token_id"], token_id("ethereum", "USDC"));
    }
}
