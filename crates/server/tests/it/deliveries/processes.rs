//! Several processes, crashes and restarts: shared work, nothing lost, one id.

use domain::delivery::DeliveryStatus;
use domain::secret::KeyRing;
use server::app::{App, Shared};
use server::workers::deliver::Sender;
use server::workers::fan_out::FanOut;
use server::workers::{Progress, Worker as _};
use store::{Store, StoreConfig};

use super::sinks::Sink;
use super::{add, ask, deliveries, fan_out, house, send, statuses};
use crate::house::House;

/// Another process on the same database, with the same clock.
async fn another(house: &House) -> Shared {
    let config = house.app.config.clone();
    let store = Store::open(StoreConfig::new(config.database_url())).await.expect("opens");
    App::new(config, house.app.clock.clone(), store, KeyRing::new(&[7; 32], &[])).expect("opens")
}

async fn know_each_other(apps: [&Shared; 2]) {
    for app in apps {
        loop {
            let live = app.store.live_processes().await.expect("reads");
            if apps.iter().all(|one| live.contains(&one.process)) {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn two_processes_share_the_endpoints_and_send_nothing_twice() {
    let house = house().await;
    if house.app.store.is_exclusive() {
        // An embedded database has one process.
        return;
    }
    let other = another(&house).await;
    know_each_other([&house.app, &other]).await;
    let mut sinks = Vec::new();
    for number in 1..=24 {
        let sink = Sink::start().await;
        add(&house, number, ask(&sink.url, &["*"])).await;
        sinks.push(sink);
    }
    for _ in 0..5 {
        house.invoice(1.0).await;
    }
    fan_out(&house.app).await;
    let (mut one, mut two) = (Sender::default(), Sender::default());
    for app in [&house.app, &other] {
        app.caches.forget_webhook_endpoints(house.merchant_id);
    }
    let all = || sinks.iter().map(|sink| sink.received().len()).sum::<usize>();
    while all() < 24 * 5 {
        let (first, second) = tokio::join!(one.step(&house.app), two.step(&other));
        first.expect("sends");
        second.expect("sends");
    }
    while one.step(&house.app).await.expect("sends") == Progress::More {}
    while two.step(&other).await.expect("sends") == Progress::More {}
    assert_eq!(all(), 24 * 5);
    let counted = |app: &Shared| {
        let text = app.metrics.render();
        let line = text.lines().find(|line| line.contains("attempts_total{result=\"succeeded\"}"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).unwrap_or(0)
    };
    let (first, second) = (counted(&house.app), counted(&other));
    assert!(first > 0 && second > 0 && first + second == 24 * 5, "{first} and {second}");
    one.stop(&house.app).await;
    two.stop(&other).await;
}

#[tokio::test]
async fn a_process_that_only_serves_gets_no_share() {
    let house = house().await;
    if house.app.store.is_exclusive() {
        return;
    }
    let other = another(&house).await;
    know_each_other([&house.app, &other]).await;
    other.store.withdraw();
    while house.app.store.live_processes().await.expect("reads").contains(&other.process) {
        tokio::task::yield_now().await;
    }
    let sink = Sink::start().await;
    for number in 1..=12 {
        add(&house, number, ask(&sink.url, &["*"])).await;
    }
    house.invoice(1.0).await;
    fan_out(&house.app).await;
    send(&house.app).await;
    assert_eq!(sink.received().len(), 12);
}

#[tokio::test]
async fn a_slot_moves_to_another_process_once_nothing_of_it_is_on_its_way() {
    let house = house().await;
    if house.app.store.is_exclusive() {
        return;
    }
    let sink = Sink::start().await;
    for number in 1..=12 {
        add(&house, number, ask(&sink.url, &["*"])).await;
    }
    house.invoice(1.0).await;
    fan_out(&house.app).await;
    let mut one = Sender::default();
    while one.step(&house.app).await.expect("sends") == Progress::More {}
    assert_eq!(sink.received().len(), 12);
    let other = another(&house).await;
    know_each_other([&house.app, &other]).await;
    house.invoice(1.0).await;
    fan_out(&house.app).await;
    let mut two = Sender::default();
    while sink.received().len() < 24 {
        // The one that holds everything lets go of what is the other's by now.
        let (first, second) = tokio::join!(one.step(&house.app), two.step(&other));
        first.expect("sends");
        second.expect("sends");
    }
    while one.step(&house.app).await.expect("sends") == Progress::More {}
    while two.step(&other).await.expect("sends") == Progress::More {}
    assert_eq!(sink.received().len(), 24);
    one.stop(&house.app).await;
    two.stop(&other).await;
}

#[tokio::test]
async fn a_crash_between_sending_and_recording_sends_again_under_the_same_id() {
    let house = house().await;
    let sink = Sink::start().await;
    let known = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    fan_out(&house.app).await;
    let mut crashing = Sender::default();
    while sink.received().is_empty() {
        crashing.step(&house.app).await.expect("sends");
    }
    // The process dies before the answer is written down.
    drop(crashing);
    assert_eq!(statuses(&deliveries(&house, known.id).await), [DeliveryStatus::Pending]);
    send(&house.app).await;
    let ids = sink.event_ids();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
    assert_eq!(statuses(&deliveries(&house, known.id).await), [DeliveryStatus::Delivered]);
}

#[tokio::test]
async fn fan_out_that_starts_anew_repeats_nothing() {
    let house = house().await;
    let sink = Sink::start().await;
    let known = add(&house, 1, ask(&sink.url, &["*"])).await;
    for _ in 0..3 {
        house.invoice(1.0).await;
        // Each one dies with its round and saves nothing more.
        let mut crashing = FanOut::new(0);
        while crashing.step(&house.app).await.expect("fans out") == Progress::More {}
    }
    assert_eq!(deliveries(&house, known.id).await.len(), 3);
    send(&house.app).await;
    assert_eq!(sink.received().len(), 3);
}
