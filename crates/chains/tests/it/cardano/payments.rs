//! Payments as they are told: exact, once, and the same whichever way they are found.

use chains::chain::Chain as _;
use domain::address::Address;
use domain::environment::Environment;
use domain::network::Network;
use domain::time::Timestamp;

use super::world::{
    FUNDED, JUNK, NAMELESS, OURS, OURS_LAST, PAYER, To, USDC, USDT, Watcher, World, ada, essence,
};

#[tokio::test]
async fn ada_is_told_exactly() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let hash = world.pay(PAYER, &[ada(OURS, 2_345_678)]);
    let told = watcher.follow(&cardano).await;
    let [transfer] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(essence(transfer), (0, "lovelace", 2_345_678));
    assert_eq!(transfer.tx_hash, hash);
    assert_eq!(transfer.to, world.address(OURS));
    assert_eq!(transfer.from.as_deref(), Some(world.address(PAYER)));
    let (_, block) = world.get("/blocks/1003");
    assert_eq!(transfer.block.number, 1_003);
    assert_eq!(Some(transfer.block.hash.as_str()), block["hash"].as_str());
    assert_eq!(Some(transfer.block.time.seconds()), block["time"].as_i64());
    let head = cardano.head().await.unwrap();
    assert_eq!((head.number, head.time, head.finalized), (1_003, transfer.block.time, None));
    let canonical = cardano.canonical(1_003).await.unwrap();
    assert_eq!(canonical.as_ref(), Some(&transfer.block.hash));
    assert_eq!(cardano.canonical(1_004).await, Ok(None));
}

#[tokio::test]
async fn every_asset_of_an_output_is_a_transfer_of_its_own() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let assets = vec![(USDT, 7), (JUNK, 8), (USDC, 49_990_000), (NAMELESS, 9)];
    let to = To { key: OURS, lovelace: 1_500_000, assets };
    world.pay(PAYER, &[ada(2, 5_000_000), to]);
    let told = watcher.follow(&cardano).await;
    let told: Vec<_> = told.iter().map(essence).collect();
    let expected = [
        (4_096, "lovelace", 1_500_000),
        (4_097, NAMELESS, 9),
        (4_098, JUNK, 8),
        (4_099, USDC, 49_990_000),
        (4_100, USDT, 7),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn two_outputs_of_one_transaction_are_two_payments() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let usdc = |key, amount| To { key, lovelace: 1_300_000, assets: vec![(USDC, amount)] };
    world.pay(PAYER, &[usdc(OURS, 1), ada(OURS + 1, 3_000_000), usdc(OURS, 2)]);
    let told = watcher.follow(&cardano).await;
    let essences: Vec<_> = told.iter().map(essence).collect();
    let expected = [
        (0, "lovelace", 1_300_000),
        (1, USDC, 1),
        (4_096, "lovelace", 3_000_000),
        (8_192, "lovelace", 1_300_000),
        (8_193, USDC, 2),
    ];
    assert_eq!(essences, expected);
    assert_eq!(told[2].to, world.address(OURS + 1));
}

#[tokio::test]
async fn look_up_and_history_agree_with_the_scan() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let usdc = To { key: OURS, lovelace: 1_300_000, assets: vec![(USDC, 5), (JUNK, 6)] };
    let first = world.pay(PAYER, &[usdc]);
    world.pay(PAYER, &[ada(OURS, 2_000_000), ada(OURS + 1, 2_000_000)]);
    let told = watcher.follow(&cardano).await;
    let to_first: Vec<_> = told.iter().filter(|one| one.to == world.address(OURS)).collect();

    let looked_up = cardano.look_up(&first.to_uppercase()).await.unwrap();
    let looked_up = looked_up.iter().filter(|one| one.to == world.address(OURS));
    assert_eq!(looked_up.collect::<Vec<_>>(), to_first[..3]);
    assert_eq!(cardano.look_up(&"0".repeat(64)).await, Ok(Vec::new()));
    assert_eq!(cardano.look_up("no hash").await, Ok(Vec::new()));

    let parse = |text| Address::parse(Network::Cardano, Environment::Devnet, text).unwrap();
    let address = parse(world.address(OURS));
    let history = cardano.transfers_to(&address, Timestamp(0)).await.unwrap();
    assert_eq!(history.iter().collect::<Vec<_>>(), to_first);
    let since = to_first[3].block.time;
    let history = cardano.transfers_to(&address, since).await.unwrap();
    assert_eq!(history.iter().collect::<Vec<_>>(), to_first[3..]);
    let unused = parse(world.address(OURS_LAST));
    assert_eq!(cardano.transfers_to(&unused, Timestamp(0)).await, Ok(Vec::new()));
}

