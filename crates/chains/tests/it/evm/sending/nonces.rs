//! One nonce, one transaction: stuck ones, gaps, crashes, reorgs, and never two payments.

use chains::keys::signing::KeyRef;
use chains::send::{Broadcast, Facts, Outcome, Place, Prepared, Refusal, SendError, Sender as _};
use domain::network::Network;
use serde_json::json;

use super::purse::{DEPOSIT, ETHER, FINAL_DEPTH, Purse, of_coins, order};
use crate::evm::testnet::{ALICE, address};
use chains::send::Spend;

fn offered(prepared: &Prepared) -> (u128, u128) {
    let Place::Nonce { fees, .. } = &prepared.place else { panic!() };
    (fees.most.0, fees.tip.expect("a tip").0)
}

#[tokio::test]
async fn a_stuck_transaction_is_replaced_and_only_one_of_the_two_pays() {
    let purse = Purse::start(Network::Ethereum);
    purse.has_coins(DEPOSIT, ETHER).await;
    purse.hold_blocks().await;
    let stuck = purse.prepared(&of_coins(1_000)).await;
    purse.sent(&stuck).await;
    assert_eq!(purse.sender.outcome(&stuck).await, Outcome::Pending);
    let deposit = purse.sender.address(DEPOSIT).expect("a key");
    let state = purse.sender.state(&deposit, None).await.expect("an answer");
    let nonces = state.nonces.expect("nonces");
    assert_eq!((nonces.latest, nonces.pending), (0, 1));

    // Another transaction in its place that offers no more is refused.
    let facts = purse.facts(&of_coins(7)).await;
    let same = purse.sender.prepare(&of_coins(7), &facts).expect("signed");
    let refused = purse.sender.broadcast(&same).await;
    let Broadcast::Refused { kind: Refusal::Underpriced, .. } = refused else {
        panic!("{refused:?}")
    };

    let higher = purse.sender.replace(&of_coins(1_000), &facts, &stuck).expect("signed");
    let ((most, tip), (most_before, tip_before)) = (offered(&higher), offered(&stuck));
    assert!(most * 8 >= most_before * 9 && tip * 8 >= tip_before * 9, "{most} {tip}");
    assert_eq!(purse.sender.replace(&of_coins(1_000), &facts, &stuck), Ok(higher.clone()));
    purse.sent(&higher).await;
    purse.testnet.mine(1).await;
    assert!(purse.included(&higher).await.is_success);
    assert_eq!(purse.coins(&address(ALICE)).await, 1_000);
    // The chain could still go back on it, so the first one is not gone yet.
    assert_eq!(purse.sender.outcome(&stuck).await, Outcome::Pending);
    purse.testnet.mine(FINAL_DEPTH).await;
    assert_eq!(purse.sender.outcome(&stuck).await, Outcome::Gone);
    let late = purse.sender.broadcast(&stuck).await;
    let Broadcast::Refused { kind: Refusal::NonceTooLow, .. } = late else { panic!("{late:?}") };
    let inclusion = purse.included(&higher).await;
    assert!(inclusion.depth == FINAL_DEPTH + 1 && inclusion.is_final, "{inclusion:?}");
    assert_eq!(purse.coins(&address(ALICE)).await, 1_000, "paid once");
}

#[tokio::test]
async fn replacing_ends_at_the_cap_and_is_of_the_same_account() {
    let purse = Purse::start(Network::Base);
    purse.has_coins(DEPOSIT, ETHER).await;
    purse.has_coins(KeyRef::Gas, ETHER).await;
    let facts = purse.facts(&of_coins(1)).await;
    let mut last = purse.sender.prepare(&of_coins(1), &facts).expect("signed");
    let refused = loop {
        match purse.sender.replace(&of_coins(1), &facts, &last) {
            Ok(higher) => last = higher,
            Err(refused) => break refused,
        }
    };
    assert!(matches!(refused, SendError::FeesAboveCap { .. }), "{refused:?}");
    assert!(offered(&last).0 <= 10_000_000_000);
    let other = order(KeyRef::Gas, Spend::Coin(domain::money::TokenAmount(1)));
    let refused = purse.sender.replace(&other, &facts, &last);
    assert!(matches!(refused, Err(SendError::Malformed(_))), "{refused:?}");
}

