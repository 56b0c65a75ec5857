//! What the payor can pay with, and the address he is given.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::merchant::Merchant;
use domain::network::Network;
use domain::token::Token;
use serde_json::{Value, json};

use super::{ADDRESSES, HOUR_MS, cancel, paid};
use crate::house::{House, Reply, token_id};

async fn offers(house: &House, created: &Value, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/payments/available-tokens{query}");
    let list = house.payor("GET", &path, created, Value::Null).await.ok();
    list.as_array().expect("a bare array").clone()
}

async fn ask(house: &House, created: &Value, network: &str, token_id: i64) -> Reply {
    let body = json!({ "network": network, "tokenId": token_id });
    house.payor("POST", ADDRESSES, created, body).await
}

/// A mainnet invoice of 10 USD.
pub async fn live_invoice(house: &House) -> Value {
    let merchant = house.app.merchant(house.merchant_id).await.expect("reads").expect("exists");
    let merchant = Merchant { has_mainnet_access: true, ..merchant.as_ref().clone() };
    house.app.store.commit(merchant.save(house.app.now())).await.expect("saves");
    house.app.caches.forget_merchant(house.merchant_id);
    let key = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    let request = house.request("POST", "/api/v1/invoices").header("x-api-key", key);
    house.send(request.json(&json!({ "amount_usd": 10 }))).await.ok()
}

#[tokio::test]
async fn on_devnet_every_token_is_offered_without_quote_fields() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let all = offers(&house, &created, "").await;
    assert_eq!(all.len(), Token::of(Environment::Devnet).count());
    for offer in &all {
        assert_eq!(offer["availability_status"], "DEVNET");
        assert_eq!(
            (&offer["is_monitored"], &offer["requires_memo"]),
            (&json!(true), &json!(false))
        );
        for absent in ["settlement_rate", "settlement_cost_usd", "tier_fee", "rate_updated_at"] {
            assert_eq!(offer[absent], Value::Null);
        }
    }
    assert_eq!(offers(&house, &created, "?mode=all&available_only=true").await.len(), all.len());
    let on_ton = offers(&house, &created, "?mode=network&network=ton").await;
    assert!(!on_ton.is_empty() && on_ton.iter().all(|offer| offer["network"] == "ton"));
}

#[tokio::test]
async fn modes_are_checked() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    for (query, param) in [
        ("mode=network", "network"),
        ("mode=network&network=dogecoin", "network"),
        ("mode=some", "mode"),
        ("available_only=maybe", "available_only"),
    ] {
        let path = format!("/api/v1/payments/available-tokens?{query}");
        let reply = house.payor("GET", &path, &created, Value::Null).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param), "{query}");
    }
}

#[tokio::test]
async fn an_underpaid_invoice_offers_and_takes_the_locked_token_only() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let to = house.allocate(&created, "ethereum", "USDC").await;
    let to = to["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, "1").await;
    house.settle().await;
    let usdc = token_id("ethereum", "USDC");
    for query in ["", "?mode=all", "?mode=network&network=ethereum"] {
        let left = offers(&house, &created, query).await;
        assert_eq!(left.iter().map(|offer| &offer["id"]).collect::<Vec<_>>(), [&json!(usdc)]);
    }
    let refused = ask(&house, &created, "ethereum", token_id("ethereum", "USDT")).await;
    assert_eq!((refused.error(), refused.param()), ((400, "VALIDATION_ERROR"), "tokenId"));
    ask(&house, &created, "ethereum", usdc).await.ok();
}

#[tokio::test]
async fn what_the_merchant_blocks_is_not_offered() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let policy = async |policy: &str| {
        let request = house.request("PUT", "/api/v1/merchant/tokens/policy");
        let body = json!({ "acceptance_policy": policy });
        house.send(request.header("x-api-key", &house.key).json(&body)).await.ok();
    };
    let usdc = token_id("base", "USDC");
    let path = format!("/api/v1/merchant/tokens/{usdc}/block");
    house.post(&path, json!({ "blocked": true })).await.ok();
    let all = offers(&house, &created, "").await.len();
    policy("selective").await;
    let left = offers(&house, &created, "").await;
    assert_eq!(left.len(), all - 1);
    assert!(left.iter().all(|offer| offer["id"] != usdc));
    policy("accept_none").await;
    assert_eq!(offers(&house, &created, "").await.len(), 0);
}

#[tokio::test]
async fn an_address_comes_with_its_price_a_link_and_a_picture() {
    let house = House::start().await;
    let created = house.invoice(49.99).await;
    let given = house.allocate(&created, "ethereum", "USDC").await;
    let now = house.app.now().seconds();
    let to = given["temp_address"].as_str().expect("an address");
    let expected = json!({
        "success": true, "quote_status": "available", "status_code": "ok", "message": null,
        "network": "ethereum", "supported_token_id": token_id("ethereum", "USDC"),
        "estimated_token_amount": "49.99", "exchange_rate": "1", "usd_amount": 49.99,
        "quote_last_updated_at": now, "quote_valid_until": now + 300,
        "quote_expires_in_seconds": 300, "retryable": null, "retry_after_seconds": null
    });
    for (field, value) in expected.as_object().expect("an object") {
        assert_eq!(&given[field], value, "{field}");
    }
    assert_eq!(given["ws_connection"]["endpoint"], "/ws/payment");
    let link = given["payment_uri"].as_str().expect("a link");
    assert!(link.contains(to) && link.ends_with("&uint256=49990000"), "{link}");
    let picture = given["qr_code"].as_str().expect("a picture");
    assert!(picture.starts_with("data:image/svg+xml;base64,"));
}

