//! Who gets what: every event once to each endpoint that wants it, byte for byte as history has it.

use domain::changes::Changes;
use domain::delivery::{Delivery, DeliveryStatus, EventPlace};
use domain::environment::Environment;
use domain::event::Origin;
use domain::time::HOUR_MS;
use domain::webhook_endpoint::{EndpointPatch, EndpointStatus};
use serde_json::json;
use store::{DeliveryFilter, Page};

use super::sinks::Sink;
use super::{
    DEVNET, add, all_of, ask, change, deliver, deliveries, endpoint, fan_out, history, house,
    patched, send, statuses,
};

#[tokio::test]
async fn each_event_arrives_once_at_each_endpoint_as_history_has_it() {
    let house = house().await;
    let (one, other) = (Sink::start().await, Sink::start().await);
    let first = add(&house, 1, ask(&one.url, &["*"])).await;
    add(&house, 2, ask(&other.url, &["*"])).await;
    for _ in 0..5 {
        house.invoice(10.0).await;
    }
    deliver(&house).await;
    deliver(&house).await;
    let mut told = history(&house).await;
    told.sort();
    for sink in [&one, &other] {
        let mut bodies: Vec<String> =
            sink.received().into_iter().map(|received| received.body).collect();
        bodies.sort();
        assert_eq!(bodies, told);
    }
    let received = one.received().remove(0);
    let event = received.event();
    assert_eq!(received.header("x-pepay-event"), event["type"].as_str().unwrap());
    assert_eq!(received.header("x-pepay-event-id"), received.event_id());
    assert_eq!(received.header("webhook-id"), received.event_id());
    assert_eq!(received.header("x-pepay-network-environment"), "devnet");
    assert_eq!(received.header("content-type"), "application/json");
    assert_eq!(received.header("user-agent"), "Pepay-Webhooks/1");
    assert_eq!(event["pending_webhooks"], 2);
    super::sinks::check_signatures(&received, &first.secret);
    for delivery in deliveries(&house, first.id).await {
        assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Delivered, 1));
        assert_eq!(delivery.last_status, Some(200));
    }
}

/// Two processes: the one that tells of the event has the slower clock.
#[tokio::test]
async fn an_event_after_the_endpoint_arrives_whatever_the_clock_said() {
    let house = house().await;
    let sink = Sink::start().await;
    house.advance(1_000);
    add(&house, 1, ask(&sink.url, &["*"])).await;
    house.advance(-500);
    house.invoice(10.0).await;
    house.advance(500);
    deliver(&house).await;
    assert_eq!(sink.received().len(), 1);
}

#[tokio::test]
async fn a_delivery_that_is_planned_already_does_not_stop_the_lane() {
    let house = house().await;
    let sink = Sink::start().await;
    let added = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(10.0).await;
    house.invoice(10.0).await;
    let heading = house.app.store.log_after(0, 0, 100).await.expect("reads");
    let event = heading
        .iter()
        .find_map(|entry| entry.entry.kind.public().map(|kind| (entry, kind)))
        .expect("an event");
    let place =
        EventPlace { created_at: event.0.entry.created_at, lane: 0, sequence: event.0.sequence };
    let row = endpoint(&house, added.id).await;
    let planned = Delivery::plan(place, (event.1, DEVNET), &row, house.app.now());
    let mut changes = Changes::of(house.merchant_id);
    changes.insert(planned);
    house.app.store.commit(changes).await.expect("commits");
    deliver(&house).await;
    let mut ids: Vec<String> = sink.received().iter().map(|one| one.event_id()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 2);
}

