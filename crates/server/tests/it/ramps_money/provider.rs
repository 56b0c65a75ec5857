//! A provider over HTTP that fails in every way there is, and a house that dies meanwhile.
//!
//! The double counts what was really sent by the idempotency keys it saw. Its own words hold
//! canaries, and nothing the house answers, tells or logs has them.

use std::sync::{Arc, Mutex};

use domain::currency::Currency;
use domain::environment::Environment;
use domain::ledger::{Account, AccountKind, Asset};
use serde_json::{Value, json};
use server::config::{RampProviderConfig, RampProviderKind};
use server::workers::Worker as _;
use server::workers::payouts::Payer;

use super::double::{CANARIES, Double, Mood, PUBLIC_KEY};
use super::{Customer, available, check_books, customer, fund, payout, read, text, told};
use crate::account::{act, owner};
use crate::commands::{complaint, pepay, said_by};
use crate::house::House;

const DAY_MS: i64 = 86_400_000;

async fn house(double: &Double) -> (House, Customer) {
    let base_url = double.url.clone();
    let house = House::with(|config| {
        config.ramp_providers.devnet = Some(RampProviderConfig {
            kind: RampProviderKind::Bridge,
            base_url,
            api_key: "key-of-the-house".into(),
            prefunded_account_id: "prefunded".into(),
            treasury_rail: None,
            treasury_address: None,
            webhook_public_key: Some(PUBLIC_KEY.into()),
            webhook_public_key_file: None,
            timeout_ms: Some(500),
        });
    })
    .await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "1000").await;
    (house, customer)
}

async fn webhook(house: &House, body: &str, header: Option<&str>) -> (u16, String) {
    let mut request = house.request("POST", "/api/v1/ramps/providers/bridge/webhook");
    if let Some(header) = header {
        request = request.header("x-webhook-signature", header);
    }
    let reply = house.send(request.body(body.to_owned())).await;
    let code = reply.body["error"]["code"].as_str().unwrap_or("").to_owned();
    (reply.status, code)
}

