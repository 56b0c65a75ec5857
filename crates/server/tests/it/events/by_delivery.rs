//! Events by what became of their webhooks.

use domain::changes::Changes;
use domain::delivery::{Delivery, DeliveryStatus, EventPlace};
use domain::environment::Environment;
use domain::event::{EntryKind, EventType, NewEntry};
use domain::time::HOUR_MS;
use domain::webhook_endpoint::WebhookEndpoint;
use serde_json::json;

use super::{EVENTS, INVOICE, by_key, history, ids, listed, matching, tell, walked};
use crate::house::{House, START};

async fn endpoint(house: &House) -> WebhookEndpoint {
    let body = json!({ "url": "https://shop.example/hook", "enabled_events": ["*"] });
    let made = house.post("/api/v1/webhooks", body).await.ok();
    let all = house.app.store.webhook_endpoints_of_merchant(house.merchant_id).await;
    let of_id = |one: &WebhookEndpoint| json!(one.id.to_string()) == made["id"];
    all.expect("reads").into_iter().find(of_id).expect("it was made")
}

/// What became of the delivery of an event: a third each, and a different third per endpoint.
fn fate(number: usize, endpoint: usize) -> Option<DeliveryStatus> {
    match (number + endpoint) % 4 {
        0 => Some(DeliveryStatus::Pending),
        1 => Some(DeliveryStatus::Delivered),
        2 => Some(DeliveryStatus::Failed),
        _ => None,
    }
}

fn delivered(mut delivery: Delivery, status: DeliveryStatus) -> Delivery {
    delivery.status = status;
    match status {
        DeliveryStatus::Pending => {}
        DeliveryStatus::Delivered | DeliveryStatus::Failed => {
            (delivery.due_at, delivery.finished_at) = (None, Some(START));
        }
    }
    delivery
}

/// Plans what the endpoints are sent of these events, with what became of it.
async fn send(house: &House, told: &[(String, NewEntry)], endpoints: &[WebhookEndpoint]) {
    for (number, (id, entry)) in told.iter().enumerate() {
        let place = EventPlace::parse(id).expect("an event's id");
        let kind = entry.kind.public().expect("a public event");
        let mut changes = Changes::of(house.merchant_id);
        for (at, endpoint) in endpoints.iter().enumerate() {
            let Some(status) = fate(number, at) else { continue };
            let what = (kind, entry.environment);
            changes.insert(delivered(Delivery::plan(place, what, endpoint, START), status));
        }
        if !changes.is_empty() {
            house.app.store.commit(changes).await.expect("commits");
        }
    }
}

fn has_fate(number: usize, endpoints: usize, status: DeliveryStatus) -> bool {
    (0..endpoints).any(|at| fate(number, at) == Some(status))
}

#[tokio::test]
async fn an_event_is_listed_once_by_any_of_its_deliveries() {
    let house = House::start().await;
    let endpoints = [endpoint(&house).await, endpoint(&house).await];
    let told = history(&house).await;
    send(&house, &told, &endpoints).await;
    let devnet = |one: &NewEntry| one.environment == Environment::Devnet;
    let (from, to) = (START.plus_ms(2 * HOUR_MS), START.plus_ms(10 * HOUR_MS));
    for status in DeliveryStatus::ALL {
        let fates: Vec<(String, NewEntry)> = told
            .iter()
            .enumerate()
            .filter(|(number, _)| has_fate(*number, endpoints.len(), status))
            .map(|(_, told)| told.clone())
            .collect();
        let query = format!("delivery_status={}", status.as_str());
        let expected = matching(&fates, devnet);
        assert!(expected.len() > 20);
        assert_eq!(listed(&house, &query).await, expected, "{query}");
        assert_eq!(walked(&house, &query, 3).await, expected, "{query}");

        let narrowed = format!("{query}&type=invoice.*");
        let kinds = [EventType::InvoiceCreated, EventType::InvoiceUpdated].map(EntryKind::Event);
        let expected = matching(&fates, |one| devnet(one) && kinds.contains(&one.kind));
        assert_eq!(walked(&house, &narrowed, 3).await, expected, "{narrowed}");

        let narrowed =
            format!("{query}&created[gte]={}&created[lte]={}", from.seconds(), to.seconds());
        let within = |one: &NewEntry| (from..=to).contains(&one.created_at);
        let expected = matching(&fates, |one| devnet(one) && within(one));
        assert_eq!(walked(&house, &narrowed, 3).await, expected, "{narrowed}");

        let narrowed = format!("{query}&invoice_id={INVOICE}");
        let of_invoice = |one: &NewEntry| one.subject.invoice_id == Some(INVOICE.into());
        let expected = matching(&fates, |one| devnet(one) && of_invoice(one));
        assert_eq!(walked(&house, &narrowed, 3).await, expected, "{narrowed}");

        let path = format!("{EVENTS}?limit=100&{query}");
        let list = by_key(&house, &house.commerce_key, &path).await.ok();
        let expected = matching(&fates, |one| devnet(one) && one.subject.is_commerce);
        assert_eq!(ids(&list), expected, "{query}, by a commerce key");
    }
}