#[tokio::test]
async fn an_endpoint_gets_what_it_asked_for_and_nothing_older_than_itself() {
    let house = house().await;
    house.invoice(1.0).await;
    house.advance(1);
    let sinks = [Sink::start().await, Sink::start().await, Sink::start().await];
    add(&house, 1, ask(&sinks[0].url, &["invoice.*"])).await;
    add(&house, 2, ask(&sinks[1].url, &["invoice_payment.*", "refund.created"])).await;
    let mut mainnet_only = ask(&sinks[2].url, &["*"]);
    mainnet_only.environment = Some(Environment::Mainnet);
    add(&house, 3, mainnet_only).await;
    let created = house.invoice(10.0).await;
    deliver(&house).await;
    let received = sinks[0].received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].event()["data"]["object"]["id"], created["invoice_id"]);
    assert!(sinks[1].received().is_empty() && sinks[2].received().is_empty());
    let allocated = house.allocate(&created, "ethereum", "USDC").await;
    let amount = allocated["estimated_token_amount"].as_str().unwrap();
    let to = allocated["temp_address"].as_str().unwrap();
    house.transfer("ethereum", "USDC", to, amount).await;
    house.settle().await;
    deliver(&house).await;
    let kinds = |sink: &Sink| -> Vec<String> {
        let received = sink.received();
        received.iter().map(|one| one.header("x-pepay-event").to_owned()).collect()
    };
    assert!(kinds(&sinks[0]).iter().all(|kind| kind.starts_with("invoice.")));
    assert!(!kinds(&sinks[1]).is_empty());
    assert!(kinds(&sinks[1]).iter().all(|kind| kind.starts_with("invoice_payment.")));
    assert!(sinks[2].received().is_empty());
}

#[tokio::test]
async fn a_test_ping_goes_to_its_endpoint_alone() {
    let house = house().await;
    let (one, other) = (Sink::start().await, Sink::start().await);
    let pinged = add(&house, 1, ask(&one.url, &["refund.*"])).await;
    add(&house, 2, ask(&other.url, &["*"])).await;
    let row = endpoint(&house, pinged.id).await;
    let ping = row.ping(DEVNET, Origin::default(), &mut house.app.fresh());
    house.app.commit(ping).await.unwrap();
    deliver(&house).await;
    assert_eq!(one.received()[0].event()["type"], "test.ping");
    assert_eq!(one.received().len(), 1);
    assert!(other.received().is_empty());
}

#[tokio::test]
async fn what_waits_for_an_endpoint_that_is_switched_off_is_given_up() {
    let house = house().await;
    let sink = Sink::start().await;
    let off = add(&house, 1, ask(&sink.url, &["*"])).await;
    for _ in 0..3 {
        house.invoice(1.0).await;
    }
    fan_out(&house.app).await;
    let disabled =
        EndpointPatch { status: Some(EndpointStatus::Disabled), ..EndpointPatch::default() };
    change(&house, off.id, |endpoint| patched(endpoint, disabled)).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    assert!(sink.received().is_empty());
    assert_eq!(statuses(&deliveries(&house, off.id).await), [DeliveryStatus::Failed; 3]);
}

