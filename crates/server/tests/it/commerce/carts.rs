//! The merchant's carts: every route, every bound, and many hands in one cart.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::time::DAY_MS;
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::workers::{Progress, Worker as _, retention};

use super::{CARTS, ITEMS, OFFER, OnSale, cart, delete, item, put, sell, set_rates};
use crate::house::{House, START};

const SECONDS: i64 = START.0 / 1_000;

#[tokio::test]
async fn a_cart_is_filled_changed_and_cleared() {
    let house = House::start().await;
    let empty = json!({
        "merchantId": house.merchant_id, "networkEnvironment": "devnet", "customerId": "c",
        "walletAddress": null, "walletNetwork": null, "items": [], "subtotal": 0, "itemCount": 0,
        "totalQuantity": 0, "createdAt": null, "updatedAt": null,
    });
    assert_eq!(cart(&house).await, empty);

    let mut mug = item("mug", 2);
    mug["imageUrl"] = json!("https://shop.example/mug.png");
    mug["price"] = json!(9.99);
    mug["rating"] = json!(4.55);
    mug["numReviews"] = json!(7);
    let added = house.post(ITEMS, mug).await.ok();
    assert_eq!(
        (&added["success"], &added["message"]),
        (&json!(true), &json!("Item added to cart"))
    );
    let id = added["data"]["itemId"].as_str().expect("an id").to_owned();
    assert_eq!(added["data"], json!({ "itemId": id, "quantity": 2, "updated": false }));
    house.advance(5_000);
    let more = house.post(ITEMS, item("mug", 3)).await.ok();
    assert_eq!(more["data"], json!({ "itemId": id, "quantity": 5, "updated": true }));
    let filled = cart(&house).await;
    assert_eq!(
        filled["items"],
        json!([{
            "itemId": id, "productId": "mug", "retailer": "other",
            "title": "What the front end said", "price": 10, "quantity": 5, "subtotal": 50,
            "imageUrl": "https://shop.example/mug.png", "productUrl": null, "numReviews": 7,
            "rating": 4.55, "addedAt": SECONDS, "updatedAt": SECONDS + 5,
        }])
    );
    assert_eq!((&filled["subtotal"], &filled["itemCount"]), (&json!(50), &json!(1)));
    assert_eq!(
        (&filled["createdAt"], &filled["updatedAt"]),
        (&json!(SECONDS), &json!(SECONDS + 5))
    );

    let path = format!("{ITEMS}/{id}");
    let changed = put(&house, &path, json!({ "customer_id": "c", "quantity": 99 })).await.ok();
    assert_eq!(changed["message"], "Cart item updated");
    let data = json!({ "itemId": id, "quantity": 99, "updatedAt": SECONDS + 5 });
    assert_eq!(changed["data"], data);
    let removed = delete(&house, &format!("{path}?customer_id=c")).await.ok();
    assert_eq!(removed["message"], "Item removed from cart");
    assert_eq!(removed["data"], json!({ "itemId": id, "title": "What the front end said" }));
    assert_eq!(delete(&house, &format!("{path}?customer_id=c")).await.error().0, 404);

    let added = house.post(ITEMS, item("cup", 1)).await.ok();
    let id = added["data"]["itemId"].as_str().expect("an id");
    let zero = json!({ "customer_id": "c", "quantity": 0 });
    put(&house, &format!("{ITEMS}/{id}"), zero).await.ok();
    assert_eq!(cart(&house).await["items"], json!([]));

    for product in ["a", "b"] {
        house.post(ITEMS, item(product, 1)).await.ok();
    }
    let cleared = delete(&house, &format!("{CARTS}?customer_id=c")).await.ok();
    let expected =
        json!({ "success": true, "message": "Cart cleared", "data": { "itemsRemoved": 2 } });
    assert_eq!(cleared, expected);
    let request = house.request("DELETE", CARTS).header("x-api-key", &house.key);
    let again = house.send(request.json(&json!({ "customer_id": "c" }))).await.ok();
    assert_eq!(again["data"]["itemsRemoved"], 0);
}

