//! Payouts through the sandbox: the straight way, every magic amount, and what is refused.

use domain::bank_account::BankAccount;
use domain::changes::Changes;
use domain::ids::{BankAccountId, PayoutId};
use domain::payout::Payout;
use serde_json::json;

use super::{
    approve, available, check_books, customer, fund, named, payout, quote, read, request_payout,
    text, told,
};
use crate::house::{House, token_id};

const DAY_MS: i64 = 86_400_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_goes_from_quote_to_paid() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "100").await;
    let quote = quote(&house, &customer, "50").await.ok();
    assert_eq!(quote["status"], "available");
    assert_eq!(quote["expires_at"].as_i64(), quote["created_at"].as_i64().map(|at| at + 300));
    let made = request_payout(&house, &customer, &quote, "k1").await.ok();
    assert_eq!(made["status"], "funds_reserved");
    assert_eq!(available(&house, &customer.id, "USDC").await, "50");
    let again = request_payout(&house, &customer, &quote, "k1").await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.ok(), made);
    house.settle().await;
    let paid = read(&house, &made).await;
    assert_eq!((&paid["status"], &paid["target"]), (&json!("paid"), &quote["target"]));
    assert!(paid["paid_at"].is_i64() && paid["failure_reason"].is_null());
    assert_eq!(told(&house, &made).await, ["created", "funds_reserved", "submitted", "paid"]);
    assert_eq!(available(&house, &customer.id, "USDC").await, "50");
    let list = house.get(&format!("/api/v1/ramps/payouts?user_id={}", customer.id)).await.ok();
    assert_eq!(list["data"], json!([paid]));
    let none = house.get("/api/v1/ramps/payouts?status=failed").await.ok();
    assert_eq!(none["data"], json!([]));
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_magic_amount_ends_as_it_says() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "1000").await;
    let mut all = Vec::new();
    for cents in 1..=8 {
        all.push(payout(&house, &customer, &format!("20.0{cents}")).await);
    }
    for _ in 0..8 {
        house.advance(60_000);
        house.step().await;
    }
    let mut ended = Vec::new();
    for made in &all {
        ended.push(text(&read(&house, made).await, "status"));
    }
    let after_minutes = ["failed", "paid", "in_review", "paid", "paid", "paid", "failed", "paid"];
    assert_eq!(ended, after_minutes);
    // Nothing went backwards, not even where the answers did.
    let steps = told(&house, &all[5]).await;
    assert_eq!(steps, ["created", "funds_reserved", "submitted", "paid"]);
    house.advance(8 * DAY_MS);
    house.step().await;
    let returned = read(&house, &all[1]).await;
    assert_eq!(
        (&returned["status"], &returned["failure_reason"]),
        (&json!("returned"), &json!("account_closed"))
    );
    let path = format!("/api/v1/devnet/ramps/payouts/{}/simulate", text(&all[2], "id"));
    house.post(&path, json!({ "outcome": "paid" })).await.ok();
    house.step().await;
    assert_eq!(read(&house, &all[2]).await["status"], "paid");
    // 20.03, 20.04, 20.05, 20.06 and 20.08 are gone; the others came back.
    assert_eq!(available(&house, &customer.id, "USDC").await, "899.74");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_is_good_once_and_for_five_minutes() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "100").await;
    let one = quote(&house, &customer, "20").await.ok();
    request_payout(&house, &customer, &one, "k1").await.ok();
    let used = request_payout(&house, &customer, &one, "k2").await;
    assert_eq!(used.error(), (409, "QUOTE_USED"));
    let path = format!("/api/v1/ramps/quotes/{}", text(&one, "id"));
    assert_eq!(house.get(&path).await.ok()["status"], "used");
    let late = quote(&house, &customer, "20").await.ok();
    house.advance(300_000);
    let expired = request_payout(&house, &customer, &late, "k3").await;
    assert_eq!(expired.error(), (409, "QUOTE_EXPIRED"));
    let without_key = json!({
        "quote_id": late["id"], "user_id": customer.id, "bank_account_id": customer.account_id,
    });
    let refused = house.post("/api/v1/ramps/payouts", without_key).await;
    assert_eq!(refused.error(), (400, "IDEMPOTENCY_KEY_MISSING"));
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_amount_asks_for_what_it_needs() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let body = json!({
        "country": "DE", "currency": "eur", "method": "sepa",
        "source": { "token_id": token_id("base", "USDC") }, "target": { "amount": "46" },
    });
    let quote = house.post("/api/v1/ramps/quotes", body).await.ok();
    assert_eq!((&quote["target"]["amount"], &quote["rate"]), (&json!("46"), &json!("0.92")));
    assert_eq!(quote["user_id"], json!(null));
    let source = json!({
        "user_id": customer.id, "bank_account_id": customer.account_id,
        "source": { "token_id": token_id("base", "USDC"), "amount": quote["source"]["amount"] },
    });
    let same = house.post("/api/v1/ramps/quotes", source).await.ok();
    assert_eq!(same["target"]["amount"], "46");
    for (body, param) in [
        (json!({ "source": { "token_id": 1 } }), "bank_account_id"),
        (json!({ "source": {} }), "bank_account_id"),
        (
            json!({ "bank_account_id": customer.account_id,
                "source": { "token_id": 1, "amount": "1" } }),
            "source.token_id",
        ),
        (
            json!({ "bank_account_id": customer.account_id,
                "source": { "token_id": token_id("base", "USDC"), "amount": "-1" } }),
            "source.amount",
        ),
        (
            json!({ "bank_account_id": customer.account_id,
                "source": { "token_id": token_id("base", "USDC"), "amount": "0.01" } }),
            "source.amount",
        ),
    ] {
        let refused = house.post("/api/v1/ramps/quotes", body.clone()).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{body}");
        assert_eq!(refused.param(), param, "{body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_moves_without_the_level_it_needs_or_above_its_limit() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "30000").await;
    let body = json!({ "type": "individual", "name": "Bob", "country": "DE" });
    let stranger = house.post("/api/v1/ramps/users", body).await.ok();
    let anybody = json!({
        "country": "DE", "currency": "eur", "method": "sepa",
        "source": { "token_id": token_id("base", "USDC"), "amount": "20" },
    });
    let quoted = house.post("/api/v1/ramps/quotes", anybody).await.ok();
    let path = format!("/api/v1/ramps/users/{}/bank_accounts", text(&stranger, "id"));
    let account = house
        .post(
            &path,
            json!({
                "country": "DE", "currency": "eur", "method": "sepa", "holder_name": "Bob",
                "account": { "iban": "DE89370400440532013000" },
            }),
        )
        .await
        .ok();
    let bob = super::Customer { id: text(&stranger, "id"), account_id: text(&account, "id") };
    let refused = request_payout(&house, &bob, &quoted, "k1").await;
    assert_eq!(refused.error(), (403, "KYC_REQUIRED"));
    approve(&house, &bob.id, "standard").await;
    let refused = request_payout(&house, &bob, &quoted, "k1").await;
    assert_eq!(refused.error(), (409, "INSUFFICIENT_FUNDS"));
    // Ten thousand a day: the second passes it, though the balance has it.
    payout(&house, &customer, "6000").await;
    let second = quote(&house, &customer, "6000").await.ok();
    let refused = request_payout(&house, &customer, &second, "k2").await;
    assert_eq!(refused.error(), (409, "LIMIT_EXCEEDED"));
    assert_eq!(available(&house, &customer.id, "USDC").await, "24000");
    check_books(&house).await;
}

/// Every way not to be known well enough, and what the answer says of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_of_a_level_is_named() {
    let house = House::with(|config| config.ramps.kyc_approval_days = 30).await;
    let body = json!({ "type": "individual", "name": "Ada Lovelace", "country": "US" });
    let user = house.post("/api/v1/ramps/users", body).await.ok();
    let body = json!({
        "country": "US", "currency": "usd", "method": "wire", "holder_name": "Ada Lovelace",
        "account": { "routing_number": "021000021", "account_number": "12345678",
            "account_type": "checking" },
    });
    let path = format!("/api/v1/ramps/users/{}/bank_accounts", text(&user, "id"));
    let account = house.post(&path, body).await.ok();
    let ada = super::Customer { id: text(&user, "id"), account_id: text(&account, "id") };
    let refused = async |key: &str, says: &str| {
        let quoted = quote(&house, &ada, "500").await.ok();
        let refused = request_payout(&house, &ada, &quoted, key).await;
        assert_eq!(refused.error(), (403, "KYC_REQUIRED"), "{says}");
        let message = text(&refused.body["error"], "message");
        assert!(message.contains(says), "{message}: {says}");
    };
    refused("k1", "level standard is needed; the user has none, status not_started").await;
    approve(&house, &ada.id, "basic").await;
    refused("k2", "level standard is needed; the user has basic, status approved").await;
    approve(&house, &ada.id, "standard").await;
    let admin = format!("/api/admin/ramps/users/{}/kyc", ada.id);
    house.operate("POST", &admin, json!({ "outcome": "suspended" })).await.ok();
    refused("k3", "level standard is needed; the user has none, status suspended").await;
    house.operate("POST", &admin, json!({ "outcome": "reinstated" })).await.ok();
    fund(&house, &ada.id, "1000").await;
    let quoted = quote(&house, &ada, "500").await.ok();
    request_payout(&house, &ada, &quoted, "k4").await.ok();
    house.advance(31 * DAY_MS);
    refused("k5", "level standard is needed; the user has none, status expired").await;
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_is_canceled_while_nothing_was_sent() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "100").await;
    let first = payout(&house, &customer, "40").await;
    let path = format!("/api/v1/ramps/payouts/{}/cancel", text(&first, "id"));
    assert_eq!(house.post(&path, json!({})).await.ok()["status"], "canceled");
    assert_eq!(available(&house, &customer.id, "USDC").await, "100");
    let again = house.post(&path, json!({})).await;
    assert_eq!(again.error(), (409, "PAYOUT_NOT_CANCELABLE"));
    let second = payout(&house, &customer, "40").await;
    house.step().await;
    let path = format!("/api/v1/ramps/payouts/{}/cancel", text(&second, "id"));
    assert_eq!(house.post(&path, json!({})).await.error(), (409, "PAYOUT_NOT_CANCELABLE"));
    house.settle().await;
    assert_eq!(read(&house, &second).await["status"], "paid");
    assert_eq!(read(&house, &first).await["status"], "canceled");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_s_session_pays_out_his_own_money_and_nobody_else_s() {
    let house = House::start().await;
    let (ada, bob) = (
        super::named(&house, "Ada", "standard").await,
        super::named(&house, "Bob", "standard").await,
    );
    fund(&house, &ada.id, "100").await;
    fund(&house, &bob.id, "100").await;
    let path = format!("/api/v1/ramps/users/{}/sessions", ada.id);
    let session = house.post(&path, json!({})).await.ok();
    let as_ada = |method: &str, path: &str| {
        house
            .request(method, path)
            .header("x-session-token", text(&session, "session_token"))
            .header("x-signature", text(&session, "signature"))
    };
    let usdc = token_id("base", "USDC");
    let body = json!({ "bank_account_id": ada.account_id,
        "source": { "token_id": usdc, "amount": "20" } });
    let quoted = house.send(as_ada("POST", "/api/v1/ramps/quotes").json(&body)).await.ok();
    assert_eq!(quoted["user_id"], ada.id.as_str());
    let body = json!({ "quote_id": quoted["id"], "bank_account_id": ada.account_id });
    let request = as_ada("POST", "/api/v1/ramps/payouts").header("idempotency-key", "k");
    let made = house.send(request.json(&body)).await.ok();
    assert_eq!(made["user_id"], ada.id.as_str());
    let list = house.send(as_ada("GET", "/api/v1/ramps/payouts")).await.ok();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let other = payout(&house, &bob, "20").await;
    let path = format!("/api/v1/ramps/payouts/{}", text(&other, "id"));
    assert_eq!(house.send(as_ada("GET", &path)).await.status, 404);
    let list = house.send(as_ada("GET", "/api/v1/ramps/payouts")).await.ok();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    let body = json!({ "bank_account_id": bob.account_id,
        "source": { "token_id": usdc, "amount": "20" } });
    let refused = house.send(as_ada("POST", "/api/v1/ramps/quotes").json(&body)).await;
    assert_eq!(refused.status, 404);
    let path = format!("/api/v1/ramps/payouts/{}/cancel", text(&made, "id"));
    assert_eq!(house.send(as_ada("POST", &path)).await.status, 403);
    assert_eq!(house.send(as_ada("GET", "/api/v1/ramps/onramps")).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_merchant_sees_nothing_of_it() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    fund(&house, &customer.id, "100").await;
    let made = payout(&house, &customer, "20").await;
    let (_, key) = house.stranger().await;
    let id = text(&made, "id");
    let quote = text(&made, "quote_id");
    for path in [format!("/api/v1/ramps/payouts/{id}"), format!("/api/v1/ramps/quotes/{quote}")] {
        let reply = house.send(house.request("GET", &path).header("x-api-key", &key)).await;
        assert_eq!(reply.error(), (404, "NOT_FOUND"), "{path}");
    }
    let path = format!("/api/v1/ramps/payouts/{id}/cancel");
    let request = house.request("POST", &path).header("x-api-key", &key).json(&json!({}));
    assert_eq!(house.send(request).await.status, 404);
}

/// One whose numbers do not open is parked, and the others go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_payout_that_cannot_go_on_is_looked_at_later() {
    let house = House::start().await;
    let (one, other) =
        (customer(&house, "standard").await, named(&house, "Grace Hopper", "standard").await);
    fund(&house, &one.id, "100").await;
    fund(&house, &other.id, "100").await;
    let account = async |id: &str| {
        let id = BankAccountId::parse(id).expect("an id");
        house.app.store.get::<BankAccount>(id.key()).await.expect("reads").expect("is there")
    };
    let mut torn = account(&one.account_id).await;
    torn.numbers = account(&other.account_id).await.numbers;
    let mut changes = Changes::of(torn.merchant_id);
    changes.update(torn);
    house.app.commit(changes).await.expect("commits");
    let stuck = payout(&house, &one, "50").await;
    let fine = payout(&house, &other, "50").await;
    house.step().await;
    let id = PayoutId::parse(&text(&stuck, "id")).expect("an id");
    let parked = house.app.store.get::<Payout>(id.key()).await.expect("reads").expect("is there");
    assert!(parked.next_at.is_some_and(|next| next > house.app.now()));
    assert_eq!(read(&house, &stuck).await["status"], "funds_reserved");
    assert_ne!(read(&house, &fine).await["status"], "funds_reserved");
    check_books(&house).await;
}
