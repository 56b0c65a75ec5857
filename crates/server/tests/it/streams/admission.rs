//! Who is let in: keys and members by header, browsers by token, and how each hears a refusal.

use serde_json::{Value, json};

use super::client::Client;
use super::{COMMERCE, MERCHANT, Told, open, open_with};
use crate::house::{House, OWNER_EMAIL, OWNER_PASSWORD};
use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::event::EventType;

async fn refusal(house: &House, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    match Client::try_open(&house.url, path, headers).await {
        Ok(_) => panic!("{path} is opened"),
        Err((status, body)) => {
            (status, body["error"]["code"].as_str().unwrap_or("(no code)").to_owned())
        }
    }
}

async fn token(house: &House, key: &str, body: Value) -> Value {
    let request = house.request("POST", "/api/v1/ws/token").header("x-api-key", key).json(&body);
    house.send(request).await.ok()["data"].clone()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// How a stream that was asked for with a token ends.
async fn end(house: &House, path: &str) -> (String, u16) {
    let opened = Client::try_open(&house.url, path, &[]).await;
    let mut client = opened.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
    let (error, close) = client.end().await;
    (error.expect("a reason"), close.expect("a code"))
}

#[tokio::test]
async fn a_client_with_a_header_is_refused_over_http() {
    let house = House::start().await;
    let key = [("x-api-key", house.key.as_str())];
    let commerce = [("x-commerce-api-key", house.commerce_key.as_str())];
    let made_up = [("x-api-key", "pk_nonsense")];
    let refused = async |path: &str, headers: &[(&str, &str)], status: u16, code: &str| {
        assert_eq!(refusal(&house, path, headers).await, (status, code.to_owned()), "{path}");
    };
    refused(MERCHANT, &[], 401, "AUTHENTICATION_REQUIRED").await;
    refused(MERCHANT, &made_up, 401, "API_KEY_INVALID").await;
    refused(MERCHANT, &commerce, 403, "INSUFFICIENT_SCOPE").await;
    refused("/ws/payment", &[], 401, "AUTHENTICATION_REQUIRED").await;
    let other = format!("{MERCHANT}?environment=mainnet");
    refused(&other, &key, 403, "ENVIRONMENT_MISMATCH").await;
    let malformed = [
        "types=nonsense",
        "types=",
        "types=invoice.*,,",
        "invoice_type=odd",
        "invoice_id=1",
        "order_id=x",
        "environment=moon",
        "since=yesterday",
        "since=evt_x",
        "since=-1",
        "since=1960-01-01T00:00:00Z",
        "since=1766320496123456",
        "format=event_v2",
        "customer_id=",
        "wallet_network=dogecoin",
        "types=invoice.*&types=refund.*",
    ];
    for filter in malformed {
        refused(&format!("{MERCHANT}?{filter}"), &key, 400, "VALIDATION_ERROR").await;
    }
    let plain = house.get(MERCHANT).await;
    assert_eq!(plain.error(), (400, "VALIDATION_ERROR"), "no websocket");
}

#[tokio::test]
async fn a_token_opens_its_own_stream_until_it_expires() {
    let house = House::start().await;
    let made = token(&house, &house.key, json!({ "scope": "merchant", "ttl_seconds": 60 })).await;
    assert_eq!(made["scope"], "merchant");
    assert_eq!(made["merchant_id"], json!(house.merchant_id.0));
    assert_eq!(made["network_environment"], "devnet");
    assert_eq!(made["expires_at"], json!(house.app.now().seconds() + 60));
    assert_eq!(made["ws_url"], "ws://localhost:3000/ws/merchant/events");
    let with = |path: &str, token: &Value| format!("{path}?token={}", text(token));
    let path = with(MERCHANT, &made["token"]);
    let mut client = Client::try_open(&house.url, &path, &[]).await.expect("opens");
    client.until("ready").await;

    let shop = token(&house, &house.commerce_key, json!({ "scope": "commerce" })).await;
    let path = with(COMMERCE, &shop["token"]);
    Client::try_open(&house.url, &path, &[]).await.expect("opens").until("ready").await;
    let wrong = ("INSUFFICIENT_SCOPE".to_owned(), 4403);
    assert_eq!(end(&house, &with(MERCHANT, &shop["token"])).await, wrong);
    assert_eq!(end(&house, &with(COMMERCE, &made["token"])).await, wrong);
    assert_eq!(end(&house, &with("/ws/payment", &made["token"])).await, wrong);
    let malformed = format!("{}&types=nonsense", with(MERCHANT, &made["token"]));
    assert_eq!(end(&house, &malformed).await, ("VALIDATION_ERROR".to_owned(), 4400));
    let repeated = format!("{}&since=1&since=2", with(MERCHANT, &made["token"]));
    assert_eq!(end(&house, &repeated).await, ("VALIDATION_ERROR".to_owned(), 4400));
    let other = format!("{}&environment=mainnet", with(MERCHANT, &made["token"]));
    assert_eq!(end(&house, &other).await, ("ENVIRONMENT_MISMATCH".to_owned(), 4403));

    house.advance(60_000);
    let late = ("INVALID_TOKEN".to_owned(), 4401);
    for bad in [made["token"].clone(), json!("nonsense"), json!("a.b.c")] {
        assert_eq!(end(&house, &with(MERCHANT, &bad)).await, late);
    }
    let ping = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    assert_eq!(client.ids(1).await, ping, "an open stream does not end with its token");
}

#[tokio::test]
async fn tokens_are_minted_within_bounds() {
    let house = House::start().await;
    let ask = async |key: &str, body: Value| {
        let request = house.request("POST", "/api/v1/ws/token").header("x-api-key", key);
        house.send(request.json(&body)).await
    };
    for ttl in [4, 3_601, -1] {
        let reply = ask(&house.key, json!({ "scope": "merchant", "ttl_seconds": ttl })).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "ttl_seconds"));
    }
    for body in [json!({}), json!({ "scope": "payor" }), json!({ "scope": 1 })] {
        assert_eq!(ask(&house.key, body).await.error(), (400, "VALIDATION_ERROR"));
    }
    let scope = json!({ "scope": "merchant" });
    let refused = ask(&house.commerce_key, scope.clone()).await;
    assert_eq!(refused.error(), (403, "INSUFFICIENT_SCOPE"));
    assert_eq!(ask("nonsense", scope).await.error(), (401, "API_KEY_INVALID"));
    let body = json!({ "scope": "merchant", "environment": "mainnet" });
    assert_eq!(ask(&house.key, body).await.error(), (403, "ENVIRONMENT_MISMATCH"));
    for ttl in [5, 3_600] {
        ask(&house.key, json!({ "scope": "commerce", "ttl_seconds": ttl })).await.ok();
    }
}

