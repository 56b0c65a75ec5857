//! The life of an endpoint: what it hears, its secrets, and how it is switched off.

use super::*;

const NOW: Timestamp = Timestamp(1_766_320_496_123);

fn keys() -> KeyRing {
    KeyRing::new(&[1; 32], &[])
}

fn endpoint(events: &[&str], environment: Option<Environment>) -> WebhookEndpoint {
    let ask = EndpointAsk {
        url: "https://example.com/hook".to_owned(),
        description: None,
        enabled_events: events.iter().map(|name| (*name).to_owned()).collect(),
        environment,
    };
    let (one, other) = (Entropy::new([7; 32]), Entropy::new([8; 32]));
    let mut fresh = Fresh::new(NOW, [3; 16]);
    let merchant = MerchantId(1);
    WebhookEndpoint::create(
        merchant,
        1,
        ask,
        &Reach::PUBLIC_ONLY,
        &keys(),
        (&one, &other),
        &mut fresh,
    )
    .expect("a sound endpoint")
    .1
}

fn kinds(changes: &Changes) -> Vec<EntryKind> {
    changes.entries.iter().map(|entry| entry.kind).collect()
}

#[test]
fn it_hears_what_it_asked_for_while_it_is_on() {
    use Environment::{Devnet, Mainnet};
    use EventType::{InvoiceCreated, InvoicePaymentCreated, TestPing};
    let devnet = endpoint(&["invoice.*"], Some(Devnet));
    assert!(devnet.wants(InvoiceCreated, Devnet, None));
    assert!(!devnet.wants(InvoicePaymentCreated, Devnet, None));
    assert!(!devnet.wants(InvoiceCreated, Mainnet, None));
    assert!(endpoint(&["*"], None).wants(InvoiceCreated, Mainnet, None));
    assert!(devnet.wants(TestPing, Devnet, Some(devnet.key())), "a ping is for one endpoint");
    assert!(!devnet.wants(TestPing, Devnet, Some(RowKey([9; 16]))));
    let off = EndpointPatch { status: Some(EndpointStatus::Disabled), ..EndpointPatch::default() };
    let off = devnet.clone().change(off, &Reach::PUBLIC_ONLY).expect("a sound change");
    assert_eq!(off.disabled_reason, Some(DisabledReason::Manual));
    assert!(!off.wants(InvoiceCreated, Devnet, None));
    assert!(!devnet.delete(NOW).wants(InvoiceCreated, Devnet, None));
}

#[test]
fn what_was_asked_to_be_recovered_stays_asked_for() {
    let asked = endpoint(&["*"], None).recover(40, Timestamp(5)).expect("it is on");
    let later = asked.clone().recover(90, Timestamp(9)).expect("it is on");
    assert_eq!(later.recovery, asked.recovery);
    let earlier = later.recover(7, Timestamp(0)).expect("it is on").recovery;
    assert_eq!(earlier, Some(Recovery { after_sequence: 7, from: Timestamp(0) }));
    let off = EndpointPatch { status: Some(EndpointStatus::Disabled), ..EndpointPatch::default() };
    let off = asked.change(off, &Reach::PUBLIC_ONLY).expect("it can be switched off");
    assert_eq!(off.recovery, None, "what is off is sent nothing of the past either");
}

#[test]
fn a_rotation_overlaps_and_ends() {
    let before = endpoint(&["*"], None);
    let first = before.secrets.open(before.id, &keys(), NOW).expect("opens").current;
    let drawn = (&Entropy::new([4; 32]), &Entropy::new([5; 32]));
    let (second, after) = before.rotate(60, &keys(), drawn, NOW).expect("a sound overlap");
    let open = |at| after.secrets.open(after.id, &keys(), at).expect("opens");
    assert_eq!(open(NOW).current, second);
    assert_eq!(open(NOW.plus_ms(59_999)).previous, Some(first));
    assert_eq!(open(NOW.plus_ms(60_000)).previous, None);
    assert!(!format!("{after:?} {second:?}").contains("whsec_"));
    assert!(!serde_json::to_string(&after).expect("serializes").contains(second.expose()));
    let elsewhere = EndpointId(RowKey([9; 16]));
    assert!(after.secrets.open(elsewhere, &keys(), NOW).is_err(), "sealed for its own row");
    assert!(after.rotate(OVERLAP_SECONDS_MAX + 1, &keys(), drawn, NOW).is_err());
}

