//! What the client makes of the double's answers.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::RowKey;
use domain::ledger::Asset;
use domain::money::TokenAmount;
use domain::provider::{
    Attempted, BankDetails, Funds, FxRate, Handle, PaidOut, Party, PayoutOrder, PayoutReport,
    RampFailure,
};
use domain::secret::Secret;
use domain::time::Timestamp;
use domain::token::Token;
use providers::ramp::bridge::{Bridge, BridgeConfig};
use providers::ramp::{Delivery, Pair, ProviderError, RampProvider as _, Unverified};

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
        asset: usdc(),
        source: TokenAmount(10_000_000),
        funds: Funds { asset: usdc(), amount: TokenAmount(9_900_000) },
        target: TokenAmount(910),
        currency: Currency::EUR,
        bank: bank(),
        customer: "customer-of-theirs".into(),
        bank_reference: "account-of-theirs".into(),
    }
}

fn usdc() -> Asset {
    let token = Token::of(Environment::Devnet).find(|token| token.symbol == "USDC");
    Asset::of_token(token.expect("devnet has it"))
}

fn party() -> Party {
    Party {
        user: RowKey([2; 16]),
        name: "Ada Lovelace".into(),
        email: None,
        is_business: false,
        country: "DE".into(),
    }
}

fn bank() -> BankDetails {
    BankDetails {
        account: RowKey([3; 16]),
        holder: "Ada Lovelace".into(),
        country: "DE".into(),
        currency: Currency::EUR,
        method: "sepa".into(),
        fields: BTreeMap::from([("iban".into(), "DE89370400440532013000".into())]),
    }
}

/// Asked for twice, as after a crash, each is one; an order makes neither.
#[tokio::test]
async fn a_customer_and_his_account_are_made_once() {
    let double = Double::start().await;
    let bridge = client(&double);
    let customer = bridge.enroll(&party()).await;
    assert_eq!(bridge.enroll(&party()).await, customer);
    let Attempted::Accepted(customer) = customer else { panic!("is accepted") };
    let account = bridge.register_account(&customer, &bank()).await;
    assert_eq!(bridge.register_account(&customer, &bank()).await, account);
    assert_eq!((double.customers(), double.accounts()), ((1, 2), (1, 2)));
    assert!(matches!(bridge.submit_payout(&order()).await, Attempted::Accepted(_)));
    assert_eq!((double.customers(), double.accounts()), ((1, 2), (1, 2)));
}

