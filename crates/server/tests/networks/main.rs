//! A whole house on a real network: invoices paid by a foreign wallet on a real EVM node, and by
//! one that signs what the house composed on Solana's programs.
//!
//! A program of its own, because the tokens it lists are known to its whole process. What the
//! families of networks do by themselves is tested in the chains crate.

#[path = "../it/house.rs"]
#[allow(dead_code, reason = "made for the other tests, which use all of it")]
mod house;
mod node;
mod outage;
mod settlement;
mod solana;

use chains::addresses::AddressBook as _;
use chains::chain::ChainError;
use chains::keys::Keystore;
use chains::keys::file::{Cost, FreshBytes, KeystoreFile, path_in};
use chains::keys::words::Words;
use domain::environment::Environment;
use domain::network::Network;
use domain::secret::Secret;
use domain::token::AddedToken;
use serde_json::{Value, json};
use server::config::{ChainConfig, Config};
use server::workers::Worker as _;
use server::workers::lease::Lease;
use server::workers::watcher::Watcher;

use crate::house::{House, START};
use crate::node::Node;

const DEVNET: Environment = Environment::Devnet;
const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
const PASSPHRASE: &str = "a test's passphrase";
const DOLLAR_ID: i64 = 900_500;
const MINUTE_MS: i64 = 60_000;

fn words() -> Words {
    Words::parse(WORDS).expect("are words")
}

/// A house whose base is the node, whose keys are the words', and which lists the node's token.
async fn house_on(node: &Node) -> House {
    let dollar = AddedToken {
        id: DOLLAR_ID + i64::from(node.port),
        network: Network::Base,
        environment: DEVNET,
        symbol: "DOLLAR".to_owned(),
        name: "A dollar of the test's".to_owned(),
        contract: node.contract("Dollar"),
        decimals: 6,
        stable_of: Some("USD".to_owned()),
        rate_symbol: None,
        charges_fee_on_transfer: false,
    };
    // Every node of these tests deploys at the same addresses.
    let _ = dollar.add();
    let configure = |config: &mut Config| {
        let fresh = FreshBytes { salt: [1; 16], nonce: [2; 24] };
        let passphrase = Secret::new(PASSPHRASE);
        let file = KeystoreFile::seal(
            &words(),
            DEVNET,
            &passphrase,
            Cost::negligible_for_tests(),
            START,
            &fresh,
        );
        file.expect("seals").create(&path_in(&config.data_dir, DEVNET)).expect("writes");
        config.keystore_passphrase = Some(passphrase);
        let base = ChainConfig {
            rpc_urls: vec![node.url.clone()],
            requests_per_second: Some(10_000),
            ..ChainConfig::default()
        };
        config.chains.entry(DEVNET).or_default().insert(Network::Base, base);
    };
    House::with(configure).await
}

fn dollar_id() -> i64 {
    let listed = domain::token::Token::of(DEVNET).find(|token| token.symbol == "DOLLAR");
    listed.expect("was added").id.0
}

async fn allocate(house: &House, created: &Value, token_id: i64) -> String {
    let body = json!({ "network": "base", "tokenId": token_id });
    let path = "/api/v1/payments/payment-addresses";
    let allocation = house.payor("POST", path, created, body).await.ok();
    allocation["temp_address"].as_str().expect("an address").to_owned()
}

