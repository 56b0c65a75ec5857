//! Retention: what is forgotten in time, and that nobody can tell but by its age.

use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::InvoiceId;
use domain::session::Session;
use domain::time::{DAY_MS, HOUR_MS};
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::workers::{Progress, Worker as _, retention};

use crate::house::{House, Reply, token_id};

const CREATE: &str = "/api/v1/invoices";

/// Sweeps until nothing is left to be swept.
async fn sweep(house: &House) {
    let mut sweeper = retention::Sweeper::default();
    while sweeper.step(&house.app).await.expect("sweeps") == Progress::More {}
    sweeper.stop(&house.app).await;
}

async fn create(house: &House, key: &str) -> Reply {
    let request = house.request("POST", CREATE).header("x-api-key", &house.key);
    let request = request.header("idempotency-key", key).json(&json!({ "amount_usd": 10 }));
    house.send(request).await
}

/// How many rows of a table were swept, as the metrics tell it.
async fn swept(house: &House, table: &str) -> u64 {
    let page = house.send(house.request("GET", "/metrics").bearer_auth("metrics-token")).await;
    let page = page.body.as_str().expect("text").to_owned();
    let series = format!("pepay_rows_swept_total{{table=\"{table}\"}} ");
    let line = page.lines().find_map(|line| line.strip_prefix(&series));
    line.map_or(0, |count| count.parse().expect("a number"))
}

#[tokio::test]
async fn an_idempotency_key_is_forgotten_once_it_is_new_again() {
    let house = House::start().await;
    let first = create(&house, "order-1").await.ok();
    house.advance(DAY_MS - 1);
    sweep(&house).await;
    let again = create(&house, "order-1").await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.ok(), first);
    house.advance(HOUR_MS + 2);
    sweep(&house).await;
    assert_eq!(swept(&house, "idempotency").await, 1);
    let later = create(&house, "order-1").await;
    assert_eq!(later.header("idempotent-replayed"), "");
    assert_ne!(later.ok()["invoice_id"], first["invoice_id"]);
}

#[tokio::test]
async fn a_key_that_was_used_again_is_kept_for_another_day() {
    let house = House::start().await;
    create(&house, "order-1").await.ok();
    create(&house, "order-2").await.ok();
    house.advance(DAY_MS);
    let anew = create(&house, "order-1").await.ok();
    house.advance(2 * HOUR_MS);
    sweep(&house).await;
    assert_eq!(swept(&house, "idempotency").await, 1);
    assert_eq!(create(&house, "order-1").await.ok(), anew);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_used_again_during_a_sweep_take_effect_once() {
    let house = House::start().await;
    let keys: Vec<String> = (0..48).map(|number| format!("order-{number}")).collect();
    for key in &keys {
        create(&house, key).await.ok();
    }
    house.advance(26 * HOUR_MS);
    let creating = join_all(keys.iter().map(|key| create(&house, key)));
    let (anew, ()) = tokio::join!(creating, sweep(&house));
    for (key, anew) in keys.iter().zip(anew) {
        assert_eq!(anew.header("idempotent-replayed"), "");
        assert_eq!(create(&house, key).await.ok(), anew.ok());
    }
    let totals = house.get("/api/v1/invoices/totals").await.ok();
    assert_eq!(totals["totals"]["all"]["count"], 2 * keys.len());
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn a_session_lasts_as_long_as_its_invoice_can_and_then_is_401() {
    let house = House::start().await;
    let ask = json!({ "amount_usd": 10, "expires_in": 30 * 24 * 3_600 });
    let created = house.post(CREATE, ask).await.ok();
    // The session an invoice is made with is told by its invoice; those that follow have rows.
    let sessions = format!("{CREATE}/{}/sessions", created["invoice_id"].as_str().expect("an id"));
    let second = house.post(&sessions, json!({})).await.ok();
    let details =
        async || house.payor("GET", "/api/v1/payments/session-details", &second, Value::Null).await;
    house.advance(30 * DAY_MS - 1);
    sweep(&house).await;
    assert_eq!(details().await.status, 200);
    house.advance(15 * DAY_MS + 2);
    assert_eq!(swept(&house, "sessions").await, 0);
    sweep(&house).await;
    assert_eq!(swept(&house, "sessions").await, 1);
    assert_eq!(details().await.status, 401);
    assert_eq!(house.read(&created).await["id"], created["invoice_id"], "invoices stay");
}

#[tokio::test]
async fn an_old_quote_is_404() {
    let house = House::start().await;
    let token_id = token_id("base", "USDC");
    let ask = json!({ "amount_usd": 50, "network": "base", "token_id": token_id });
    let quote = house.post("/api/v1/quotes", ask).await.ok();
    let path = format!("/api/v1/quotes/{}", quote["id"].as_str().expect("an id"));
    house.advance(45 * DAY_MS);
    sweep(&house).await;
    assert_eq!(house.get(&path).await.ok()["status"], "expired");
    house.advance(1);
    sweep(&house).await;
    assert_eq!(house.get(&path).await.status, 404);
}

#[tokio::test]
async fn events_are_kept_for_as_many_days_as_the_operator_says() {
    let house = House::with(|config| config.event_retention_days = 2).await;
    house.invoice(10.0).await;
    house.advance(DAY_MS);
    house.invoice(10.0).await;
    let head = house.app.store.log_head(0).await.expect("reads");
    let kept = async || house.app.store.log_after(0, 0, 100).await.expect("reads").len() as i64;
    house.advance(DAY_MS);
    sweep(&house).await;
    assert_eq!(kept().await, head, "none is older than two days");
    house.advance(1);
    sweep(&house).await;
    let young = kept().await;
    assert!((1..head).contains(&young), "{young} of {head} are kept");
    house.advance(100 * DAY_MS);
    sweep(&house).await;
    assert_eq!(kept().await, 1, "the newest marks the place");
    assert_eq!(swept(&house, "log").await, u64::try_from(head - 1).expect("positive"));
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
    house.invoice(10.0).await;
    assert!(kept().await > 1);
}

#[tokio::test]
async fn however_much_is_old_it_goes_a_chunk_at_a_time() {
    let house = House::start().await;
    let mut changes = Changes::of(house.merchant_id);
    for _ in 0..1_100 {
        let mut fresh = house.app.fresh();
        let session = Session {
            id: domain::ids::SessionId::fresh(&mut fresh),
            invoice_id: InvoiceId::fresh(&mut fresh),
            merchant_id: house.merchant_id,
            environment: Environment::Devnet,
            issued_at: fresh.now(),
            version: 0,
        };
        changes.insert(session);
    }
    house.app.store.commit(changes).await.expect("commits");
    house.advance(46 * DAY_MS);
    let mut sweeper = retention::Sweeper::default();
    assert_eq!(sweeper.step(&house.app).await.expect("sweeps"), Progress::More);
    let some = swept(&house, "sessions").await;
    assert!((1..=500).contains(&some), "{some}");
    while sweeper.step(&house.app).await.expect("sweeps") == Progress::More {}
    assert_eq!(swept(&house, "sessions").await, 1_100);
    sweeper.stop(&house.app).await;
}
