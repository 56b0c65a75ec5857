//! What every EVM network must do: the same payments on all six, told by scan, look-up and history.

use chains::chain::Chain;
use domain::chain::{AssetRef, BlockRef};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;
use serde_json::json;

use super::testnet::{ALICE, BOB, Follower, Testnet, address, told};

async fn check(network: Network) {
    let mut testnet = Testnet::start(network);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    let token = testnet.pay(json!(["token", "Dollar", ALICE, "12340000"]));
    let coins = testnet.pay(json!(["coins", BOB, "7000000000000000000"]));
    let twice = testnet.pay(json!(["twice", ALICE, "1", "2"]));
    let failed = testnet.pay(json!(["fail", ALICE, "5", "6"]));
    testnet.pay(json!(["pretend", ALICE, "1000000"]));
    testnet.pay(json!(["token", "Dollar", testnet.contract("sender"), "3"]));
    follower.catch_up(&chain).await;

    assert!(token.has_succeeded && !failed.has_succeeded);
    let expected = [
        (token.hash.as_str(), 1, Some(12_340_000)),
        (coins.hash.as_str(), 0, Some(7_000_000_000_000_000_000)),
        (twice.hash.as_str(), 1, Some(1)),
        (twice.hash.as_str(), 2, Some(2)),
    ];
    assert_eq!(follower.told(), expected);
    let first = follower.transfers[0].clone();
    let BlockRef { number, hash, time } = first.block;
    assert_eq!((number, hash.as_str()), (token.block_number, token.block_hash.as_str()));
    assert!(time > Timestamp(0));
    assert_eq!(first.asset, AssetRef::Contract(testnet.contract("Dollar")));
    assert_eq!(first.from.as_deref(), Some(testnet.contract("sender").as_str()));
    assert_eq!(first.to, address(ALICE).as_str());
    assert_eq!(follower.transfers[1].asset, AssetRef::Native);

    let head = chain.head().await.expect("an answer");
    assert!(head.finalized.is_some_and(|finalized| finalized < head.number), "{head:?}");
    assert_eq!(chain.canonical(number).await.expect("an answer"), Some(hash));
    assert_eq!(chain.canonical(head.number + 1).await.expect("an answer"), None);

    let looked_up = chain.look_up(&twice.hash).await.expect("an answer");
    assert_eq!(looked_up, follower.transfers[2..]);
    assert_eq!(chain.look_up(&coins.hash).await.expect("an answer"), follower.transfers[1..2]);
    assert_eq!(chain.look_up(&failed.hash).await.expect("an answer"), []);
    assert_eq!(chain.look_up(&format!("0x{}", "7".repeat(64))).await.expect("an answer"), []);
    let mut history = chain.transfers_to(&address(ALICE), Timestamp(0)).await.expect("an answer");
    let pretended = history.pop().expect("the pretender's");
    assert_eq!(pretended.asset, AssetRef::Contract(testnet.contract("Pretender")));
    assert_eq!(pretended.amount, Some(TokenAmount(1_000_000)));
    assert_eq!(history, [&follower.transfers[..1], &follower.transfers[2..]].concat());
    let history = chain.transfers_to(&address(BOB), Timestamp(0)).await.expect("an answer");
    assert_eq!(told(&history), [expected[1]]);
    let later = time.plus_ms(1_000_000_000);
    assert_eq!(chain.transfers_to(&address(BOB), later).await.expect("an answer"), []);
}

#[tokio::test]
async fn ethereum() {
    check(Network::Ethereum).await;
}

#[tokio::test]
async fn base() {
    check(Network::Base).await;
}

#[tokio::test]
async fn bsc() {
    check(Network::Bsc).await;
}

#[tokio::test]
async fn avalanche() {
    check(Network::Avalanche).await;
}

#[tokio::test]
async fn arbitrum() {
    check(Network::Arbitrum).await;
}

#[tokio::test]
async fn optimism() {
    check(Network::Optimism).await;
}

#[tokio::test]
async fn a_restart_tells_nothing_twice_and_loses_nothing() {
    let mut testnet = Testnet::start(Network::Base);
    let mut chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    let mut sent = Vec::new();
    for amount in 1..=4 {
        sent.push(testnet.pay(json!(["token", "Dollar", ALICE, amount.to_string()])).hash);
        testnet.mine(40).await;
        let before = follower.cursor.clone();
        chain = testnet.chain();
        follower.catch_up(&chain).await;
        // A watcher that died before it saved its cursor asks again, and hears the same.
        let mut again = Follower::begin(&chain).await;
        again.cursor = before;
        again.catch_up(&chain).await;
        assert_eq!(again.transfers, follower.transfers[follower.transfers.len() - 1..]);
    }
    let hashes: Vec<&str> = follower.told().into_iter().map(|(hash, _, _)| hash).collect();
    assert_eq!(hashes, sent);
    assert!(follower.reverted.is_empty());
}

#[tokio::test]
async fn a_cursor_of_something_else_is_refused() {
    let testnet = Testnet::start(Network::Ethereum);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    follower.cursor = Some("{}".to_owned());
    assert!(follower.error(&chain).await.contains("the watch cursor cannot be read"));
}
