//! Coming back: with `since` nothing is missing and nothing is told twice, whatever is written.
//!
//! A place that is not known any more leads to a snapshot, and then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::event::{EventType, Subject, event_id};
use domain::time::Timestamp;
use serde_json::json;
use store::{EventFilter, Sweep, Walk};

use super::client::{Client, Heard, id};
use super::{COMMERCE, MERCHANT, Told, key, open, open_with};
use crate::house::House;

/// Every event of the house, in order.
async fn history(house: &House) -> Vec<String> {
    let walk = Walk::Forth { after: 0, up_to: None };
    let filter = EventFilter::of(house.merchant_id);
    let all = house.app.store.events(&filter, walk, 100_000).await.expect("reads");
    all.iter().map(domain::event::Entry::event_id).collect()
}

/// Numbers that look random and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % sides
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_come_and_go_hear_every_event_once_and_in_order() {
    const READERS: u64 = 4;
    const WRITES: u64 = 300;
    let house = Arc::new(House::start().await);
    let first = Told::of(&house, EventType::TestPing).commit(&house, 1).await.remove(0);
    let is_written = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for number in 0..READERS {
        let (house, is_written, first) = (house.clone(), is_written.clone(), first.clone());
        readers.push(tokio::spawn(async move {
            let mut dice = Dice(number);
            let mut heard = vec![first];
            loop {
                let last = heard.last().expect("there is a first").clone();
                let is_over = is_written.load(Ordering::SeqCst);
                let mut client = open(&house, &format!("{MERCHANT}?since={last}")).await;
                for _ in 0..=dice.roll(30) {
                    match client.hear().await {
                        Heard::Event(_, event) => heard.push(id(&event)),
                        Heard::Other(frame) if frame["type"] == "replay_finished" && is_over => {
                            return heard;
                        }
                        Heard::Other(frame) => assert_eq!(frame["object"], "ws_control"),
                        Heard::Closed(code) => panic!("closed with {code:?}"),
                    }
                    if is_written.load(Ordering::SeqCst) && !is_over {
                        break;
                    }
                }
            }
        }));
    }
    let mut dice = Dice(99);
    for _ in 0..WRITES {
        let count = 1 + dice.roll(20) as i64;
        Told::of(&house, EventType::TestPing).commit(&house, count).await;
    }
    is_written.store(true, Ordering::SeqCst);
    // Whoever waits for an event that does not come any more gets one.
    Told::of(&house, EventType::TestPing).commit(&house, 40).await;
    let all = history(&house).await;
    for reader in readers {
        let heard = reader.await.expect("reads");
        assert_eq!(heard.len(), all.len());
        assert_eq!(heard, all);
    }
}

#[tokio::test]
async fn an_event_is_exclusive_and_a_time_inclusive_in_all_its_spellings() {
    let house = House::start().await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.extend(Told::of(&house, EventType::TestPing).commit(&house, 2).await);
        house.advance(1_000);
    }
    let second = Timestamp(crate::house::START.0 + 1_000);
    let cases = [
        (ids[1].clone(), 2),
        (ids[5].clone(), 6),
        (second.seconds().to_string(), 2),
        (second.0.to_string(), 2),
        (second.rfc3339().replace('+', "%2B"), 2),
        ((second.0 + 1).to_string(), 4),
        ("0".to_owned(), 0),
        (house.app.now().plus_ms(domain::time::DAY_MS).seconds().to_string(), 6),
    ];
    for (since, from) in cases {
        let mut client = open(&house, &format!("{MERCHANT}?since={since}")).await;
        let (events, finished) = client.until("replay_finished").await;
        let heard: Vec<_> = events.iter().map(id).collect();
        assert_eq!(heard, ids[from..], "{since}");
        let cursor = heard.last().cloned().or(since.starts_with("evt").then_some(since));
        assert_eq!(finished["cursor"], json!(cursor));
    }
    let (mut client, ready) = open_with(&house, MERCHANT, &house.key).await;
    assert_eq!(ready["cursor"], json!(ids[5]), "where to come back to, before anything is told");
    let next = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    assert_eq!(client.ids(1).await, next);
}

