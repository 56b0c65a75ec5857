//! Giving a user something out of the merchant's balance: once, covered, and only to who is known.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::path;
use crate::house::{House, token_id};

fn usdc(amount: &str) -> Value {
    json!({ "amount": amount, "token_id": token_id("base", "USDC") })
}

#[tokio::test]
async fn a_credit_moves_the_merchant_s_balance_once() {
    let house = House::start().await;
    house.earn(100.0).await;
    let user = house.approved_user("Zoe", "basic").await;
    let credits = path(&user, "/credits");
    let missing = house.post(&credits, usdc("10")).await;
    assert_eq!(missing.error(), (400, "IDEMPOTENCY_KEY_MISSING"));
    let deposit = house.post_once(&credits, "one", usdc("12.50")).await.ok();
    assert_eq!((&deposit["object"], &deposit["kind"]), (&json!("ramp_deposit"), &json!("credit")));
    assert_eq!((&deposit["status"], &deposit["amount"]), (&json!("completed"), &json!("12.5")));
    assert_eq!(deposit["amount_base"], "12500000");
    let again = house.post_once(&credits, "one", usdc("12.50")).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.ok(), deposit);
    let reused = house.post_once(&credits, "one", usdc("13")).await;
    assert_eq!(reused.error(), (409, "IDEMPOTENCY_KEY_REUSED"));
    let balance = house.balance_of(&user).await;
    assert_eq!((&balance["balance"], &balance["symbol"]), (&json!("12.5"), &json!("USDC")));
    assert_eq!(balance["user_id"], user["id"]);
    let listed = house.get(&path(&user, "/deposits")).await.ok();
    assert_eq!(listed["data"], json!([deposit]));
    let lines = house.get(&path(&user, "/transactions")).await.ok();
    let line = &lines["data"][0];
    assert_eq!((&line["amount"], &line["type"]), (&json!("12.5"), &json!("user_credit")));
    assert_eq!((&line["balance_after"], &line["source"]), (&json!("12.5"), &deposit["id"]));
    let (kind, told) = house.ramp_events().await.pop().expect("events");
    assert_eq!((kind.as_str(), &told["object"]), ("ramp.deposit.created", &deposit));
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn what_is_not_there_cannot_be_given_however_many_ask() {
    let house = House::start().await;
    house.earn(100.0).await;
    let user = house.approved_user("Zoe", "basic").await;
    let credits = path(&user, "/credits");
    let keys: Vec<String> = (0..8).map(|at| format!("k{at}")).collect();
    let racing = keys.iter().map(|key| house.post_once(&credits, key, usdc("30")));
    let replies = join_all(racing).await;
    let made = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(made, 3);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.error(), (409, "INSUFFICIENT_FUNDS"));
    }
    assert_eq!(house.balance_of(&user).await["balance"], "90");
    // A replay of one that succeeded still does, though nothing is left for another.
    let at = replies.iter().position(|reply| reply.status == 200).expect("one was made");
    let again = house.post_once(&credits, &keys[at], usdc("30")).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.status, 200);
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

#[tokio::test]
async fn only_a_known_user_and_a_sound_amount_are_credited() {
    let house = House::start().await;
    house.earn(100.0).await;
    let user = house.ramp_user("Zoe").await;
    let refused = house.post_once(&path(&user, "/credits"), "a", usdc("1")).await;
    assert_eq!(refused.error(), (403, "KYC_REQUIRED"));
    let message = refused.body["error"]["message"].as_str().expect("a message");
    assert!(message.contains("basic") && message.contains("not_started"), "{message}");
    let user = house.approved_user("Zoe", "basic").await;
    for (body, param) in [
        (usdc("0"), "amount"),
        (usdc("-1"), "amount"),
        (usdc("0.0000001"), "amount"),
        (usdc("x"), "amount"),
        (usdc(&"9".repeat(40)), "amount"),
        (json!({ "amount": 1, "token_id": 1 }), "amount"),
        (json!({ "amount": "1" }), "token_id"),
        (json!({ "amount": "1", "token_id": 999_999_999 }), "token_id"),
    ] {
        let reply = house.post_once(&path(&user, "/credits"), "b", body).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param));
    }
    assert_eq!(house.get(&path(&user, "/balances")).await.ok()["data"], json!([]));
}
