//! Amounts: what arrived of a token that keeps a fee, and numbers no payment has.

use chains::chain::Chain;
use chains::evm::{Evm, EvmSettings};
use domain::chain::AssetRef;
use domain::network::Network;
use domain::time::Timestamp;
use serde_json::json;

use super::testnet::{ALICE, BOB, Follower, Testnet, address, nodes, told};
use crate::fault::{Fault, Faulty};

#[tokio::test]
async fn a_token_that_keeps_a_fee_is_credited_with_what_arrived() {
    let mut testnet = Testnet::start(Network::Bsc);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    let alone = testnet.pay(json!(["token", "Taxed", ALICE, "1000"]));
    testnet.rpc("evm_setAutomine", json!([false])).await;
    let first = testnet.ask(json!(["submit", "Taxed", BOB, "1000"]));
    let second = testnet.ask(json!(["submit", "Taxed", BOB, "3000"]));
    testnet.mine(1).await;
    testnet.rpc("evm_setAutomine", json!([true])).await;
    follower.catch_up(&chain).await;
    let expected = [
        (alone.hash.as_str(), 1, Some(990)),
        (first["hash"].as_str().expect("a text"), 1, Some(990)),
        (second["hash"].as_str().expect("a text"), 1, Some(2_970)),
    ];
    assert_eq!(follower.told(), expected);
    let looked_up = chain.look_up(&alone.hash).await.expect("an answer");
    assert_eq!(told(&looked_up), expected[..1]);
    let history = chain.transfers_to(&address(BOB), Timestamp(0)).await.expect("an answer");
    assert_eq!(told(&history), expected[1..]);
}

#[tokio::test]
async fn what_cannot_be_measured_waits_near_the_head_and_has_no_amount_below() {
    let mut testnet = Testnet::start(Network::Bsc);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let forgot =
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"missing trie node"}}"#;
    let chain = testnet.chain_through(&[&proxy.url]);
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["token", "Taxed", ALICE, "1000"]));
    proxy.always_for("eth_call", Fault::Says(forgot.to_owned()));
    let error = follower.error(&chain).await;
    assert!(error.contains("missing trie node"), "{error}");
    // Nobody but the fault stands in the way: measured is what arrived.
    proxy.heal();
    let measured = chain.look_up(&paid.hash).await.expect("an answer");
    assert_eq!(told(&measured), [(paid.hash.as_str(), 1, Some(990))]);
    testnet.mine(70).await;
    proxy.always_for("eth_call", Fault::Status(500));
    follower.error(&chain).await;
    proxy.heal();
    proxy.always_for("eth_call", Fault::Says(forgot.to_owned()));
    follower.catch_up(&chain).await;
    assert_eq!(follower.told(), [(paid.hash.as_str(), 1, None)]);
}

#[tokio::test]
async fn a_place_does_not_depend_on_which_tokens_are_listed() {
    let mut testnet = Testnet::start(Network::Optimism);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["beside", ALICE, "5"]));
    follower.catch_up(&chain).await;
    // The unlisted contract's transfer is told under its own name.
    assert_eq!(follower.told(), [(paid.hash.as_str(), 1, Some(5)), (&paid.hash, 2, Some(6))]);
    let assets = follower.transfers.iter().map(|transfer| transfer.asset.clone());
    let contracts = ["Pretender", "Dollar"].map(|name| testnet.contract(name));
    assert_eq!(assets.collect::<Vec<_>>(), contracts.map(AssetRef::Contract));
    let unlisting = EvmSettings { contracts: vec![], ..testnet.settings() };
    let other = Evm::new(unlisting, nodes(&[&testnet.url]));
    assert_eq!(other.look_up(&paid.hash).await, Ok(follower.transfers.clone()));
    let history = other.transfers_to(&address(ALICE), Timestamp(0)).await;
    assert_eq!(history, Ok(follower.transfers.clone()));
}

#[tokio::test]
async fn an_amount_beyond_128_bits_is_told_without_its_number() {
    let mut testnet = Testnet::start(Network::Ethereum);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    let most = testnet.pay(json!(["mint", "Dollar", ALICE, u128::MAX.to_string()]));
    let two_to_130 = "1361129467683753853853498429727072845824";
    let more = testnet.pay(json!(["mint", "Dollar", BOB, two_to_130]));
    follower.catch_up(&chain).await;
    let expected = [(most.hash.as_str(), 1, Some(u128::MAX)), (more.hash.as_str(), 1, None)];
    assert_eq!(follower.told(), expected);
}
