//! Nodes that lag, lie, forget, withhold or talk garbage, and a network that is rolled back.

use std::time::Duration;

use chains::chain::{Chain, ChainError};
use chains::ton::TonSettings;
use serde_json::{Value, json};

use super::house::{House, deposit, everything, jettons, ours, start};

async fn fault(house: &House, node: &str, fault: Value) {
    house.act("fault", json!({ "node": node, "fault": fault })).await;
}

#[tokio::test]
async fn a_node_that_lags_has_nothing_to_tell_and_takes_nothing_back() {
    let house = House::start();
    let chain = house.chain(&["a"]);
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    house.pay_coins(&to, 5).await;
    let (told, scan) = everything(&chain, from.clone(), &mine).await;
    assert_eq!(told.len(), 1);
    // Another process finds the node behind what was told already.
    fault(&house, "a", json!({ "lag": 3 })).await;
    let behind = house.chain(&["a"]).scan(Some(&scan.next), &mine).await.unwrap();
    assert_eq!((behind.transfers, behind.reverted_from, behind.next), (vec![], None, scan.next));
    // One of several lags, and was asked first.
    let several = house.chain(&["a", "b", "c"]);
    assert_eq!(everything(&several, from, &mine).await.0, told);
}

#[tokio::test]
async fn what_one_node_forgot_or_withholds_another_one_tells() {
    let house = House::shared();
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&house.chain(&["forgets"]), &mine).await;
    house.made("pay", json!({ "messages": [jettons("USDT", &to, 5, 0)] })).await;
    for bad in [json!({ "forget": true }), json!({ "withhold": true })] {
        fault(&house, "forgets", bad.clone()).await;
        let alone = house.chain(&["forgets"]);
        let refused = alone.scan(Some(&from), &mine).await;
        assert!(matches!(refused, Err(ChainError::Unavailable(_))), "{bad} {refused:?}");
        let both = house.chain(&["forgets", "b"]);
        assert_eq!(everything(&both, from.clone(), &mine).await.0.len(), 1, "{bad}");
        assert!(both.health().iter().any(|node| node.complaint.is_some()), "{bad}");
    }
}

#[tokio::test]
async fn garbage_is_an_error_and_never_a_skipped_block() {
    let house = House::shared();
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&house.chain(&["babbles"]), &mine).await;
    house.pay_coins(&to, 5).await;
    for garbage in [
        "",
        "{",
        "null",
        "[]",
        "{}",
        "\"text\"",
        r#"{"last":{"workchain":-1,"seqno":18446744073709551615,"root_hash":"!","gen_utime":"x"}}"#,
        r#"{"last":{"workchain":-1,"seqno":9999,"root_hash":"AA==","gen_utime":"1","tx_count":0}}"#,
        r#"{"blocks":[{}],"transactions":[{}],"last":{}}"#,
    ] {
        // The empty text would be no fault to JavaScript.
        let garbage = if garbage.is_empty() { " " } else { garbage };
        fault(&house, "babbles", json!({ "garbage": garbage })).await;
        let chain = house.chain(&["babbles"]);
        for answer in [
            chain.scan(Some(&from), &mine).await.map(|_| ()),
            chain.head().await.map(|_| ()),
            chain.canonical(1_001).await.map(|_| ()),
        ] {
            assert!(matches!(answer, Err(ChainError::Unavailable(_))), "{garbage} {answer:?}");
        }
        let _ = (
            chain.look_up(&"a".repeat(64)).await,
            chain.transfers_to(&to, domain::time::Timestamp(0)).await,
        );
    }
    fault(&house, "babbles", json!({})).await;
    assert_eq!(everything(&house.chain(&["babbles"]), from, &mine).await.0.len(), 1);
    let refused = house.chain(&["babbles"]).scan(Some("not a cursor"), &mine).await;
    assert!(matches!(refused, Err(ChainError::UnreadableCursor(_))), "{refused:?}");
}

