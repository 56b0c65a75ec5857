//! Signatures while a secret is rotated, and secrets that are nowhere to be read.

use domain::time::HOUR_MS;
use server::clock::entropy;

use super::sinks::{Sink, check_signatures};
use super::{add, ask, change, deliver, endpoint, house};

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