#[tokio::test]
async fn a_cart_is_initialized_with_or_without_an_item() {
    let house = House::start().await;
    let wallet = json!({
        "wallet_address": "0x742d35cc6634c0532925a3b844bc454e4438f44e",
        "wallet_network": "bsc",
    });
    let made = house.post(CARTS, wallet.clone()).await;
    assert_eq!(made.status, 201);
    let made = made.ok();
    assert_eq!(made["message"], "Cart initialized");
    assert_eq!(made["data"]["walletNetwork"], "bsc");
    assert_eq!(made["data"]["walletAddress"], "0x742d35Cc6634C0532925a3b844Bc454e4438f44e");
    assert_eq!(made["data"]["createdAt"], json!(SECONDS));
    let mut with_item = wallet.clone();
    with_item["item"] = json!({
        "productId": "mug", "retailer": "amazon", "quantity": 2, "price": 0.01, "title": "A mug",
    });
    let made = house.post(CARTS, with_item.clone()).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.ok()["data"]["items"][0]["quantity"], 2);
    // Initializing a cart that is there takes nothing out of it.
    assert_eq!(house.post(CARTS, wallet).await.ok()["data"]["itemCount"], 1);
    with_item["item"]["price"] = json!(0);
    let refused = house.post(CARTS, with_item).await;
    assert_eq!((refused.status, refused.param()), (400, "item.price"));
}

#[tokio::test]
async fn an_add_that_is_sent_twice_with_a_key_is_one() {
    let house = House::start().await;
    let add = async || {
        let request = house.request("POST", ITEMS).header("x-api-key", &house.key);
        house.send(request.header("idempotency-key", "once").json(&item("mug", 2))).await
    };
    let first = add().await;
    let again = add().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(first.ok(), again.ok());
    assert_eq!(cart(&house).await["totalQuantity"], 2);
}

#[tokio::test]
async fn every_bound_of_an_item_is_a_400_that_names_its_field() {
    let house = House::start().await;
    let with = |field: &str, value: Value| {
        let mut body = item("mug", 1);
        body[field] = value;
        body
    };
    let without = |field: &str| {
        let mut body = item("mug", 1);
        body.as_object_mut().expect("an object").remove(field);
        body
    };
    let long = "x".repeat(2_049);
    for (body, param) in [
        (without("productId"), "productId"),
        (without("retailer"), "retailer"),
        (without("title"), "title"),
        (without("price"), "price"),
        (without("customer_id"), "customer_id"),
        (with("productId", json!("")), "productId"),
        (with("productId", json!(7)), "productId"),
        (with("retailer", json!("sears")), "retailer"),
        (with("title", json!("a\u{0}b")), "title"),
        (with("price", json!(0)), "price"),
        (with("price", json!(0.009)), "price"),
        (with("price", json!(1.0001)), "price"),
        (with("price", json!(-1)), "price"),
        (with("price", json!("10")), "price"),
        (with("price", json!(1_000_000.01)), "price"),
        (with("quantity", json!(0)), "quantity"),
        (with("quantity", json!(100)), "quantity"),
        (with("quantity", json!(-1)), "quantity"),
        (with("quantity", json!(1.5)), "quantity"),
        (with("quantity", json!(1e30)), "quantity"),
        (with("imageUrl", json!("http://shop.example/a.png")), "imageUrl"),
        (with("imageUrl", json!("javascript:alert(1)")), "imageUrl"),
        (with("productUrl", json!(format!("https://shop.example/{long}"))), "productUrl"),
        (with("rating", json!(5.1)), "rating"),
        (with("rating", json!(-0.1)), "rating"),
        (with("numReviews", json!(-1)), "numReviews"),
        (with("customer_id", json!(7)), "customer_id"),
        (with("customer_id", json!("x".repeat(256))), "customer_id"),
        (with("wallet_network", json!("bsc")), "customer_id"),
    ] {
        let reply = house.post(ITEMS, body.clone()).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{body}: {}", reply.body);
        assert_eq!(reply.param(), param, "{body}: {}", reply.body);
    }
    assert_eq!(cart(&house).await["createdAt"], Value::Null, "a refusal leaves no trace");
    let added = house.post(ITEMS, item("mug", 99)).await.ok();
    let one_more = house.post(ITEMS, item("mug", 1)).await;
    assert_eq!((one_more.status, one_more.param()), (400, "quantity"));
    let path = format!("{ITEMS}/{}", added["data"]["itemId"].as_str().expect("an id"));
    let hundred = put(&house, &path, json!({ "customer_id": "c", "quantity": 100 })).await;
    assert_eq!((hundred.status, hundred.param()), (400, "quantity"));
    for path in [CARTS.to_owned(), format!("{CARTS}?wallet_address=0x1")] {
        assert_eq!(house.get(&path).await.error(), (400, "VALIDATION_ERROR"), "{path}");
    }
}