#[tokio::test]
async fn nodes_without_get_methods_delay_jettons_and_lose_none() {
    let house = House::shared();
    let chain = house.chain(&["mute"]);
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    house.made("pay", json!({ "messages": [jettons("USDT", &to, 5, 1)] })).await;
    fault(&house, "mute", json!({ "speechless": true })).await;
    let refused = house.chain(&["mute"]).scan(Some(&from), &mine).await;
    assert!(matches!(refused, Err(ChainError::Unavailable(_))), "{refused:?}");
    fault(&house, "mute", json!({})).await;
    assert_eq!(everything(&house.chain(&["mute"]), from, &mine).await.0.len(), 1);
}

#[tokio::test]
async fn a_network_that_is_rolled_back_is_told_from_where() {
    let house = House::start();
    let chain = house.chain(&["a"]);
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&chain, &mine).await;
    house.act("blocks", json!({ "count": 12 })).await;
    house.act("save", json!({})).await;
    let lost = house.pay_coins(&to, 1).await;
    house.act("blocks", json!({ "count": 3 })).await;
    let (told, before) = everything(&chain, from, &mine).await;
    assert_eq!(told.len(), 1);
    house.act("rollback", json!({})).await;
    house.pay_coins(&to, 2).await;
    house.act("blocks", json!({ "count": 9 })).await;
    // A block nobody has any more is gone only if most nodes say so; here they all do.
    let again = house.chain(&["a", "b", "c"]);
    let scan = again.scan(Some(&before.next), &mine).await.unwrap();
    let reverted_from = scan.reverted_from.expect("a rollback is told");
    assert!(reverted_from <= lost[0].block, "{reverted_from} {lost:?}");
    let (mut told, _) = everything(&again, scan.next, &mine).await;
    told.extend(scan.transfers);
    let replaced: Vec<_> = told.iter().filter(|it| it.block.number >= lost[0].block).collect();
    assert_eq!(replaced.len(), 1);
    assert_eq!(replaced[0].amount.unwrap().0, 2);
}

#[tokio::test]
async fn one_node_that_lies_about_a_block_reverts_nothing() {
    let house = House::shared();
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&house.chain(&["lies"]), &mine).await;
    house.pay_coins(&to, 1).await;
    let (_, before) = everything(&house.chain(&["lies"]), from, &mine).await;
    house.pay_coins(&to, 2).await;
    let number = before.scanned.number;
    fault(&house, "lies", json!({ "lie": number })).await;
    let several = house.chain(&["lies", "b", "c"]);
    let scan = several.scan(Some(&before.next), &mine).await.unwrap();
    assert_eq!((scan.reverted_from, scan.transfers.len()), (None, 1));
    // With one honest node and one liar nobody can tell which is which.
    let two = house.chain(&["lies", "b"]).scan(Some(&before.next), &mine).await;
    assert!(!matches!(&two, Ok(scan) if scan.reverted_from.is_some()), "{two:?}");
}

/// Waits for no master that never answered.
fn impatient(settings: TonSettings) -> TonSettings {
    TonSettings { master_silence_max: Duration::ZERO, ..settings }
}

#[tokio::test]
async fn a_listed_jetton_that_was_never_there_stops_nobody() {
    let house = House::shared();
    let stand_in = deposit();
    // Its absence is an answer for some nodes and a failure for others.
    let dead = json!({ "dead": stand_in.as_str(), "unrecognized": true });
    for (name, trouble) in [("sparse", json!({})), ("coughs", dead)] {
        let chain = house.chain_with(&[name], std::slice::from_ref(&stand_in), impatient);
        let to = deposit();
        let mine = ours(&[&to]);
        let from = start(&chain, &mine).await;
        let fake = json!({ "owner": to.as_str(), "jetton": stand_in.as_str(), "amount": "9" });
        house.made("impersonate", fake).await;
        house.made("pay", json!({ "messages": [jettons("USDT", &to, 5, 0)] })).await;
        fault(&house, name, trouble).await;
        let (told, _) = everything(&chain, from.clone(), &mine).await;
        assert_eq!(told.iter().map(|it| it.amount.unwrap().0).collect::<Vec<_>>(), [5], "{name}");
        let complaint = chain.health()[0].complaint.clone().expect("the operator is told");
        assert!(complaint.ends_with("does not answer: it is not seen"), "{complaint}");
        // Until then it is waited for: it may only be a bad moment.
        let patient = house.chain_with(&[name], std::slice::from_ref(&stand_in), |it| it);
        let refused = patient.scan(Some(&from), &mine).await;
        assert!(matches!(refused, Err(ChainError::Unavailable(_))), "{name} {refused:?}");
        let by_hand = chain.transfers_to(&to, domain::time::Timestamp(0)).await;
        assert_eq!(by_hand, Ok(told), "{name}");
    }
}

