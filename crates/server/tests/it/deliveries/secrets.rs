//! Signatures while a secret is rotated, and secrets that are nowhere to be read.

use domain::delivery::DeliveryStatus;
use domain::secret::KeyRing;
use domain::time::{DAY_MS, HOUR_MS};
use domain::webhook_endpoint::DisabledReason;
use server::clock::entropy;

use super::sinks::{Sink, check_signatures};
use super::{add, add_sealed, ask, change, deliver, endpoint, error, house, only};

#[tokio::test]
async fn a_rotation_signs_with_both_secrets_until_it_ends() {
    let house = house().await;
    let sink = Sink::start().await;
    let made = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let mut new = None;
    change(&house, made.id, |row| {
        let app = &house.app;
        let entropy = (&entropy(), &entropy());
        let (secret, row) = row.rotate(3_600, &app.keys, entropy, app.now()).expect("rotates");
        new = Some(secret);
        row
    })
    .await;
    let new = new.expect("a new secret");
    house.invoice(2.0).await;
    deliver(&house).await;
    house.advance(HOUR_MS);
    house.invoice(3.0).await;
    deliver(&house).await;
    let received = sink.received();
    assert_eq!(received.len(), 3);
    check_signatures(&received[0], &made.secret);
    assert!(!received[0].headers.contains_key("x-pepay-signature-previous"));
    check_signatures(&received[1], &new);
    assert_eq!(received[1].header("webhook-signature").split(' ').count(), 2);
    let mut as_before = received[1].clone();
    let previous = as_before.headers["x-pepay-signature-previous"].clone();
    as_before.headers.insert("x-pepay-signature", previous);
    check_signatures(&as_before, &made.secret);
    check_signatures(&received[2], &new);
    assert!(!received[2].headers.contains_key("x-pepay-signature-previous"));
}

#[tokio::test]
async fn a_secret_is_in_no_text_of_its_endpoint() {
    let house = house().await;
    let sink = Sink::start().await;
    let made = add(&house, 1, ask(&sink.url, &["*"])).await;
    let row = endpoint(&house, made.id).await;
    let random = made.secret.expose().strip_prefix("whsec_").unwrap();
    let stored = serde_json::to_string(&row).unwrap();
    for text in [stored, format!("{row:?}"), format!("{:?}", made.secret)] {
        assert!(!text.contains(random));
    }
}

const SEALED: &str = "the signing secret does not open; rotate it";

/// As after a start with another master key.
#[tokio::test]
async fn a_secret_that_does_not_open_fails_its_deliveries_until_it_is_rotated() {
    let house = house().await;
    let sink = Sink::start().await;
    let lost = KeyRing::new(&[9; 32], &[]);
    let made = add_sealed(&house, 1, ask(&sink.url, &["*"]), &lost).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let (delivery, attempts) = only(&house, made.id).await;
    assert_eq!((delivery.status, attempts.len()), (DeliveryStatus::Pending, 1));
    assert_eq!(error(&attempts), SEALED);
    assert_eq!(endpoint(&house, made.id).await.failing_since, Some(house.app.now()));
    let mut new = None;
    change(&house, made.id, |row| {
        let entropy = (&entropy(), &entropy());
        let rotated = row.rotate(3_600, &house.app.keys, entropy, house.app.now());
        let (secret, row) = rotated.expect("rotates");
        new = Some(secret);
        row
    })
    .await;
    house.advance(10_000);
    deliver(&house).await;
    let (delivery, attempts) = only(&house, made.id).await;
    assert_eq!((delivery.status, attempts.len()), (DeliveryStatus::Delivered, 2));
    assert_eq!(sink.received().len(), 1);
    check_signatures(&sink.received()[0], &new.expect("a new secret"));
}

#[tokio::test]
async fn an_endpoint_whose_secret_never_opens_is_switched_off_in_the_end() {
    let house = house().await;
    let sink = Sink::start().await;
    let lost = KeyRing::new(&[9; 32], &[]);
    let made = add_sealed(&house, 1, ask(&sink.url, &["*"]), &lost).await;
    for _ in 0..6 {
        house.invoice(1.0).await;
        deliver(&house).await;
        house.advance(DAY_MS);
    }
    let row = endpoint(&house, made.id).await;
    assert_eq!(row.disabled_reason, Some(DisabledReason::Failing));
    assert!(sink.received().is_empty());
}
