//! The life of a delivery: keys, schedule, giving up, sending again.

use super::*;
use crate::ids::Fresh;
use crate::secret::{Entropy, KeyRing};
use crate::time::{DAY_MS, HOUR_MS, SECOND_MS};
use crate::webhook_endpoint::{EndpointAsk, Reach};

const NOW: Timestamp = Timestamp(1_766_320_496_123);

fn endpoint() -> WebhookEndpoint {
    let ask = EndpointAsk {
        url: "https://example.com/hook".to_owned(),
        description: None,
        enabled_events: vec!["*".to_owned()],
        environment: None,
    };
    let entropy = Entropy::new([7; 32]);
    let keys = KeyRing::new(&[1; 32], &[]);
    let mut fresh = Fresh::new(NOW, [3; 16]);
    let drawn = (&entropy, &entropy);
    let merchant = MerchantId(1);
    WebhookEndpoint::create(merchant, 5, ask, &Reach::PUBLIC_ONLY, &keys, drawn, &mut fresh)
        .expect("a sound endpoint")
        .1
}

fn planned() -> Delivery {
    let place = EventPlace { created_at: NOW, lane: 3, sequence: 1 << 39 };
    let what = (EventType::InvoiceUpdated, Environment::Devnet);
    Delivery::plan(place, what, &endpoint(), NOW)
}

fn answered(status: u16, at: Timestamp) -> Seen {
    let outcome = AttemptOutcome::Answered { status, body: "no".to_owned() };
    Seen { started_at: at, duration_ms: 10, outcome, retry_after_ms: None }
}

#[test]
fn a_key_carries_its_event_and_orders_by_it() {
    let place = EventPlace { created_at: NOW, lane: 99, sequence: (1 << 40) - 1 };
    let key = place.delivery_key((1 << 24) - 1);
    assert_eq!(EventPlace::of_delivery(key), place);
    assert_eq!(key.0[15], 0);
    assert_eq!(EventPlace::parse(&place.event_id()), Some(place));
    let far = EventPlace { sequence: 1 << 40, ..place };
    for text in ["evt_01-500", "evt_1-0500", "evt_-1-500", "evt_1-500 ", &far.event_id()] {
        assert_eq!(EventPlace::parse(text), None, "{text}");
    }
    let next = EventPlace { created_at: NOW.plus_ms(1), lane: 0, sequence: 1 };
    assert!(next.delivery_key(1) > key);
    let delivery = planned();
    let (_, attempt) = delivery.clone().attempted(answered(500, NOW), 0);
    let (after, up_to) = delivery.attempt_keys();
    assert!(attempt.key > after && attempt.key <= up_to);
    assert_eq!(
        (attempt.number(), DeliveryId::parse(&delivery.id.to_string())),
        (1, Some(delivery.id))
    );
}

#[test]
fn success_is_final_and_redirects_are_failures() {
    let (delivered, _) = planned().attempted(answered(204, NOW), 0);
    assert_eq!((delivered.status, delivered.due_at), (DeliveryStatus::Delivered, None));
    assert_eq!(delivered.finished_at, Some(NOW.plus_ms(10)));
    for status in [199, 301, 308, 400, 404, 429, 500, 599] {
        let (failed, _) = planned().attempted(answered(status, NOW), 0);
        assert_eq!(failed.status, DeliveryStatus::Pending, "{status}");
    }
    let (gone, _) = planned().attempted(answered(410, NOW), 0);
    assert_eq!((gone.status, gone.due_at), (DeliveryStatus::Failed, None));
}

#[test]
fn twelve_tries_over_three_days_then_no_more() {
    let mut delivery = planned();
    let mut now = NOW;
    let mut tries = 0;
    while let Some(due_at) = delivery.due_at {
        now = due_at;
        delivery = delivery.attempted(answered(500, now), 200).0;
        tries += 1;
    }
    assert_eq!((tries, delivery.status), (12, DeliveryStatus::Failed));
    let hours = NOW.ms_until(now) / HOUR_MS;
    assert!((75..77).contains(&hours), "{hours}");
}

#[test]
fn delays_spread_by_a_fifth_and_honour_what_the_receiver_asks() {
    let first_delay = |spread, retry_after_ms| {
        let seen = Seen { retry_after_ms, ..answered(503, NOW) };
        let (delivery, _) = planned().attempted(seen, spread);
        NOW.plus_ms(10).ms_until(delivery.due_at.expect("due again"))
    };
    assert_eq!(first_delay(0, None), 4 * SECOND_MS);
    assert_eq!(first_delay(SPREAD_SIDES - 1, None), 6 * SECOND_MS);
    assert_eq!(first_delay(200, Some(SECOND_MS)), 5 * SECOND_MS, "not sooner than our own delay");
    assert_eq!(first_delay(200, Some(60 * SECOND_MS)), 60 * SECOND_MS);
    assert_eq!(first_delay(200, Some(30 * DAY_MS)), DAY_MS, "not later than a day");
}

#[test]
fn sending_again_starts_the_schedule_anew_within_a_bound() {
    let (mut delivery, _) = planned().attempted(answered(204, NOW), 0);
    let mut resent = 0;
    while let Ok(again) = delivery.clone().resend(NOW) {
        assert_eq!(
            (again.status, again.due_at, again.tries),
            (DeliveryStatus::Pending, Some(NOW), 0)
        );
        delivery = again;
        while delivery.due_at.is_some() {
            delivery = delivery.attempted(answered(500, NOW), 0).0;
        }
        resent += 1;
    }
    assert_eq!(resent, 19);
    assert!(delivery.attempts <= ATTEMPTS_MAX);
}

#[test]
fn sending_again_that_was_asked_for_during_an_attempt_still_happens() {
    let sent = Delivery { version: 1, ..planned() };
    let asked = sent.clone().resend(NOW.plus_ms(5)).expect("may be sent again");
    let asked = Delivery { version: 2, ..asked };
    let (after, attempt) = asked.attempted_meanwhile(&sent, answered(204, NOW), 0);
    assert_eq!((after.status, after.due_at), (DeliveryStatus::Pending, Some(NOW.plus_ms(5))));
    assert_eq!((after.attempts, after.tries, attempt.number()), (1, 0, 1));
    let (plain, _) = sent.clone().attempted_meanwhile(&sent, answered(204, NOW), 0);
    assert_eq!(plain.status, DeliveryStatus::Delivered);
    let given_up = Delivery { version: 2, ..sent.clone().give_up(NOW) };
    let (late, _) = given_up.attempted_meanwhile(&sent, answered(204, NOW), 0);
    assert_eq!(late.status, DeliveryStatus::Delivered, "it got there all the same");
}
