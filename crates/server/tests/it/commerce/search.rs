//! The search from the outside: it follows the catalog, forgives typing, and makes itself anew.

use std::io::Write as _;
use std::path::Path;

use serde_json::{Value, json};
use server::workers::search::Indexer;

use super::{PRODUCTS, hear, mug, shop};
use crate::house::House;

const SEARCH: &str = "/api/commerce/search";

fn ids(answer: &Value) -> Vec<String> {
    let products = answer["data"]["products"].as_array().expect("a list").iter();
    products.map(|one| one["productId"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn own_products_are_found_as_soon_as_the_index_hears_of_them() {
    let house = House::start().await;
    let mut indexer = Indexer::default();
    hear(&house, &mut indexer).await;
    let find = async |words: &str| {
        ids(&house.get(&format!("{SEARCH}?retailer=other&brand=Zuckerbaum&q={words}")).await.ok())
    };
    let mut body = mug("cup");
    (body["title"], body["brand"]) = (json!("Teetasse aus Porzellan"), json!("Zuckerbaum"));
    house.post(PRODUCTS, body).await.ok();
    assert_eq!(find("porzellan").await, [""; 0]);
    hear(&house, &mut indexer).await;
    for words in ["porzellan", "Porzelan", "teetasse%20porz", "PORZELLAN%20teetasse"] {
        assert_eq!(find(words).await, ["cup"], "{words}");
    }
    let found = house.get(&format!("{SEARCH}?q=porzellan&retailer=other")).await.ok();
    let one = &found["data"]["products"][0];
    assert_eq!(one["price"].to_string(), "18.5");
    assert_eq!((&one["stars"], &one["numReviews"]), (&json!(4.25), &json!(12)));
    assert_eq!(one["image"], "https://images.example.com/mug.jpg");
    assert_eq!(one["available"], true);
    let marked = json!([
        { "text": "Teetasse aus ", "isMatch": false },
        { "text": "Porzellan", "isMatch": true },
    ]);
    assert_eq!(one["highlight"], marked);
    assert_eq!(found["data"]["query"], "porzellan");
    assert_eq!(found["data"]["retailer"], "other");

    house.patch(&format!("{PRODUCTS}/cup"), json!({ "title": "Krug" })).await.ok();
    hear(&house, &mut indexer).await;
    assert_eq!((find("porzellan").await, find("krug").await), (vec![], vec!["cup".to_owned()]));

    house.delete(&format!("{PRODUCTS}/cup")).await.ok();
    assert_eq!(
        find("krug").await,
        [""; 0],
        "what is gone is left out before the index hears of it"
    );
    hear(&house, &mut indexer).await;
    assert_eq!(find("").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shops_are_searched_filtered_counted_and_paged() {
    let house = House::start().await;
    hear(&house, &mut Indexer::default()).await;
    let get = async |query: &str| house.get(&format!("{SEARCH}?{query}")).await.ok();

    let phones = get("q=smartphone%20halden&retailer=amazon").await;
    assert!(!ids(&phones).is_empty());
    for one in phones["data"]["products"].as_array().expect("a list") {
        assert_eq!((&one["retailer"], &one["brand"]), (&json!("amazon"), &json!("Halden")));
    }
    let misspelt = get("q=smartfone%20haldn&retailer=amazon").await;
    let sorted = |answer| {
        let mut ids = ids(answer);
        ids.sort();
        ids
    };
    assert_eq!(sorted(&misspelt), sorted(&phones));

    let all = get("q=headphones").await;
    let facets = &all["data"]["facets"];
    let shops = facets["retailers"].as_array().expect("a list");
    let of_each = shops.iter().map(|one| one["count"].as_u64().expect("a number"));
    assert_eq!(of_each.sum::<u64>(), all["data"]["pagination"]["totalResults"]);
    assert_eq!(shops.len(), 6);
    assert!(facets["brands"].as_array().expect("a list").iter().any(|one| one["name"] == "Auvio"));

    let dear = get("category=Headphones&minPrice=100&maxPrice=200&sort=price_asc").await;
    let prices: Vec<f64> = dear["data"]["products"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| one["price"].as_f64().expect("a number"))
        .collect();
    assert!(!prices.is_empty() && prices.is_sorted(), "{prices:?}");
    assert!(prices.iter().all(|price| (100.0..=200.0).contains(price)), "{prices:?}");

    // Pages do not overlap and together are the whole.
    let total = get("retailer=ebay&limit=1").await["data"]["pagination"]["totalResults"].clone();
    let mut seen = Vec::new();
    for page in 1.. {
        let answer = get(&format!("retailer=ebay&limit=10&page={page}")).await;
        seen.extend(ids(&answer));
        assert_eq!(answer["data"]["facets"].is_null(), page > 1);
        if answer["data"]["pagination"]["hasNext"] == false {
            break;
        }
    }
    assert_eq!(json!(seen.len()), total);
    seen.sort();
    seen.dedup();
    assert_eq!(json!(seen.len()), total);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_out_of_bounds_name_their_field() {
    let house = House::start().await;
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("page=0", "page"),
        ("page=51&limit=20", "page"),
        ("minPrice=x", "minPrice"),
        ("maxPrice=-1", "maxPrice"),
        ("minPrice=2&maxPrice=1", "maxPrice"),
        ("retailer=corner", "retailer"),
        ("sort=best", "sort"),
        ("brand=", "brand"),
    ] {
        let reply = house.get(&format!("{SEARCH}?{query}")).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{query}");
        assert_eq!(reply.param(), param, "{query}");
    }
    let signs = house.get(&format!("{SEARCH}?q=%22%2A%3A")).await.ok();
    assert_eq!(signs["data"]["facets"]["brands"], json!([]), "empty, as nothing was found");
    let long = house.get(&format!("{SEARCH}?q={}", "x".repeat(513))).await;
    assert_eq!(long.param(), "q");
    for text in ["%22%2A%3A%28%29%5B%5D+-AND+OR", "%F0%9F%A7%A6", "%00", "%ff"] {
        house.get(&format!("{SEARCH}?q={text}")).await.ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn merchants_and_environments_find_their_own() {
    let house = House::start().await;
    house.post(PRODUCTS, mug("mine")).await.ok();
    let (_, stranger) = house.stranger().await;
    hear(&house, &mut Indexer::default()).await;
    let path = format!("{SEARCH}?q=stoneware%20mug&retailer=other&brand=Clayhouse&limit=100");
    assert!(ids(&house.get(&path).await.ok()).contains(&"mine".to_owned()));
    let other = house.send(house.request("GET", &path).header("x-api-key", &stranger)).await.ok();
    assert!(!ids(&other).contains(&"mine".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_lost_or_damaged_is_made_anew_and_one_that_is_sound_goes_on() {
    let house = House::start().await;
    let mut indexer = Indexer::default();
    hear(&house, &mut indexer).await;
    house.post(PRODUCTS, mug("before")).await.ok();
    hear(&house, &mut indexer).await;
    drop(indexer);

    // What is committed while no index listens is heard of afterwards.
    let directory = house.data_dir.path().join("search");
    house.app.catalog.index.forget().await;
    house.post(PRODUCTS, mug("between")).await.ok();
    hear(&house, &mut Indexer::default()).await;
    let path = format!("{SEARCH}?retailer=other&brand=clayhouse&limit=100");
    let found = async || {
        let answer = house.get(&path).await.ok();
        assert_eq!(answer["data"]["warnings"], json!([]));
        let mut own = ids(&answer);
        own.retain(|id| !id.starts_with("DEMO"));
        own.sort();
        own
    };
    assert_eq!(found().await, ["before", "between"]);

    house.app.catalog.index.forget().await;
    let first = directory.join("0");
    for file in std::fs::read_dir(first.join("products")).expect("an index") {
        std::fs::write(file.expect("a file").path(), b"garbage").expect("writes");
    }
    let half = house.get(&path).await.ok();
    assert_eq!(half["data"]["warnings"][0]["code"], "INDEX_INCOMPLETE");
    hear(&house, &mut Indexer::default()).await;
    assert_eq!(found().await, ["before", "between"]);

    house.app.catalog.index.forget().await;
    std::fs::remove_dir_all(&directory).expect("removes");
    hear(&house, &mut Indexer::default()).await;
    assert_eq!(found().await, ["before", "between"]);
}

/// Changes bytes of the index's files where they are, as a disk does that goes bad.
fn flip_files(house: &House, is_it: impl Fn(&Path) -> bool) {
    let products = house.data_dir.path().join("search/0/products");
    let mut flipped = 0;
    for file in std::fs::read_dir(products).expect("an index") {
        let path = file.expect("a file").path();
        if !is_it(&path) {
            continue;
        }
        let mut bytes = std::fs::read(&path).expect("a file");
        bytes.iter_mut().for_each(|byte| *byte ^= 0xA5);
        let mut file = std::fs::File::options().write(true).open(&path).expect("the same file");
        file.write_all(&bytes).expect("writes");
        flipped += 1;
    }
    assert!(flipped > 0, "there is something to damage");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_damaged_while_it_is_open_is_made_anew() {
    let house = House::start().await;
    let mut indexer = Indexer::default();
    house.post(PRODUCTS, mug("mine")).await.ok();
    hear(&house, &mut indexer).await;
    let path = format!("{SEARCH}?q=stoneware&retailer=other&brand=clayhouse&limit=100");
    let is_found = async || {
        let answer = house.get(&path).await.ok();
        assert_eq!(answer["data"]["warnings"], json!([]));
        ids(&answer).contains(&"mine".to_owned())
    };

    // A search runs into it.
    flip_files(&house, |path| path.extension().is_some_and(|one| one == "store"));
    assert_eq!(house.get(&path).await.error(), (503, "SERVICE_UNAVAILABLE"));
    let half = house.get(&path).await.ok();
    assert_eq!(half["data"]["warnings"][0]["code"], "INDEX_INCOMPLETE");
    hear(&house, &mut indexer).await;
    assert!(is_found().await);

    // Nobody runs into it, and it is found all the same.
    flip_files(&house, |path| path.extension().is_some_and(|one| one == "fast"));
    house.advance(11 * 60_000);
    hear(&house, &mut indexer).await;
    assert!(is_found().await);
    house.app.catalog.index.get().await.expect("an index").index.check().expect("it is sound");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_opened_anew_waits_for_its_last_reader() {
    let house = House::start().await;
    hear(&house, &mut Indexer::default()).await;
    let read = house.app.catalog.index.get().await.expect("an index");
    house.app.catalog.index.forget().await;
    let reading = async {
        tokio::task::yield_now().await;
        drop(read);
    };
    let (opened, ()) = tokio::join!(house.app.catalog.index.get(), reading);
    let search = house.data_dir.path().join("search");
    assert_eq!(opened.expect("an index").directory, search.join("0"));
    assert!(!search.join("1").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_the_place_of_the_index_are_taken_away() {
    let house = House::start().await;
    house.post(PRODUCTS, mug("mine")).await.ok();
    let search = house.data_dir.path().join("search");
    for path in [search.clone(), search.join("0"), search.join("0/products")] {
        house.app.catalog.index.forget().await;
        if search.is_dir() {
            std::fs::remove_dir_all(&search).expect("removes");
        }
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("makes");
        std::fs::write(&path, "a file").expect("writes");
        hear(&house, &mut Indexer::default()).await;
        let found = house.get(&format!("{SEARCH}?retailer=other&brand=clayhouse&limit=100")).await;
        assert!(ids(&found.ok()).contains(&"mine".to_owned()), "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_orders_took_the_last_piece_of_is_found_as_sold_out_until_it_is_back() {
    let house = House::start().await;
    let mut indexer = Indexer::default();
    let goods = shop::stock(&house, 3).await;
    hear(&house, &mut indexer).await;
    let is_available = async || {
        let found = house.get(&format!("{SEARCH}?q=cup&retailer=other")).await.ok();
        found["data"]["products"][0]["available"].clone()
    };
    let buy = async |pieces: u32| {
        let ready = shop::ready(&house, shop::CUSTOMER, &goods, pieces).await;
        let made = house.post("/api/commerce/merchant/checkout/invoice", ready.body()).await.ok();
        made["data"].clone()
    };
    buy(1).await;
    hear(&house, &mut indexer).await;
    assert_eq!(is_available().await, true);
    let order = buy(2).await;
    hear(&house, &mut indexer).await;
    assert_eq!(is_available().await, false);
    shop::cancel(&house, &order, "back", json!({})).await.ok();
    hear(&house, &mut indexer).await;
    assert_eq!(is_available().await, true);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_and_facets_go_by_the_offer_that_is_left_after_an_order() {
    let house = House::start().await;
    let mut indexer = Indexer::default();
    let mut body = mug("two");
    body["brand"] = json!("Zuckerbaum");
    body["offers"] = json!([
        { "price": 5, "sellerName": "Cheap", "stock": 1 },
        { "price": 50, "sellerName": "Dear", "stock": 10 },
    ]);
    let made = house.post(PRODUCTS, body).await.ok()["data"].clone();
    hear(&house, &mut indexer).await;
    let find = async |query: &str| {
        house.get(&format!("{SEARCH}?brand=Zuckerbaum&retailer=other&{query}")).await.ok()
    };
    let ranges = async || find("").await["data"]["facets"]["prices"].clone();
    assert_eq!(ids(&find("maxPrice=10").await), ["two"]);
    assert_eq!(ids(&find("minPrice=40").await), [""; 0]);
    let before = ranges().await;

    let offer_id = made["offers"][0]["offerId"].as_str().expect("an id");
    let offer_id = domain::ids::OfferId::parse(offer_id).expect("an id");
    let retailer = domain::retailer::Retailer::Other;
    let goods = shop::Goods { product_id: "two".into(), offer_id, retailer };
    shop::order_of(&house, &goods, 1).await;
    hear(&house, &mut indexer).await;
    assert_eq!(ids(&find("maxPrice=10").await), [""; 0]);
    let dear = find("minPrice=40").await;
    assert_eq!(ids(&dear), ["two"]);
    assert_eq!(dear["data"]["products"][0]["price"], 50);
    assert_eq!(dear["data"]["products"][0]["available"], true);
    assert_ne!(ranges().await, before, "it is counted among the dear ones now");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_another_database_is_not_taken_for_this_ones() {
    let house = House::start().await;
    house.post(PRODUCTS, mug("mine")).await.ok();
    let foreign = House::start().await;
    foreign.post(PRODUCTS, mug("theirs")).await.ok();
    foreign.post(PRODUCTS, mug("theirs-too")).await.ok();
    hear(&foreign, &mut Indexer::default()).await;
    foreign.app.catalog.index.forget().await;
    let directory = |house: &House| house.data_dir.path().join("search");
    std::fs::rename(directory(&foreign), directory(&house)).expect("moves");
    hear(&house, &mut Indexer::default()).await;
    let path = format!("{SEARCH}?retailer=other&brand=clayhouse&sort=newest&limit=100");
    let found = house.get(&path).await.ok();
    let mut own = ids(&found);
    let total = own.len();
    own.retain(|id| !id.starts_with("DEMO"));
    assert_eq!(own, ["mine"]);
    assert_eq!(found["data"]["pagination"]["totalResults"], total);
}

#[tokio::test(flavor = "multi_thread")]
async fn products_and_offers_are_shown_as_shoppers_see_them() {
    let house = House::start().await;
    let mut body = mug("m-1");
    body["attributes"] = json!({ "Volume": "350 ml" });
    body["offers"] = json!([
        { "price": 5, "sellerName": "Slow", "handlingDays": { "min": 11, "max": 20 } },
        { "price": 18, "shipping": 5, "sellerName": "Dear" },
        { "price": 20, "shipping": 1, "sellerName": "Fair" },
        { "price": 10, "sellerName": "Sold out", "stock": 0 },
    ]);
    house.post(PRODUCTS, body).await.ok();
    let offers = house.get("/api/commerce/products/m-1/offers?zipCode=10001").await.ok();
    let sellers: Vec<_> = offers["data"]["offers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["sellerName"].as_str().expect("a name"), one["eligible"] == true))
        .collect();
    let expected = [("Fair", true), ("Dear", true), ("Sold out", false), ("Slow", false)];
    assert_eq!(sellers, expected);
    assert_eq!(offers["data"]["offers"][0]["totalCost"].to_string(), "21");
    assert_eq!(offers["meta"]["timestamp"], house.app.now().seconds());

    let product = house.get("/api/commerce/products/m-1").await.ok()["data"].clone();
    assert_eq!((product["price"].to_string(), &product["numOffers"]), ("20".into(), &json!(4)));
    assert_eq!(product["productDetails"], json!([{ "name": "Volume", "value": "350 ml" }]));
    assert_eq!(product["availability"], "available");
    for path in ["/m-1?retailer=amazon", "/nothing", "/nothing/offers", "/a%20b"] {
        let reply = house.get(&format!("/api/commerce/products{path}")).await;
        assert_eq!(reply.error(), (404, "NOT_FOUND"), "{path}");
    }
    let bad = house.get("/api/commerce/products/m-1/offers?zipCode=%3Cscript%3E").await;
    assert_eq!(bad.param(), "zipCode");

    // A demo product is found by its number alone, and offered by several.
    let demo = &server::catalog::demo::DEMO.all()[0].product;
    let path = format!("/api/commerce/products/{}", demo.product_id);
    assert_eq!(house.get(&path).await.ok()["data"]["retailer"], demo.retailer.as_str());
    let offers = house.get(&format!("{path}/offers")).await.ok()["data"]["offers"].clone();
    assert!(offers.as_array().expect("a list").iter().any(|one| one["eligible"] == false));
}
