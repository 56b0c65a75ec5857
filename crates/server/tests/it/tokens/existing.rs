//! Tokens that exist only where a network is simulated, beside networks that have nodes.
//!
//! Base is the public testnet here and Optimism a private network; no node of theirs answers, and
//! none is asked: what exists there is known without.

use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;
use domain::token::{Token, TokenId};
use serde_json::{Value, json};
use server::config::{ChainConfig, Config};
use server::workers::observe::{Recorded, record_transfer};

use crate::house::{House, token_id};

const DEVNET: Environment = Environment::Devnet;
/// Nobody's chain id.
const PRIVATE_CHAIN_ID: u64 = 424_242;
const RECEIVER: &str = "0x1111111111111111111111111111111111111111";

/// Base and Optimism have nodes; the eight others are simulated.
async fn house() -> House {
    House::with(|config| {
        real(config, Network::Base, None);
        real(config, Network::Optimism, Some(PRIVATE_CHAIN_ID));
    })
    .await
}

fn real(config: &mut Config, network: Network, chain_id: Option<u64>) {
    let list = config.data_dir.join(format!("{}.txt", network.as_str()));
    let addresses = (1_u64..50).map(|index| format!("0x{:040x}\n", index << 20));
    std::fs::write(&list, addresses.collect::<String>()).expect("writes");
    let chain = ChainConfig {
        rpc_urls: vec!["http://127.0.0.1:1".to_owned()],
        request_timeout_ms: Some(1),
        addresses_file: Some(list),
        chain_id,
        ..ChainConfig::default()
    };
    config.chains.entry(DEVNET).or_default().insert(network, chain);
}

/// Of these tokens, the ones a list names.
fn named(list: &Value, id: &str) -> Vec<&'static str> {
    let ids: Vec<i64> = list
        .as_array()
        .expect("a list")
        .iter()
        .map(|token| token[id].as_i64().expect("an id"))
        .collect();
    let asked = ["base USDT", "base USDC", "base ETH", "arbitrum USDT", "solana DUSDC"];
    let asked = asked.into_iter().chain(["optimism USDC", "optimism USDT", "optimism ETH"]);
    let is_named = |name: &&str| {
        let (network, symbol) = name.split_once(' ').expect("two words");
        ids.contains(&token_id(network, symbol))
    };
    asked.filter(is_named).collect()
}

const THERE: [&str; 5] = ["base USDC", "base ETH", "arbitrum USDT", "solana DUSDC", "optimism ETH"];

#[tokio::test]
async fn no_list_names_a_token_that_does_not_exist_on_its_network_as_it_runs() {
    let house = house().await;
    let created = house.invoice(10.0).await;
    for mode in ["monitored", "all"] {
        let path = format!("/api/v1/payments/available-tokens?mode={mode}");
        let offers = house.payor("GET", &path, &created, Value::Null).await.ok();
        assert_eq!(named(&offers, "id"), THERE, "{mode}");
    }
    let path = "/api/v1/payments/available-tokens?mode=network&network=base";
    let on_base = house.payor("GET", path, &created, Value::Null).await.ok();
    assert_eq!(named(&on_base, "id"), ["base USDC", "base ETH"]);
    let list = house.get("/api/v1/merchant/tokens").await.ok();
    assert_eq!(named(&list["tokens"], "id"), THERE);
    let found = house.get("/api/v1/merchant/tokens/search?limit=200").await.ok();
    assert_eq!(named(&found["tokens"], "id"), THERE);
    let rates = house.get("/api/v1/quotes/rates").await.ok();
    assert_eq!(named(&rates["data"], "token_id"), THERE);
    // On simulated networks alone all of them are there.
    let simulated = House::start().await;
    let list = simulated.get("/api/v1/merchant/tokens").await.ok();
    assert_eq!(named(&list["tokens"], "id").len(), 8);
}

#[tokio::test]
async fn what_does_not_exist_is_neither_quoted_nor_given_an_address() {
    let house = house().await;
    for (network, symbol, exists) in [
        ("base", "USDT", false),
        ("base", "USDC", true),
        ("arbitrum", "USDT", true),
        ("optimism", "USDC", false),
        ("optimism", "ETH", true),
    ] {
        let token_id = token_id(network, symbol);
        let created = house.invoice(10.0).await;
        let ask = json!({ "network": network, "tokenId": token_id });
        let path = "/api/v1/payments/payment-addresses";
        let given = house.payor("POST", path, &created, ask).await;
        let ask = json!({ "amount_usd": 10, "network": network, "token_id": token_id });
        let quote = house.post("/api/v1/quotes", ask).await;
        let path = format!("/api/v1/merchant/tokens/{token_id}/block");
        let blocked = house.post(&path, json!({ "blocked": false })).await;
        if exists {
            assert_eq!(given.ok()["status_code"], "ok", "{network} {symbol}");
            assert_eq!(quote.ok()["status"], "available", "{network} {symbol}");
            blocked.ok();
        } else {
            assert_eq!((given.status, given.param()), (400, "tokenId"), "{network} {symbol}");
            assert_eq!((quote.status, quote.param()), (400, "token_id"), "{network} {symbol}");
            assert_eq!(blocked.status, 404, "{network} {symbol}");
        }
    }
}

/// What a lying node would have to say of a contract that nobody deployed.
#[tokio::test]
async fn a_transfer_of_what_does_not_exist_pays_nothing() {
    let house = house().await;
    for (symbol, status) in [("USDT", "unpaid"), ("USDC", "paid")] {
        let created = house.invoice(10.0).await;
        let to = house.allocate(&created, "base", "USDC").await["temp_address"].clone();
        let token = Token::by_id(TokenId(token_id("base", symbol))).expect("is in the table");
        let block = BlockRef { number: 7, hash: format!("0x{:064x}", 7), time: house.app.now() };
        let transfer = ChainTransfer {
            tx_hash: format!("0x{:064x}", token.id.0),
            ordinal: 0,
            log_index: None,
            asset: AssetRef::Contract(token.address.expect("has a contract").to_owned()),
            amount: Some(TokenAmount(10_000_000)),
            from: Some(RECEIVER.to_owned()),
            to: to.as_str().expect("an address").to_owned(),
            block,
        };
        let place = (DEVNET, Network::Base);
        let recorded = record_transfer(&house.app, place, &transfer, None).await.expect("records");
        assert_eq!(recorded, Recorded::New);
        let payment = &house.read(&created).await["payments"][0];
        assert_eq!(payment["token_id"], token.id.0, "{payment}");
        let id: domain::ids::PaymentId =
            domain::ids::PaymentId::parse(payment["id"].as_str().expect("an id")).expect("an id");
        let reach = domain::chain::Reach::to(100);
        let confirm = server::workers::observe::confirm_payment(&house.app, id, reach, None);
        confirm.await.expect("confirms");
        assert_eq!(house.read(&created).await["status"], status, "{symbol}");
    }
}
