//! The ramps' money over HTTP: quotes, payouts, deposits to users' addresses, on-ramps.
//!
//! Every test ends with the books: they sum to zero, and hold what the test says.

mod assets;
mod deposits;
#[allow(dead_code, reason = "made for the tests of the client too, which use all of it")]
#[path = "../../../providers/tests/it/double.rs"]
mod double;
mod onramps;
mod payouts;
mod personal_data;
mod provider;
mod races;

use serde_json::{Value, json};

use crate::house::{House, Reply, token_id};

/// A user with a bank account in Germany, and USDC on Base in his balance.
pub struct Customer {
    pub id: String,
    pub account_id: String,
}

pub async fn customer(house: &House, level: &str) -> Customer {
    named(house, "Ada Lovelace", level).await
}

pub async fn named(house: &House, name: &str, level: &str) -> Customer {
    let body = json!({ "type": "individual", "name": name, "country": "DE" });
    let user = house.post("/api/v1/ramps/users", body).await.ok();
    let id = text(&user, "id");
    approve(house, &id, level).await;
    let body = json!({
        "country": "DE", "currency": "eur", "method": "sepa", "holder_name": name,
        "account": { "iban": "DE89370400440532013000" },
    });
    let path = format!("/api/v1/ramps/users/{id}/bank_accounts");
    let account = house.post(&path, body).await.ok();
    Customer { id, account_id: text(&account, "id") }
}

pub async fn approve(house: &House, user_id: &str, level: &str) {
    let path = format!("/api/v1/ramps/users/{user_id}/kyc");
    let case = house.post(&path, json!({ "level": level })).await.ok();
    let path = format!("/api/v1/devnet/ramps/kyc/{}/simulate", text(&case, "id"));
    house.post(&path, json!({ "outcome": "approved" })).await.ok();
}

pub fn text(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_else(|| panic!("{field} of {object}")).to_owned()
}

/// USDC arrives at an address of the user's own.
pub async fn fund(house: &House, user_id: &str, amount: &str) -> Value {
    let path = format!("/api/v1/ramps/users/{user_id}/deposit_addresses");
    let address = house.post(&path, json!({ "network": "base", "token": "USDC" })).await.ok();
    house.transfer("base", "USDC", &text(&address, "address"), amount).await;
    house.settle().await;
    address
}

/// What the user may still spend of a token or a currency.
pub async fn available(house: &House, user_id: &str, symbol: &str) -> String {
    let path = format!("/api/v1/ramps/users/{user_id}/balances");
    let balances = house.get(&path).await.ok();
    let data = balances["data"].as_array().expect("a list").clone();
    let found = data.iter().find(|balance| balance["symbol"] == symbol);
    found.map_or("0".to_owned(), |balance| text(balance, "available"))
}

pub async fn quote(house: &House, customer: &Customer, amount: &str) -> Reply {
    let body = json!({
        "user_id": customer.id, "bank_account_id": customer.account_id,
        "source": { "token_id": token_id("base", "USDC"), "amount": amount },
    });
    house.post("/api/v1/ramps/quotes", body).await
}

pub async fn request_payout(house: &House, customer: &Customer, quote: &Value, key: &str) -> Reply {
    let body = json!({
        "quote_id": quote["id"], "user_id": customer.id, "bank_account_id": customer.account_id,
    });
    let request = house.request("POST", "/api/v1/ramps/payouts").header("x-api-key", &house.key);
    house.send(request.header("idempotency-key", key).json(&body)).await
}

/// Quoted and requested.
pub async fn payout(house: &House, customer: &Customer, amount: &str) -> Value {
    let quote = quote(house, customer, amount).await.ok();
    request_payout(house, customer, &quote, &text(&quote, "id")).await.ok()
}

pub async fn read(house: &House, payout: &Value) -> Value {
    house.get(&format!("/api/v1/ramps/payouts/{}", text(payout, "id"))).await.ok()
}

/// The states an object's events told of, oldest first.
pub async fn told(house: &House, object: &Value) -> Vec<String> {
    let events = house.get("/api/v1/events?limit=100").await.ok();
    let events = events["data"]["data"].as_array().expect("a list").clone();
    let its = events.iter().rev().filter(|event| event["data"]["object"]["id"] == object["id"]);
    its.map(|event| text(&event["data"]["object"], "status")).collect()
}

/// The ledger explains every balance, and sums to zero.
pub async fn check_books(house: &House) {
    let findings = house.app.store.check().await.expect("checks");
    assert!(findings.is_empty(), "{findings:?}");
}
