//! Webhooks: each event reaches each endpoint that wants it, signed, whatever the receivers do.

mod order;
mod processes;
mod receivers;
mod recovery;
mod schedule;
mod secrets;
mod sinks;

use domain::delivery::{Attempt, AttemptOutcome, Delivery, DeliveryStatus};
use domain::environment::Environment;
use domain::ids::EndpointId;
use domain::secret::KeyRing;
use domain::webhook_endpoint::{EndpointAsk, EndpointPatch, Reach, WebhookEndpoint, WebhookSecret};
use server::app::Shared;
use server::clock::entropy;
use server::config::Config;
use server::workers::deliver::Sender;
use server::workers::fan_out::FanOut;
use server::workers::{Progress, Worker};
use store::{DeliveryFilter, Page};

use crate::house::House;

/// An endpoint and the secret its merchant was shown.
struct Endpoint {
    id: EndpointId,
    secret: WebhookSecret,
}

/// A house that delivers to this machine.
async fn house() -> House {
    house_with(|_| {}).await
}

async fn house_with(configure: impl FnOnce(&mut Config)) -> House {
    House::with(|config| {
        config.allow_insecure_webhooks = Some(true);
        configure(config);
    })
    .await
}

fn ask(url: &str, events: &[&str]) -> EndpointAsk {
    EndpointAsk {
        url: url.to_owned(),
        description: None,
        enabled_events: events.iter().map(|name| (*name).to_owned()).collect(),
        environment: None,
    }
}

async fn add(house: &House, number: i64, ask: EndpointAsk) -> Endpoint {
    add_sealed(house, number, ask, &house.app.keys).await
}

/// An endpoint whose secret was sealed under these keys.
async fn add_sealed(house: &House, number: i64, ask: EndpointAsk, keys: &KeyRing) -> Endpoint {
    let app = &house.app;
    let entropy = (&entropy(), &entropy());
    let made = WebhookEndpoint::create(
        house.merchant_id,
        number,
        ask,
        &Reach::LOOPBACK_TOO,
        keys,
        entropy,
        &mut app.fresh(),
    );
    let (secret, endpoint) = made.expect("an endpoint");
    let id = endpoint.id;
    app.commit(endpoint.enroll(app.now())).await.expect("added");
    app.caches.forget_webhook_endpoints(house.merchant_id);
    Endpoint { id, secret }
}

/// Changes an endpoint's row as its routes do.
async fn change(
    house: &House,
    id: EndpointId,
    change: impl FnOnce(WebhookEndpoint) -> WebhookEndpoint,
) {
    let before = endpoint(house, id).await;
    let changes = change(before).save(house.app.now());
    house.app.commit(changes).await.expect("changed");
    house.app.caches.forget_webhook_endpoints(house.merchant_id);
}

fn patched(endpoint: WebhookEndpoint, patch: EndpointPatch) -> WebhookEndpoint {
    endpoint.change(patch, &Reach::LOOPBACK_TOO).expect("a fine change")
}

async fn endpoint(house: &House, id: EndpointId) -> WebhookEndpoint {
    house.app.store.get::<WebhookEndpoint>(id.key()).await.expect("reads").expect("is there")
}

/// Fan-out and sender work until nothing is due.
async fn deliver(house: &House) {
    fan_out(&house.app).await;
    send(&house.app).await;
    // An endpoint that was switched off, and what waited for it.
    fan_out(&house.app).await;
    send(&house.app).await;
}

async fn fan_out(app: &Shared) {
    for lane in 0..app.store.lanes() {
        let mut worker = FanOut::new(lane);
        while worker.step(app).await.expect("fans out") == Progress::More {}
        worker.stop(app).await;
    }
}

async fn send(app: &Shared) {
    let mut sender = Sender::default();
    while sender.step(app).await.expect("sends") == Progress::More {}
    sender.stop(app).await;
}

/// Everything that was ever to be delivered to an endpoint, newest first.
async fn deliveries(house: &House, id: EndpointId) -> Vec<Delivery> {
    house.app.store.deliveries(&all_of(id), Page::First, 200).await.expect("reads")
}

fn all_of(id: EndpointId) -> DeliveryFilter {
    DeliveryFilter { endpoints: vec![id], environment: None, status: None, event: None }
}

/// The only delivery of an endpoint, and how it was attempted.
async fn only(house: &House, id: EndpointId) -> (Delivery, Vec<Attempt>) {
    let mut all = deliveries(house, id).await;
    assert_eq!(all.len(), 1, "{all:?}");
    let delivery = all.remove(0);
    let attempts = house.app.store.attempts_of_delivery(&delivery).await.expect("reads");
    (delivery, attempts)
}

/// Why the last attempt had no answer.
#[track_caller]
fn error(attempts: &[Attempt]) -> &str {
    match &attempts.last().expect("an attempt").outcome {
        AttemptOutcome::Unanswered { error } => error,
        AttemptOutcome::Answered { status, .. } => panic!("answered {status}"),
    }
}

fn statuses(deliveries: &[Delivery]) -> Vec<DeliveryStatus> {
    deliveries.iter().map(|delivery| delivery.status).collect()
}

/// The envelopes of everything that happened, as history tells it, oldest first.
async fn history(house: &House) -> Vec<String> {
    let lane = house.app.store.lane_of(house.merchant_id);
    let entries = house.app.store.log_after(lane, 0, 1_000).await.expect("reads");
    let own = entries.iter().filter(|entry| entry.entry.merchant_id == house.merchant_id);
    own.filter_map(domain::event::Entry::envelope).collect()
}

const DEVNET: Environment = Environment::Devnet;
