//! Coins: paid, bounced, sent to nobody yet, told once.

use chains::chain::Chain;
use domain::chain::AssetRef;
use domain::time::Timestamp;
use serde_json::json;

use super::house::{House, address, coins, deposit, everything, in_short, ours, start};

#[tokio::test]
async fn coins_to_an_address_that_is_not_deployed_are_told_exactly() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let (ours_1, other) = (deposit(), deposit());
    let mine = ours(&[&ours_1]);
    let from = start(&chain, &mine).await;
    let made = house
        .made("pay", json!({ "messages": [coins(&ours_1, 1_500_000_000), coins(&other, 7)] }))
        .await;
    let (transfers, scan) = everything(&chain, from, &mine).await;
    let received = made.iter().find(|one| one.account == ours_1.as_str()).unwrap();
    let expected = (
        received.hash.clone(),
        0,
        AssetRef::Native,
        1_500_000_000,
        ours_1.as_str().to_owned(),
        received.block,
    );
    assert_eq!(in_short(&transfers), [expected]);
    let transfer = &transfers[0];
    assert_eq!(transfer.from.as_deref(), Some(house.payer.as_str()));
    assert_eq!(transfer.log_index, None);
    assert_eq!(chain.canonical(received.block).await, Ok(Some(transfer.block.hash.clone())));
    assert_eq!(scan.head.finalized, Some(scan.head.number));
    assert_eq!(scan.scanned.number, scan.head.number);
    assert_eq!(chain.canonical(scan.head.number + 1_000_000).await, Ok(None));

    // By hand the same is told: by its own hash, by the payer's, and by the message he signed.
    assert_eq!(chain.look_up(&received.hash).await, Ok(transfers.clone()));
    let by_payer = chain.look_up(&made[0].hash.to_uppercase()).await.unwrap();
    assert!(by_payer.contains(transfer), "{by_payer:?}");
    let since = transfer.block.time;
    assert_eq!(chain.transfers_to(&ours_1, since).await, Ok(transfers.clone()));
    assert_eq!(chain.transfers_to(&ours_1, since.plus_ms(1_000)).await, Ok(vec![]));
    assert_eq!(chain.look_up(&"0".repeat(64)).await, Ok(vec![]));
    assert_eq!(chain.look_up("no hash").await, Ok(vec![]));
}

#[tokio::test]
async fn the_signed_message_of_a_payer_leads_to_what_he_paid() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let ours_1 = deposit();
    let answer = house.act("pay", json!({ "messages": [coins(&ours_1, 5)], "spread": true })).await;
    let found = chain.look_up(answer["signed"].as_str().unwrap()).await.unwrap();
    assert_eq!(found, chain.transfers_to(&ours_1, Timestamp::from_seconds(0)).await.unwrap());
    assert_eq!(found.len(), 1);
}

#[tokio::test]
async fn two_payments_of_one_order_are_two_transfers_and_bounced_coins_are_none() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let (one, two) = (deposit(), deposit());
    let mine = ours(&[&one, &two]);
    let from = start(&chain, &mine).await;
    let bouncing = json!({
        "kind": "coins", "to": two.as_str(), "value": "900000000", "bounce": true,
    });
    let messages = [coins(&one, 100), coins(&two, 200), coins(&one, 300), bouncing];
    house.made("pay", json!({ "messages": messages })).await;
    let (transfers, _) = everything(&chain, from, &mine).await;
    let mut paid: Vec<_> =
        transfers.iter().map(|it| (it.to.clone(), it.amount.unwrap().0)).collect();
    paid.sort_by_key(|(_, amount)| *amount);
    let (one, two) = (one.as_str().to_owned(), two.as_str().to_owned());
    assert_eq!(paid, [(one.clone(), 100), (two, 200), (one, 300)]);
}

#[tokio::test]
async fn a_payer_whose_coins_bounced_back_was_not_paid_by_it() {
    let house = House::shared();
    let chain = house.chain(&["a"]);
    let mine = ours(&[&address(&house.payer)]);
    let from = start(&chain, &mine).await;
    let bouncing =
        json!({ "kind": "coins", "to": deposit().as_str(), "value": "800000000", "bounce": true });
    let made = house.made("pay", json!({ "messages": [bouncing], "spread": true })).await;
    assert_eq!(made.len(), 3, "the order, its message, the message that came back");
    assert_eq!(everything(&chain, from, &mine).await.0, []);
}

#[tokio::test]
async fn a_watcher_that_restarts_tells_nothing_twice_and_loses_nothing() {
    let house = House::start();
    let chain = house.chain(&["a"]);
    let ours_1 = deposit();
    let mine = ours(&[&ours_1]);
    let from = start(&chain, &mine).await;
    house.pay_coins(&ours_1, 1).await;
    house.act("blocks", json!({ "count": 70 })).await;
    house.pay_coins(&ours_1, 2).await;
    let first = chain.scan(Some(&from), &mine).await.unwrap();
    assert!(!first.is_caught_up, "an outage is caught up in ranges");
    // The same cursor gives the same, to a process that has never seen this chain.
    let again = house.chain(&["a"]);
    assert_eq!(again.scan(Some(&from), &mine).await.unwrap(), first);
    let (rest, scan) = everything(&again, first.next, &mine).await;
    let told = [&first.transfers[..], &rest[..]].concat();
    assert_eq!(told.iter().map(|it| it.amount.unwrap().0).collect::<Vec<_>>(), [1, 2]);
    let nothing_new = again.scan(Some(&scan.next), &mine).await.unwrap();
    assert_eq!((nothing_new.transfers, nothing_new.next), (vec![], scan.next));
}

#[tokio::test]
async fn a_block_of_more_transactions_than_a_page_is_told_whole() {
    let house = House::start();
    let chain = house.chain(&["a"]);
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    house.act("crowd", json!({ "to": to.as_str(), "count": 1_001 })).await;
    let (transfers, _) = everything(&chain, from, &mine).await;
    let mut paid: Vec<u128> = transfers.iter().map(|it| it.amount.unwrap().0).collect();
    paid.sort_unstable();
    assert_eq!(paid, (1..=1_001).collect::<Vec<u128>>());
}