/// What a receipt tells of a payout, and how it was given.
#[tokio::test]
async fn what_was_really_paid_is_read_from_the_receipt() {
    let double = Double::start().await;
    let bridge = client(&double);
    let euros = Asset::Currency(Currency::EUR);
    let funds = Funds { asset: euros, amount: TokenAmount(912) };
    let order = PayoutOrder { asset: euros, funds, ..order() };
    let Attempted::Accepted(reference) = bridge.submit_payout(&order).await else {
        panic!("is accepted")
    };
    let sent = double.last_sent();
    assert_eq!((&sent["amount"], &sent["source"]["currency"]), (&"9.12".into(), &"eur".into()));
    assert_eq!(sent["on_behalf_of"], "customer-of-theirs");
    assert_eq!(sent["destination"]["external_account_id"], "account-of-theirs");
    double.set_state("payment_processed");
    let handle = Handle { id: ID, reference: Some(reference), currency: Currency::EUR };
    let told = async || bridge.look_up_payout(&handle).await.expect("answers").0;
    assert_eq!(told().await, PayoutReport::Paid(PaidOut::default()));
    let receipt = serde_json::json!({ "final_amount": "9.02", "exchange_rate": "0.92",
        "developer_fee": "0.01", "exchange_fee": "0.1", "gas_fee": "nonsense" });
    double.set_receipt(receipt);
    let mut paid = PaidOut {
        received: Some(TokenAmount(902)),
        fee_micros: Some(TokenAmount(110_000)),
        rate: FxRate::parse("0.92"),
    };
    assert_eq!(told().await, PayoutReport::Paid(paid));
    // In a currency it cannot be in, or finer than there is: not believed, and paid all the same.
    paid.received = None;
    double.set_destination("usd");
    assert_eq!(told().await, PayoutReport::Paid(paid));
    double.set_destination("eur");
    double.set_receipt(serde_json::json!({ "final_amount": "9.021" }));
    assert_eq!(told().await, PayoutReport::Paid(PaidOut::default()));
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
    let handle = Handle { id: ID, reference: None, currency: Currency::EUR };
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
    let handle = Handle { id: ID, reference: Some(reference), currency: Currency::EUR };
    let why = RampFailure::BankRejected;
    for (state, report) in [
        ("awaiting_funds", PayoutReport::Processing),
        ("payment_submitted", PayoutReport::Processing),
        ("in_review", PayoutReport::InReview),
        ("payment_processed", PayoutReport::Paid(PaidOut::default())),
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
async fn what_is_not_found_among_too_many_is_not_absent() {
    let double = Double::start().await;
    let bridge = client(&double);
    // A version 7 id of 2025-12-21.
    let id = uuid::Uuid::parse_str("019b4128-b800-7000-8000-000000000001").expect("an id");
    let handle = Handle { id: id.into(), reference: None, currency: Currency::EUR };
    let absent = Ok((PayoutReport::Absent, None));
    double.crowd(1_999, "2026-01-01T00:00:00Z");
    assert_eq!(bridge.look_up_payout(&handle).await, absent);
    double.crowd(2_000, "2026-01-01T00:00:00Z");
    assert_eq!(bridge.look_up_payout(&handle).await, Err(ProviderError::TooMany));
    // All of them are older than the order: it is not among them.
    double.crowd(2_000, "2025-12-01T00:00:00Z");
    assert_eq!(bridge.look_up_payout(&handle).await, absent);
}

#[tokio::test]
async fn money_in_another_currency_or_in_none_is_refused() {
    let double = Double::start().await;
    let bridge = client(&double);
    let Attempted::Accepted(reference) = bridge.submit_payout(&order()).await else {
        panic!("is accepted")
    };
    double.set_state("funds_received");
    for (told, currency, is_believed) in [
        (Some("eur"), Currency::EUR, true),
        (Some("usd"), Currency::EUR, false),
        (None, Currency::EUR, false),
        (None, Currency::USD, false),
    ] {
        double.set_currency(told);
        let handle = Handle { id: ID, reference: Some(reference.clone()), currency };
        let report = bridge.look_up_onramp(&handle).await;
        assert_eq!(report.is_ok(), is_believed, "{told:?}");
        double.receive(&[("one", "1.00", told)]);
        let handle = Handle { reference: Some("they/virtual_accounts/one".into()), ..handle };
        let receipts = bridge.receipts(&handle, None).await;
        assert_eq!(receipts.is_ok(), is_believed, "{told:?}");
    }
}

#[tokio::test]
async fn receipts_are_paged_to_the_last() {
    let double = Double::start().await;
    let bridge = client(&double);
    let names: Vec<String> = (0..250).map(|at| format!("receipt-{at}")).collect();
    let all: Vec<_> = names.iter().map(|name| (name.as_str(), "1.00", Some("eur"))).collect();
    double.receive(&all);
    let reference = Some("they/virtual_accounts/one".into());
    let handle = Handle { id: ID, reference, currency: Currency::EUR };
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = bridge.receipts(&handle, after.as_deref()).await.expect("answers");
        found.extend(page.data.into_iter().map(|receipt| receipt.key));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let distinct: std::collections::HashSet<_> = found.iter().collect();
    assert_eq!((found.len(), distinct.len()), (250, 250));
}

#[tokio::test]
async fn rates_are_exact() {
    let double = Double::start().await;
    let rate = client(&double).rate(Pair::dollars_in(Currency::EUR)).await;
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
