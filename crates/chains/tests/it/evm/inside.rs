//! Coins a contract passes on: no scan sees them, balances and traces find them.

use chains::chain::{Chain, ChainError, KnownCoins, parted};
use chains::evm::{Evm, EvmSettings};
use domain::chain::ChainTransfer;
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;
use serde_json::json;

use super::testnet::{ALICE, BOB, Follower, Testnet, address, nodes, told};
use crate::fault::{Fault, Faulty};

const REFUSAL: &str =
    r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"the method does not exist"}}"#;

#[tokio::test]
async fn they_are_found_by_either_kind_of_trace_in_the_same_place() {
    let mut testnet = Testnet::start(Network::Arbitrum);
    let chain = testnet.chain();
    let mut follower = Follower::begin(&chain).await;
    let start = chain.head().await.expect("an answer").number;
    let carried = testnet.pay(json!(["coins", ALICE, "5"]));
    testnet.mine(300).await;
    let forwarded = testnet.pay(json!(["forward", ALICE, "7"]));
    testnet.mine(20).await;
    let halves = testnet.pay(json!(["halves", BOB, ALICE, "18"]));
    testnet.pay(json!(["fail", ALICE, "5", "6"]));
    testnet.mine(3).await;
    follower.catch_up(&chain).await;
    assert_eq!(follower.told(), [(carried.hash.as_str(), 0, Some(5))]);

    let expected = [
        (carried.hash.as_str(), 0, Some(5)),
        (forwarded.hash.as_str(), 1_000_000, Some(7)),
        (halves.hash.as_str(), 1_000_001, Some(9)),
    ];
    let alice = address(ALICE);
    assert_eq!(chain.native_balance(&alice).await, Ok(21));
    let history = chain.transfers_to(&alice, Timestamp(0)).await.expect("an answer");
    assert_eq!(told(&history), expected);
    assert_eq!(
        chain.unseen_transfers(&alice, Timestamp(0), &[]).await.expect("an answer"),
        history
    );
    assert_eq!(chain.find_internal(&alice, start, 5).await.expect("an answer"), history);
    assert_eq!(chain.find_internal(&alice, start, 21).await.expect("an answer"), []);
    let looked_up = chain.look_up(&halves.hash).await.expect("an answer");
    let to_alice: Vec<_> =
        looked_up.into_iter().filter(|transfer| transfer.to == alice.as_str()).collect();
    assert_eq!(to_alice, history[2..]);

    let proxy = Faulty::in_front_of(&testnet.url).await;
    proxy.always_for("debug_trace", Fault::Says(REFUSAL.to_owned()));
    let other = testnet.chain_through(&[&proxy.url]);
    assert_eq!(other.transfers_to(&alice, Timestamp(0)).await.expect("an answer"), history);
    assert!(other.look_up(&halves.hash).await.expect("an answer").contains(&history[2]));
}

#[tokio::test]
async fn without_a_node_that_traces_what_is_known_is_told_and_health_complains() {
    let mut testnet = Testnet::start(Network::Avalanche);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    proxy.always_for("trace", Fault::Says(REFUSAL.to_owned()));
    let chain = testnet.chain_through(&[&proxy.url]);
    let carried = testnet.pay(json!(["coins", ALICE, "5"]));
    testnet.pay(json!(["forward", ALICE, "7"]));
    let history = chain.transfers_to(&address(ALICE), Timestamp(0)).await.expect("an answer");
    assert_eq!(told(&history), [(carried.hash.as_str(), 0, Some(5))]);
    let complaint = chain.health().remove(0).complaint.expect("a complaint");
    assert!(complaint.contains("no node traces transactions"), "{complaint}");
}

#[tokio::test]
async fn they_are_found_however_many_blocks_ago_they_came() {
    let mut testnet = Testnet::start(Network::Base);
    let paid = testnet.pay(json!(["forward", ALICE, "7"]));
    for _ in 0..5 {
        testnet.mine(250).await;
    }
    let settings = EvmSettings { lookback_blocks_max: 10, ..testnet.settings() };
    let chain = Evm::new(settings, nodes(&[&testnet.url]));
    let expected = [(paid.hash.as_str(), 1_000_000, Some(7))];
    let unseen =
        chain.unseen_transfers(&address(ALICE), Timestamp(0), &[]).await.expect("an answer");
    assert_eq!(told(&unseen), expected);
    let history = chain.transfers_to(&address(ALICE), Timestamp(0)).await.expect("an answer");
    assert_eq!(told(&history), expected);
}

