//! Events of the past while there is always something new: a recovery gets on, and skips nothing.
//!
//! The log is made to grow at least as fast as fan-out follows it.

use domain::changes::Changes;
use domain::event::{EntryKind, EventType, Origin};
use domain::time::HOUR_MS;
use domain::webhook_endpoint::WebhookEndpoint;
use server::workers::fan_out::FanOut;
use server::workers::{Progress, Worker as _};

use super::sinks::Sink;
use super::{DEVNET, add, ask, change, deliveries, endpoint, fan_out, house};
use crate::house::{House, START};

/// As many as fan-out reads at once.
const BATCH: usize = 1_000;

/// A batch of events that the endpoints here did not ask for.
async fn tell_others(house: &House, template: &WebhookEndpoint) {
    let mut changes = Changes::of(house.merchant_id);
    let mut ping = template.ping(DEVNET, Origin::default(), &mut house.app.fresh());
    let mut entry = ping.entries.remove(0);
    entry.kind = EntryKind::Event(EventType::InvoiceUpdated);
    for _ in 0..BATCH {
        changes.tell(entry.clone());
    }
    house.app.commit(changes).await.expect("commits");
}

#[tokio::test]
async fn it_has_its_turn_while_the_log_grows() {
    let house = house().await;
    let sink = Sink::start().await;
    for _ in 0..3 {
        house.invoice(1.0).await;
    }
    house.advance(HOUR_MS);
    let late = add(&house, 1, ask(&sink.url, &["invoice.created"])).await;
    change(&house, late.id, |row| row.recover(0, START).expect("enabled")).await;
    let row = endpoint(&house, late.id).await;
    let mut worker = FanOut::new(0);
    for _ in 0..12 {
        tell_others(&house, &row).await;
        assert_eq!(worker.step(&house.app).await.expect("fans out"), Progress::More);
    }
    assert_eq!(deliveries(&house, late.id).await.len(), 3);
    worker.stop(&house.app).await;
}

#[tokio::test]
async fn what_is_older_than_its_endpoint_is_not_passed_over_by_a_turn_that_came_early() {
    let house = house().await;
    let sink = Sink::start().await;
    let template = add(&house, 2, ask(&sink.url, &["refund.*"])).await;
    let template = endpoint(&house, template.id).await;
    house.invoice(1.0).await;
    for _ in 0..6 {
        tell_others(&house, &template).await;
    }
    house.invoice(2.0).await;
    house.advance(HOUR_MS);
    let late = add(&house, 1, ask(&sink.url, &["invoice.created"])).await;
    change(&house, late.id, |row| row.recover(0, START).expect("enabled")).await;
    house.invoice(3.0).await;
    fan_out(&house.app).await;
    assert_eq!(deliveries(&house, late.id).await.len(), 3);
    assert_eq!(endpoint(&house, late.id).await.recovery, None);
}
