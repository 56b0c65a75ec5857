//! Outside retailers: searched beside the own catalog, slow or dead without harm to anybody else.
//!
//! The retailer here is a server of its own that answers in the documented format, or badly.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::environment::Environment;
use domain::estimate::Looked;
use domain::retailer::Retailer;
use serde_json::{Value, json};
use server::config::RetailerConfig;
use server::workers::search::Indexer;
use tokio::net::TcpListener;

use super::{ADDRESS, ESTIMATE, PRODUCTS, hear, in_california, mug};
use crate::house::House;

/// How the double behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Sound,
    Silent,
    Broken,
    Down,
    Endless,
    /// He answers after a while.
    Slow,
    /// He does not look at what he is asked for.
    Careless,
    /// What he told of last he has no more.
    Fleeting,
}

#[derive(Clone)]
struct Double {
    mood: Mood,
    asked: Arc<AtomicUsize>,
}

const WORDS_OF_HIS: &str = "secret-upstream-detail";

impl Double {
    /// Starts one; answers its base and how often it was asked.
    async fn start(mood: Mood) -> (String, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let router = Router::new()
            .route("/v1/search", get(search))
            .route("/v1/products/{id}", get(product))
            .route("/v1/products/{id}/offers", get(offers))
            .with_state(Double { mood, asked: asked.clone() });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await.expect("serves") });
        (format!("http://{address}/v1"), asked)
    }

    async fn answer(&self, headers: &HeaderMap, body: Value) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        assert_eq!(headers.get("authorization").expect("a key"), "Bearer retailer-key");
        match self.mood {
            Mood::Sound | Mood::Careless | Mood::Fleeting => axum::Json(body).into_response(),
            Mood::Slow => {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                axum::Json(body).into_response()
            }
            Mood::Silent => std::future::pending().await,
            Mood::Broken => WORDS_OF_HIS.into_response(),
            Mood::Down => (StatusCode::BAD_GATEWAY, WORDS_OF_HIS).into_response(),
            Mood::Endless => vec![b' '; 3 << 20].into_response(),
        }
    }
}

async fn search(
    State(double): State<Double>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    assert!(query.contains_key("q") && query.contains_key("limit"));
    let row = |id: usize, price: &str| {
        let text = format!(
            r#"{{"productId":"B{id}","title":"Outside mug {id}","price":{price},"stars":4.5,
            "numReviews":7,"image":"https://images.example.com/{id}.jpg","brand":"Faraway",
            "categories":["Kitchen"],"unknown":"{WORDS_OF_HIS}"}}"#
        );
        serde_json::from_str::<Value>(&text).expect("JSON")
    };
    let mut products: Vec<Value> = (1..=5).map(|id| row(id, "12.345")).collect();
    // What is out of bounds is left out, and takes nobody with it.
    products.push(json!({ "productId": "bad one", "title": "x", "price": 1 }));
    products.push(json!({ "productId": "free", "title": "x", "price": 0 }));
    products.push(json!("nonsense"));
    let (mut total, twice) = (json!(40), json!({ "productId": "dear", "title": "x", "price": 20 }));
    if double.mood == Mood::Careless {
        let cheap = json!({ "productId": "cheap", "title": "x", "price": 5 });
        (products, total) = (vec![twice.clone(), cheap, twice], json!("1e99"));
    }
    double.answer(&headers, json!({ "products": products, "totalResults": total })).await
}

async fn product(
    State(double): State<Double>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    if double.mood == Mood::Sound && id != "B1" {
        return StatusCode::NOT_FOUND.into_response();
    }
    let body = json!({
        "title": "Outside mug 1", "bullets": ["blue"], "images": [], "brand": "",
        "productDetails": [{ "name": "Volume", "value": "1 l" }],
        "variants": [{ "productId": "B2", "variantSpecifics": [] }],
    });
    double.answer(&headers, body).await
}

async fn offers(
    State(double): State<Double>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let near = query.get("zipCode").map(String::as_str) == Some("10001");
    let soon = json!({ "min": 0, "max": 2 });
    let late = json!({ "min": 20, "max": 30 });
    let body = json!({ "offers": [
        { "offerId": "slow", "sellerName": "Slow", "price": 1, "handlingDays": late },
        { "offerId": "fast", "sellerName": "Fast", "price": if near { 10 } else { 11 },
            "handlingDays": soon },
        { "offerId": "gone", "sellerName": "Gone", "price": 5, "available": false,
            "handlingDays": soon },
        { "offerId": "bad", "sellerName": "Bad", "price": -5, "handlingDays": soon },
    ] });
    let is_gone = double.mood == Mood::Fleeting && double.asked.load(Ordering::SeqCst) > 1;
    let body = if is_gone { json!({ "offers": [] }) } else { body };
    double.answer(&headers, body).await
}

