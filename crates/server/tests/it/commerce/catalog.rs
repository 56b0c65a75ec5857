//! The merchant's catalog one product at a time: bounds, ids that last, stock that nobody loses.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::ids::OfferId;
use domain::product::stock_name;
use domain::retailer::Retailer;
use serde_json::{Value, json};

use super::{PRODUCTS, mug};
use crate::house::House;

fn offer_id(product: &Value, at: usize) -> String {
    product["offers"][at]["offerId"].as_str().expect("an offer").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_put_in_read_changed_and_taken_out() {
    let house = House::start().await;
    let made = house.post(PRODUCTS, mug("m-1")).await;
    assert_eq!(made.status, 201);
    let made = made.ok()["data"].clone();
    assert_eq!(made["retailer"], "other");
    assert_eq!(made["rating"].to_string(), "4.25");
    assert_eq!(made["offers"][0]["price"].to_string(), "18.5");
    assert_eq!(made["offers"][0]["stock"], 10);
    assert_eq!(made["offers"][0]["sellerName"], "Coffee & Co");
    let path = format!("{PRODUCTS}/m-1");
    assert_eq!(house.get(&path).await.ok()["data"], made);

    let again = house.post(PRODUCTS, mug("m-1")).await;
    assert_eq!((again.error(), again.param()), ((409, "ALREADY_EXISTS"), "productId"));

    house.advance(5_000);
    let body = json!({ "title": "Mug", "brand": null, "rating": null });
    let changed = house.patch(&path, body).await.ok()["data"].clone();
    assert_eq!((&changed["title"], &changed["brand"]), (&json!("Mug"), &Value::Null));
    assert_eq!(changed["categories"], made["categories"]);
    assert_eq!(changed["offers"], made["offers"]);
    assert_eq!(changed["createdAt"], made["createdAt"]);
    assert_ne!(changed["updatedAt"], made["updatedAt"]);

    assert_eq!(house.delete(&path).await.ok()["data"]["deleted"], true);
    for reply in [house.get(&path).await, house.delete(&path).await] {
        assert_eq!(reply.error(), (404, "NOT_FOUND"));
    }
    assert_eq!(house.get(PRODUCTS).await.ok()["data"]["products"], json!([]));

    let anew = house.post(PRODUCTS, mug("m-1")).await.ok()["data"].clone();
    assert_ne!(offer_id(&anew, 0), offer_id(&made, 0), "what was taken out does not come back");
    assert_eq!(anew["offers"][0]["stock"], 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn putting_the_same_again_changes_nothing_and_keeps_ids() {
    let house = House::start().await;
    let path = format!("{PRODUCTS}/m-1");
    let first = house.put(&path, mug("m-1")).await;
    assert_eq!(first.status, 201);
    let first = first.ok()["data"].clone();
    house.advance(5_000);
    let second = house.put(&path, mug("m-1")).await;
    assert_eq!(second.status, 200);
    assert_eq!(second.ok()["data"], first);
    let shown = house.put(&path, first.clone()).await.ok()["data"].clone();
    assert_eq!(shown, first, "what is shown can be sent back");

    let mut two = mug("m-1");
    two["offers"] = json!([
        { "price": 9.99, "condition": "used", "stock": 3 },
        { "price": 20, "handlingDays": { "min": 2, "max": 14 } },
    ]);
    let two = house.put(&path, two).await.ok()["data"].clone();
    assert_eq!(offer_id(&two, 1), offer_id(&first, 0), "the same seller's in the same condition");
    assert_eq!(two["offers"][1]["stock"], 10, "what is not said of stock stays");
    assert_eq!(two["offers"][0]["stock"], 3);
    let named = json!({ "productId": "another", "title": "x" });
    assert_eq!(house.put(&path, named).await.param(), "productId");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_have_bounds_and_say_which() {
    let house = House::start().await;
    let cases: Vec<(&str, Value)> = vec![
        ("productId", json!("")),
        ("productId", json!("a b")),
        ("productId", json!("x".repeat(129))),
        ("productId", json!("export")),
        ("title", json!("")),
        ("title", json!("x".repeat(501))),
        ("title", json!("a\u{0}b")),
        ("images", json!(["http://images.example.com/x.jpg"])),
        ("images", json!(["https://user:pass@example.com/x.jpg"])),
        ("url", json!("javascript:alert(1)")),
        ("rating", json!(5.01)),
        ("rating", json!(-1)),
        ("categories", json!(vec!["x"; 21])),
        ("attributes", json!({ "": "x" })),
        ("offers", json!(vec![json!({ "price": 1 }); 21])),
        ("offers.price", json!([{ "price": 0 }])),
        ("offers.price", json!([{ "price": 0.004 }])),
        ("offers.price", json!([{ "price": 1_000_001 }])),
        ("offers.price", json!([{ "price": 1.2345 }])),
        ("offers.price", json!([{ "price": -1 }])),
        ("offers.price", json!([{ "price": "1" }])),
        ("offers.handlingDays", json!([{ "price": 1, "handlingDays": { "min": 3, "max": 2 } }])),
        ("offers.stock", json!([{ "price": 1, "stock": -1 }])),
        ("offers.offerId", json!([{ "price": 1, "offerId": uuid_text() }])),
        ("variants", json!(vec![json!({ "productId": "x", "specifics": [] }); 101])),
    ];
    for (param, value) in cases {
        let mut body = mug("m-1");
        match param {
            param if param.starts_with("offers") => body["offers"] = value.clone(),
            param => body[param] = value.clone(),
        }
        let reply = house.post(PRODUCTS, body).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{param} {value}");
        assert_eq!(reply.param(), param, "{value}");
    }
    assert_eq!(house.get(PRODUCTS).await.ok()["data"]["products"], json!([]));
    let rounded = json!({ "productId": "m-2", "title": "x", "offers": [{ "price": 1.005 }] });
    let rounded = house.post(PRODUCTS, rounded).await.ok();
    assert_eq!(
        rounded["data"]["offers"][0]["price"].to_string(),
        "1",
        "half goes to the even cent"
    );
}

fn uuid_text() -> String {
    "0198a0a0-0000-7000-8000-000000000001".to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_moved_relative_to_what_shoppers_left() {
    let house = House::start().await;
    let made = house.post(PRODUCTS, mug("m-1")).await.ok()["data"].clone();
    let id = offer_id(&made, 0);
    let path = format!("{PRODUCTS}/m-1/offers/{id}/stock");
    let quantity = |reply: Value| reply["data"]["quantity"].as_i64();
    assert_eq!(quantity(house.put(&path, json!({ "quantity": 3 })).await.ok()), Some(3));
    assert_eq!(quantity(house.put(&path, json!({ "change": -2 })).await.ok()), Some(1));
    let too_many = house.put(&path, json!({ "change": -2 })).await;
    assert_eq!(too_many.error(), (409, "OUT_OF_STOCK"));
    for body in [json!({}), json!({ "quantity": 1, "change": 1 }), json!({ "quantity": -1 })] {
        assert_eq!(house.put(&path, body).await.error(), (400, "VALIDATION_ERROR"));
    }
    let unknown = format!("{PRODUCTS}/m-1/offers/{}/stock", uuid_text());
    assert_eq!(house.put(&unknown, json!({ "quantity": 1 })).await.error(), (404, "NOT_FOUND"));

    // Twenty who each add one, all at once: no piece is lost.
    let adding = (0..20).map(|_| house.put(&path, json!({ "change": 1 })));
    for reply in futures_util::future::join_all(adding).await {
        reply.ok();
    }
    assert_eq!(house.get(&format!("{PRODUCTS}/m-1")).await.ok()["data"]["offers"][0]["stock"], 21);

    // Ten who each set the same number: it is that number.
    let setting = (0..10).map(|_| house.put(&path, json!({ "quantity": 50 })));
    for reply in futures_util::future::join_all(setting).await {
        reply.ok();
    }
    assert_eq!(house.get(&format!("{PRODUCTS}/m-1")).await.ok()["data"]["offers"][0]["stock"], 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_is_set_keeps_what_was_reserved_in_between() {
    let house = House::start().await;
    let made = house.post(PRODUCTS, mug("m-1")).await.ok()["data"].clone();
    let id = offer_id(&made, 0);
    let key = domain::product::product_key(
        (house.merchant_id, Environment::Devnet),
        Retailer::Other,
        "m-1",
    );
    let product = house.app.store.get::<domain::product::Product>(key).await.expect("reads");
    let product = product.expect("a product");
    let offer = OfferId::parse(&id).expect("an id");
    let ask = domain::product::change::StockChange::To(4);
    let setting = product.set_stock(offer, (10, ask), house.app.now()).expect("a change");
    // A shopper reserves two after the merchant's program has read ten.
    let mut taking = domain::changes::Changes::of(house.merchant_id);
    taking.counters.push(domain::changes::CounterMove {
        merchant_id: house.merchant_id,
        name: stock_name(offer),
        by: -2,
        floor: Some(0),
        ceiling: None,
    });
    house.app.commit(taking).await.expect("there are ten");
    house.app.commit(setting).await.expect("six go");
    assert_eq!(house.get(&format!("{PRODUCTS}/m-1")).await.ok()["data"]["offers"][0]["stock"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_are_added_changed_and_taken_away_by_themselves() {
    let house = House::start().await;
    house.post(PRODUCTS, mug("m-1")).await.ok();
    let offers = format!("{PRODUCTS}/m-1/offers");
    let used = json!({ "price": 7.5, "condition": "used", "stock": null });
    let added = house.post(&offers, used).await;
    assert_eq!(added.status, 201);
    let added = added.ok()["data"].clone();
    assert_eq!((&added["condition"], &added["stock"]), (&json!("used"), &Value::Null));
    let one = format!("{offers}/{}", added["offerId"].as_str().expect("an id"));
    let changed = house.patch(&one, json!({ "price": 6, "stock": 4 })).await.ok()["data"].clone();
    assert_eq!((changed["price"].to_string(), &changed["stock"]), ("6".to_owned(), &json!(4)));
    assert_eq!(changed["offerId"], added["offerId"]);
    let left = house.delete(&one).await.ok()["data"]["offers"].clone();
    assert_eq!(left.as_array().expect("a list").len(), 1);
    assert_eq!(house.delete(&one).await.error(), (404, "NOT_FOUND"));
    assert_eq!(house.get(&offers).await.ok()["data"]["offers"], left);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_by_product_and_hold_nobody_elses() {
    let house = House::start().await;
    for at in 0..7 {
        house.post(PRODUCTS, mug(&format!("m-{at}"))).await.ok();
    }
    let (_, stranger) = house.stranger().await;
    let body = mug("foreign");
    let foreign = house.request("POST", PRODUCTS).header("x-api-key", &stranger).json(&body);
    house.send(foreign).await.ok();
    let mut found = Vec::new();
    let mut path = format!("{PRODUCTS}?limit=3");
    loop {
        let page = house.get(&path).await.ok()["data"].clone();
        let ids = page["products"].as_array().expect("a list").iter();
        found.extend(ids.map(|one| one["productId"].as_str().expect("an id").to_owned()));
        if page["hasMore"] == false {
            break;
        }
        path = format!("{PRODUCTS}?limit=3&starting_after={}", found.last().expect("some"));
    }
    found.sort();
    assert_eq!(found, (0..7).map(|at| format!("m-{at}")).collect::<Vec<_>>());
    assert_eq!(house.get(&format!("{PRODUCTS}?limit=0")).await.param(), "limit");
    assert_eq!(house.get(&format!("{PRODUCTS}/foreign")).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_key_headers_open_it_and_environments_stay_apart() {
    let house = House::start().await;
    let key = &house.commerce_key;
    let made = house.request("POST", PRODUCTS).header("x-commerce-api-key", key).json(&mug("m-1"));
    house.send(made).await.ok();
    house.get(&format!("{PRODUCTS}/m-1")).await.ok();
    let none = house.send(house.request("GET", PRODUCTS)).await;
    assert_eq!(none.error(), (401, "AUTHENTICATION_REQUIRED"));
    let access = json!({ "access_key": "open-sesame" });
    house.post("/api/v1/user/mainnet-access/activate", access).await.ok();
    let live = house.mint(KeyScope::Commerce, Environment::Mainnet).await;
    let elsewhere = house.request("GET", &format!("{PRODUCTS}/m-1")).header("x-api-key", live);
    assert_eq!(house.send(elsewhere).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_who_put_one_product_in_at_once_make_one() {
    let house = House::start().await;
    let putting = (0..50).map(|_| house.post(PRODUCTS, mug("m-1")));
    let replies = futures_util::future::join_all(putting).await;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    let refused = replies.iter().filter(|reply| reply.error() == (409, "ALREADY_EXISTS")).count();
    assert_eq!((made, refused), (1, 49));
    assert_eq!(house.get(&format!("{PRODUCTS}/m-1")).await.ok()["data"]["offers"][0]["stock"], 10);
}
