//! Reorgs of a real node, shallow and deep: what is gone is said, what is left is told again.

use domain::network::Network;
use serde_json::json;

use super::testnet::{ALICE, BOB, Follower, Testnet};
use chains::chain::Chain;

#[tokio::test]
async fn a_payment_that_a_reorg_replaced_is_reverted_and_the_other_one_told() {
    let mut testnet = Testnet::start(Network::Ethereum);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    let kept = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    let nonce = testnet.ask(json!(["nonce"]))["nonce"].clone();
    let gone = testnet.pay(json!(["token", "Dollar", ALICE, "2"]));
    testnet.mine(1).await;
    follower.catch_up(&chain).await;
    assert_eq!(follower.told().len(), 2);

    let other = testnet.ask(json!(["signed", "Dollar", BOB, "3", nonce]));
    testnet.rpc("anvil_reorg", json!([2, [[other["raw"], 0]]])).await;
    follower.catch_up(&chain).await;
    assert_eq!(follower.reverted, [gone.block_number]);
    let told = follower.told();
    assert_eq!((told.len(), told[0]), (2, (kept.hash.as_str(), 1, Some(1))));
    assert_eq!((told[1].1, told[1].2), (1, Some(3)));
    assert_ne!(chain.canonical(gone.block_number).await.expect("an answer"), Some(gone.block_hash));
    assert_eq!(chain.look_up(&gone.hash).await.expect("an answer"), []);
    // The same again tells nothing.
    assert_eq!(follower.step(&chain).await.transfers, []);
    assert_eq!(follower.reverted.len(), 1);
}

#[tokio::test]
async fn a_reorg_of_any_depth_finds_where_it_branched_off() {
    let mut testnet = Testnet::start(Network::Optimism);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    let kept = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    testnet.mine(400).await;
    follower.catch_up(&chain).await;
    for depth in [1, 3, 60, 70, 200, 390] {
        let head = chain.head().await.expect("an answer").number;
        // Paid to somebody else an empty block has another hash.
        testnet.rpc("anvil_setCoinbase", json!([format!("0x{depth:040x}")])).await;
        testnet.rpc("anvil_reorg", json!([depth, []])).await;
        testnet.mine(1).await;
        follower.catch_up(&chain).await;
        let (from, first_gone) = (*follower.reverted.last().expect("a reorg"), head - depth + 1);
        assert!(from <= first_gone && first_gone - from <= depth, "{depth}: {from}");
        assert!(depth > 60 || from == first_gone, "{depth}: {from}");
        // It is told again where it was said to be gone, and never lost.
        assert_eq!(follower.told(), [(kept.hash.as_str(), 1, Some(1))], "{depth}");
    }
}

#[tokio::test]
async fn a_reorg_right_after_the_first_scan_goes_below_it() {
    let testnet = Testnet::start(Network::Base);
    testnet.mine(30).await;
    let chain = testnet.chain();
    let head = chain.head().await.expect("an answer").number;
    let mut follower = Follower::begin(&chain).await;
    testnet.rpc("anvil_reorg", json!([10, []])).await;
    follower.catch_up(&chain).await;
    assert_eq!(follower.reverted, [head - 9]);
}

#[tokio::test]
async fn a_chain_that_was_cut_back_tells_nothing_until_it_has_grown_again() {
    let mut testnet = Testnet::start(Network::Bsc);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    testnet.mine(2).await;
    let gone = testnet.pay(json!(["token", "Dollar", ALICE, "2"]));
    testnet.mine(1).await;
    let cursor = follower.catch_up(&chain).await.cursor.clone();
    testnet.rpc("anvil_rollback", json!([2])).await;
    let scan = follower.step(&chain).await;
    assert_eq!((scan.transfers, scan.reverted_from), (vec![], None));
    assert_eq!(follower.cursor, cursor);
    assert_eq!(chain.canonical(gone.block_number).await.expect("an answer"), None);

    testnet.ask(json!(["forget"]));
    let other = testnet.pay(json!(["token", "Dollar", BOB, "3"]));
    testnet.mine(3).await;
    follower.catch_up(&chain).await;
    assert_eq!(follower.reverted, [gone.block_number]);
    assert_eq!(follower.told(), [(other.hash.as_str(), 1, Some(3))]);
}