#[test]
fn five_days_of_failures_switch_it_off_with_an_event() {
    let healthy = endpoint(&["*"], None);
    let failing = healthy.clone().failed(NOW).expect("the first failure is noted");
    let last_moment = NOW.plus_ms(FAILING_MS_MAX);
    assert_eq!(failing.clone().failed(last_moment.plus_ms(-1)), None);
    let forgiven = failing.clone().succeeded().expect("a success is noted after failures");
    assert_eq!((forgiven.failing_since, forgiven.succeeded()), (None, None));
    let off = failing.clone().failed(last_moment).expect("switched off");
    assert_eq!(off.disabled_reason, Some(DisabledReason::Failing));
    let changes = off.save_judged(&failing, Environment::Mainnet, last_moment);
    let told = [
        EntryKind::Event(EventType::WebhookEndpointDisabled),
        EntryKind::Notice(Notice::WebhookEndpointChanged),
    ];
    assert_eq!(kinds(&changes), told);
    assert!(!changes.entries[0].data.contains("secret"));
    assert_eq!(changes.entries[0].environment, Environment::Mainnet, "where it failed");
}

#[test]
fn a_new_url_starts_fresh_and_the_same_one_does_not() {
    let failing = endpoint(&["*"], None).failed(NOW).expect("noted");
    let moved = |url: &str| {
        let patch = EndpointPatch { url: Some(url.to_owned()), ..EndpointPatch::default() };
        failing.clone().change(patch, &Reach::PUBLIC_ONLY).expect("a sound change").failing_since
    };
    assert_eq!(moved("https://example.com/elsewhere"), None);
    assert_eq!(moved(&failing.url), Some(NOW));
}

#[test]
fn a_secret_that_a_lost_key_sealed_is_well_again_once_it_is_rotated() {
    let before = endpoint(&["*"], None);
    let others = KeyRing::new(&[9; 32], &[]);
    assert!(before.secrets.open(before.id, &others, NOW).is_err());
    let drawn = (&Entropy::new([4; 32]), &Entropy::new([5; 32]));
    let (secret, after) = before.rotate(60, &others, drawn, NOW).expect("a sound overlap");
    let opened = after.secrets.open(after.id, &others, NOW).expect("opens");
    assert_eq!((opened.current, opened.previous), (secret, None));
}

#[test]
fn a_receiver_that_is_gone_is_switched_off_once_and_can_come_back() {
    let healthy = endpoint(&["*"], None);
    let off = healthy.clone().gone().expect("switched off");
    assert_eq!(kinds(&off.clone().save_judged(&healthy, Environment::Devnet, NOW)).len(), 2);
    assert_eq!(off.clone().gone(), None);
    let quiet = off.clone().save_judged(&off, Environment::Devnet, NOW);
    assert_eq!(kinds(&quiet), [EntryKind::Notice(Notice::WebhookEndpointChanged)]);
    let on = EndpointPatch { status: Some(EndpointStatus::Enabled), ..EndpointPatch::default() };
    let on = off.change(on, &Reach::PUBLIC_ONLY).expect("a sound change");
    assert_eq!((on.is_enabled(), on.disabled_reason), (true, None));
}

#[test]
fn unsound_endpoints_are_refused() {
    let refused = |events: Vec<String>| check_events(&events).is_err();
    assert!(refused(Vec::new()));
    assert!(refused(vec!["invoice.paid".to_owned()]));
    assert!(refused(vec!["*".to_owned(); PATTERNS_MAX + 1]));
    assert!(check_description(Some(&"x".repeat(DESCRIPTION_BYTES_MAX + 1))).is_err());
}