#[tokio::test]
async fn change_of_our_own_sweep_is_no_payment() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    world.pay(FUNDED, &[ada(2, 50_000_000)]);
    world.pay(FUNDED, &[ada(FUNDED, 5_000_000)]);
    assert_eq!(watcher.follow(&cardano).await, []);
    world.pay(FUNDED, &[ada(OURS, 4_000_000)]);
    let told = watcher.follow(&cardano).await;
    let [transfer] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(transfer.from.as_deref(), Some(world.address(FUNDED)));
    assert_eq!(essence(transfer).2, 4_000_000);
}

#[tokio::test]
async fn what_the_ledger_refuses_is_not_told() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let forged = world.try_pay(PAYER, 2, &[ada(OURS, 2_000_000)]);
    assert!(forged.as_ref().is_err_and(|why| why.contains("Missing key hashes")), "{forged:?}");
    world.pay(PAYER, &[ada(OURS, 2_000_000)]);
    let twice = world.pay_again();
    assert!(twice.as_ref().is_err_and(|why| why.contains("Missing inputs")), "{twice:?}");
    world.mine(2);
    assert_eq!(watcher.follow(&cardano).await.len(), 1);
}

#[tokio::test]
async fn a_transaction_whose_script_failed_tells_nothing() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let hash = world.pay(PAYER, &[ada(OURS, 2_000_000)]);
    assert_eq!(cardano.look_up(&hash).await.unwrap().len(), 1);
    world.act("invalidate", serde_json::json!({ "hash": hash }));
    assert_eq!(watcher.follow(&cardano).await, []);
    assert_eq!(cardano.look_up(&hash).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_block_that_touches_more_addresses_than_a_page_holds_is_read_to_its_end() {
    let world = World::start();
    let cardano = world.cardano(&["main"]);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let to: Vec<To> = (2..122).map(|key| ada(key, 1_000_000 + key as u64)).collect();
    world.pay(PAYER, &to);
    let told = watcher.follow(&cardano).await;
    let amounts: Vec<_> = told.iter().map(|transfer| essence(transfer).2).collect();
    assert_eq!(amounts, [1_000_010, 1_000_011, 1_000_012, 1_000_013, 1_000_014]);
}

#[tokio::test]
async fn a_restart_loses_nothing_and_tells_nothing_twice() {
    let world = World::start();
    let cardano = world.with_range(&["main"], 7);
    let mut watcher = Watcher::new(&world, &cardano).await;
    let mut hashes = Vec::new();
    for amount in 1..=6 {
        hashes.push(world.pay(PAYER, &[ada(OURS, 1_000_000 + amount)]));
        world.mine(5);
        if amount % 2 == 0 {
            continue;
        }
        let before = watcher.cursor.clone();
        let first = watcher.look(&cardano).await.unwrap();
        watcher.cursor = before;
        assert_eq!(watcher.look(&world.with_range(&["main"], 7)).await.unwrap(), first);
        assert!(first.scanned.number <= first.head.number);
    }
    world.mine(200);
    let restarted = world.with_range(&["main"], 7);
    watcher.follow(&restarted).await;
    assert_eq!(watcher.follow(&restarted).await, []);
    let held: Vec<_> = watcher.held.values().map(|transfer| &transfer.tx_hash).collect();
    hashes.sort();
    assert_eq!(held, hashes.iter().collect::<Vec<_>>());
    assert!(watcher.reverted.is_empty());
}

#[tokio::test]
async fn what_the_double_answers_fits_the_published_schema() {
    let world = World::start();
    let hash = world.pay(PAYER, &[ada(OURS, 2_000_000)]);
    let address = world.address(OURS);
    for path in [
        "/blocks/latest".to_owned(),
        "/blocks/1001".to_owned(),
        "/blocks/1001/next?count=2".to_owned(),
        "/blocks/1001/previous".to_owned(),
        "/blocks/1003/addresses".to_owned(),
        "/blocks/1003/txs".to_owned(),
        format!("/txs/{hash}"),
        format!("/txs/{hash}/utxos"),
        format!("/addresses/{address}/transactions?order=desc"),
        format!("/addresses/{address}/utxos"),
    ] {
        // The double checks each answer against the schema, and answers 599 if it does not fit.
        let (status, answer) = world.get(&path);
        assert_eq!(status, 200, "{path}: {answer}");
    }
    assert_eq!(world.get("/blocks/2000").0, 404);
}
