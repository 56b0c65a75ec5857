//! Tokens: the catalogue, searching it, and what a merchant accepts.

mod existing;

use serde_json::{Value, json};

use crate::house::{House, Reply, token_id};

async fn policy(house: &House, policy: &str) {
    let body = json!({ "acceptance_policy": policy });
    let reply = send(house, "PUT", "/api/v1/merchant/tokens/policy", body).await.ok();
    assert_eq!(reply, json!({ "acceptance_policy": policy, "environment": "devnet" }));
}

async fn send(house: &House, method: &str, path: &str, body: Value) -> Reply {
    house.send(house.request(method, path).header("x-api-key", &house.key).json(&body)).await
}

async fn block(house: &House, network: &str, symbol: &str, blocked: bool) {
    let path = format!("/api/v1/merchant/tokens/{}/block", token_id(network, symbol));
    let reply = house.post(&path, json!({ "blocked": blocked })).await.ok();
    assert_eq!(reply, json!({ "success": true, "blocked": blocked }));
}

async fn search(house: &House, query: &str) -> Value {
    house.get(&format!("/api/v1/merchant/tokens/search?{query}")).await.ok()
}

fn symbols(found: &Value) -> Vec<&str> {
    let tokens = found["tokens"].as_array().expect("tokens");
    tokens.iter().map(|token| token["token_symbol"].as_str().expect("text")).collect()
}

#[tokio::test]
async fn the_list_shows_every_token_of_the_environment_with_its_price() {
    let house = House::start().await;
    let list = house.get("/api/v1/merchant/tokens").await.ok();
    assert_eq!(list["acceptance_policy"], "accept_all");
    assert_eq!(list["environment"], "devnet");
    let tokens = list["tokens"].as_array().expect("tokens");
    let networks: std::collections::HashSet<&str> =
        tokens.iter().map(|token| token["network"].as_str().expect("text")).collect();
    assert_eq!(networks.len(), 10);
    let id = token_id("ethereum", "USDC");
    let usdc = tokens.iter().find(|token| token["id"] == id).expect("there");
    let fields: Vec<&String> = usdc.as_object().expect("an object").keys().collect();
    let documented = [
        "id",
        "token_symbol",
        "token_name",
        "token_address",
        "token_decimals",
        "network",
        "network_environment",
        "token_type",
        "requires_memo",
        "photo_uri",
        "supports_subscriptions",
        "supports_stable_settlement",
        "is_active",
        "is_monitored",
        "is_blocked",
        "price",
    ];
    assert_eq!(fields, documented);
    assert_eq!((&usdc["token_decimals"], &usdc["token_type"]), (&json!(6), &json!("erc20")));
    assert_eq!(usdc["network_environment"], "devnet");
    assert_eq!((&usdc["price"]["usd"], &usdc["is_blocked"]), (&json!(1), &json!(false)));
    assert_eq!(usdc["price"]["provider_type"], "fixed");
    let ada = tokens.iter().find(|token| token["token_symbol"] == "ADA").expect("there");
    assert_eq!((&ada["price"]["usd"], &ada["token_address"]), (&json!(0.5), &Value::Null));
    let mainnet = house.get("/api/v1/merchant/tokens?environment=mainnet").await;
    assert_eq!(mainnet.error(), (403, "ENVIRONMENT_MISMATCH"));
}

#[tokio::test]
async fn searching_narrows_counts_before_paging_and_pages() {
    let house = House::start().await;
    let everything = search(&house, "limit=200").await;
    let total = everything["total"].as_i64().expect("a number");
    assert_eq!(symbols(&everything).len() as i64, total);
    assert_eq!((&everything["limit"], &everything["offset"]), (&json!(200), &json!(0)));
    assert_eq!(search(&house, "").await["limit"], 50);
    let page = search(&house, "limit=2&offset=1").await;
    assert_eq!(page["total"], total);
    assert_eq!(symbols(&page), symbols(&everything)[1..3]);
    assert_eq!(symbols(&search(&house, "offset=100000").await), [""; 0]);
    let usdc = search(&house, "search=usdC&network=base").await;
    assert_eq!((symbols(&usdc), &usdc["total"]), (vec!["USDC"], &json!(1)));
    let address = usdc["tokens"][0]["token_address"].as_str().expect("an address");
    let by_address = search(&house, &format!("search={}", address.to_uppercase())).await;
    assert!(symbols(&by_address).contains(&"USDC"), "{by_address}");
    let native = search(&house, "token_type=native").await;
    assert_eq!(native["total"], 10);
    let stable = search(&house, "supports_stable_settlement=true&token_type=native").await;
    assert_eq!(stable["total"], 0);
    assert_eq!(search(&house, "is_active=false").await["total"], 0);
    assert_eq!(search(&house, "search=nothing%20like%20it").await["total"], 0);
}