#[tokio::test]
async fn what_lies_beyond_a_gap_waits_for_it() {
    let purse = Purse::start(Network::Bsc);
    purse.has_coins(DEPOSIT, ETHER).await;
    let second = purse.prepared_at(&of_coins(20), 1).await;
    purse.sent(&second).await;
    purse.testnet.mine(FINAL_DEPTH + 1).await;
    assert_eq!(purse.sender.outcome(&second).await, Outcome::Pending);
    let deposit = purse.sender.address(DEPOSIT).expect("a key");
    let nonces = purse.sender.state(&deposit, None).await.expect("an answer").nonces;
    assert_eq!(nonces.map(|nonces| (nonces.latest, nonces.pending)), Some((0, 0)));
    let first = purse.prepared(&of_coins(3)).await;
    purse.sent(&first).await;
    purse.testnet.mine(1).await;
    assert!(purse.included(&first).await.is_success);
    assert!(purse.included(&second).await.is_success);
    assert_eq!(purse.coins(&address(ALICE)).await, 23);
}

#[tokio::test]
async fn a_restart_before_or_after_the_broadcast_sends_the_same_bytes() {
    let purse = Purse::start(Network::Optimism);
    purse.has_coins(DEPOSIT, ETHER).await;
    purse.hold_blocks().await;
    let order = of_coins(5);
    let facts = purse.facts(&order).await;
    let prepared = purse.sender.prepare(&order, &facts).expect("signed");
    assert_eq!(purse.sender.outcome(&prepared).await, Outcome::Pending);
    let kept = serde_json::to_string(&prepared).expect("JSON");
    let kept_facts = serde_json::to_string(&facts).expect("JSON");

    let restarted = purse.sender_through(&[&purse.testnet.url]);
    let again: Prepared = serde_json::from_str(&kept).expect("the same");
    let facts: Facts = serde_json::from_str(&kept_facts).expect("the same");
    assert_eq!(restarted.prepare(&order, &facts), Ok(again.clone()));
    assert_eq!(again.raw, prepared.raw);
    assert_eq!(restarted.broadcast(&again).await, Broadcast::Sent);
    assert_eq!(restarted.broadcast(&again).await, Broadcast::AlreadyKnown);
    purse.testnet.mine(1).await;
    assert!(purse.included(&prepared).await.is_success);
    // Included, it is refused for its own nonce, which is not another's.
    assert_eq!(restarted.broadcast(&again).await, Broadcast::AlreadyKnown);
    purse.testnet.mine(FINAL_DEPTH + 1).await;
    assert!(purse.included(&prepared).await.is_final);
    assert_eq!(purse.coins(&address(ALICE)).await, 5, "paid once");
}

#[tokio::test]
async fn what_is_included_can_fail_and_is_told_with_its_fee() {
    let mut purse = Purse::start(Network::Avalanche);
    purse.has_tokens("Dollar", DEPOSIT, "10");
    purse.has_coins(DEPOSIT, ETHER).await;
    purse.hold_blocks().await;
    let order = purse.of_tokens("Dollar", 10);
    let facts = purse.facts(&order).await;
    let first = purse.sender.prepare(&order, &facts).expect("signed");
    let second = purse.sender.prepare(&order, &facts.at_nonce(1)).expect("signed");
    purse.sent(&first).await;
    purse.sent(&second).await;
    purse.testnet.mine(1).await;
    assert!(purse.included(&first).await.is_success);
    let failed = purse.included(&second).await;
    assert!(!failed.is_success && failed.fee_paid.0 > 0, "{failed:?}");
    assert_eq!(purse.tokens(&address(ALICE)).await, 10);
}

#[tokio::test]
async fn what_a_reorg_dropped_is_pending_and_sent_again_as_it_was() {
    let purse = Purse::start(Network::Ethereum);
    purse.has_coins(DEPOSIT, ETHER).await;
    // What the test gave the account must be in blocks that stay.
    purse.testnet.mine(2).await;
    let prepared = purse.prepared(&of_coins(9)).await;
    purse.sent(&prepared).await;
    let before = purse.included(&prepared).await;
    purse.testnet.rpc("anvil_reorg", json!([1, []])).await;
    purse.testnet.mine(FINAL_DEPTH + 1).await;
    if purse.sender.outcome(&prepared).await == Outcome::Pending {
        assert_eq!(purse.coins(&address(ALICE)).await, 0);
        purse.sent(&prepared).await;
        purse.testnet.mine(1).await;
    }
    let after = purse.included(&prepared).await;
    assert_ne!(before.block_hash, after.block_hash);
    assert_eq!(purse.coins(&address(ALICE)).await, 9, "paid once");
}
