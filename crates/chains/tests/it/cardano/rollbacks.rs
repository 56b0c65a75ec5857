//! Rollbacks of every depth, and what only looks like one.

use chains::chain::{Chain as _, ChainError};
use serde_json::json;

use super::world::{OURS, PAYER, Watcher, World, ada, essence};

#[tokio::test]
async fn a_payment_that_moved_to_another_block_is_told_again() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let stays = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    world.mine(3);
    let moves = world.pay(PAYER, &[ada(OURS, 1_000_002)]);
    world.mine(1);
    let before = watcher.follow(&cardano).await;
    assert_eq!(before.len(), 2);

    world.act("hold", json!({ "on": true }));
    world.act("roll_back", json!({ "depth": 2, "again": true }));
    // The node rolls back before it goes on: that alone is no news.
    let scan = watcher.look(&cardano).await.unwrap();
    assert_eq!((scan.reverted_from, scan.transfers.len()), (None, 0));
    assert_eq!((scan.head.number, scan.scanned.number), (1_006, 1_008));
    world.mine(3);
    let after = watcher.follow(&cardano).await;
    assert_eq!(watcher.reverted, [1_007]);
    let [again] = after.as_slice() else { panic!("{after:?}") };
    assert_eq!((&again.tx_hash, essence(again)), (&moves, essence(&before[1])));
    assert_eq!((again.block.number, before[1].block.number), (1_007, 1_007));
    assert_ne!(again.block.hash, before[1].block.hash);
    assert_eq!(cardano.canonical(1_007).await.unwrap().as_ref(), Some(&again.block.hash));
    assert!(watcher.held.contains_key(&(stays, 0)));
}

#[tokio::test]
async fn a_payment_that_was_rolled_back_for_good_is_gone() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let gone = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    assert_eq!(watcher.follow(&cardano).await.len(), 1);
    world.act("roll_back", json!({ "depth": 1, "again": false }));
    // Another block of the same height is a rollback too.
    world.mine(1);
    assert_eq!(watcher.follow(&cardano).await, []);
    assert_eq!((watcher.reverted.as_slice(), watcher.held.len()), ([1_003].as_slice(), 0));
    assert_eq!(cardano.look_up(&gone).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_deep_rollback_finds_its_fork_point() {
    let world = World::start();
    let cardano = world.with_range(&["main"], 100);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let stays = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    world.mine(900);
    let moves = world.pay(PAYER, &[ada(OURS, 1_000_002)]);
    world.mine(700);
    watcher.follow(&cardano).await;
    world.act("hold", json!({ "on": true }));
    world.act("roll_back", json!({ "depth": 800, "again": true }));
    world.mine(900);
    watcher.follow(&cardano).await;
    let [first] = watcher.reverted.as_slice() else { panic!("{:?}", watcher.reverted) };
    // Below 512 blocks every 256th is remembered.
    assert!((1_804 - 256..=1_804).contains(first), "{first}");
    assert_eq!(watcher.held.len(), 2);
    assert_eq!(watcher.held[&(stays, 0)].block.number, 1_003);
    assert_eq!(watcher.held[&(moves, 0)].block.number, 1_805);
}

#[tokio::test]
async fn a_node_that_lags_is_not_a_rollback() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    world.mine(4);
    watcher.follow(&cardano).await;
    world.act("lag", json!({ "view": "main", "blocks": 5 }));
    let cursor = watcher.cursor.clone();
    let scan = watcher.look(&cardano).await.unwrap();
    assert_eq!((scan.reverted_from, scan.transfers.len()), (None, 0));
    assert_eq!((Some(scan.next), scan.is_caught_up), (cursor, true));
    world.act("lag", json!({ "view": "main", "blocks": 0 }));
    assert_eq!(watcher.follow(&cardano).await, []);
    assert!(watcher.reverted.is_empty());
}

#[tokio::test]
async fn one_node_that_lags_holds_nobody_back() {
    let world = World::start();
    world.act("lag", json!({ "view": "behind", "blocks": 2 }));
    for views in [["behind", "main"], ["main", "behind"]] {
        let cardano = world.cardano(&views);
        let mut watcher = Watcher::new(&world, &cardano).await;
        let hash = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
        let told = watcher.follow(&cardano).await;
        assert_eq!(told.len(), 1, "{views:?}");
        assert_eq!(told[0].tx_hash, hash);
        assert!(watcher.reverted.is_empty());
    }
}

#[tokio::test]
async fn nodes_that_contradict_each_other_are_waited_for() {
    let world = World::start();
    let cardano = world.cardano(&["main", "other"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    world.mine(1);
    let (_, mut block) = world.get("/blocks/1002");
    let path = format!("/blocks/{}/next", block["hash"].as_str().unwrap());
    block["hash"] = json!("f".repeat(64));
    let gone = json!({ "path": path, "status": 404, "text": "{}" });
    let fork = json!({ "path": "/blocks/1002", "status": 200, "text": block.to_string() });
    world.act("faults", json!({ "view": "main", "faults": [gone] }));
    world.act("faults", json!({ "view": "other", "faults": [gone, fork] }));
    let outcome = watcher.look(&cardano).await;
    assert!(matches!(outcome, Err(ChainError::Disputed(_))), "{outcome:?}");
    world.heal("main");
    world.heal("other");
    assert_eq!(watcher.follow(&world.cardano(&["main", "other"])).await, []);
    assert!(watcher.reverted.is_empty());
}

#[tokio::test]
async fn another_chain_altogether_is_refused_and_a_foreign_cursor_too() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    world.mine(3);
    let hash = "e".repeat(64);
    let blocks = json!([[1, hash], [1_004, hash]]);
    let old = json!({ "time": 0, "blocks": [[1_002, hash], [1_003, hash]] }).to_string();
    let scan = cardano.scan(Some(&old), &world.ours()).await.unwrap();
    assert_eq!((scan.reverted_from, scan.scanned.number), (Some(1_002), 1_005));
    let zero = json!({ "time": 0, "blocks": [[0, hash]] }).to_string();
    assert!(cardano.scan(Some(&zero), &world.ours()).await.is_err());
    let foreign = json!({ "time": 0, "tip": blocks }).to_string();
    let outcome = cardano.scan(Some(&foreign), &world.ours()).await;
    assert!(matches!(outcome, Err(ChainError::UnreadableCursor(_))), "{outcome:?}");
}