#[tokio::test]
async fn an_unknown_place_leads_to_a_snapshot_and_then_on() {
    let house = House::start().await;
    let (stranger, _) = house.stranger().await;
    let mut foreign = Told::of(&house, EventType::TestPing);
    foreign.merchant_id = stranger;
    let foreign = foreign.commit(&house, 1).await.remove(0);
    let mut of_mainnet = Told::of(&house, EventType::TestPing);
    of_mainnet.environment = domain::environment::Environment::Mainnet;
    let of_mainnet = of_mainnet.commit(&house, 1).await.remove(0);
    let about = |number| Subject { object_id: Some(key(number)), ..Subject::default() };
    for number in [1, 2, 1, 3, 1] {
        let told = Told::of(&house, EventType::RefundUpdated).about(about(number));
        told.commit(&house, 1).await;
    }
    let known = history(&house).await;
    let latest = [&known[known.len() - 4], &known[known.len() - 2], &known[known.len() - 1]];
    let (_, place) = domain::event::parse_event_id(&known[0]).expect("an id");
    let unknown = [
        foreign,
        of_mainnet,
        event_id(Timestamp(house.app.now().0 + 1), 0, place),
        event_id(house.app.now(), 0, 1_000_000),
        event_id(house.app.now(), 7, place),
        "evt_0-0".to_owned(),
    ];
    let mut clients = Vec::new();
    for since in unknown {
        let mut client = open(&house, &format!("{MERCHANT}?since={since}")).await;
        let (events, resync) = client.until("resync").await;
        assert!(events.is_empty(), "{since}");
        assert_eq!(resync["cursor"], json!(latest[2]));
        let (events, _) = client.until("replay_finished").await;
        let ids: Vec<_> = events.iter().map(id).collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), latest, "{since}");
        clients.push(client);
    }
    let next = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    for client in &mut clients {
        assert_eq!(client.ids(1).await, next);
    }
}

#[tokio::test]
async fn what_retention_took_leads_to_a_snapshot_too() {
    let house = House::start().await;
    let old = Told::of(&house, EventType::TestPing).commit(&house, 3).await;
    let old_time = house.app.now();
    house.advance(60_000);
    let kept = Told::of(&house, EventType::TestPing).commit(&house, 2).await;
    let (lane, place) = domain::event::parse_event_id(&kept[0]).expect("an id");
    let sweep = Sweep::Log { lane, before_sequence: place };
    house.app.store.sweep(sweep, house.app.now(), 1_000).await.expect("sweeps");
    for since in [old[1].clone(), old_time.seconds().to_string()] {
        let mut client = open(&house, &format!("{MERCHANT}?since={since}")).await;
        client.until("resync").await;
        let (events, _) = client.until("replay_finished").await;
        assert_eq!(events.iter().map(id).collect::<Vec<_>>(), kept);
    }
    let mut client = open(&house, &format!("{MERCHANT}?since={}", kept[0])).await;
    let (events, _) = client.until("replay_finished").await;
    assert_eq!(events.iter().map(id).collect::<Vec<_>>(), kept[1..]);
}

#[tokio::test]
async fn a_snapshot_is_bounded_and_keeps_to_the_filters() {
    let house = House::start().await;
    for number in 0..150 {
        let subject = Subject {
            object_id: Some(key(number)),
            is_commerce: number % 2 == 0,
            ..Subject::default()
        };
        Told::of(&house, EventType::RefundCreated).about(subject).commit(&house, 1).await;
    }
    let count = async |path: &str| {
        let mut client: Client = open(&house, &format!("{path}?since=evt_1-1")).await;
        client.until("resync").await;
        client.until("replay_finished").await.0.len()
    };
    assert_eq!(count(MERCHANT).await, 100);
    assert_eq!(count(COMMERCE).await, 75);
}
