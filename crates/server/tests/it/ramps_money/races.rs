//! Two at once: for one balance, for one quote, and a cancel against a worker that sends.

use domain::screening_review::{ReviewState, ReviewStatus};
use serde_json::{Value, json};

use super::{
    available, check_books, customer, fund, named, payout, quote, read, request_payout, text,
};
use crate::house::{House, token_id};

#[tokio::test(flavor = "multi_thread")]
async fn of_two_payouts_for_one_balance_exactly_one_wins() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "100").await;
    let quotes =
        [quote(&house, &customer, "60").await.ok(), quote(&house, &customer, "60").await.ok()];
    let (one, other) = tokio::join!(
        request_payout(&house, &customer, &quotes[0], "one"),
        request_payout(&house, &customer, &quotes[1], "other"),
    );
    let mut all = [one.error(), other.error()];
    all.sort_unstable();
    assert_eq!(all, [(200, "(no code)"), (409, "INSUFFICIENT_FUNDS")]);
    assert_eq!(available(&house, &customer.id, "USDC").await, "40");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_payouts_with_one_quote_exactly_one_wins() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "100").await;
    let quoted = quote(&house, &customer, "20").await.ok();
    let (one, other) = tokio::join!(
        request_payout(&house, &customer, &quoted, "one"),
        request_payout(&house, &customer, &quoted, "other"),
    );
    let mut all = [one.error(), other.error()];
    all.sort_unstable();
    assert_eq!(all, [(200, "(no code)"), (409, "QUOTE_USED")]);
    let quoted = quote(&house, &customer, "20").await.ok();
    let (one, other) = tokio::join!(
        request_payout(&house, &customer, &quoted, "same"),
        request_payout(&house, &customer, &quoted, "same"),
    );
    assert_eq!(one.ok(), other.ok());
    assert_eq!(available(&house, &customer.id, "USDC").await, "60");
    check_books(&house).await;
}

/// Two users' clients choose the same key, and the merchant too: three requests.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_s_idempotency_keys_are_his_own() {
    let house = House::start().await;
    let ask = json!({
        "source": { "token_id": token_id("base", "USDC"), "amount": "20" },
        "country": "DE", "currency": "eur", "method": "sepa",
    });
    let other = json!({ "source": { "token_id": token_id("base", "USDC"), "amount": "30" },
        "country": "DE", "currency": "eur", "method": "sepa" });
    let mut quotes = Vec::new();
    for name in ["Ada Lovelace", "Grace Hopper"] {
        let customer = named(&house, name, "standard").await;
        let path = format!("/api/v1/ramps/users/{}/sessions", customer.id);
        let session = house.post(&path, json!({})).await.ok();
        let asked = async |body: &Value| {
            let request = house
                .request("POST", "/api/v1/ramps/quotes")
                .header("x-session-token", text(&session, "session_token"))
                .header("x-signature", text(&session, "signature"))
                .header("idempotency-key", "same");
            house.send(request.json(body)).await
        };
        let first = asked(&ask).await.ok();
        assert_eq!(asked(&ask).await.ok(), first);
        assert_eq!(asked(&other).await.error(), (409, "IDEMPOTENCY_KEY_REUSED"));
        quotes.push(text(&first, "id"));
    }
    let request = house.request("POST", "/api/v1/ramps/quotes").header("x-api-key", &house.key);
    let request = request.header("idempotency-key", "same").json(&ask);
    quotes.push(text(&house.send(request).await.ok(), "id"));
    quotes.sort_unstable();
    quotes.dedup();
    assert_eq!(quotes.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_and_the_worker_never_both_win() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "500").await;
    for _ in 0..6 {
        let made = payout(&house, &customer, "20").await;
        let path = format!("/api/v1/ramps/payouts/{}/cancel", text(&made, "id"));
        let (canceled, ()) = tokio::join!(house.post(&path, json!({})), house.step());
        house.settle().await;
        let status = text(&read(&house, &made).await, "status");
        match canceled.error() {
            (200, _) => assert_eq!(status, "canceled"),
            refused => {
                assert_eq!(refused, (409, "PAYOUT_NOT_CANCELABLE"));
                assert_eq!(status, "paid");
            }
        }
    }
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_name_holds_the_money_until_the_operator_decides() {
    let lists = tempfile::tempdir().expect("a directory");
    let list = lists.path().join("list.txt");
    std::fs::write(&list, "# nobody yet\n").expect("writes");
    let file = list.clone();
    let house = House::with(|config| config.ramps.screening_lists = vec![file]).await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "100").await;
    // The list changes after the user was taken.
    std::fs::write(&list, "Lovelace, Ada   # since today\n").expect("writes");
    for (verdict, end) in [("approve", "paid"), ("reject", "failed")] {
        let made = payout(&house, &customer, "20").await;
        assert_eq!(made["status"], "in_review");
        house.settle().await;
        assert_eq!(read(&house, &made).await["status"], "in_review");
        let reviews =
            house.app.store.screening_reviews(ReviewState::Open, store::Page::First, 10).await;
        let reviews = reviews.expect("a list");
        let review = reviews.iter().find(|review| review.status == ReviewStatus::Open);
        let id = review.expect("is open").id;
        let path = format!("/api/admin/ramps/reviews/{id}/{verdict}");
        let request = house.request("POST", &path).bearer_auth("operator-token");
        house.send(request).await.ok();
        house.advance(600_000);
        house.settle().await;
        let ended = read(&house, &made).await;
        assert_eq!(ended["status"], end, "{ended}");
    }
    assert_eq!(available(&house, &customer.id, "USDC").await, "80");
    check_books(&house).await;
}
