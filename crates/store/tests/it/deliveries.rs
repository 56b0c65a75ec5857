//! Deliveries: each endpoint's queue in the order of what is due, its history, and its attempts.

use domain::changes::Changes;
use domain::delivery::{AttemptOutcome, Delivery, DeliveryStatus, EventPlace, Seen};
use domain::environment::Environment;
use domain::event::EventType;
use domain::follow::{FollowCursor, Follower};
use domain::ids::EndpointId;
use domain::time::Timestamp;
use domain::webhook_endpoint::WebhookEndpoint;
use store::{CommitError, DeliveryFilter, Page, QueuePlace, Store};

use crate::engines::for_each_store;
use crate::samples::{self, MERCHANT, NOW};

const WHAT: (EventType, Environment) = (EventType::InvoiceUpdated, Environment::Devnet);

fn place(sequence: i64) -> EventPlace {
    EventPlace { created_at: NOW.plus_ms(sequence), lane: 0, sequence }
}

fn planned(endpoint: &WebhookEndpoint, sequence: i64, due: i64) -> Delivery {
    Delivery::plan(place(sequence), WHAT, endpoint, NOW.plus_ms(due))
}

fn answered(delivery: Delivery, status: u16) -> Changes {
    let outcome = AttemptOutcome::Answered { status, body: "{\"ok\":1}".to_owned() };
    let seen = Seen { started_at: NOW, duration_ms: 3, outcome, retry_after_ms: None };
    let (delivery, attempt) = delivery.attempted(seen, 0);
    let mut changes = Changes::of(MERCHANT);
    changes.update(delivery);
    changes.insert(attempt);
    changes
}

async fn insert(store: &Store, deliveries: impl IntoIterator<Item = Delivery>) {
    let mut changes = Changes::of(MERCHANT);
    deliveries.into_iter().for_each(|delivery| changes.insert(delivery));
    store.commit(changes).await.expect("commits");
}

fn sequences(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| delivery.event().sequence).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_read_in_the_order_of_what_is_due() {
    for_each_store(async |store| {
        let (one, other) = (samples::endpoint(1), samples::endpoint(2));
        let dues = [5, 5, 1, 9, 5, 30];
        let queue = (1..).zip(dues).map(|(sequence, due)| planned(&one, sequence, due));
        insert(store, queue).await;
        insert(store, [planned(&other, 1, 40)]).await;
        let now = NOW.plus_ms(10);
        let all = store.deliveries_due(one.id, now, None, 100).await.expect("reads");
        assert_eq!(sequences(&all), [3, 1, 2, 5, 4]);
        let mut after = None;
        for delivery in &all {
            let next = store.deliveries_due(one.id, now, after, 1).await.expect("reads");
            assert_eq!(next.as_slice(), std::slice::from_ref(delivery));
            let due_at = delivery.due_at.expect("waits");
            after = Some(QueuePlace { due_at, key: delivery.key() });
        }
        let rest = store.deliveries_due(one.id, now, after, 1).await.expect("reads");
        assert_eq!(rest, []);
        let mut waiting = store.endpoints_waiting(10).await.expect("reads");
        waiting.sort_by_key(|(_, due_at)| *due_at);
        assert_eq!(waiting, [(one.id, NOW.plus_ms(1)), (other.id, NOW.plus_ms(40))]);
        assert_eq!(store.endpoints_waiting(1).await.expect("reads").len(), 1);
        for delivery in all {
            store.commit(answered(delivery, 200)).await.expect("commits");
        }
        let next = |due| Timestamp(NOW.0 + due);
        let waiting = store.endpoints_waiting(10).await.expect("reads");
        assert!(waiting.contains(&(one.id, next(30))), "{waiting:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_filtered_and_paged_and_attempts_are_kept_apart() {
    for_each_store(async |store| {
        let (one, other) = (samples::endpoint(1), samples::endpoint(2));
        insert(store, (1..=20).map(|sequence| planned(&one, sequence, 0))).await;
        insert(store, (1..=20).map(|sequence| planned(&other, sequence, 0))).await;
        let filter = |endpoints: &[EndpointId], status| DeliveryFilter {
            environment: None,
            endpoints: endpoints.to_vec(),
            status,
            event: None,
        };
        let all = filter(&[one.id, other.id], None);
        for delivery in store.deliveries(&all, Page::First, 100).await.expect("reads") {
            let status = if delivery.event().sequence % 2 == 0 { 204 } else { 500 };
            store.commit(answered(delivery, status)).await.expect("commits");
        }
        let delivered = filter(&[one.id], Some(DeliveryStatus::Delivered));
        let page = store.deliveries(&delivered, Page::First, 4).await.expect("reads");
        assert_eq!(sequences(&page), [20, 18, 16, 14]);
        let after = Page::After(page[3].key());
        let page = store.deliveries(&delivered, after, 4).await.expect("reads");
        assert_eq!(sequences(&page), [12, 10, 8, 6]);
        let before = Page::Before(page[0].key());
        let page = store.deliveries(&delivered, before, 2).await.expect("reads");
        assert_eq!(sequences(&page), [16, 14]);
        let both = DeliveryFilter { event: Some(place(7)), ..all };
        let of_event = store.deliveries(&both, Page::First, 10).await.expect("reads");
        assert_eq!(sequences(&of_event), [7, 7]);
        for mut delivery in of_event {
            let again = delivery.clone().resend(NOW).expect("may be sent again");
            store.commit(answered(again, 200)).await.expect("commits");
            delivery = store.get(delivery.key()).await.expect("reads").expect("is there");
            let attempts = store.attempts_of_delivery(&delivery).await.expect("reads");
            let statuses: Vec<_> =
                attempts.iter().map(|one| (one.number(), one.outcome.status())).collect();
            assert_eq!(statuses, [(1, Some(500)), (2, Some(200))]);
        }
        let none = store.deliveries(&filter(&[], None), Page::First, 10).await.expect("reads");
        assert_eq!(none, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_goes_to_an_endpoint_once_and_the_slowest_follower_is_known() {
    for_each_store(async |store| {
        let endpoint = samples::endpoint(1);
        insert(store, [planned(&endpoint, 1, 0)]).await;
        let mut changes = Changes::of(MERCHANT);
        changes.insert(planned(&endpoint, 1, 5));
        let again = store.commit(changes).await;
        assert!(matches!(again, Err(CommitError::AlreadyExists { .. })), "{again:?}");
        assert_eq!(store.slowest_follower(0).await, Ok(0), "nobody follows");
        let mut changes = Changes::of(MERCHANT);
        changes.insert(FollowCursor::at(Follower::Webhooks, 0, 0));
        changes.insert(endpoint);
        store.commit(changes).await.expect("commits");
        assert_eq!(store.slowest_follower(0).await, Ok(0));
        assert_eq!(store.has_webhook_endpoints().await, Ok(true));
    })
    .await;
}
