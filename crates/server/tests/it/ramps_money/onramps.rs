//! Bank money in: on-ramps to a wallet, virtual accounts to a balance.

use serde_json::{Value, json};

use super::{available, check_books, customer, text, told};
use crate::house::House;

const WALLET: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

async fn start(house: &House, user_id: &str, amount: &str) -> Value {
    let body = json!({
        "user_id": user_id, "currency": "eur", "amount": amount, "wallet_address": WALLET,
        "token_id": crate::house::token_id("base", "USDC"),
    });
    house.post("/api/v1/ramps/onramps", body).await.ok()
}

async fn read(house: &House, onramp: &Value) -> Value {
    house.get(&format!("/api/v1/ramps/onramps/{}", text(onramp, "id"))).await.ok()
}

async fn simulate(house: &House, onramp: &Value, outcome: &str) {
    let path = format!("/api/v1/devnet/ramps/onramps/{}/simulate", text(onramp, "id"));
    house.post(&path, json!({ "outcome": outcome })).await.ok();
}

async fn pass(house: &House, seconds: i64) {
    for _ in 0..seconds {
        house.advance(2_000);
        house.step().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_money_becomes_stablecoin_in_a_wallet() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let made = start(&house, &customer.id, "92").await;
    assert_eq!(
        (&made["status"], &made["target"]["amount"]),
        (&json!("awaiting_fiat"), &json!("99.5"))
    );
    pass(&house, 2).await;
    let open = read(&house, &made).await;
    assert!(open["instructions"]["account_number"].is_string(), "{open}");
    simulate(&house, &made, "fiat_received").await;
    pass(&house, 8).await;
    let done = read(&house, &made).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert!(done["tx_hash"].is_string());
    let steps: Vec<String> = told(&house, &made).await;
    let mut steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    steps.dedup();
    let whole = ["awaiting_fiat", "fiat_received", "converting", "sent", "completed"];
    assert_eq!(steps, whole);
    assert_eq!(available(&house, &customer.id, "USDC").await, "0");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_on_ramp_can_fail_go_back_or_expire() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let (failing, refunded, late) = (
        start(&house, &customer.id, "10").await,
        start(&house, &customer.id, "20").await,
        start(&house, &customer.id, "30").await,
    );
    pass(&house, 2).await;
    simulate(&house, &failing, "failed").await;
    simulate(&house, &refunded, "refunded").await;
    pass(&house, 2).await;
    assert_eq!(read(&house, &failing).await["status"], "failed");
    assert_eq!(read(&house, &refunded).await["status"], "refunded");
    house.advance(15 * 86_400_000);
    house.step().await;
    assert_eq!(read(&house, &late).await["status"], "expired");
    // Lost and timed out answers are asked for again; a refusal is one.
    let (refused, lost) =
        (start(&house, &customer.id, "10.07").await, start(&house, &customer.id, "10.08").await);
    pass(&house, 12).await;
    assert_eq!(read(&house, &refused).await["status"], "failed");
    assert!(read(&house, &lost).await["instructions"].is_object());
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_on_ramp_that_has_ended_is_not_decided_anew() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let made = start(&house, &customer.id, "10").await;
    pass(&house, 2).await;
    simulate(&house, &made, "failed").await;
    pass(&house, 2).await;
    assert_eq!(read(&house, &made).await["status"], "failed");
    let path = format!("/api/v1/devnet/ramps/onramps/{}/simulate", text(&made, "id"));
    for outcome in ["fiat_received", "failed", "refunded"] {
        let refused = house.post(&path, json!({ "outcome": outcome })).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{outcome}");
    }
    // What the sandbox says of it is what it said.
    let id = domain::ids::RowKey::from(uuid::Uuid::parse_str(&text(&made, "id")).expect("an id"));
    let provider = house.app.ramp_providers.provider(domain::environment::Environment::Devnet);
    let currency = domain::currency::Currency::EUR;
    let handle = domain::provider::Handle { id, reference: None, currency };
    let report = provider.expect("the sandbox").look_up_onramp(&handle).await.expect("answers");
    assert!(matches!(report, domain::provider::OnrampReport::Failed(_)), "{report:?}");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_money_on_a_virtual_account_is_stablecoin_in_the_balance() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let path = format!("/api/v1/ramps/users/{}/virtual_accounts", customer.id);
    let token_id = crate::house::token_id("base", "USDC");
    let body = json!({ "currency": "eur", "token_id": token_id });
    let made = house.post(&path, body).await.ok();
    assert_eq!((&made["status"], &made["instructions"]), (&json!("pending"), &json!(null)));
    pass(&house, 2).await;
    let open = house.get(&path).await.ok()["data"][0].clone();
    assert_eq!(open["status"], "active");
    assert!(open["instructions"]["account_number"].is_string());
    let simulate = format!("/api/v1/devnet/ramps/virtual_accounts/{}/simulate", text(&made, "id"));
    for amount in ["46", "9.20"] {
        let body = json!({ "outcome": "fiat_received", "amount": amount });
        house.post(&simulate, body).await.ok();
        pass(&house, 2).await;
    }
    assert_eq!(available(&house, &customer.id, "USDC").await, "60");
    let deposits = format!("/api/v1/ramps/users/{}/deposits", customer.id);
    let deposits = house.get(&deposits).await.ok();
    assert_eq!(deposits["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(deposits["data"][0]["kind"], "virtual_account");
    assert_eq!(deposits["data"][0]["source_id"], made["id"]);
    check_books(&house).await;
}

/// An on-ramp whose bank money came after its user was suspended.
async fn held(house: &House) -> (Value, super::Customer, String) {
    let customer = customer(house, "standard").await;
    let made = start(house, &customer.id, "92").await;
    pass(house, 2).await;
    let admin = format!("/api/admin/ramps/users/{}/kyc", customer.id);
    house.operate("POST", &admin, json!({ "outcome": "suspended" })).await.ok();
    simulate(house, &made, "fiat_received").await;
    pass(house, 8).await;
    let held = read(house, &made).await;
    assert_eq!((&held["status"], &held["received"]), (&json!("in_review"), &json!("92")));
    assert_eq!(available(house, &customer.id, "eur").await, "0");
    check_books(house).await;
    let path = "/api/admin/ramps/reviews";
    let reviews = house.operate("GET", path, Value::Null).await.ok();
    let review = reviews["data"][0].clone();
    assert_eq!((&review["subject_type"], &review["subject_id"]), (&json!("onramp"), &made["id"]));
    assert!(text(&review, "matched").contains("status suspended"), "{review}");
    (made, customer, format!("{path}/{}", text(&review, "id")))
}

async fn wait_for_the_worker(house: &House) {
    for _ in 0..4 {
        house.advance(3_600_000);
        house.step().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_money_of_a_suspended_user_waits_and_goes_on_at_a_human_s_word() {
    let house = House::start().await;
    let (made, customer, review) = held(&house).await;
    let erase = format!("/api/v1/ramps/users/{}/erase", customer.id);
    assert_eq!(house.post(&erase, json!({})).await.error(), (409, "USER_HAS_BALANCE"));
    house.operate("POST", &format!("{review}/approve"), Value::Null).await.ok();
    wait_for_the_worker(&house).await;
    assert_eq!(read(&house, &made).await["status"], "completed");
    let whole = ["awaiting_fiat", "in_review", "fiat_received", "converting", "sent", "completed"];
    let mut steps = told(&house, &made).await;
    steps.dedup();
    assert_eq!(steps, whole);
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_money_a_human_refuses_goes_back() {
    let house = House::start().await;
    let (made, customer, review) = held(&house).await;
    house.operate("POST", &format!("{review}/reject"), Value::Null).await.ok();
    wait_for_the_worker(&house).await;
    let refused = read(&house, &made).await;
    assert_eq!(
        (&refused["status"], &refused["failure_reason"]),
        (&json!("failed"), &json!("declined_on_review"))
    );
    assert_eq!(available(&house, &customer.id, "eur").await, "0");
    check_books(&house).await;
    simulate(&house, &made, "refunded").await;
    house.advance(2 * 86_400_000);
    house.step().await;
    assert_eq!(read(&house, &made).await["status"], "refunded");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_money_that_waits_with_a_human_may_go_back_before() {
    let house = House::start().await;
    let (made, customer, review) = held(&house).await;
    simulate(&house, &made, "refunded").await;
    wait_for_the_worker(&house).await;
    assert_eq!(read(&house, &made).await["status"], "refunded");
    // Too late a word changes nothing.
    house.operate("POST", &format!("{review}/approve"), Value::Null).await.ok();
    wait_for_the_worker(&house).await;
    assert_eq!(read(&house, &made).await["status"], "refunded");
    assert_eq!(available(&house, &customer.id, "eur").await, "0");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_wallet_gets_nothing() {
    let lists = tempfile::tempdir().expect("a directory");
    let list = lists.path().join("list.txt");
    std::fs::write(&list, WALLET.to_lowercase()).expect("writes");
    let house = House::with(|config| config.ramps.screening_lists = vec![list]).await;
    let customer = customer(&house, "standard").await;
    let body = json!({
        "user_id": customer.id, "currency": "eur", "amount": "92", "wallet_address": WALLET,
        "token_id": crate::house::token_id("base", "USDC"),
    });
    let refused = house.post("/api/v1/ramps/onramps", body).await;
    assert_eq!((refused.error(), refused.param()), ((400, "VALIDATION_ERROR"), "wallet_address"));
    let none = house.get("/api/v1/ramps/onramps").await.ok();
    assert_eq!(none["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn bank_money_above_a_limit_waits_for_a_human() {
    let house = House::start().await;
    let customer = customer(&house, "basic").await;
    let path = format!("/api/v1/ramps/users/{}/virtual_accounts", customer.id);
    let token_id = crate::house::token_id("base", "USDC");
    let made = house.post(&path, json!({ "currency": "eur", "token_id": token_id })).await.ok();
    pass(&house, 2).await;
    let simulate = format!("/api/v1/devnet/ramps/virtual_accounts/{}/simulate", text(&made, "id"));
    // Each is below the limit of a day, and the two together are above it.
    for amount in ["644", "460"] {
        let body = json!({ "outcome": "fiat_received", "amount": amount });
        house.post(&simulate, body).await.ok();
        pass(&house, 2).await;
    }
    assert_eq!(available(&house, &customer.id, "USDC").await, "700");
    let deposits = format!("/api/v1/ramps/users/{}/deposits", customer.id);
    assert_eq!(house.get(&deposits).await.ok()["data"][0]["status"], "in_review");
    let erase = format!("/api/v1/ramps/users/{}/erase", customer.id);
    assert_eq!(house.post(&erase, json!({})).await.error(), (409, "USER_HAS_BALANCE"));
    let open = domain::screening_review::ReviewState::Open;
    let reviews = house.app.store.screening_reviews(open, store::Page::First, 9).await;
    let review = reviews.expect("reads").remove(0);
    assert!(review.matched.contains("limit"), "{}", review.matched);
    let approve = format!("/api/admin/ramps/reviews/{}/approve", review.id);
    house.send(house.request("POST", &approve).bearer_auth("operator-token")).await.ok();
    assert_eq!(house.get(&deposits).await.ok()["data"][0]["status"], "completed");
    assert_eq!(available(&house, &customer.id, "USDC").await, "1200");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_on_ramp_may_still_be_paid_is_not_forgotten() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let made = start(&house, &customer.id, "30").await;
    pass(&house, 2).await;
    let erase = format!("/api/v1/ramps/users/{}/erase", customer.id);
    assert_eq!(house.post(&erase, json!({})).await.error(), (409, "USER_HAS_BALANCE"));
    house.advance(15 * 86_400_000);
    house.step().await;
    assert_eq!(read(&house, &made).await["status"], "expired");
    assert_eq!(house.post(&erase, json!({})).await.error(), (409, "USER_HAS_BALANCE"));
    house.advance(50 * 86_400_000);
    house.step().await;
    house.post(&erase, json!({})).await.ok();
    assert_eq!(read(&house, &made).await["instructions"], Value::Null);
    let events = house.get("/api/v1/events?limit=100").await.ok();
    let events = events["data"]["data"].as_array().expect("events").clone();
    let told = events.iter().map(|event| event["data"].to_string());
    let leaks = |text: &String| text.contains("(erased)") && text.contains("Ada");
    assert_eq!(told.filter(leaks).count(), 0);
}
