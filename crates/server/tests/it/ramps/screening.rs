//! Screening: who is on a list waits for a human, and nobody but the operator learns why.

use domain::time::SECOND_MS;
use serde_json::{Value, json};

use super::{id, path, person};
use crate::house::House;

async fn screened(list: &str) -> (House, tempfile::TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("sanctions.txt");
    std::fs::write(&file, list).expect("writes");
    let house = House::with(|config| config.ramps.screening_lists = vec![file]).await;
    (house, directory)
}

async fn reviews(house: &House) -> Vec<Value> {
    let list = house.operate("GET", "/api/admin/ramps/reviews", Value::Null).await.ok();
    list["data"].as_array().expect("a list").clone()
}

async fn verdict(house: &House, review: &Value, word: &str) -> crate::house::Reply {
    let route = format!("/api/admin/ramps/reviews/{}/{word}", id(review));
    house.operate("POST", &route, Value::Null).await
}

#[tokio::test]
async fn a_listed_name_waits_and_moves_no_money_until_a_human_approves() {
    let (house, _directory) = screened("# bad people\nPérez-Núñez, José\n").await;
    let user = house.ramp_user("JOSE PEREZ NUNEZ").await;
    assert_eq!(user["status"], "in_review");
    let case = house.post(&path(&user, "/kyc"), json!({ "level": "basic" })).await.ok();
    house.decide(&case, "approved").await.ok();
    house.earn(10.0).await;
    let body = json!({ "amount": "1", "token_id": crate::house::token_id("base", "USDC") });
    let refused = house.post_once(&path(&user, "/credits"), "a", body.clone()).await;
    assert_eq!(refused.error(), (403, "KYC_REQUIRED"));
    assert_eq!(refused.body["error"]["message"], "The user is in review");
    let found = reviews(&house).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["matched"], &found[0]["subject_type"]),
        (&json!("sanctions.txt:2"), &json!("ramp_user"))
    );
    // The merchant learns that, not why.
    let told =
        format!("{} {:?}", house.get(&path(&user, "")).await.ok(), house.ramp_events().await);
    assert!(!told.contains("sanctions") && !told.contains("matched"), "{told}");
    let as_merchant = house.get("/api/admin/ramps/reviews").await;
    assert_eq!(as_merchant.error(), (401, "AUTHENTICATION_REQUIRED"));

    let approved = verdict(&house, &found[0], "approve").await.ok();
    assert_eq!(approved["status"], "approved");
    assert_eq!(house.get(&path(&user, "")).await.ok()["status"], "active");
    house.post_once(&path(&user, "/credits"), "a", body).await.ok();
    assert_eq!(verdict(&house, &found[0], "reject").await.error(), (409, "REVIEW_DECIDED"));
    assert!(reviews(&house).await.is_empty());
    let all = house.operate("GET", "/api/admin/ramps/reviews?status=all", Value::Null).await.ok();
    assert_eq!(all["data"].as_array().map(Vec::len), Some(1));
    let audit = house.app.store.audit_entries(house.merchant_id, store::Page::First, 50).await;
    let acts: Vec<String> = audit.expect("reads").into_iter().map(|entry| entry.action).collect();
    assert!(acts.contains(&"ramp.review.approved".to_owned()), "{acts:?}");
}

#[tokio::test]
async fn names_are_screened_wherever_they_come_in() {
    let (house, _directory) = screened("Bad Person\n").await;
    let user = house.ramp_user("Zoe").await;
    assert_eq!(user["status"], "active");
    // On an account.
    let account = json!({ "country": "DE", "currency": "eur", "method": "sepa",
        "holder_name": "Person, Bad", "account": { "iban": "DE89370400440532013000" } });
    let account = house.post(&path(&user, "/bank_accounts"), account).await.ok();
    assert_eq!(account["status"], "in_review");
    let found = reviews(&house).await;
    verdict(&house, &found[0], "reject").await.ok();
    let own = path(&user, &format!("/bank_accounts/{}", id(&account)));
    assert_eq!(house.get(&own).await.ok()["status"], "blocked");
    // By a change.
    let request = house.request("PATCH", &path(&user, "")).header("x-api-key", &house.key);
    let changed = house.send(request.json(&json!({ "name": "bad person" }))).await.ok();
    assert_eq!(changed["status"], "in_review");
    let found = reviews(&house).await;
    verdict(&house, &found[0], "reject").await.ok();
    assert_eq!(house.get(&path(&user, "")).await.ok()["status"], "blocked");
    let request = house.request("PATCH", &path(&user, "")).header("x-api-key", &house.key);
    let changed = house.send(request.json(&json!({ "name": "Good Person" }))).await.ok();
    assert_eq!(changed["status"], "blocked");
    // On the hosted page.
    let other = house.ramp_user("Other").await;
    let case = house.post(&path(&other, "/kyc"), json!({ "level": "basic" })).await.ok();
    let page = case["hosted_url"].as_str().expect("a link").replace("http://localhost:3000", "");
    let form = [("name", "Bad Person"), ("birth_date", "1990-02-28"), ("document_number", "X1")];
    house.send(house.request("POST", &page).form(&form)).await;
    let shown = house.get(&path(&other, "")).await.ok();
    assert_eq!(
        (&shown["status"], &shown["kyc"]["status"]),
        (&json!("in_review"), &json!("in_review"))
    );
}

#[tokio::test]
async fn a_list_that_changes_counts_at_once_and_one_that_is_gone_still_counts() {
    let (house, directory) = screened("Bad Person\n").await;
    let file = directory.path().join("sanctions.txt");
    assert_eq!(house.ramp_user("Worse Person").await["status"], "active");
    std::fs::write(&file, "Bad Person\nWorse Person\n").expect("writes");
    assert_eq!(house.ramp_user("Worse Person").await["status"], "in_review");
    std::fs::remove_file(&file).expect("removes");
    assert_eq!(house.ramp_user("Bad Person").await["status"], "in_review");
    house.advance(SECOND_MS);
    std::fs::write(&file, "Somebody Else\n").expect("writes");
    assert_eq!(house.ramp_user("Bad Person").await["status"], "active");
    let reply = house.post("/api/v1/ramps/users", person("else somebody")).await.ok();
    assert_eq!(reply["status"], "in_review");
}
