//! What the client makes of the double's answers.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::RowKey;
use domain::money::TokenAmount;
use domain::provider::{
    Attempted, BankDetails, FxRate, Handle, Party, PayoutOrder, PayoutReport, RampFailure,
};
use domain::secret::Secret;
use domain::time::Timestamp;
use domain::token::TokenId;
use providers::ramp::bridge::{Bridge, BridgeConfig};
use providers::ramp::{Delivery, RampProvider as _, Unverified};

use crate::double::{Double, Mood, PUBLIC_KEY};

const NOW: Timestamp = Timestamp(1_766_320_496_000);
const ID: RowKey = RowKey([1; 16]);

fn client(double: &Double) -> Bridge {
    let config = BridgeConfig {
        base_url: double.url.parse().expect("a URL"),
        api_key: Secret::new("key-of-the-house"),
        prefunded_account_id: "prefunded".into(),
        treasury: None,
        webhook_public_key: Some(PUBLIC_KEY.into()),
        exchange_max: Duration::from_millis(500),
    };
    Bridge::new(config).expect("a public key")
}

fn order() -> PayoutOrder {
    PayoutOrder {
        id: ID,
        environment: Environment::Devnet,
        token_id: TokenId(1_001),
        source: TokenAmount(10_000_000),
        net: TokenAmount(9_900_000),
        target: TokenAmount(910),
        currency: Currency::EUR,
        party: Party {
            user: RowKey([2; 16]),
            name: "Ada Lovelace".into(),
            email: None,
            is_business: false,
            country: "DE".into(),
        },
        bank: BankDetails {
            account: RowKey([3; 16]),
            holder: "Ada Lovelace".into(),
            country: "DE".into(),
            currency: Currency::EUR,
            method: "sepa".into(),
            fields: BTreeMap::from([("iban".into(), "DE89370400440532013000".into())]),
        },
    }
}

#[tokio::test]
async fn a_payout_is_one_transfer_however_often_it_is_given() {
    let double = Double::start().await;
    let bridge = client(&double);
    let first = bridge.submit_payout(&order()).await;
    let again = bridge.submit_payout(&order()).await;
    assert!(matches!(&first, Attempted::Accepted(_)));
    assert_eq!((first, double.sent(), double.asked()), (again, 1, 2));
}

/// What a mood makes of an order, and whether the order is found afterwards.
async fn check(mood: Mood, answer: Attempted<String>, found: PayoutReport) {
    let double = Double::start().await;
    let bridge = client(&double);
    double.moods(&[mood]);
    assert_eq!(bridge.submit_payout(&order()).await, answer, "{mood:?}");
    let handle = Handle { id: ID, reference: None };
    let (report, _) = bridge.look_up_payout(&handle).await.expect("answers");
    assert_eq!(report, found, "{mood:?}");
}

#[tokio::test]
async fn only_a_refusal_is_one() {
    check(Mood::TooMany, Attempted::Unknown, PayoutReport::Absent).await;
    check(Mood::Broken, Attempted::Unknown, PayoutReport::Absent).await;
    check(Mood::BrokenButDone, Attempted::Unknown, PayoutReport::Processing).await;
    check(Mood::HalfABody, Attempted::Unknown, PayoutReport::Processing).await;
    check(Mood::Never, Attempted::Unknown, PayoutReport::Processing).await;
    let refused = Attempted::Refused(RampFailure::BankRejected);
    check(Mood::Refuses, refused, PayoutReport::Absent).await;
}

#[tokio::test]
async fn states_become_ours() {
    let double = Double::start().await;
    let bridge = client(&double);
    let Attempted::Accepted(reference) = bridge.submit_payout(&order()).await else {
        panic!("is accepted")
    };
    let handle = Handle { id: ID, reference: Some(reference) };
    let why = RampFailure::BankRejected;
    for (state, report) in [
        ("awaiting_funds", PayoutReport::Processing),
        ("payment_submitted", PayoutReport::Processing),
        ("in_review", PayoutReport::InReview),
        ("payment_processed", PayoutReport::Paid),
        ("returned", PayoutReport::Returned(why)),
        ("refund_in_flight", PayoutReport::Processing),
        ("undeliverable", PayoutReport::Failed(why)),
        ("a state of next year", PayoutReport::Processing),
    ] {
        double.set_state(state);
        assert_eq!(bridge.look_up_payout(&handle).await.expect("answers").0, report, "{state}");
    }
    double.set_mute(true);
    assert!(bridge.look_up_payout(&handle).await.is_err());
}

#[tokio::test]
async fn rates_are_exact() {
    let double = Double::start().await;
    let rate = client(&double).rate(Currency::EUR).await;
    assert_eq!(rate, Ok(FxRate::parse("0.91")));
}

#[tokio::test]
async fn a_webhook_is_believed_if_it_is_signed_and_fresh() {
    let double = Double::start().await;
    let bridge = client(&double);
    let id = ID.uuid().to_string();
    let verify = |signature: Option<&str>, body: &str, now| {
        bridge.verify_webhook(Delivery { signature, body: body.as_bytes(), now })
    };
    let (body, header) = double.webhook("evt-1", &id, NOW.0);
    let news = verify(Some(&header), &body, NOW).expect("is genuine");
    assert_eq!(news.iter().map(|one| one.about).collect::<Vec<_>>(), [ID]);
    let again = verify(Some(&header), &body, NOW.plus_ms(600_000)).expect("is genuine");
    assert_eq!(again, news);
    let stale = verify(Some(&header), &body, NOW.plus_ms(600_001));
    assert_eq!(stale, Err(Unverified::Stale));
    let forged = body.replace("evt-1", "evt-2");
    assert_eq!(verify(Some(&header), &forged, NOW), Err(Unverified::Signature));
    let moved = header.replace(&NOW.0.to_string(), &(NOW.0 + 1).to_string());
    for bad in [None, Some("nonsense"), Some("t=1,v0=AAAA"), Some(moved.as_str())] {
        assert_eq!(verify(bad, &body, NOW), Err(Unverified::Signature), "{bad:?}");
    }
    let unconfigured = Bridge::new(BridgeConfig {
        base_url: double.url.parse().expect("a URL"),
        api_key: Secret::new("key-of-the-house"),
        prefunded_account_id: String::new(),
        treasury: None,
        webhook_public_key: None,
        exchange_max: Duration::from_secs(1),
    });
    let unconfigured = unconfigured.expect("needs no key");
    let delivery = Delivery { signature: Some(&header), body: body.as_bytes(), now: NOW };
    assert_eq!(unconfigured.verify_webhook(delivery), Err(Unverified::Signature));
}
