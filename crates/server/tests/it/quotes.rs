//! Quotes: a price for an amount of USD in one token, locked for five minutes.

use serde_json::{Value, json};

use crate::house::{House, START, token_id};

fn ask(amount_usd: f64, network: &str, symbol: &str) -> Value {
    json!({ "amount_usd": amount_usd, "network": network, "token_id": token_id(network, symbol) })
}

#[tokio::test]
async fn a_quote_locks_a_price_for_five_minutes() {
    let house = House::start().await;
    let quote = house.post("/api/v1/quotes", ask(50.0, "base", "USDC")).await.ok();
    let expected = json!({
        "object": "quote",
        "id": quote["id"],
        "environment": "devnet",
        "amount_usd": 50,
        "network": "base",
        "token_id": token_id("base", "USDC"),
        "token_amount": "50",
        "exchange_rate": "1",
        "fee_usd": 0,
        "status": "available",
        "created_at": START.0 / 1_000,
        "valid_until": START.0 / 1_000 + 300,
    });
    assert_eq!(quote, expected);
    let path = format!("/api/v1/quotes/{}", quote["id"].as_str().expect("an id"));
    house.advance(299_999);
    assert_eq!(house.get(&path).await.ok(), quote);
    house.advance(1);
    assert_eq!(house.get(&path).await.ok()["status"], "expired");
}

#[tokio::test]
async fn a_moving_price_has_a_buffer_of_half_a_percent() {
    let house = House::start().await;
    let quote = house.post("/api/v1/quotes", ask(3000.0, "ethereum", "ETH")).await.ok();
    assert_eq!(quote["token_amount"], "1.005");
}

#[tokio::test]
async fn no_price_and_a_blocked_token_are_answers_and_lock_nothing() {
    let house = House::start().await;
    let body = json!({ "acceptance_policy": "accept_none" });
    let put = house.request("PUT", "/api/v1/merchant/tokens/policy");
    house.send(put.header("x-api-key", &house.key).json(&body)).await.ok();
    let quote = house.post("/api/v1/quotes", ask(50.0, "base", "USDC")).await.ok();
    assert_eq!((&quote["status"], &quote["id"]), (&json!("unavailable"), &Value::Null));
    assert_eq!((&quote["token_amount"], &quote["valid_until"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn malformed_quotes_are_400_and_name_their_field() {
    let house = House::start().await;
    let usdc = token_id("base", "USDC");
    for (body, param) in [
        (json!({ "network": "base", "token_id": usdc }), "amount_usd"),
        (json!({ "amount_usd": "5", "network": "base", "token_id": usdc }), "amount_usd"),
        (json!({ "amount_usd": 0, "network": "base", "token_id": usdc }), "amount_usd"),
        (json!({ "amount_usd": 1_000_001, "network": "base", "token_id": usdc }), "amount_usd"),
        (json!({ "amount_usd": 1.0001, "network": "base", "token_id": usdc }), "amount_usd"),
        (json!({ "amount_usd": 5, "network": "bitcoin", "token_id": usdc }), "network"),
        (json!({ "amount_usd": 5, "network": "bsc", "token_id": usdc }), "token_id"),
        (json!({ "amount_usd": 5, "network": "base", "token_id": 999_999 }), "token_id"),
        (json!({ "amount_usd": 5, "network": "base", "token_id": "x" }), "token_id"),
        (json!({ "amount_usd": 5, "network": "base" }), "token_id"),
    ] {
        let reply = house.post("/api/v1/quotes", body.clone()).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{body}: {}", reply.body);
        assert_eq!(reply.param(), param, "{body}: {}", reply.body);
    }
}

#[tokio::test]
async fn another_merchants_quote_does_not_exist() {
    let house = House::start().await;
    let (_, stranger) = house.stranger().await;
    let quote = house.post("/api/v1/quotes", ask(50.0, "base", "USDC")).await.ok();
    let path = format!("/api/v1/quotes/{}", quote["id"].as_str().expect("an id"));
    let request = house.request("GET", &path).header("x-api-key", &stranger);
    assert_eq!(house.send(request).await.error(), (404, "NOT_FOUND"));
    for id in ["0191d6a1-0000-7000-8000-000000000000", "quote"] {
        let reply = house.get(&format!("/api/v1/quotes/{id}")).await;
        assert_eq!(reply.error(), (404, "NOT_FOUND"), "{id}");
    }
}

#[tokio::test]
async fn rates_list_a_price_for_every_token() {
    let house = House::start().await;
    let rates = house.get("/api/v1/quotes/rates").await.ok();
    assert_eq!((&rates["object"], &rates["has_more"]), (&json!("list"), &json!(false)));
    let data = rates["data"].as_array().expect("a list");
    let id = token_id("ethereum", "ETH");
    let ether = data.iter().find(|rate| rate["token_id"] == id).expect("there");
    assert_eq!((&ether["symbol"], &ether["network"]), (&json!("ETH"), &json!("ethereum")));
    assert_eq!(ether["usd"], 3000);
    assert_eq!(ether["exchange_rate"], "0.000333333334");
}
