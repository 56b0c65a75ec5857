//! The shopper's own cart: the merchant's, for the shopper's client, and what its token opens.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use serde_json::{Value, json};

use super::{CARTS, ESTIMATE, ITEMS, cart, item};
use crate::house::{House, Reply};

const OWN: &str = "/api/commerce/cart";
const TOKENS: &str = "/api/commerce/merchant/customers/tokens";

async fn token(house: &House, customer_id: &str) -> String {
    let minted = house.post(TOKENS, json!({ "customer_id": customer_id })).await.ok();
    minted["data"]["token"].as_str().expect("a token").to_owned()
}

/// As a browser does it: with the token and nothing else.
async fn own(house: &House, method: &str, path: &str, token: &str, body: Value) -> Reply {
    let request = house.request(method, path);
    let request = request.header("user-authorization", format!("Bearer {token}"));
    house.send(if body.is_null() { request } else { request.json(&body) }).await
}

#[tokio::test]
async fn a_shopper_s_client_and_his_merchant_see_one_cart() {
    let house = House::start().await;
    let token = token(&house, "c").await;
    let mut mug = item("mug", 2);
    mug.as_object_mut().expect("an object").remove("customer_id");
    mug["rating"] = json!(4.5);
    let added = own(&house, "POST", OWN, &token, mug).await.ok();
    assert_eq!(added["message"], "Item added to cart");
    let id = added["data"]["itemId"].as_str().expect("an id").to_owned();
    house.post(ITEMS, item("mug", 1)).await.ok();
    let read = own(&house, "GET", OWN, &token, Value::Null).await.ok();
    let line = &read["data"]["items"][0];
    assert_eq!(
        (&line["id"], &line["stars"], &line["quantity"]),
        (&json!(id), &json!(4.5), &json!(3))
    );
    let sums = ["itemCount", "totalQuantity", "subtotal"].map(|field| read["data"][field].clone());
    assert_eq!(sums, [json!(1), json!(3), json!(30)]);
    let path = format!("{OWN}/{id}");
    own(&house, "PUT", &path, &token, json!({ "quantity": 7 })).await.ok();
    assert_eq!(cart(&house).await["totalQuantity"], 7);
    own(&house, "DELETE", &path, &token, Value::Null).await.ok();
    assert_eq!(own(&house, "DELETE", &path, &token, Value::Null).await.error().0, 404);
    house.post(ITEMS, item("cup", 1)).await.ok();
    let cleared = own(&house, "DELETE", OWN, &token, Value::Null).await.ok();
    assert_eq!(cleared["data"]["itemsRemoved"], 1);
    let refused = own(&house, "POST", OWN, &token, json!({ "productId": "mug" })).await;
    assert_eq!((refused.status, refused.param()), (400, "retailer"));
}

#[tokio::test]
async fn a_token_opens_one_shopper_s_cart_and_nothing_else() {
    let house = House::start().await;
    let token = token(&house, "c").await;
    house.post(ITEMS, item("mug", 1)).await.ok();
    // Not what the body says: the token says whose it is.
    let stolen = own(&house, "POST", OWN, &token, item("cup", 1)).await;
    stolen.ok();
    let mut elsewhere = item("cup", 1);
    elsewhere["customer_id"] = json!("d");
    own(&house, "POST", OWN, &token, elsewhere).await.ok();
    let theirs = house.get(&format!("{CARTS}?customer_id=d")).await.ok();
    assert_eq!(theirs["data"]["itemCount"], 0);
    assert_eq!(cart(&house).await["totalQuantity"], 3);
    let authorized = |path: &str| {
        let request = house.request("GET", path);
        request.header("user-authorization", format!("Bearer {token}")).bearer_auth(&token)
    };
    for path in
        [format!("{CARTS}?customer_id=c"), "/api/v1/invoices".into(), "/api/v1/events".into()]
    {
        let refused = house.send(authorized(&path)).await;
        assert_eq!(refused.error(), (401, "INVALID_TOKEN"), "{path}");
    }
    let bearer = house.request("POST", ESTIMATE).bearer_auth(&token);
    let body = json!({ "customer_id": "c", "useCart": true });
    assert_eq!(house.send(bearer.json(&body)).await.error(), (401, "INVALID_TOKEN"));
    let stream = format!("/ws/commerce/events?token={token}");
    assert_eq!(house.send(house.request("GET", &stream)).await.status / 100, 4);
    // And no other token opens a cart.
    let ws = json!({ "scope": "merchant" });
    let ws = house.post("/api/v1/ws/token", ws).await.ok();
    let ws = ws["data"]["token"].as_str().expect("a token").to_owned();
    for wrong in [ws.as_str(), &house.key, "x", &format!("{token}x")] {
        let refused = own(&house, "GET", OWN, wrong, Value::Null).await;
        assert_eq!(refused.error(), (401, "INVALID_TOKEN"), "{wrong}");
    }
    let none = house.get(OWN).await;
    assert_eq!(none.error(), (401, "AUTHENTICATION_REQUIRED"));
}

#[tokio::test]
async fn a_token_ends_and_has_bounds() {
    let house = House::start().await;
    for ttl in [json!(59), json!(86_401), json!("60")] {
        let refused = house.post(TOKENS, json!({ "customer_id": "c", "ttl_seconds": ttl })).await;
        assert_eq!((refused.status, refused.param()), (400, "ttl_seconds"), "{ttl}");
    }
    assert_eq!(house.post(TOKENS, json!({})).await.param(), "customer_id");
    let body = json!({ "customer_id": "c", "ttl_seconds": 60 });
    let minted = house.post(TOKENS, body).await.ok()["data"].clone();
    assert_eq!(minted["expiresAt"], json!(house.app.now().seconds() + 60));
    assert_eq!(minted["customerId"], "c");
    let token = minted["token"].as_str().expect("a token");
    house.advance(59_000);
    own(&house, "GET", OWN, token, Value::Null).await.ok();
    house.advance(1_000);
    let late = own(&house, "GET", OWN, token, Value::Null).await;
    assert_eq!(late.error(), (401, "INVALID_TOKEN"));
}

#[tokio::test]
async fn a_key_beside_the_token_must_be_its_merchant_s() {
    let house = House::start().await;
    let token = token(&house, "c").await;
    let with_key = async |key: &str| {
        let request = house.request("GET", OWN).header("x-commerce-api-key", key);
        house.send(request.header("user-authorization", format!("Bearer {token}"))).await
    };
    with_key(&house.commerce_key).await.ok();
    let (_, stranger) = house.stranger().await;
    assert_eq!(with_key(&stranger).await.error(), (403, "INSUFFICIENT_SCOPE"));
    assert_eq!(with_key("ck_test_nonsense").await.error(), (401, "API_KEY_INVALID"));
    let live = house.mint(KeyScope::Commerce, Environment::Mainnet).await;
    assert_eq!(with_key(&live).await.status, 403);
}

#[tokio::test]
async fn any_origin_may_use_the_own_cart() {
    let house = House::start().await;
    for path in [OWN.to_owned(), format!("{OWN}/{}", house.app.fresh().uuid())] {
        let preflight = house.send(house.request("OPTIONS", &path)).await;
        assert_eq!(preflight.status, 204);
        assert_eq!(preflight.header("access-control-allow-origin"), "*");
        assert!(preflight.header("access-control-allow-headers").contains("user-authorization"));
        assert!(preflight.header("access-control-allow-methods").contains("PUT, DELETE"));
    }
    let merchants = house.send(house.request("OPTIONS", CARTS)).await;
    assert_eq!(merchants.header("access-control-allow-origin"), "");
}