#[tokio::test]
async fn malformed_searches_are_400_and_name_their_field() {
    let house = House::start().await;
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("offset=-1", "offset"),
        ("offset=x", "offset"),
        ("network=bitcoin", "network"),
        ("token_type=brc20", "token_type"),
        ("is_active=yes", "is_active"),
        ("supports_stable_settlement=1", "supports_stable_settlement"),
        ("blocked=maybe", "blocked"),
        ("environment=test", "environment"),
    ] {
        let reply = house.get(&format!("/api/v1/merchant/tokens/search?{query}")).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param), "{query}");
    }
}

#[tokio::test]
async fn blocks_are_asleep_unless_the_policy_is_selective() {
    let house = House::start().await;
    block(&house, "base", "USDC", true).await;
    let total = search(&house, "").await["total"].clone();
    let counts = |blocked: bool| {
        let house = &house;
        async move { search(house, &format!("blocked={blocked}")).await["total"].clone() }
    };
    assert_eq!((counts(true).await, counts(false).await), (json!(0), total.clone()));
    policy(&house, "accept_none").await;
    assert_eq!((counts(true).await, counts(false).await), (total.clone(), json!(0)));
    policy(&house, "selective").await;
    assert_eq!(counts(true).await, 1);
    let blocked = search(&house, "blocked=true").await;
    assert_eq!(blocked["tokens"][0]["id"], token_id("base", "USDC"));
    block(&house, "base", "USDC", false).await;
    assert_eq!((counts(true).await, counts(false).await), (json!(0), total));
}

#[tokio::test]
async fn the_policy_is_read_set_and_reset() {
    let house = House::start().await;
    let path = "/api/v1/merchant/tokens/policy";
    let is = |policy: &str| json!({ "acceptance_policy": policy, "environment": "devnet" });
    assert_eq!(house.get(path).await.ok(), is("accept_all"));
    policy(&house, "selective").await;
    assert_eq!(house.get(path).await.ok(), is("selective"));
    let delete = house.request("DELETE", path).header("x-api-key", &house.key);
    assert_eq!(house.send(delete).await.ok(), is("accept_all"));
    assert_eq!(house.get(path).await.ok(), is("accept_all"));
    for body in
        [json!({}), json!({ "acceptance_policy": "none" }), json!({ "acceptance_policy": 1 })]
    {
        let reply = send(&house, "PUT", path, body.clone()).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{body}");
        assert_eq!(reply.param(), "acceptance_policy", "{body}");
    }
    let other = json!({ "acceptance_policy": "selective", "environment": "mainnet" });
    assert_eq!(send(&house, "PUT", path, other).await.error(), (403, "ENVIRONMENT_MISMATCH"));
}

#[tokio::test]
async fn only_a_token_of_the_environment_can_be_blocked() {
    let house = House::start().await;
    let body = json!({ "blocked": true });
    for (id, error) in [
        ("0", (400, "VALIDATION_ERROR")),
        ("-1", (400, "VALIDATION_ERROR")),
        ("usdc", (400, "VALIDATION_ERROR")),
        ("999999", (404, "NOT_FOUND")),
        // A token of mainnet, and the key is of devnet.
        ("1", (404, "NOT_FOUND")),
    ] {
        let reply = house.post(&format!("/api/v1/merchant/tokens/{id}/block"), body.clone()).await;
        assert_eq!(reply.error(), error, "{id}");
    }
    let path = format!("/api/v1/merchant/tokens/{}/block", token_id("base", "USDC"));
    for body in [json!({}), json!({ "blocked": "yes" }), json!({ "blocked": null })] {
        let reply = house.post(&path, body.clone()).await;
        assert_eq!(
            (reply.error(), reply.param()),
            ((400, "VALIDATION_ERROR"), "blocked"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn tokens_are_no_business_of_a_commerce_key() {
    let house = House::start().await;
    for path in ["", "/search", "/policy"] {
        let path = format!("/api/v1/merchant/tokens{path}");
        let request = house.request("GET", &path).header("x-api-key", &house.commerce_key);
        assert_eq!(house.send(request).await.error(), (403, "INSUFFICIENT_SCOPE"), "{path}");
    }
}

#[tokio::test]
async fn choices_are_audited_and_belong_to_one_merchant() {
    let house = House::start().await;
    policy(&house, "selective").await;
    block(&house, "base", "USDC", true).await;
    let page = store::Page::First;
    let entries = house.app.store.audit_entries(house.merchant_id, page, 10).await.expect("read");
    let actions: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    for action in ["acceptance_policy.changed", "token.blocked"] {
        assert!(actions.contains(&action), "{actions:?}");
    }
    let (_, stranger) = house.stranger().await;
    let request = house.request("GET", "/api/v1/merchant/tokens/search?blocked=true");
    let theirs = house.send(request.header("x-api-key", &stranger)).await.ok();
    assert_eq!((&theirs["acceptance_policy"], &theirs["total"]), (&json!("accept_all"), &json!(0)));
}
