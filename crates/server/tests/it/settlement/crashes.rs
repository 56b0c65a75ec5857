//! The process dies between any two steps of a settlement: one transaction on chain, always.

use domain::send::{Send, SendStatus};

use server::workers::{Worker as _, send, settle};

use super::refunds::{PAYOR, ask, refund, resting, to_payor};
use super::{WALLET, arrived, check, house, paid, payment, run};
use crate::house::House;

/// One step of each worker, and then the process dies with everything it held.
async fn step_and_die(house: House) -> House {
    house.advance(1_000);
    house.look_around().await;
    let _ = settle::Settler::default().step(&house.app).await;
    let _ = send::Dispatcher::default().step(&house.app).await;
    house.reopen().await
}

#[tokio::test]
async fn a_house_that_dies_after_every_step_sends_once() {
    let mut house = house().await;
    let created = paid(&house, "USDC", "10").await;
    for _ in 0..30 {
        house = step_and_die(house).await;
    }
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    assert_eq!(arrived(&house, WALLET, "USDC").await.len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn a_house_that_dies_after_every_step_of_a_refund_gives_back_once() {
    let mut house = resting().await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let made = ask(&house, &created, "k", to_payor(Some("4"))).await.ok();
    let mut seen = Vec::new();
    for _ in 0..30 {
        house = step_and_die(house).await;
        // Whoever lost the answer asks again, and hears of the same refund.
        let again = ask(&house, &created, "k", to_payor(Some("4"))).await.ok();
        assert_eq!(again["id"], made["id"]);
        let status = refund(&house, &made["id"]).await["status"].clone();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
    }
    assert_eq!(seen, ["created", "submitted", "sent"], "it died in each of them");
    let back = arrived(&house, PAYOR, "USDC").await;
    assert_eq!((back.len(), back[0].amount.expect("fits").0), (1, 4_000_000));
    check(&house).await;
}

#[tokio::test]
async fn a_refund_that_was_broadcast_and_not_written_down_is_not_sent_again() {
    let mut house = resting().await;
    let created = paid(&house, "USDC", "10").await;
    house.settle().await;
    let made = ask(&house, &created, "k", to_payor(None)).await.ok();
    let id = domain::ids::RefundId::parse(made["id"].as_str().expect("an id")).expect("an id");
    let mut sent = None;
    for _ in 0..30 {
        house = step_and_die(house).await;
        let sends = house.app.store.sends_of(id.key()).await.expect("reads");
        let Some(send) = sends.into_iter().find(|send| send.status == SendStatus::Signed) else {
            continue;
        };
        sent = Some(broadcast(&house, &send).await);
        break;
    }
    let sent = sent.expect("it was signed");
    house = house.reopen().await;
    run(&house).await;
    assert_eq!(refund(&house, &made["id"]).await["status"], "sent");
    let back = arrived(&house, PAYOR, "USDC").await;
    assert_eq!((back.len(), &back[0].tx_hash), (1, &sent));
    check(&house).await;
}

/// The process gives it to the nodes, and dies before it can say so.
async fn broadcast(house: &House, send: &Send) -> String {
    let sender = house.app.networks.sender((send.environment, send.network)).expect("sends");
    let newest = send.newest().expect("signed");
    let prepared = serde_json::from_str(&newest.prepared).expect("reads");
    sender.broadcast(&prepared).await;
    newest.tx_hash.clone()
}

/// The open send of a settlement's own, if there is one in this state.
async fn send_in(house: &House, status: SendStatus) -> Option<Send> {
    let id = domain::ids::SettlementId(1);
    let sends = house.app.store.sends_of(id.key()).await.expect("reads");
    sends.into_iter().find(|send| send.status == status)
}

#[tokio::test]
async fn a_broadcast_that_nobody_wrote_down_is_not_done_again() {
    let mut house = house().await;
    let created = paid(&house, "USDC", "10").await;
    let mut sent = None;
    for _ in 0..30 {
        house.advance(1_000);
        house.look_around().await;
        let _ = settle::Settler::default().step(&house.app).await;
        let _ = send::Dispatcher::default().step(&house.app).await;
        if let Some(send) = send_in(&house, SendStatus::Signed).await {
            sent = Some(broadcast(&house, &send).await);
            break;
        }
        house = house.reopen().await;
    }
    let sent = sent.expect("it was signed");
    house = house.reopen().await;
    run(&house).await;
    assert_eq!(payment(&house, &created).await["settlement_status"], "settled");
    let there = arrived(&house, WALLET, "USDC").await;
    assert_eq!((there.len(), &there[0].tx_hash), (1, &sent));
    check(&house).await;
}