#[tokio::test]
async fn a_cart_holds_a_hundred_things() {
    let house = House::start().await;
    for number in 0..100 {
        house.post(ITEMS, item(&number.to_string(), 1)).await.ok();
    }
    assert_eq!(house.post(ITEMS, item("100", 1)).await.error(), (409, "LIMIT_REACHED"));
    house.post(ITEMS, item("7", 1)).await.ok();
    assert_eq!(cart(&house).await["totalQuantity"], 101);
}

#[tokio::test]
async fn many_hands_in_one_cart_lose_nothing() {
    let house = House::start().await;
    // Forty adds to a cart that nobody has made yet: half of one thing, half of others.
    let adds = (0..40).map(async |number: u32| {
        let product = if number.is_multiple_of(2) { "mug".to_owned() } else { number.to_string() };
        house.post(ITEMS, item(&product, 1)).await
    });
    for reply in join_all(adds).await {
        reply.ok();
    }
    let filled = cart(&house).await;
    assert_eq!((&filled["itemCount"], &filled["totalQuantity"]), (&json!(21), &json!(40)));
    let ids = filled["items"].as_array().expect("items").iter();
    let ids: Vec<String> = ids.map(|item| item["itemId"].as_str().expect("an id").into()).collect();
    let removals = ids[1..]
        .iter()
        .map(async |id| delete(&house, &format!("{ITEMS}/{id}?customer_id=c")).await);
    for reply in join_all(removals).await {
        reply.ok();
    }
    assert_eq!(cart(&house).await["itemCount"], 1);
}

#[tokio::test]
async fn a_cart_is_one_shopper_s_of_one_merchant_and_environment() {
    let house = House::with(|_| {}).await;
    let added = house.post(ITEMS, item("mug", 1)).await.ok();
    let id = added["data"]["itemId"].as_str().expect("an id");
    let path = format!("{ITEMS}/{id}");
    let other = put(&house, &path, json!({ "customer_id": "d", "quantity": 5 })).await;
    assert_eq!(other.error(), (404, "NOT_FOUND"));
    assert_eq!(delete(&house, &format!("{path}?customer_id=d")).await.error().0, 404);
    let (_, stranger) = house.stranger().await;
    let request = house.request("GET", &format!("{CARTS}?customer_id=c"));
    let theirs = house.send(request.header("x-api-key", &stranger)).await.ok();
    assert_eq!(theirs["data"]["items"], json!([]));
    // A key of the commerce scope does all of it, under either header.
    for header in ["x-api-key", "x-commerce-api-key"] {
        let request = house.request("GET", &format!("{CARTS}?customer_id=c"));
        let read = house.send(request.header(header, &house.commerce_key)).await.ok();
        assert_eq!(read["data"]["itemCount"], 1, "{header}");
    }
    let live = house.mint(KeyScope::Commerce, Environment::Mainnet).await;
    let request = house.request("GET", &format!("{CARTS}?customer_id=c"));
    let live = house.send(request.header("x-api-key", live)).await;
    assert_eq!(live.error(), (403, "MAINNET_NOT_ENABLED"));
    let nobody = house.send(house.request("GET", &format!("{CARTS}?customer_id=c"))).await;
    assert_eq!(nobody.error(), (401, "AUTHENTICATION_REQUIRED"));
}