/// Another process did it: nobody rings here, and the next attempt is hours away.
#[tokio::test]
async fn retries_of_an_endpoint_that_is_switched_off_elsewhere_are_given_up_at_once() {
    let house = house().await;
    let sink = Sink::answering(|_| {
        use axum::response::IntoResponse as _;
        axum::http::StatusCode::BAD_GATEWAY.into_response()
    })
    .await;
    let off = add(&house, 1, ask(&sink.url, &["*"])).await;
    let gone = add(&house, 2, ask(&sink.url, &["*"])).await;
    let on = add(&house, 3, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let switched = |status| EndpointPatch { status: Some(status), ..EndpointPatch::default() };
    let (row, now) = (endpoint(&house, off.id).await, house.app.now());
    let row = patched(row, switched(EndpointStatus::Disabled));
    house.app.store.commit(row.save(now)).await.expect("changed");
    let row = endpoint(&house, gone.id).await.delete(now);
    house.app.store.commit(row.save(now)).await.expect("deleted");
    send(&house.app).await;
    for (id, status) in [
        (off.id, DeliveryStatus::Failed),
        (gone.id, DeliveryStatus::Failed),
        (on.id, DeliveryStatus::Pending),
    ] {
        assert_eq!(statuses(&deliveries(&house, id).await), [status]);
    }
    change(&house, off.id, |row| patched(row, switched(EndpointStatus::Enabled))).await;
    house.advance(HOUR_MS);
    deliver(&house).await;
    assert_eq!(statuses(&deliveries(&house, off.id).await), [DeliveryStatus::Failed]);
}

#[tokio::test]
async fn recovery_sends_what_failed_and_what_was_missed_and_no_more() {
    let house = house().await;
    let sink = Sink::answering(|number| {
        use axum::response::IntoResponse as _;
        let is_down = number < 2;
        if is_down { axum::http::StatusCode::BAD_GATEWAY } else { axum::http::StatusCode::OK }
            .into_response()
    })
    .await;
    let from = house.app.now();
    for _ in 0..3 {
        house.invoice(1.0).await;
    }
    house.advance(HOUR_MS);
    let endpoint = add(&house, 1, ask(&sink.url, &["invoice.created"])).await;
    for _ in 0..2 {
        house.invoice(2.0).await;
    }
    deliver(&house).await;
    let failed = deliveries(&house, endpoint.id).await;
    let mut changes = domain::changes::Changes::of(house.merchant_id);
    for delivery in failed {
        changes.update(delivery.give_up(house.app.now()));
    }
    house.app.commit(changes).await.unwrap();
    assert_eq!(statuses(&deliveries(&house, endpoint.id).await), [DeliveryStatus::Failed; 2]);
    house.invoice(3.0).await;
    deliver(&house).await;
    change(&house, endpoint.id, |row| row.recover(0, from).expect("enabled")).await;
    deliver(&house).await;
    assert_eq!(statuses(&deliveries(&house, endpoint.id).await), [DeliveryStatus::Delivered; 6]);
    assert_eq!(sink.received().len(), 2 + 6);
    assert_eq!(super::endpoint(&house, endpoint.id).await.recovery, None);
    deliver(&house).await;
    assert_eq!(sink.received().len(), 2 + 6);
}

#[tokio::test]
async fn a_delivery_is_sent_again_by_hand_under_the_same_id() {
    let house = house().await;
    let sink = Sink::start().await;
    let endpoint = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let delivery = deliveries(&house, endpoint.id).await.remove(0);
    let mut changes = domain::changes::Changes::of(house.merchant_id);
    changes.update(delivery.resend(house.app.now()).unwrap());
    house.app.commit(changes).await.unwrap();
    send(&house.app).await;
    let ids = sink.event_ids();
    assert_eq!((ids.len(), &ids[0]), (2, &ids[1]));
}

#[tokio::test]
async fn more_than_one_batch_arrives_whole() {
    let house = house().await;
    let sinks = [Sink::start().await, Sink::start().await];
    let mut ids = Vec::new();
    for (number, sink) in (1..).zip(&sinks) {
        ids.push(add(&house, number, ask(&sink.url, &["*"])).await.id);
    }
    let row = endpoint(&house, ids[0]).await;
    let mut changes = domain::changes::Changes::of(house.merchant_id);
    for number in 0..1_200 {
        let mut created = row.ping(DEVNET, Origin::default(), &mut house.app.fresh());
        let mut entry = created.entries.remove(0);
        entry.kind = domain::event::EntryKind::Event(domain::event::EventType::InvoiceCreated);
        entry.data = json!({ "object": { "number": number } }).to_string();
        changes.tell(entry);
    }
    house.app.commit(changes).await.unwrap();
    deliver(&house).await;
    for (sink, id) in sinks.iter().zip(ids) {
        let mut got = sink.event_ids();
        got.sort();
        got.dedup();
        assert_eq!((got.len(), sink.received().len()), (1_200, 1_200));
        let filter = DeliveryFilter { status: Some(DeliveryStatus::Pending), ..all_of(id) };
        let left = house.app.store.deliveries(&filter, Page::First, 10).await.unwrap();
        assert!(left.is_empty());
    }
}
