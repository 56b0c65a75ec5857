//! A person's data: all of it to whoever asks rightly, and none of it after erasing.

use serde_json::{Value, json};

use super::{id, path};
use crate::house::{House, token_id};

fn body() -> Value {
    json!({ "type": "individual", "name": "Zoë Müller", "country": "DE",
        "email": "zoe@example.com", "birth_date": "1990-02-28", "external_id": "customer-7" })
}

#[tokio::test]
async fn an_export_holds_everything_and_is_noted() {
    let house = House::start().await;
    house.earn(10.0).await;
    let user = house.post("/api/v1/ramps/users", body()).await.ok();
    let case = house.post(&path(&user, "/kyc"), json!({ "level": "basic" })).await.ok();
    house.decide(&case, "approved").await.ok();
    let credit = json!({ "amount": "3", "token_id": token_id("base", "USDC") });
    house.post_once(&path(&user, "/credits"), "a", credit).await.ok();
    let export = house.get(&path(&user, "/export")).await.ok();
    assert_eq!(export["user"], house.get(&path(&user, "")).await.ok());
    assert_eq!(export["birth_date"], "1990-02-28");
    assert_eq!(export["kyc_cases"][0]["id"], case["id"]);
    assert_eq!(export["deposits"][0]["amount"], "3");
    assert_eq!(export["balances"][0]["balance"], "3");
    assert_eq!(export["transactions"][0]["amount"], "3");
    let audit = house.app.store.audit_entries(house.merchant_id, store::Page::First, 50).await;
    let acts: Vec<String> = audit.expect("reads").into_iter().map(|entry| entry.action).collect();
    assert!(acts.contains(&"ramp_user.exported".to_owned()), "{acts:?}");
}

#[tokio::test]
async fn who_has_money_is_not_forgotten() {
    let house = House::start().await;
    house.earn(10.0).await;
    let user = house.approved_user("Zoe", "basic").await;
    let credit = json!({ "amount": "3", "token_id": token_id("base", "USDC") });
    house.post_once(&path(&user, "/credits"), "a", credit.clone()).await.ok();
    let refused = house.post(&path(&user, "/erase"), Value::Null).await;
    assert_eq!(refused.error(), (409, "USER_HAS_BALANCE"));
    // And goes on as before.
    assert_eq!(house.get(&path(&user, "")).await.ok()["status"], "active");
    house.post_once(&path(&user, "/credits"), "b", credit).await.ok();
    assert_eq!(house.balance_of(&user).await["balance"], "6");
}

#[tokio::test]
async fn nothing_of_a_person_is_left() {
    let house = House::start().await;
    let user = house.post("/api/v1/ramps/users", body()).await.ok();
    let account = json!({ "country": "DE", "currency": "eur", "method": "sepa",
        "holder_name": "Zoë Müller", "account": { "iban": "DE89370400440532013000" } });
    let account = house.post(&path(&user, "/bank_accounts"), account).await.ok();
    let erased = house.post_once(&path(&user, "/erase"), "e", json!({})).await.ok();
    assert_eq!((&erased["status"], &erased["name"]), (&json!("closed"), &json!("(erased)")));
    assert_eq!((&erased["email"], &erased["external_id"]), (&Value::Null, &Value::Null));
    let again = house.post_once(&path(&user, "/erase"), "e", json!({})).await;
    assert_eq!(again.ok(), erased);
    assert_eq!(house.post(&path(&user, "/erase"), json!({})).await.error(), (409, "USER_CLOSED"));
    let shown = house.get(&path(&user, &format!("/bank_accounts/{}", id(&account)))).await.ok();
    assert_eq!((&shown["holder_name"], &shown["last4"]), (&json!("(erased)"), &json!("")));
    let export = house.get(&path(&user, "/export")).await.ok();
    assert_eq!(
        (&export["birth_date"], &export["bank_accounts"][0]["account"]),
        (&Value::Null, &Value::Null)
    );
    for (rest, body) in [
        ("/kyc", json!({ "level": "basic" })),
        ("/sessions", json!({})),
        (
            "/bank_accounts",
            json!({ "country": "DE", "currency": "eur", "method": "sepa",
            "holder_name": "Zoe", "account": { "iban": "DE89370400440532013000" } }),
        ),
    ] {
        assert_eq!(
            house.post(&path(&user, rest), body).await.error(),
            (409, "USER_CLOSED"),
            "{rest}"
        );
    }
    // His external id is free for somebody else.
    assert_eq!(
        house.get("/api/v1/ramps/users?external_id=customer-7").await.ok()["data"],
        json!([])
    );
    let next = house.post("/api/v1/ramps/users", body()).await.ok();
    assert_ne!(next["id"], user["id"]);
    let found = house.get("/api/v1/ramps/users?external_id=customer-7").await.ok();
    assert_eq!(found["data"][0]["id"], next["id"]);
}