#[tokio::test]
async fn a_master_that_has_answered_before_is_waited_for() {
    let house = House::shared();
    let usdt = house.jetton("USDT");
    for (name, trouble) in [
        ("fails", json!({ "dead": usdt })),
        // Neither the master nor the wallet says anything.
        ("stutters", json!({ "contractsFail": true })),
    ] {
        let chain = house.chain(&[name]);
        let (one, two) = (deposit(), deposit());
        let mine = ours(&[&one, &two]);
        let from = start(&chain, &mine).await;
        house.made("pay", json!({ "messages": [jettons("USDT", &one, 5, 1)] })).await;
        let (told, scan) = everything(&chain, from, &mine).await;
        assert_eq!(told.len(), 1);
        house.made("pay", json!({ "messages": [jettons("USDT", &two, 6, 1)] })).await;
        fault(&house, name, trouble).await;
        let refused = chain.scan(Some(&scan.next), &mine).await;
        assert!(matches!(refused, Err(ChainError::Unavailable(_))), "{name} {refused:?}");
        fault(&house, name, json!({})).await;
        assert_eq!(everything(&chain, scan.next, &mine).await.0.len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_master_that_fails_right_after_a_restart_is_asked_again_before_anything_is_passed() {
    let house = House::shared();
    let usdt = house.jetton("USDT");
    for (name, trouble) in
        [("restarts", json!({ "dead": usdt })), ("restarts-mute", json!({ "contractsFail": true }))]
    {
        let to = deposit();
        let mine = ours(&[&to]);
        let from = start(&house.chain(&[name]), &mine).await;
        house.made("pay", json!({ "messages": [jettons("USDT", &to, 5, 1)] })).await;
        fault(&house, name, trouble.clone()).await;
        // Neither process has ever had an answer of it.
        let (patient, hasty) = (house.chain(&[name]), house.chain_with(&[name], &[], impatient));
        for _ in 0..3 {
            let refused = patient.scan(Some(&from), &mine).await;
            assert!(matches!(refused, Err(ChainError::Unavailable(_))), "{name} {refused:?}");
        }
        let (passed_over, _) = everything(&hasty, from.clone(), &mine).await;
        assert_eq!(passed_over, [], "{name}");
        fault(&house, name, json!({})).await;
        assert_eq!(everything(&patient, from.clone(), &mine).await.0.len(), 1, "{name}");
        // It is asked even after it was given up, and the complaint ends when it answers.
        assert_eq!(everything(&hasty, from, &mine).await.0.len(), 1, "{name}");
        assert_eq!(hasty.health()[0].complaint, None, "{name}");
    }
}

#[tokio::test]
async fn a_node_of_another_network_is_never_believed() {
    let house = House::shared();
    let to = deposit();
    let mine = ours(&[&to]);
    let from = start(&house.chain(&["abroad"]), &mine).await;
    house.pay_coins(&to, 5).await;
    fault(&house, "abroad", json!({ "network": -239 })).await;
    let alone = house.chain(&["abroad"]);
    let refused = alone.scan(Some(&from), &mine).await;
    assert!(matches!(refused, Err(ChainError::Unavailable(_))), "{refused:?}");
    let complaint = alone.health()[0].complaint.clone().expect("it is reported");
    assert!(complaint.contains("-239") && complaint.contains("-3"), "{complaint}");
    let both = house.chain(&["abroad", "b"]);
    assert_eq!(everything(&both, from, &mine).await.0.len(), 1);
}
