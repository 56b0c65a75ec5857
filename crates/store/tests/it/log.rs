//! The log: commit order, no gaps, and a bell for whoever follows it.

use std::time::Duration;

use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::{EntryKind, EventType, NewEntry, Notice, Origin, Subject};
use domain::ids::MerchantId;
use futures_util::future::join_all;
use store::StoreConfig;

use crate::engines::for_each_engine;
use crate::given::{SHOP, START, invoice, invoice_of, key};

fn entry(number: i64) -> NewEntry {
    NewEntry {
        merchant_id: SHOP,
        environment: Environment::Mainnet,
        kind: if number % 2 == 0 {
            EntryKind::Event(EventType::TestPing)
        } else {
            EntryKind::Notice(Notice::KeyChanged)
        },
        created_at: START.plus_ms(number),
        subject: Subject {
            object_id: Some(key("object")),
            invoice_id: None,
            order_id: Some(key("order")),
            customer_id: Some("customer".to_owned()),
            wallet: None,
            is_commerce: true,
        },
        data: format!("{{\"object\":{number}}}"),
        origin: Origin { request_id: Some("req_1".to_owned()), idempotency_key: None },
        pending_webhooks: number,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_read_back_as_they_were_told_and_in_order() {
    for_each_engine(async |database| {
        let store = database.open().await;
        for first in [0, 3, 6] {
            let mut changes = Changes::of(SHOP);
            (first..first + 3).for_each(|number| changes.tell(entry(number)));
            let committed = store.commit(changes).await.expect("commits");
            assert_eq!(committed.first_sequence, first + 1);
            assert_eq!(committed.last_sequence, first + 3);
        }
        let empty = store.commit(Changes::of(SHOP)).await.expect("commits");
        assert_eq!((empty.first_sequence, empty.last_sequence), (10, 9));
        let all = store.log_after(0, 0, 100).await.expect("reads");
        assert_eq!(all.len(), 9);
        for (found, number) in all.iter().zip(0..) {
            assert_eq!((found.lane, found.sequence), (0, number + 1));
            assert_eq!(found.entry, entry(number));
        }
        let page = store.log_after(0, 4, 2).await.expect("reads");
        let sequences: Vec<i64> = page.iter().map(|entry| entry.sequence).collect();
        assert_eq!(sequences, [5, 6]);
        assert_eq!(store.log_head(0).await, Ok(9));
        assert_eq!(store.log_head(1).await, Ok(0));
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notices_are_read_without_the_events_between_them() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let mut changes = Changes::of(SHOP);
        // Every other one is a notice: two, four, six of seven.
        (0..7).for_each(|number| changes.tell(entry(number)));
        store.commit(changes).await.expect("commits");
        for (after, limit, expected, read_to) in [
            (0, 10, &[2, 4, 6][..], 7),
            (0, 2, &[2, 4], 4),
            (4, 2, &[6], 7),
            (6, 2, &[], 7),
            (7, 2, &[], 7),
        ] {
            let notices = store.notices_after(0, after, limit).await.expect("reads");
            let sequences: Vec<i64> = notices.entries.iter().map(|one| one.sequence).collect();
            assert_eq!((&sequences[..], notices.read_to), (expected, read_to), "after {after}");
        }
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_never_sees_a_gap_while_many_commit() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let follower = {
            let store = store.clone();
            tokio::spawn(async move {
                let mut bell = store.committed();
                let mut cursor = 0;
                while cursor < 600 {
                    for entry in store.log_after(0, cursor, 50).await.expect("reads") {
                        assert_eq!(entry.sequence, cursor + 1);
                        cursor = entry.sequence;
                    }
                    // Losing a wake-up may cost time but no entry.
                    let _ = tokio::time::timeout(Duration::from_millis(50), bell.changed()).await;
                }
            })
        };
        let writers = (0..20).map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..30 {
                    let changes = invoice(writer * 100 + number).changes;
                    let committed = store.commit(changes).await.expect("commits");
                    assert_eq!(committed.first_sequence, committed.last_sequence);
                }
            })
        });
        join_all(writers).await.into_iter().for_each(|done| done.expect("no panic"));
        follower.await.expect("no gap");
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bell_rings_after_a_commit() {
    for_each_engine(async |database| {
        let store = database.open().await;
        let mut bell = store.committed();
        bell.mark_unchanged();
        store.commit(invoice(1).changes).await.expect("commits");
        let rung = tokio::time::timeout(Duration::from_secs(5), bell.changed()).await;
        assert!(matches!(rung, Ok(Ok(()))), "{rung:?}");
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merchant_keeps_to_one_lane_and_lanes_count_for_themselves() {
    for_each_engine(async |database| {
        let config = StoreConfig { lanes: 4, ..database.config() };
        let store = store::Store::open(config).await.expect("opens");
        let mut counts = [0; 4];
        for merchant in 1..=12 {
            let mut lanes = Vec::new();
            for number in 0..3 {
                let changes = invoice_of(MerchantId(merchant), number).changes;
                let committed = store.commit(changes).await.expect("commits");
                let lane = usize::try_from(committed.lane).expect("small");
                counts[lane] += 1;
                assert_eq!(committed.last_sequence, counts[lane]);
                lanes.push(lane);
            }
            lanes.dedup();
            assert_eq!(lanes.len(), 1);
        }
        assert!(counts.iter().filter(|&&count| count > 0).count() > 1, "{counts:?}");
        for (lane, &count) in (0..).zip(&counts) {
            assert_eq!(store.log_head(lane).await, Ok(count));
        }
        assert_eq!(store.check().await, Ok(Vec::new()));
        store.close().await;
    })
    .await;
}