/// Whatever a mood does, the payout ends, and what was sent was sent once.
async fn check(moods: &[Mood], end: &str, sent: usize) {
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    double.moods(moods);
    let made = payout(&house, &customer, "100").await;
    for _ in 0..10 {
        house.advance(60_000);
        house.step().await;
    }
    double.set_state("payment_processed");
    house.advance(600_000);
    house.step().await;
    let ended = read(&house, &made).await;
    assert_eq!((&ended["status"], double.sent()), (&json!(end), sent), "{moods:?}");
    let left = if end == "paid" { "900" } else { "1000" };
    assert_eq!(available(&house, &customer.id, "USDC").await, left, "{moods:?}");
    check_books(&house).await;
    no_canary(&house, &made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_provider_answers_it_is_sent_once() {
    check(&[], "paid", 1).await;
    check(&[Mood::TooMany, Mood::Broken], "paid", 1).await;
    check(&[Mood::BrokenButDone], "paid", 1).await;
    check(&[Mood::HalfABody], "paid", 1).await;
    check(&[Mood::Never], "paid", 1).await;
    check(&[Mood::Refuses], "failed", 0).await;
    check(&[Mood::Broken, Mood::Refuses], "failed", 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_dies_while_it_sends_sends_once() {
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    double.moods(&[Mood::Never]);
    let made = payout(&house, &customer, "100").await;
    let app = house.app.clone();
    let dying = tokio::spawn(async move { Payer::default().step(&app).await });
    double.is_asked().await;
    // Between the attempt and the record.
    dying.abort();
    let _ = dying.await;
    assert_eq!(read(&house, &made).await["status"], "funds_reserved");
    let path = format!("/api/v1/ramps/payouts/{}/cancel", text(&made, "id"));
    assert_eq!(house.post(&path, json!({})).await.error(), (409, "PAYOUT_NOT_CANCELABLE"));
    house.advance(60_000);
    house.step().await;
    assert_eq!(read(&house, &made).await["status"], "submitted");
    assert_eq!((double.sent(), double.asked()), (1, 1));
    check_books(&house).await;
}

/// Whoever was made known stays known: to the next payout, and to an on-ramp.
#[tokio::test(flavor = "multi_thread")]
async fn the_second_payout_makes_no_second_customer() {
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    let first = payout(&house, &customer, "100").await;
    house.step().await;
    assert_eq!((double.customers(), double.accounts()), ((1, 1), (1, 1)));
    // A day later the provider has forgotten every idempotency key.
    house.advance(2 * DAY_MS);
    payout(&house, &customer, "50").await;
    let body = json!({
        "user_id": customer.id, "currency": "eur", "amount": "20",
        "wallet_address": "0x52908400098527886E0F7030069857D2E4169EE7",
        "token_id": crate::house::token_id("base", "USDC"),
    });
    house.post("/api/v1/ramps/onramps", body).await.ok();
    for _ in 0..3 {
        house.advance(60_000);
        house.step().await;
    }
    assert_eq!((double.customers(), double.accounts()), ((1, 1), (1, 1)));
    assert_eq!(double.sent(), 3);
    no_canary(&house, &first).await;
    check_books(&house).await;
}

/// Fees of an asset as the house has them.
async fn fees(house: &House, asset: Asset) -> i128 {
    let (merchant_id, environment) = (house.merchant_id, Environment::Devnet);
    let kind = AccountKind::Fees;
    let account = Account { merchant_id, environment, kind, asset, owner: None };
    house.app.store.balance(account).await.expect("reads").balance
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_really_paid_is_told_and_booked() {
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    let euros = Asset::Currency(Currency::EUR);
    let made = payout(&house, &customer, "100").await;
    assert_eq!(made["settled"], Value::Null);
    house.step().await;
    double.set_state("payment_processed");
    house.advance(600_000);
    house.step().await;
    let paid = read(&house, &made).await;
    // Nothing is told of it yet.
    assert_eq!((&paid["status"], &paid["settled"]), (&json!("paid"), &Value::Null));
    assert_eq!(fees(&house, euros).await, 0);
    let target: f64 = text(&paid["target"], "amount").parse().expect("a number");
    let less = format!("{:.2}", target - 0.5);
    double.set_receipt(json!({
        "final_amount": less, "exchange_rate": "0.905", "exchange_fee": "0.55",
    }));
    for _ in 0..2 {
        house.advance(DAY_MS);
        house.step().await;
    }
    let settled = read(&house, &made).await["settled"].clone();
    assert_eq!(
        (&settled["difference"], &settled["rate"], &settled["provider_fee"]),
        (&json!("-0.5"), &json!("0.905"), &json!("0.55"))
    );
    assert_eq!(fees(&house, euros).await, 50);
    check_books(&house).await;
    // It comes back: the user has all of it, and nothing of the difference is left.
    double.set_state("returned");
    house.advance(DAY_MS);
    house.step().await;
    assert_eq!(read(&house, &made).await["status"], "returned");
    assert_eq!(available(&house, &customer.id, "USDC").await, "1000");
    assert_eq!(fees(&house, euros).await, 0);
    check_books(&house).await;
    no_canary(&house, &made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_tells_nothing_is_asked_and_never_sent_to_again() {
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    double.moods(&[Mood::BrokenButDone]);
    let made = payout(&house, &customer, "100").await;
    double.set_mute(true);
    for _ in 0..20 {
        house.advance(600_000);
        house.step().await;
    }
    assert_eq!(read(&house, &made).await["status"], "funds_reserved");
    assert_eq!((double.sent(), double.asked()), (1, 1));
    double.set_mute(false);
    house.advance(DAY_MS);
    house.step().await;
    assert_eq!(read(&house, &made).await["status"], "submitted");
    assert_eq!((double.sent(), double.asked()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_wake_and_a_return_a_week_later_gives_the_money_back() {
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    let made = payout(&house, &customer, "100").await;
    let id = text(&made, "id");
    house.step().await;
    double.set_state("payment_processed");
    house.step().await;
    // Nobody is due to look.
    assert_eq!(read(&house, &made).await["status"], "submitted");
    let now = house.app.now().0;
    let (body, header) = double.webhook("evt-1", &id, now);
    assert_eq!(webhook(&house, &body, Some(&header)).await, (200, String::new()));
    house.step().await;
    assert_eq!(read(&house, &made).await["status"], "paid");
    // Again, forged, old, and about nothing of ours.
    assert_eq!(webhook(&house, &body, Some(&header)).await.0, 200);
    let forged = body.replace("evt-1", "evt-9");
    let refused = (403, "SIGNATURE_INVALID".to_owned());
    assert_eq!(webhook(&house, &forged, Some(&header)).await, refused);
    assert_eq!(webhook(&house, &body, None).await, refused);
    let (old, header) = double.webhook("evt-2", &id, now - 600_001);
    let stale = (400, "VALIDATION_ERROR".to_owned());
    assert_eq!(webhook(&house, &old, Some(&header)).await, stale);
    let (other, header) = double.webhook("evt-3", "nobody", now);
    assert_eq!(webhook(&house, &other, Some(&header)).await.0, 200);
    house.advance(7 * DAY_MS);
    double.set_state("returned");
    let (body, header) = double.webhook("evt-4", &id, house.app.now().0);
    assert_eq!(webhook(&house, &body, Some(&header)).await.0, 200);
    house.step().await;
    let returned = read(&house, &made).await;
    assert_eq!(returned["status"], "returned");
    assert_eq!(returned["failure_reason"], "bank_rejected");
    assert_eq!(available(&house, &customer.id, "USDC").await, "1000");
    let steps = ["created", "funds_reserved", "submitted", "paid", "returned"];
    assert_eq!(told(&house, &made).await, steps);
    check_books(&house).await;
    no_canary(&house, &made).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_nobody_can_tell_about_is_given_up_once_it_is_old_and_not_there() {
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    double.moods(&[Mood::Broken]);
    let made = payout(&house, &customer, "100").await;
    house.step().await;
    double.set_mute(true);
    let path = format!("/api/admin/ramps/payouts/{}/give-up", text(&made, "id"));
    let early = house.operate("POST", &path, Value::Null).await;
    assert_eq!(early.error(), (409, "PAYOUT_NOT_CANCELABLE"));
    house.advance(DAY_MS);
    house.step().await;
    assert_eq!(house.operate("POST", &path, Value::Null).await.error(), (409, "BUSY"));
    assert_eq!(available(&house, &customer.id, "USDC").await, "900");
    double.set_mute(false);
    let as_merchant = house.post(&path, json!({})).await;
    assert_eq!(as_merchant.status, 401);
    let given_up = house.operate("POST", &path, Value::Null).await.ok();
    assert_eq!(given_up["status"], "failed");
    assert_eq!(available(&house, &customer.id, "USDC").await, "1000");
    let again = house.operate("POST", &path, Value::Null).await;
    assert_eq!(again.error(), (409, "PAYOUT_NOT_CANCELABLE"));
    let token = owner(&house).await;
    let audit = act(&house, &token, "GET", "/api/v1/merchant/audit-log", Value::Null).await;
    let audit = audit.ok().to_string();
    assert!(audit.contains("ramp_payout.given_up"), "{audit}");
    assert_eq!(double.sent(), 0);
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_command_gives_up_what_is_lost_and_nothing_else() {
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    let going = payout(&house, &customer, "50").await;
    house.step().await;
    double.moods(&[Mood::Broken]);
    let lost = payout(&house, &customer, "100").await;
    house.step().await;
    house.app.store.close().await;

    let (directory, url) = (house.data_dir.path(), house.app.config.database_url());
    let directory = directory.to_str().expect("UTF-8");
    let give_up = |id: &str| {
        let place = ["--data-dir", directory, "--database-url", &url];
        let mut command =
            pepay(&[&["ramps", "payouts", "give-up", "--id", id][..], &place].concat());
        for (name, value) in [
            ("KIND", "bridge"),
            ("BASE_URL", &double.url),
            ("API_KEY", "key-of-the-house"),
            ("PREFUNDED_ACCOUNT_ID", "prefunded"),
            ("WEBHOOK_PUBLIC_KEY", PUBLIC_KEY),
            ("TIMEOUT_MS", "500"),
        ] {
            command.env(format!("PEPAY_RAMP_PROVIDERS__DEVNET__{name}"), value);
        }
        command
    };
    // The command lives now: the payout has been unknown for long enough.
    let known = complaint(give_up(&text(&going, "id")).output().expect("runs"));
    assert!(known.contains("canceled"), "{known}");
    double.set_mute(true);
    let id = text(&lost, "id");
    let mute = complaint(give_up(&id).output().expect("runs"));
    assert!(mute.contains("could not be asked about"), "{mute}");
    double.set_mute(false);
    let given_up = said_by(&mut give_up(&id));
    assert_eq!(given_up, format!("{id} is given up; its money is free\n"));
    let again = complaint(give_up(&id).output().expect("runs"));
    assert!(again.contains("canceled"), "{again}");

    let store = store::Store::open(store::StoreConfig::new(url)).await.expect("opens");
    let key = domain::ids::PayoutId::parse(&id).expect("an id").key();
    let payout = store.get::<domain::payout::Payout>(key).await.expect("reads").expect("is there");
    assert_eq!(payout.status, domain::payout::PayoutStatus::Failed);
    assert_eq!(store.check().await.expect("reads"), vec![]);
    assert_eq!(double.sent(), 1);
    store.close().await;
}

/// None of the provider's words in anything a merchant, a user or an operator can read.
async fn no_canary(house: &House, made: &Value) {
    let user = text(made, "user_id");
    let id = text(made, "id");
    let paths = [
        "/api/v1/events?limit=100".to_owned(),
        format!("/api/v1/ramps/payouts/{id}"),
        "/api/v1/ramps/payouts".to_owned(),
        format!("/api/v1/ramps/quotes/{}", text(made, "quote_id")),
        format!("/api/v1/ramps/users/{user}/balances"),
        format!("/api/v1/ramps/users/{user}/transactions"),
        format!("/api/v1/ramps/users/{user}/export"),
        format!("/api/v1/ramps/users/{user}/deposits"),
        "/api/v1/merchant/audit-log".to_owned(),
        "/openapi.json".to_owned(),
    ];
    for path in paths {
        let reply = house.get(&path).await;
        let text = reply.body.to_string();
        assert!(CANARIES.iter().all(|word| !text.contains(word)), "{path}: {text}");
    }
    let request = house.request("GET", "/metrics").bearer_auth("metrics-token");
    let metrics = house.send(request).await.body.to_string();
    assert!(CANARIES.iter().all(|word| !metrics.contains(word)));
}

/// What was logged while a test ran.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics holding it").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of all tests beside this one is looked through too: nobody may say these words.
#[tokio::test(flavor = "multi_thread")]
async fn no_log_line_has_the_provider_s_words() {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt()
        .with_env_filter("server=debug,providers=debug")
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(log).expect("no other test logs");
    let double = Double::start().await;
    let (house, customer) = house(&double).await;
    let (well, bad) = (Mood::Well, [Mood::Broken, Mood::HalfABody, Mood::Refuses]);
    double.moods(&[bad[0], bad[1], bad[2], well]);
    let made = payout(&house, &customer, "100").await;
    let other = payout(&house, &customer, "50").await;
    for state in ["in_review", "payment_processed", "returned"] {
        house.advance(2 * DAY_MS);
        house.step().await;
        double.set_state(state);
        let (body, header) = double.webhook(state, &text(&made, "id"), house.app.now().0);
        assert_eq!(webhook(&house, &body, Some(&header)).await.0, 200);
        assert_eq!(webhook(&house, &body, None).await.0, 403);
        house.step().await;
    }
    let logged = lines.0.lock().expect("nobody panics holding it").clone();
    let logged = String::from_utf8_lossy(&logged).into_owned();
    assert!(logged.contains("may or may not have been taken"), "the test logs nothing");
    assert!(CANARIES.iter().all(|word| !logged.contains(word)), "{logged}");
    assert!(!logged.contains("DE89370400440532013000") && !logged.contains("key-of-the-house"));
    no_canary(&house, &other).await;
}