#[tokio::test]
async fn an_invoice_has_one_address_per_network_for_ever() {
    let house = House::start().await;
    let (created, other) = (house.invoice(10.0).await, house.invoice(10.0).await);
    let address = async |created: &Value, network: Network, symbol: &str| {
        let given = house.allocate(created, network.as_str(), symbol).await;
        given["temp_address"].as_str().expect("an address").to_owned()
    };
    let mut seen = std::collections::HashMap::new();
    for network in Network::ALL {
        let mine = address(&created, network, "USDC").await;
        house.advance(60_000);
        assert_eq!(address(&created, network, "USDC").await, mine);
        assert_ne!(address(&other, network, "USDC").await, mine);
        let family = seen.entry(network.family()).or_insert_with(|| mine.clone());
        assert_eq!(*family, mine, "one address for all networks of a family");
    }
    let again = house.allocate(&created, "sui", "USDC").await;
    assert_eq!(again["quote_expires_in_seconds"], 300);
}

#[tokio::test]
async fn requests_that_race_for_the_first_address_agree() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let networks = ["ethereum", "base", "bsc", "arbitrum", "optimism", "avalanche"];
    let asks = networks.iter().chain(&networks).chain(&networks);
    let given = asks.map(|network| house.allocate(&created, network, "USDC"));
    let given = futures_util::future::join_all(given).await;
    let first = &given[0]["temp_address"];
    assert!(first.is_string() && given.iter().all(|one| one["temp_address"] == *first));
}

#[tokio::test]
async fn only_a_token_of_the_network_and_environment_can_be_chosen() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let usdc = token_id("ethereum", "USDC");
    let on_mainnet = Token::of(Environment::Mainnet).next().expect("a token");
    for (network, id, param) in [
        ("base", usdc, "tokenId"),
        ("ethereum", 0, "tokenId"),
        ("ethereum", i64::MAX, "tokenId"),
        (on_mainnet.network.as_str(), on_mainnet.id.0, "tokenId"),
        ("Ethereum", usdc, "network"),
        ("", usdc, "network"),
    ] {
        let reply = ask(&house, &created, network, id).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param));
    }
    for (body, param) in [
        (json!({ "tokenId": usdc }), "network"),
        (json!({ "network": "ethereum" }), "tokenId"),
        (json!({ "network": "ethereum", "tokenId": "5" }), "tokenId"),
    ] {
        let reply = house.payor("POST", ADDRESSES, &created, body).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param));
    }
}

#[tokio::test]
async fn a_closed_invoice_gives_no_address() {
    let house = House::start().await;
    let (done, canceled) = (paid(&house).await, house.invoice(10.0).await);
    cancel(&house, &canceled).await;
    let expired = house.invoice(10.0).await;
    let usdc = token_id("ethereum", "USDC");
    let reply = ask(&house, &done, "ethereum", usdc).await;
    assert_eq!(reply.error(), (400, "INVOICE_ALREADY_PAID"));
    assert_eq!(ask(&house, &canceled, "ethereum", usdc).await.error(), (409, "INVOICE_CLOSED"));
    house.advance(12 * HOUR_MS);
    assert_eq!(ask(&house, &expired, "ethereum", usdc).await.error(), (410, "INVOICE_EXPIRED"));
}

#[tokio::test]
async fn a_mainnet_without_networks_offers_nothing_to_pay_to() {
    let house = House::start().await;
    let created = live_invoice(&house).await;
    assert_eq!(offers(&house, &created, "").await.len(), 0);
    assert_eq!(offers(&house, &created, "?mode=all&available_only=true").await.len(), 0);
    let all = offers(&house, &created, "?mode=all").await;
    assert_eq!(all.len(), Token::of(Environment::Mainnet).count());
    assert!(all.iter().all(|offer| offer["availability_status"] == "QUOTE_REQUIRED"
        && offer["has_settlement_route"] == false
        && offer["unavailable_reason"].is_string()));

    let is_stable = |offer: &&Value| offer["token_symbol"] == "USDC";
    let token = all.iter().find(is_stable).expect("mainnet has USDC");
    let network = token["network"].as_str().expect("a network");
    let given = ask(&house, &created, network, token["id"].as_i64().expect("an id")).await.ok();
    assert_eq!((&given["success"], &given["temp_address"]), (&json!(true), &Value::Null));
    assert_eq!(given["quote_status"], "unavailable");
    assert_eq!(given["status_code"], "settlement_unavailable");
}