async fn house(shops: &[(Retailer, &str)]) -> House {
    let shops = shops.iter().map(|(retailer, url)| {
        let config = RetailerConfig {
            catalog_url: (*url).to_owned(),
            api_key: Some("retailer-key".to_owned()),
            timeout_ms: Some(300),
        };
        (*retailer, config)
    });
    let shops = shops.collect();
    let house = House::with(|config| {
        config.retailers.insert(Environment::Devnet, shops);
    });
    let house = house.await;
    house.post(PRODUCTS, mug("mine")).await.ok();
    hear(&house, &mut Indexer::default()).await;
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retailers_products_are_found_beside_the_own_ones_and_remembered() {
    let (url, asked) = Double::start(Mood::Sound).await;
    let house = house(&[(Retailer::Amazon, &url)]).await;
    let path = "/api/commerce/search?q=mug&limit=4";
    let found = house.get(path).await.ok();
    assert!(!found.to_string().contains(WORDS_OF_HIS));
    let shops: Vec<&str> = found["data"]["products"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["retailer"].as_str().expect("a shop"))
        .collect();
    assert_eq!(shops.len(), 4);
    assert_eq!(shops.iter().filter(|shop| **shop == "amazon").count(), 2, "they take turns");
    let alone = house.get("/api/commerce/search?q=mug&retailer=amazon&sort=price_asc").await.ok();
    assert_eq!(alone["data"]["pagination"]["totalResults"], 40);
    let products = alone["data"]["products"].as_array().expect("a list");
    assert_eq!(products.len(), 5, "what is out of bounds is left out");
    assert_eq!(products[0]["price"].to_string(), "12.34", "to the even cent");

    let before = asked.load(Ordering::SeqCst);
    house.get(path).await.ok();
    assert_eq!(asked.load(Ordering::SeqCst), before, "what was asked a moment ago is remembered");
    house.advance(10 * 60_000);
    house.get(path).await.ok();
    assert_eq!(asked.load(Ordering::SeqCst), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retailers_product_has_its_offers_best_first() {
    let (url, _) = Double::start(Mood::Sound).await;
    let house = house(&[(Retailer::Amazon, &url)]).await;
    let product = house.get("/api/commerce/products/B1?retailer=amazon").await.ok()["data"].clone();
    assert_eq!((&product["retailer"], &product["brand"]), (&json!("amazon"), &Value::Null));
    assert_eq!(product["price"].to_string(), "11");
    let path = "/api/commerce/products/B1/offers?zipCode=10001";
    let offers = house.get(path).await.ok()["data"]["offers"].clone();
    let ids: Vec<&str> = offers
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["offerId"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids, ["fast", "gone", "slow"]);
    assert_eq!(offers[0]["price"], 10, "as sent to that place");
    let none = house.get("/api/commerce/products/B9?retailer=amazon").await;
    assert_eq!(none.error(), (404, "NOT_FOUND"));
    let ids = [
        (Retailer::Amazon, "B1".to_owned()),
        (Retailer::Other, "mine".to_owned()),
        (Retailer::Amazon, "B9".to_owned()),
        (Retailer::Walmart, "B1".to_owned()),
    ];
    let whose = (house.merchant_id, Environment::Devnet);
    let listed = house.app.listed(whose, &ids).await.expect("reads");
    let looked: Vec<_> = listed.iter().map(|one| one.as_ref().map(|_| ())).collect();
    let expected = [Looked::There(()), Looked::There(()), Looked::NotThere, Looked::NotThere];
    assert_eq!(looked, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retailer_that_is_slow_or_down_costs_nobody_else_his_results() {
    let (silent, _) = Double::start(Mood::Silent).await;
    let (broken, _) = Double::start(Mood::Broken).await;
    let (down, _) = Double::start(Mood::Down).await;
    let (endless, _) = Double::start(Mood::Endless).await;
    let (sound, _) = Double::start(Mood::Sound).await;
    let house = house(&[
        (Retailer::Amazon, &silent),
        (Retailer::Walmart, &broken),
        (Retailer::Target, &down),
        (Retailer::Ebay, &endless),
        (Retailer::Bestbuy, &sound),
    ])
    .await;
    let found = house.get("/api/commerce/search?q=mug&limit=50").await.ok();
    assert!(!found.to_string().contains(WORDS_OF_HIS));
    let warnings = found["data"]["warnings"].as_array().expect("a list");
    let silent: Vec<_> = warnings.iter().map(|one| (&one["code"], &one["retailer"])).collect();
    let shops = ["amazon", "walmart", "target", "ebay"].map(|shop| json!(shop));
    let code = json!("RETAILER_UNAVAILABLE");
    assert_eq!(silent, shops.iter().map(|shop| (&code, shop)).collect::<Vec<_>>());
    let products = found["data"]["products"].as_array().expect("a list");
    assert!(products.iter().any(|one| one["productId"] == "mine"));
    assert_eq!(products.iter().filter(|one| one["retailer"] == "bestbuy").count(), 5);
    for shop in ["amazon", "walmart", "target", "ebay"] {
        let one = house.get(&format!("/api/commerce/products/B1?retailer={shop}")).await;
        assert_eq!(one.error(), (503, "SERVICE_UNAVAILABLE"), "{shop}");
        assert!(!one.body.to_string().contains(WORDS_OF_HIS));
    }
    let ids = [(Retailer::Amazon, "B1".to_owned()), (Retailer::Other, "mine".to_owned())];
    let whose = (house.merchant_id, Environment::Devnet);
    let listed = house.app.listed(whose, &ids).await.expect("reads");
    let looked: Vec<_> = listed.iter().map(|one| one.as_ref().map(|_| ())).collect();
    assert_eq!(looked, [Looked::Silent, Looked::There(())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retailer_that_does_not_answer_is_not_told_of_as_having_nothing() {
    let (down, _) = Double::start(Mood::Down).await;
    let (sound, _) = Double::start(Mood::Sound).await;
    let shops = [(Retailer::Amazon, down.as_str()), (Retailer::Walmart, sound.as_str())];
    let house = house(&shops).await;
    let wanted = |shop: &str, id: &str| json!({ "productId": id, "retailer": shop, "quantity": 1 });
    let items = [wanted("amazon", "B1"), wanted("walmart", "B9"), wanted("other", "mine")];
    let body = json!({ "customer_id": "c", "items": items });
    let estimate = house.post(ESTIMATE, body).await.ok();
    let invalid = &estimate["data"]["invalidItems"];
    let silent = "amazon cannot be asked at present; try again shortly";
    assert_eq!(
        invalid.as_array().expect("a list").iter().map(|one| &one["error"]).collect::<Vec<_>>(),
        [silent, "There is no such product"]
    );

    // Without a retailer: somebody has it, or nobody knows for certain.
    let there = house.get("/api/commerce/products/B1").await.ok();
    assert_eq!(there["data"]["retailer"], "walmart");
    let unknown = house.get("/api/commerce/products/B9").await;
    assert_eq!(unknown.error(), (503, "SERVICE_UNAVAILABLE"));
    let nowhere = house.get("/api/commerce/products/B9?retailer=walmart").await;
    assert_eq!(nowhere.error(), (404, "NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outside_offer_that_is_gone_since_the_estimate_is_not_sold() {
    for (mood, sold) in [(Mood::Sound, 200), (Mood::Fleeting, 409)] {
        let (shop, _) = Double::start(mood).await;
        let house = house(&[(Retailer::Amazon, shop.as_str())]).await;
        let wanted = json!([{ "productId": "B1", "retailer": "amazon", "quantity": 1 }]);
        let body = json!({ "customer_id": "c", "items": wanted });
        let estimate = house.post(ESTIMATE, body).await.ok()["data"].clone();
        assert_eq!(estimate["invalidItems"], json!([]));
        let id = &estimate["estimateId"];
        let body = json!({ "customer_id": "c", "estimateId": id, "address": in_california() });
        let address = house.post(ADDRESS, body).await.ok()["data"].clone();
        // Longer than offers are remembered.
        house.advance(61_000);
        let body =
            json!({ "customer_id": "c", "estimateId": id, "addressId": address["addressId"] });
        let made = house.post("/api/commerce/merchant/checkout/invoice", body).await;
        assert_eq!(made.status, sold);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_do_not_fit_or_come_twice_are_left_out() {
    let (url, _) = Double::start(Mood::Careless).await;
    let house = house(&[(Retailer::Amazon, &url)]).await;
    let path = "/api/commerce/search?q=mug&retailer=amazon";
    let all = house.get(path).await.ok();
    let ids = |found: &Value| {
        let products = found["data"]["products"].as_array().expect("a list").iter();
        products.map(|one| one["productId"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&all), ["dear", "cheap"]);
    let total = &all["data"]["pagination"]["totalResults"];
    assert_eq!(total, 2, "a total that makes no sense is what was told");
    let dear = house.get(&format!("{path}&minPrice=10")).await.ok();
    assert_eq!(ids(&dear), ["dear"]);
    let cheap = house.get(&format!("{path}&maxPrice=10")).await.ok();
    assert_eq!(ids(&cheap), ["cheap"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_questions_at_once_are_asked_once_and_nobody_waits_longer_than_his_time() {
    let (sound, asked) = Double::start(Mood::Slow).await;
    let (silent, asked_in_vain) = Double::start(Mood::Silent).await;
    let shops = [(Retailer::Amazon, sound.as_str()), (Retailer::Walmart, silent.as_str())];
    let house = house(&shops).await;
    let path = "/api/commerce/search?q=mug&retailer=amazon";
    let asking = (0..20).map(|_| house.get(path));
    for reply in futures_util::future::join_all(asking).await {
        assert_eq!(reply.ok()["data"]["warnings"], json!([]));
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);

    // Three times as many different questions as there are turns: none waits for a second round.
    let asking = (0..48).map(async |at| {
        house.get(&format!("/api/commerce/search?q=mug{at}&retailer=walmart")).await
    });
    for reply in futures_util::future::join_all(asking).await {
        assert_eq!(reply.ok()["data"]["warnings"][0]["code"], "RETAILER_UNAVAILABLE");
    }
    assert!(asked_in_vain.load(Ordering::SeqCst) <= 16, "the others had their time while waiting");
}