#[tokio::test]
async fn a_cart_is_compared_with_what_is_on_sale() {
    let house = House::start().await;
    sell(&house, "same", &[OFFER]).await;
    sell(&house, "dearer", &[OnSale { cents: 1_250, ..OFFER }]).await;
    sell(&house, "few", &[OnSale { left: Some(1), ..OFFER }]).await;
    sell(&house, "slow", &[OnSale { handling_days: 11, ..OFFER }]).await;
    let validate = async || {
        let body = json!({ "customer_id": "c" });
        house.post("/api/commerce/merchant/carts/validate", body).await.ok()
    };
    let nothing = validate().await;
    assert_eq!((&nothing["valid"], &nothing["items"]), (&json!(true), &json!([])));
    house.post(ITEMS, item("same", 3)).await.ok();
    assert_eq!(validate().await["valid"], true);
    for product in ["dearer", "few", "slow", "gone"] {
        house.post(ITEMS, item(product, 2)).await.ok();
    }
    let before = cart(&house).await;
    let validated = validate().await;
    assert_eq!((&validated["success"], &validated["valid"]), (&json!(true), &json!(false)));
    let items: Vec<Value> = validated["items"].as_array().expect("items").clone();
    let parts = |item: &Value| {
        let fields = ["available", "currentPrice", "savedPrice", "priceChanged", "error"];
        Value::Array(fields.map(|field| item[field].clone()).to_vec())
    };
    let found: Vec<Value> = items.iter().map(parts).collect();
    assert_eq!(
        found,
        [
            json!([true, 10, 10, false, null]),
            json!([true, 12.5, 10, true, null]),
            json!([false, 10, 10, false, "Only 1 left"]),
            json!([false, 10, 10, false, "No offer can be delivered within 10 days"]),
            json!([false, null, 10, false, "There is no such product"]),
        ]
    );
    assert_eq!(
        validated["summary"],
        json!({ "itemCount": 5, "availableCount": 2, "unavailableCount": 3,
            "priceChangedCount": 1, "savedSubtotal": 110, "currentSubtotal": 55 })
    );
    assert_eq!(cart(&house).await, before, "looking changes nothing");
}

#[tokio::test]
async fn totals_are_those_of_a_zip_code() {
    let house = House::start().await;
    set_rates(&house).await;
    sell(&house, "mug", &[OnSale { shipping_cents: 25, ..OFFER }]).await;
    let totals = async |zip: &str| {
        house.get(&format!("/api/commerce/merchant/carts/totals?customer_id=c{zip}")).await
    };
    assert_eq!(totals("&zip_code=94105").await.ok()["data"]["total"], 0);
    house.post(ITEMS, item("mug", 2)).await.ok();
    let in_california = totals("&zip_code=94105").await.ok();
    assert_eq!(
        in_california["data"],
        json!({ "subtotal": 20, "shipping": 1.25, "tax": 1.45,
            "fees": { "fixed": 3, "percentage": 0, "percentageAmount": 0, "total": 3 },
            "total": 25.7, "itemCount": 1, "zipCode": "94105" })
    );
    let in_nevada = totals("&zip_code=89101-0001").await.ok();
    assert_eq!(
        (&in_nevada["data"]["tax"], &in_nevada["data"]["total"]),
        (&json!(0), &json!(24.25))
    );
    let anywhere = totals("").await.ok();
    assert_eq!((&anywhere["data"]["tax"], &anywhere["data"]["zipCode"]), (&json!(0), &json!(null)));
    for zip in ["&zip_code=00000", "&zip_code=9410", "&zip_code=K1A0B1", "&zip_code="] {
        let refused = totals(zip).await;
        assert_eq!((refused.status, refused.param()), (400, "zip_code"), "{zip}");
    }
}

#[tokio::test]
async fn a_cart_that_nobody_came_back_to_is_forgotten() {
    let house = House::start().await;
    house.post(ITEMS, item("mug", 1)).await.ok();
    let sweep = async || {
        let mut sweeper = retention::Sweeper::default();
        while sweeper.step(&house.app).await.expect("sweeps") == Progress::More {}
        sweeper.stop(&house.app).await;
    };
    house.advance(90 * DAY_MS);
    sweep().await;
    assert_eq!(cart(&house).await["itemCount"], 1);
    house.advance(2 * DAY_MS);
    sweep().await;
    assert_eq!(cart(&house).await["itemCount"], 0);
    house.post(ITEMS, item("mug", 1)).await.ok();
    assert_eq!(cart(&house).await["itemCount"], 1);
}
