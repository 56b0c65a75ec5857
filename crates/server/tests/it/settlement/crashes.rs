//! The process dies between any two steps of a settlement: one transaction on chain, always.

use domain::send::{Send, SendStatus};

use server::workers::{Worker as _, send, settle};

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
            // The process gives it to the nodes, and dies before it can say so.
            let place = (send.environment, send.network);
            let sender = house.app.networks.sender(place).expect("sends");
            let newest = send.newest().expect("signed");
            let prepared = serde_json::from_str(&newest.prepared).expect("reads");
            sender.broadcast(&prepared).await;
            sent = Some(newest.tx_hash.clone());
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
