//! Nodes that answer nonsense: nothing is skipped, nothing is told that did not happen.

use chains::chain::{Chain as _, ChainError};
use serde_json::json;

use super::world::{OURS, PAYER, Watcher, World, ada};

#[tokio::test]
async fn nonsense_stops_the_scan_and_skips_no_block() {
    let world = World::start();
    let mut watcher = Watcher::new(&world, &world.cardano(&["main"])).await;
    let hash = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    let paths = ["/blocks/latest", "/next", "/addresses", "/utxos", &format!("/txs/{hash}")];
    let nonsense = [
        (200, "<html>"),
        (200, "{\"height\":"),
        (200, "{}"),
        (200, "[[]]"),
        (200, "null"),
        (200, "[{\"address\":7,\"transactions\":[]}]"),
        (404, "{}"),
        (403, "{\"status_code\":403}"),
        (429, "{}"),
        (500, "oops"),
    ];
    for path in paths {
        for (status, text) in nonsense {
            world.break_view("main", path, status, text);
            let before = watcher.cursor.clone();
            let outcome = watcher.look(&world.cardano(&["main"])).await;
            assert!(outcome.is_err(), "{path} {status} {text}: {outcome:?}");
            assert_eq!(watcher.cursor, before);
        }
    }
    world.heal("main");
    let told = watcher.follow(&world.cardano(&["main"])).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].tx_hash, hash);
    assert!(watcher.reverted.is_empty());
}

#[tokio::test]
async fn another_node_is_asked_where_one_answers_nonsense_or_forgot() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let paths = ["/blocks/latest", "/next", "/addresses", "/utxos", "/txs/"];
    for (status, text) in [(200, "{\"hash\":7}"), (404, "{}"), (500, "")] {
        for path in paths {
            world.break_view("broken", path, status, text);
            let cardano = world.cardano(&["broken", "main"]);
            let hash = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
            let told = watcher.follow(&cardano).await;
            assert_eq!(told.len(), 1, "{path} {status}");
            assert_eq!(told[0].tx_hash, hash);
        }
    }
    assert!(watcher.reverted.is_empty());
}

#[tokio::test]
async fn blocks_that_do_not_link_are_not_followed() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    world.mine(3);
    let (_, blocks) = world.get("/blocks/1002/next");
    let unlinked = json!([blocks[1], blocks[2]]);
    world.break_view("main", "/next", 200, &unlinked.to_string());
    let outcome = watcher.look(&cardano).await;
    assert!(matches!(outcome, Err(ChainError::Disputed(_))), "{outcome:?}");
    let gap = json!([blocks[0], blocks[2]]);
    world.break_view("main", "/next", 200, &gap.to_string());
    let scan = watcher.look(&cardano).await.unwrap();
    assert_eq!((scan.scanned.number, scan.is_caught_up), (1_003, false));
    world.break_view("main", "/next", 200, "[]");
    assert!(watcher.look(&cardano).await.is_err());
    world.heal("main");
    watcher.follow(&cardano).await;
    assert!(watcher.reverted.is_empty());
}

#[tokio::test]
async fn a_node_that_lies_is_named_and_the_others_are_believed() {
    let world = World::start();
    let mut watcher = Watcher::new(&world, &world.cardano(&["main"])).await;
    let hash = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    let other = world.pay(PAYER, &[ada(OURS, 1_000_002)]);
    let (_, unlinked) = world.get("/blocks/1003/next");
    let (_, lie) = world.get(&format!("/txs/{other}"));
    let cardano = world.cardano(&["liar", "main"]);
    world.break_view("liar", "/next", 200, &unlinked.to_string());
    let outcome = watcher.look(&cardano).await;
    assert!(matches!(outcome, Err(ChainError::Disputed(_))), "{outcome:?}");
    assert!(cardano.health()[0].complaint.is_some());
    // Now the other one is asked first.
    let told = watcher.follow(&cardano).await;
    assert_eq!(told.iter().map(|one| &one.tx_hash).collect::<Vec<_>>(), [&hash, &other]);
    let cardano = world.cardano(&["liar", "main"]);
    world.break_view("liar", &format!("/txs/{hash}"), 200, &lie.to_string());
    assert_eq!(cardano.look_up(&hash).await.unwrap()[0].tx_hash, hash);
    assert!(cardano.health()[0].complaint.is_some());
}