#[tokio::test]
async fn a_member_hears_of_both_environments_unless_he_names_one() {
    let house = House::start().await;
    let credentials = json!({ "email": OWNER_EMAIL, "password": OWNER_PASSWORD });
    let request = house.request("POST", "/api/auth/sign-in").json(&credentials);
    let signed_in = house.send(request).await.ok();
    let bearer = text(&signed_in["access_token"]).to_owned();
    let request = house.request("POST", "/api/v1/ws/token").bearer_auth(&bearer);
    let made = house.send(request.json(&json!({ "scope": "merchant" }))).await.ok();
    assert_eq!(made["data"]["network_environment"], Value::Null);
    let path = format!("{MERCHANT}?token={}", text(&made["data"]["token"]));
    let mut both = Client::try_open(&house.url, &path, &[]).await.expect("opens");
    let path = format!("{path}&environment=devnet");
    let mut devnet = Client::try_open(&house.url, &path, &[]).await.expect("opens");
    let header = format!("Bearer {bearer}");
    let headers = [("authorization", header.as_str())];
    let mut direct = Client::try_open(&house.url, MERCHANT, &headers).await.expect("opens");
    for client in [&mut both, &mut devnet, &mut direct] {
        client.until("ready").await;
    }
    let mut told = Told::of(&house, EventType::TestPing);
    told.environment = Environment::Mainnet;
    let mainnet = told.commit(&house, 1).await;
    let ping = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    let all = [mainnet, ping.clone()].concat();
    assert_eq!(both.ids(2).await, all);
    assert_eq!(direct.ids(2).await, all);
    assert_eq!(devnet.ids(1).await, ping);
}

#[tokio::test]
async fn a_key_of_one_environment_hears_nothing_of_the_other() {
    let house = House::start().await;
    let key = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    let refused = refusal(&house, MERCHANT, &[("x-api-key", &key)]).await;
    assert_eq!(refused, (403, "MAINNET_NOT_ENABLED".to_owned()));
    let mut devnet = open(&house, &format!("{MERCHANT}?since=0")).await;
    let mut told = Told::of(&house, EventType::TestPing);
    told.environment = Environment::Mainnet;
    told.commit(&house, 2).await;
    let ping = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    assert_eq!(devnet.ids(1).await, ping);
    let (_, ready) = open_with(&house, MERCHANT, &house.key).await;
    assert_eq!(ready["cursor"], json!(ping[0]));
}