#[tokio::test]
async fn what_is_known_does_not_wait_for_a_trace_that_fails_and_is_not_said_to_be_all() {
    let mut testnet = Testnet::start(Network::Optimism);
    let token = testnet.pay(json!(["token", "Dollar", ALICE, "3"]));
    let carried = testnet.pay(json!(["coins", ALICE, "5"]));
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&proxy.url]);
    proxy.always_for("trace", Fault::Status(500));
    let coins = (carried.hash.as_str(), 0, Some(5));
    let known = chain.look_up(&carried.hash).await;
    assert_eq!(told(&incomplete(known)), [coins]);
    let history = chain.transfers_to(&address(ALICE), Timestamp(0)).await;
    assert_eq!(told(&incomplete(history)), [(token.hash.as_str(), 1, Some(3)), coins]);
    let unseen = chain.unseen_transfers(&address(ALICE), Timestamp(0), &[]).await;
    assert_eq!(told(&incomplete(unseen)), [coins]);
    proxy.heal();
    assert_eq!(told(&chain.look_up(&carried.hash).await.expect("all of it")), [coins]);

    // Balances that cannot be asked for hide coins, and tokens are told all the same.
    proxy.always_for("eth_getBalance", Fault::Status(500));
    let history = chain.transfers_to(&address(ALICE), Timestamp(0)).await;
    assert_eq!(told(&incomplete(history)), [(token.hash.as_str(), 1, Some(3))]);
}

/// What was found where there may be more.
fn incomplete(answer: Result<Vec<ChainTransfer>, ChainError>) -> Vec<ChainTransfer> {
    let (found, lacking) = parted(answer);
    assert!(matches!(lacking, Some(ChainError::Incomplete { .. })), "{found:?} {lacking:?}");
    found
}

/// Remembers no balances of blocks that are more than 150 below this one.
fn forgets_below(head: u64) -> Fault {
    Fault::Edited(std::sync::Arc::new(move |asked, answer| {
        let calls = asked.body.as_array().cloned().unwrap_or(vec![asked.body.clone()]);
        let number = |call: &serde_json::Value| {
            let digits = call["params"][1].as_str()?.strip_prefix("0x")?.to_owned();
            u64::from_str_radix(&digits, 16).ok()
        };
        if calls.iter().filter_map(number).any(|number| number + 150 < head) {
            return serde_json::from_str(&REFUSAL.replace("-32601", "-32000")).expect("JSON");
        }
        answer
    }))
}

#[tokio::test]
async fn a_node_that_forgot_old_balances_is_searched_as_far_as_it_remembers() {
    let mut testnet = Testnet::start(Network::Base);
    testnet.pay(json!(["forward", ALICE, "7"]));
    testnet.mine(200).await;
    let paid = testnet.pay(json!(["forward", ALICE, "8"]));
    let proxy = Faulty::in_front_of(&testnet.url).await;
    proxy.always_for("eth_getBalance", forgets_below(paid.block_number));
    let chain = testnet.chain_through(&[&proxy.url]);
    let history = chain.transfers_to(&address(ALICE), Timestamp(0)).await.expect("an answer");
    assert_eq!(told(&history), [(paid.hash.as_str(), 1_000_000, Some(8))]);
    // The seven before came unseen: whoever would give the address up is told so.
    let unseen = chain.unseen_transfers(&address(ALICE), Timestamp(0), &[]).await;
    assert_eq!(incomplete(unseen), history);
    let complaint = chain.health().remove(0).complaint.expect("a complaint");
    assert!(complaint.contains("no node remembers balances"), "{complaint}");
    assert_eq!(chain.unseen_transfers(&address(BOB), Timestamp(0), &[]).await, Ok(vec![]));
}

#[tokio::test]
async fn coins_that_are_known_are_not_missing_where_balances_are_forgotten() {
    let mut testnet = Testnet::start(Network::Base);
    let paid = testnet.pay(json!(["coins", ALICE, "5"]));
    testnet.mine(200).await;
    let later = testnet.pay(json!(["coins", ALICE, "6"]));
    let proxy = Faulty::in_front_of(&testnet.url).await;
    proxy.always_for("eth_getBalance", forgets_below(later.block_number));
    // Another process told of them before this one began.
    let chain = testnet.chain_through(&[&proxy.url]);
    let known =
        |block_number: u64, amount: u128| KnownCoins { block_number, amount: TokenAmount(amount) };
    let to = address(ALICE);
    let all = [known(paid.block_number, 5), known(later.block_number, 6)];
    let unseen = chain.unseen_transfers(&to, Timestamp(0), &all).await.expect("all of it");
    assert_eq!(told(&unseen), [(later.hash.as_str(), 0, Some(6))]);
    assert_eq!(chain.health().remove(0).complaint, None);
    // What came later does not explain what was there before.
    for few in [&all[1..], &[known(paid.block_number, 4)], &[]] {
        let unseen = chain.unseen_transfers(&to, Timestamp(0), few).await;
        assert_eq!(told(&incomplete(unseen)), [(later.hash.as_str(), 0, Some(6))]);
    }
}
