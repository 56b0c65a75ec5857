//! Providers' bad days: limits, refusals, lags and forgotten blocks cost time and never a payment.

use std::sync::Arc;

use chains::chain::{Chain, ChainError};
use chains::evm::{Evm, EvmSettings};
use domain::network::Network;
use serde_json::{Value, json};

use super::testnet::{ALICE, Follower, Testnet, nodes};
use crate::fault::{Asked, Edit, Fault, Faulty};

fn refusal(code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": null, "error": { "code": code, "message": message } })
}

/// A number in hex, as the n-th parameter of a call.
fn number(call: &Value, at: usize) -> Option<u64> {
    u64::from_str_radix(call["params"][at].as_str()?.strip_prefix("0x")?, 16).ok()
}

/// Changes each answer of a batch, or the only one, by its call.
fn each(edit: impl Fn(&Value, &mut Value) + Send + Sync + 'static) -> Fault {
    let edit: Edit = Arc::new(move |asked: &Asked, mut answer: Value| {
        match (asked.body.as_array(), answer.as_array_mut()) {
            (Some(calls), Some(answers)) => {
                for answer in answers {
                    let call = calls.iter().find(|call| call["id"] == answer["id"]);
                    edit(call.expect("an answer to a call"), answer);
                }
            }
            (_, _) => edit(&asked.body, &mut answer),
        }
        answer
    });
    Fault::Edited(edit)
}

#[tokio::test]
async fn a_node_of_another_chain_stops_the_network() {
    let testnet = Testnet::start(Network::Base);
    let settings = EvmSettings { chain_id: 1, ..testnet.settings() };
    let chain = Evm::new(settings, nodes(&[&testnet.url]));
    let error = chain.head().await.unwrap_err();
    let ChainError::Disputed(what) = &error else { panic!("{error}") };
    assert!(what.contains("chain 8453") && what.contains("chain 1"), "{what}");
    assert!(chain.canonical(1).await.is_err());
    assert!(chain.health()[0].complaint.as_deref().expect("a complaint").contains("8453"));
}

#[tokio::test]
async fn ranges_shrink_until_the_node_takes_them() {
    let mut testnet = Testnet::start(Network::Avalanche);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let narrow: Edit = Arc::new(|asked: &Asked, answer: Value| {
        let filter = &asked.body["params"][0];
        let bound = |name: &str| {
            let digits = filter[name].as_str()?.strip_prefix("0x")?;
            u64::from_str_radix(digits, 16).ok()
        };
        match (bound("fromBlock"), bound("toBlock")) {
            (Some(from), Some(to)) if to - from >= 10 => {
                refusal(-32_602, "eth_getLogs is limited to a 10 blocks range")
            }
            _ => answer,
        }
    });
    proxy.always_for("eth_getLogs", Fault::Edited(narrow));
    let chain = testnet.chain_through(&[&proxy.url]);
    let mut follower = Follower::begin(&chain).await;
    let first = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    testnet.mine(100).await;
    let last = testnet.pay(json!(["token", "Dollar", ALICE, "2"]));
    follower.catch_up(&chain).await;
    let expected = [(first.hash.as_str(), 1, Some(1)), (last.hash.as_str(), 1, Some(2))];
    assert_eq!(follower.told(), expected);
}

#[tokio::test]
async fn a_node_that_wants_fewer_requests_is_left_for_another() {
    let mut testnet = Testnet::start(Network::Ethereum);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&proxy.url, &testnet.url]);
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    for fault in [
        Fault::TooManyRequests { retry_after_s: 1 },
        Fault::Status(500),
        Fault::HalfABody,
        Fault::Says("[{}]".to_owned()),
    ] {
        proxy.heal();
        proxy.always(fault);
        let mut again = Follower::begin(&chain).await;
        again.cursor = follower.cursor.clone();
        again.catch_up(&chain).await;
        assert_eq!(again.told(), [(paid.hash.as_str(), 1, Some(1))]);
    }
    follower.catch_up(&chain).await;
    assert_eq!(follower.told().len(), 1);
}

#[tokio::test]
async fn a_node_that_lags_behind_the_cursor_is_no_reorg() {
    let mut testnet = Testnet::start(Network::Optimism);
    testnet.mine(20).await;
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&proxy.url]);
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    let cursor = follower.catch_up(&chain).await.cursor.clone();
    let old = testnet.rpc("eth_getBlockByNumber", json!(["0xa", false])).await;
    proxy.always_for(
        "eth_getBlockByNumber",
        each(move |call, answer| {
            if call["params"][0] == "latest" {
                answer["result"] = old.clone();
            } else if number(call, 0).is_some_and(|number| number > 10) {
                answer["result"] = Value::Null;
            }
        }),
    );
    let scan = follower.step(&chain).await;
    assert_eq!((scan.head.number, scan.reverted_from), (10, None));
    assert_eq!((scan.transfers.len(), &follower.cursor), (0, &cursor));
    proxy.heal();
    let more = testnet.pay(json!(["token", "Dollar", ALICE, "2"]));
    follower.catch_up(&chain).await;
    let expected = [(paid.hash.as_str(), 1, Some(1)), (more.hash.as_str(), 1, Some(2))];
    assert_eq!(follower.told(), expected);
    assert!(follower.reverted.is_empty());
}

/// Has forgotten a block.
fn without(block: u64) -> Fault {
    each(move |call, answer| {
        if number(call, 0) == Some(block) {
            answer["result"] = Value::Null;
        }
    })
}

#[tokio::test]
async fn a_block_no_node_has_stops_the_scan_before_it_and_says_which() {
    let mut testnet = Testnet::start(Network::Arbitrum);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&proxy.url]);
    let mut follower = Follower::begin(&chain).await;
    let before = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    let lost = testnet.pay(json!(["token", "Dollar", ALICE, "2"]));
    let after = testnet.pay(json!(["token", "Dollar", ALICE, "3"]));
    proxy.always_for("eth_getBlockByNumber", without(lost.block_number));
    let scan = follower.step(&chain).await;
    assert_eq!(scan.scanned.number, before.block_number);
    let error = follower.error(&chain).await;
    assert!(error.contains(&format!("no node has block {}", lost.block_number)), "{error}");
    proxy.heal();
    follower.catch_up(&chain).await;
    let hashes: Vec<&str> = follower.told().into_iter().map(|(hash, _, _)| hash).collect();
    assert_eq!(hashes, [&before.hash, &lost.hash, &after.hash]);
}

#[tokio::test]
async fn a_block_that_one_node_forgot_comes_from_another_and_is_complained_about() {
    let mut testnet = Testnet::start(Network::Base);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&proxy.url, &testnet.url]);
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    testnet.mine(2).await;
    proxy.always_for("eth_getBlockByNumber", without(paid.block_number));
    follower.catch_up(&chain).await;
    assert_eq!(follower.told(), [(paid.hash.as_str(), 1, Some(1))]);
    let complaint = chain.health()[0].complaint.clone().expect("a complaint");
    assert!(complaint.contains(&format!("block {}", paid.block_number)), "{complaint}");
    assert_eq!(chain.health()[1].complaint, None);
}