#[tokio::test]
async fn deliveries_to_nobody_any_more_count_for_nothing() {
    let house = House::start().await;
    let gone = endpoint(&house).await;
    let told = history(&house).await;
    assert_eq!(listed(&house, "delivery_status=pending").await, [""; 0]);
    send(&house, &told, std::slice::from_ref(&gone)).await;
    assert!(!listed(&house, "delivery_status=pending").await.is_empty());
    let request = house.request("DELETE", &format!("/api/v1/webhooks/{}", gone.id));
    house.send(request.header("x-api-key", &house.key)).await.ok();
    for query in
        ["delivery_status=pending", &format!("delivery_status=failed&invoice_id={INVOICE}")]
    {
        assert_eq!(listed(&house, query).await, [""; 0], "{query}");
    }
    let (_, stranger) = house.stranger().await;
    let path = format!("{EVENTS}?delivery_status=delivered");
    assert_eq!(ids(&by_key(&house, &stranger, &path).await.ok()), [""; 0]);
}

/// What one request looks at is bounded; where that is met it says so, or says where it goes on.
#[tokio::test]
async fn a_needle_in_a_long_history_is_not_searched_for_without_end() {
    let house = House::start().await;
    let one = endpoint(&house).await;
    let mut places = Vec::new();
    let template = super::entry(house.merchant_id, EntryKind::Event(EventType::TestPing), START);
    for number in 0..11 {
        let mut changes = Changes::of(house.merchant_id);
        let kind = if number == 0 { EventType::InvoiceCreated } else { EventType::TestPing };
        for _ in 0..1_000 {
            changes.tell(NewEntry { kind: EntryKind::Event(kind), ..template.clone() });
        }
        let committed = house.app.commit(changes).await.expect("commits");
        let mut changes = Changes::of(house.merchant_id);
        for sequence in committed.first_sequence..=committed.last_sequence {
            let place = EventPlace { created_at: START, lane: committed.lane, sequence };
            let plan = Delivery::plan(place, (kind, Environment::Devnet), &one, START);
            changes.insert(delivered(plan, DeliveryStatus::Failed));
            places.push(place);
        }
        house.app.store.commit(changes).await.expect("commits");
    }
    let refused = house.get(&format!("{EVENTS}?delivery_status=failed&type=invoice.*")).await;
    assert_eq!((refused.error(), refused.param()), ((400, "VALIDATION_ERROR"), "delivery_status"));
    let near = places[2_000].event_id();
    let query = format!("delivery_status=failed&type=invoice.*&starting_after={near}");
    assert_eq!(listed(&house, &query).await.len(), 100, "closer to it, it is found");
    let later = house.app.now().plus_ms(1);
    let invoice =
        super::entry(house.merchant_id, EntryKind::Event(EventType::InvoiceCreated), later);
    let newest = tell(&house, invoice).await;
    let place = EventPlace::parse(&newest).expect("an id");
    let mut changes = Changes::of(house.merchant_id);
    let plan = Delivery::plan(place, (EventType::InvoiceCreated, Environment::Devnet), &one, START);
    changes.insert(delivered(plan, DeliveryStatus::Failed));
    house.app.store.commit(changes).await.expect("commits");
    let page = house.get(&format!("{EVENTS}?delivery_status=failed&type=invoice.*")).await.ok();
    assert_eq!((ids(&page), &page["data"]["has_more"]), (vec![&newest[..]], &json!(true)));
}

/// Retention takes them in any order.
#[tokio::test]
async fn deliveries_that_outlive_their_events_hide_none_that_are_kept() {
    let house = House::start().await;
    let one = endpoint(&house).await;
    let told = history(&house).await;
    send(&house, &told, std::slice::from_ref(&one)).await;
    let kept = listed(&house, "delivery_status=failed").await;
    assert!(kept.len() > 10);
    let mut changes = Changes::of(house.merchant_id);
    for sequence in 1..700 {
        let (created_at, sequence) = (house.app.now().plus_ms(HOUR_MS), 1_000_000 + sequence);
        let place = EventPlace { created_at, lane: 0, sequence };
        let what = (EventType::InvoiceCreated, Environment::Devnet);
        let plan = Delivery::plan(place, what, &one, START);
        changes.insert(delivered(plan, DeliveryStatus::Failed));
    }
    house.app.store.commit(changes).await.expect("commits");
    assert_eq!(listed(&house, "delivery_status=failed").await, kept);
    assert_eq!(walked(&house, "delivery_status=failed", 3).await, kept);
}