#[tokio::test]
async fn a_range_ends_before_the_block_that_cannot_be_read() {
    let world = World::start();
    let mut watcher = Watcher::new(&world, &world.cardano(&["main"])).await;
    let first = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    world.mine(2);
    let second = world.pay(PAYER, &[ada(OURS, 1_000_002)]);
    world.break_view("main", &format!("/txs/{second}"), 404, "{}");
    let scan = watcher.look(&world.cardano(&["main"])).await.unwrap();
    assert_eq!((scan.scanned.number, scan.head.number), (1_005, 1_006));
    assert_eq!(scan.transfers.len(), 1);
    assert_eq!(scan.transfers[0].tx_hash, first);
    let (_, block) = world.get("/blocks/1006");
    let path = format!("/blocks/{}/addresses", block["hash"].as_str().unwrap());
    world.break_view("main", &path, 500, "");
    let outcome = watcher.look(&world.cardano(&["main"])).await;
    assert!(matches!(outcome, Err(ChainError::Unavailable(_))), "{outcome:?}");
    world.heal("main");
    let told = watcher.follow(&world.cardano(&["main"])).await;
    assert_eq!(told[0].tx_hash, second);
}

#[tokio::test]
async fn a_block_whose_addresses_are_not_all_listed_is_not_told() {
    let world = World::start();
    let mut watcher = Watcher::new(&world, &world.cardano(&["main"])).await;
    world.act("hold", json!({ "on": true }));
    let first = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    let second = world.pay(PAYER, &[ada(OURS, 1_000_002)]);
    world.mine(1);
    let (_, mut listed) = world.get("/blocks/1003/addresses");
    for address in listed.as_array_mut().expect("a list") {
        let touching = address["transactions"].as_array_mut().expect("a list");
        touching.retain(|one| one["tx_hash"] == json!(second));
    }
    for list in ["[]".to_owned(), listed.to_string()] {
        world.break_view("liar", "/addresses", 200, &list);
        let outcome = watcher.look(&world.cardano(&["liar"])).await;
        assert!(matches!(outcome, Err(ChainError::Unavailable(_))), "{outcome:?}");
        let cardano = world.cardano(&["liar", "main"]);
        assert!(watcher.look(&cardano).await.is_err());
        assert!(cardano.health()[0].complaint.is_some() && cardano.health()[1].complaint.is_none());
        // Now the other one is asked first.
        let cursor = watcher.cursor.clone();
        assert_eq!(watcher.follow(&cardano).await.len(), 2);
        watcher.cursor = cursor;
    }
    // What a failed script touches need not be listed, for it pays nobody.
    world.act("invalidate", json!({ "hash": first }));
    let told = watcher.follow(&world.cardano(&["liar"])).await;
    assert_eq!(told.iter().map(|one| &one.tx_hash).collect::<Vec<_>>(), [&second]);
}

#[tokio::test]
async fn what_one_node_does_not_know_and_another_cannot_say_is_not_known_to_be_nothing() {
    let world = World::start();
    let hash = world.pay(PAYER, &[ada(OURS, 1_000_001)]);
    world.act("lag", json!({ "view": "behind", "blocks": 1 }));
    world.break_view("broken", &format!("/txs/{hash}"), 200, "oops");
    let cardano = world.cardano(&["behind", "broken"]);
    let outcome = cardano.look_up(&hash).await;
    assert!(matches!(outcome, Err(ChainError::Unavailable(_))), "{outcome:?}");
    world.break_view("broken", "/blocks/1003", 200, "oops");
    let outcome = world.cardano(&["behind", "broken"]).canonical(1_003).await;
    assert!(matches!(outcome, Err(ChainError::Unavailable(_))), "{outcome:?}");

    let (_, mut block) = world.get("/blocks/1003");
    let real = block["hash"].as_str().map(str::to_owned);
    block["hash"] = json!("f".repeat(64));
    world.break_view("fork", "/blocks/1003", 200, &block.to_string());
    let outcome = world.cardano(&["fork", "main"]).canonical(1_003).await;
    assert!(matches!(outcome, Err(ChainError::Disputed(_))), "{outcome:?}");
    for views in [["fork", "main", "other"], ["behind", "broken", "main"]] {
        assert_eq!(world.cardano(&views).canonical(1_003).await, Ok(real.clone()), "{views:?}");
    }
}

#[tokio::test]
async fn a_key_never_leaves_with_an_error() {
    let world = World::start();
    world.break_view("main", "/", 403, "{\"message\":\"preprodSecret is over its limit\"}");
    let cardano = world.cardano(&["main"]);
    let error = cardano.head().await.unwrap_err().to_string();
    assert!(!error.contains("preprodSecret"), "{error}");
    assert!(!format!("{:?}", cardano.health()).contains("preprodSecret"));
}
