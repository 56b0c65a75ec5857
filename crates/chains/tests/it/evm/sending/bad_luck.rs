//! Nodes that take a transaction and do not say so, lie, lag, or serve another chain.

use std::sync::Arc;
use std::time::Duration;

use chains::rpc::{Endpoint, Limits, Nodes};
use chains::send::{Broadcast, Outcome, Sender as _};
use domain::network::Network;
use serde_json::{Value, json};

use super::purse::{DEPOSIT, ETHER, FINAL_DEPTH, Purse, of_coins, sender};
use crate::evm::testnet::{ALICE, address};
use crate::fault::{Asked, Fault, Faulty};

#[tokio::test]
async fn a_node_that_took_it_and_failed_to_say_so_leaves_it_unknown_until_it_is_found() {
    let purse = Purse::start(Network::Base);
    purse.has_coins(DEPOSIT, ETHER).await;
    let proxy = Faulty::in_front_of(&purse.testnet.url).await;
    let endpoint = Endpoint { url: proxy.url.clone(), headers: vec![] };
    let limits = Limits {
        request_timeout: Duration::from_millis(700),
        requests_per_second_per_node: 100_000,
        ..Limits::default()
    };
    let nodes = Nodes::new(vec![endpoint], limits).expect("a URL");
    let through_proxy = sender(Network::Base, nodes);
    let faults = [Fault::StatusAfterwards(500), Fault::HangsAfterwards, Fault::HalfABody];
    for (nonce, fault) in (0_u64..).zip(faults) {
        let prepared = purse.prepared_at(&of_coins(1), nonce).await;
        proxy.always_for("eth_sendRawTransaction", fault);
        let told = through_proxy.broadcast(&prepared).await;
        assert!(matches!(told, Broadcast::Unknown(_)), "{nonce}: {told:?}");
        proxy.heal();
        let outcome = through_proxy.outcome(&prepared).await;
        assert!(matches!(outcome, Outcome::Included(_)), "{nonce}: {outcome:?}");
        assert_eq!(through_proxy.broadcast(&prepared).await, Broadcast::AlreadyKnown);
    }
    assert_eq!(purse.coins(&address(ALICE)).await, 3, "each paid once");
}

#[tokio::test]
async fn a_node_that_never_got_it_leaves_it_pending_and_the_same_bytes_go_out_again() {
    let purse = Purse::start(Network::Optimism);
    purse.has_coins(DEPOSIT, ETHER).await;
    let proxy = Faulty::in_front_of(&purse.testnet.url).await;
    let through_proxy = purse.sender_through(&[&proxy.url]);
    let prepared = purse.prepared(&of_coins(1)).await;
    proxy.always(Fault::Status(503));
    assert!(matches!(through_proxy.broadcast(&prepared).await, Broadcast::Unknown(_)));
    assert!(matches!(through_proxy.outcome(&prepared).await, Outcome::Unknown(_)));
    proxy.heal();
    assert_eq!(through_proxy.outcome(&prepared).await, Outcome::Pending);
    assert_eq!(through_proxy.broadcast(&prepared).await, Broadcast::Sent);
    assert!(purse.included(&prepared).await.is_success);
}

/// A node that has no receipts, though it knows that the nonce is used.
#[tokio::test]
async fn nothing_is_gone_while_one_node_has_it() {
    let purse = Purse::start(Network::Bsc);
    purse.has_coins(DEPOSIT, ETHER).await;
    let prepared = purse.prepared(&of_coins(1)).await;
    purse.sent(&prepared).await;
    purse.testnet.mine(FINAL_DEPTH + 1).await;
    let forgetful = Faulty::in_front_of(&purse.testnet.url).await;
    forgetful.always_for("eth_getTransactionReceipt", says(Value::Null));
    let both = purse.sender_through(&[&purse.testnet.url, &forgetful.url]);
    assert!(matches!(both.outcome(&prepared).await, Outcome::Included(_)));

    // One that is behind does not know yet whether another transaction took the nonce.
    let other = purse.prepared_at(&of_coins(2), 0).await;
    assert_eq!(purse.sender.outcome(&other).await, Outcome::Gone);
    let behind = Faulty::in_front_of(&purse.testnet.url).await;
    behind.always_for("eth_getTransactionCount", says(json!("0x0")));
    let both = purse.sender_through(&[&purse.testnet.url, &behind.url]);
    assert_eq!(both.outcome(&other).await, Outcome::Pending);
}

#[tokio::test]
async fn a_node_of_another_chain_proves_nothing() {
    let purse = Purse::start(Network::Arbitrum);
    purse.has_coins(DEPOSIT, ETHER).await;
    let prepared = purse.prepared(&of_coins(1)).await;
    let other_chain = sender(Network::Ethereum, crate::evm::testnet::nodes(&[&purse.testnet.url]));
    assert!(matches!(other_chain.outcome(&prepared).await, Outcome::Unknown(_)));
    assert!(other_chain.facts(&of_coins(1)).await.is_err());
    assert!(other_chain.fees().await.is_err());
    assert_eq!(purse.sender.outcome(&prepared).await, Outcome::Pending);
}

fn says(result: Value) -> Fault {
    Fault::Edited(Arc::new(move |_: &Asked, mut body: Value| {
        body["result"] = result.clone();
        body
    }))
}
