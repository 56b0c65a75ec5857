//! Nodes that say what is not so: nothing false is told, nothing true is lost, nothing panics.

use std::sync::Arc;

use chains::chain::{Chain as _, ChainError};
use domain::network::Network;
use serde_json::{Value, json};

use super::testnet::{ALICE, Follower, Testnet};
use crate::fault::{Asked, Fault, Faulty};

/// Changes the result of a single call.
fn result(edit: impl Fn(&Value, &mut Value) + Send + Sync + 'static) -> Fault {
    Fault::Edited(Arc::new(move |asked: &Asked, mut answer: Value| {
        edit(&asked.body["params"], &mut answer["result"]);
        answer
    }))
}

#[tokio::test]
async fn logs_of_another_fork_are_a_dispute_and_never_told() {
    let mut testnet = Testnet::start(Network::Ethereum);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&proxy.url]);
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    proxy.always_for(
        "eth_getLogs",
        result(|_, logs| logs[0]["blockHash"] = json!(format!("0x{}", "5".repeat(64)))),
    );
    let error = follower.error(&chain).await;
    assert!(error.starts_with("the nodes disagree"), "{error}");
    proxy.heal();
    follower.catch_up(&chain).await;
    assert_eq!(follower.told(), [(paid.hash.as_str(), 1, Some(1))]);
}

#[tokio::test]
async fn logs_a_node_has_not_indexed_yet_are_missed_by_nobody() {
    let mut testnet = Testnet::start(Network::Bsc);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&proxy.url]);
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    testnet.mine(5).await;
    // By range it has no logs; by the block's hash it does.
    proxy.always_for(
        "eth_getLogs",
        result(|params, logs| {
            if params[0]["blockHash"].is_null() {
                *logs = json!([]);
            }
        }),
    );
    follower.catch_up(&chain).await;
    assert_eq!(follower.told(), [(paid.hash.as_str(), 1, Some(1))]);
}

#[tokio::test]
async fn one_of_two_nodes_on_a_fork_of_its_own_does_not_revert_anything() {
    let mut testnet = Testnet::start(Network::Avalanche);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&testnet.url, &testnet.url, &proxy.url]);
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    follower.catch_up(&chain).await;
    let fork = format!("0x{}", "6".repeat(64));
    proxy.always_for(
        "eth_getBlockByNumber",
        result(move |_, block| {
            if block.is_object() {
                block["hash"] = json!(fork);
            }
        }),
    );
    let scan = follower.step(&chain).await;
    assert_eq!((scan.reverted_from, scan.transfers.len()), (None, 0));
    let canonical = chains::chain::Chain::canonical(&chain, paid.block_number).await;
    assert_eq!(canonical, Ok(Some(paid.block_hash)));
}

#[tokio::test]
async fn a_block_that_half_of_the_nodes_do_not_have_is_waited_for() {
    let mut testnet = Testnet::start(Network::Avalanche);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let paid = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    let two = testnet.chain_through(&[&testnet.url, &proxy.url]);
    let three = testnet.chain_through(&[&testnet.url, &proxy.url, &testnet.url]);
    for chain in [&two, &three] {
        assert_eq!(chain.canonical(paid.block_number).await, Ok(Some(paid.block_hash.clone())));
    }
    proxy.always_for("eth_getBlockByNumber", result(|_, block| *block = Value::Null));
    let waits = two.canonical(paid.block_number).await;
    assert!(matches!(waits, Err(ChainError::Unavailable(_))), "{waits:?}");
    assert_eq!(three.canonical(paid.block_number).await, Ok(Some(paid.block_hash)));
}

#[tokio::test]
async fn garbage_is_an_error_and_the_payment_is_told_when_it_is_over() {
    let mut testnet = Testnet::start(Network::Arbitrum);
    let proxy = Faulty::in_front_of(&testnet.url).await;
    let chain = testnet.chain_through(&[&proxy.url]);
    let mut follower = Follower::begin(&chain).await;
    let paid = testnet.pay(json!(["token", "Dollar", ALICE, "1"]));
    let words = [
        "",
        "null",
        "[]",
        "{}",
        "{\"result\":null}",
        "<html>",
        "[[]]",
        "7",
        "\"0x\"",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
    ];
    for word in words {
        for method in ["eth_getBlockByNumber", "eth_getLogs", "eth_getTransactionReceipt"] {
            proxy.heal();
            proxy.always_for(method, Fault::Says(word.to_owned()));
            follower.error(&chain).await;
        }
    }
    let huge = json!(format!("0x{}", "f".repeat(64)));
    for field in ["number", "timestamp", "hash", "parentHash"] {
        proxy.heal();
        let huge = huge.clone();
        proxy.always_for(
            "eth_getBlockByNumber",
            Fault::Edited(Arc::new(move |_, mut answer| {
                let answers = match answer.as_array_mut() {
                    Some(answers) => answers.iter_mut().collect(),
                    None => vec![&mut answer],
                };
                for answer in answers {
                    answer["result"][field] = huge.clone();
                }
                answer
            })),
        );
        follower.error(&chain).await;
    }
    proxy.heal();
    follower.catch_up(&chain).await;
    assert_eq!(follower.told(), [(paid.hash.as_str(), 1, Some(1))]);
}