fn payment(invoice: &Value) -> &Value {
    &invoice["payments"][0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_wallet_pays_an_invoice_with_a_token_of_a_real_node() {
    let mut node = Node::start();
    let house = house_on(&node).await;
    let created = house.invoice(10.0).await;
    let to = allocate(&house, &created, dollar_id()).await;
    let keystore = Keystore::new(&words(), DEVNET).expect("usable words");
    let derived = (0..64).any(|index| {
        let address = keystore.address(Network::Base, DEVNET, index).expect("derives");
        address.as_str() == to
    });
    assert!(derived, "{to} is not one of the keystore's");

    let hash = node.pay(&json!(["token", "Dollar", to, "10000000"]));
    house.settle().await;
    let invoice = house.read(&created).await;
    let seen = payment(&invoice);
    assert_eq!((&seen["status"], &seen["tx_hash"]), (&json!("pending"), &json!(hash)));
    assert_eq!(seen["token_amount_base"], "10000000");
    assert_eq!(seen["required_confirmations"], 3);

    node.mine(3);
    house.settle().await;
    assert_eq!(house.read(&created).await["status"], "paid");
    // Looked up once more, nothing is credited twice.
    let body = json!({ "environment": "devnet", "network": "base", "tx_hash": hash });
    let request = house.request("POST", "/api/admin/watch").bearer_auth("operator-token");
    let found = house.send(request.json(&body)).await.ok();
    assert_eq!(found["data"][0]["is_new"], false);
    assert_eq!(house.read(&created).await["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reorg_of_a_real_node_takes_a_payment_back() {
    let mut node = Node::start();
    let house = house_on(&node).await;
    let created = house.invoice(10.0).await;
    let to = allocate(&house, &created, dollar_id()).await;
    node.pay(&json!(["token", "Dollar", to, "10000000"]));
    house.settle().await;
    assert_eq!(payment(&house.read(&created).await)["status"], "pending");
    node.reorg(1);
    node.mine(4);
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(payment(&invoice)["status"], "reverted", "{invoice}");
    assert_eq!(invoice["status"], "unpaid");
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coin_moved_inside_a_contract_is_found_before_the_invoice_expires() {
    let mut node = Node::start();
    let house = house_on(&node).await;
    let created = house.invoice(30.0).await;
    let to = allocate(&house, &created, crate::house::token_id("base", "ETH")).await;
    // A little more than 30 USD.
    node.pay(&json!(["forward", to, "10100000000000000"]));
    house.settle().await;
    assert_eq!(house.read(&created).await["payments"], json!([]), "no scan sees it");

    house.advance(24 * 60 * MINUTE_MS);
    node.mine_at(house.app.now().seconds());
    node.mine(4);
    house.settle().await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(invoice["status"], "paid", "{invoice}");
    assert_eq!(payment(&invoice)["token_symbol"], "ETH");
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_network_is_not_simulated_and_says_so() {
    let node = Node::start();
    let house = house_on(&node).await;
    let blocks = house.post("/api/v1/devnet/chain/base/blocks", json!({ "count": 1 })).await;
    assert_eq!(blocks.error(), (409, "NETWORK_NOT_SIMULATED"));
    house.post("/api/v1/devnet/chain/ethereum/blocks", json!({ "count": 1 })).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_that_was_begun_anew_is_watched_again_at_the_operators_word() {
    let mut node = Node::start();
    let house = house_on(&node).await;
    let created = house.invoice(10.0).await;
    let to = allocate(&house, &created, dollar_id()).await;
    node.pay(&json!(["token", "Dollar", to, "10000000"]));
    house.settle().await;
    assert_eq!(payment(&house.read(&created).await)["status"], "pending");

    let mut node = node.begin_anew();
    node.mine(40);
    house.settle().await;
    let place = (DEVNET, Network::Base);
    let mut watcher = Watcher::new(place, Lease::for_place(place));
    let disputed = watcher.step(&house.app).await.expect_err("nothing it knows is there");
    assert!(matches!(disputed.downcast_ref(), Some(ChainError::Disputed(_))), "{disputed:#}");
    assert_eq!(payment(&house.read(&created).await)["status"], "pending", "nothing is guessed");

    let body = json!({ "environment": "devnet", "network": "base", "from": "head" });
    let request = house.request("POST", "/api/admin/watch/restart").bearer_auth("operator-token");
    house.send(request.json(&body)).await.ok();
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!(payment(&invoice)["status"], "reverted", "{invoice}");
    node.pay(&json!(["token", "Dollar", to, "10000000"]));
    node.mine(3);
    house.settle().await;
    assert_eq!(house.read(&created).await["status"], "paid");
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}
