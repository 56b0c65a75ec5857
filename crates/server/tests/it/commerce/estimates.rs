//! The first two steps of a checkout: what can be had, at which price, and where it goes.

use domain::changes::Changes;
use domain::estimate::Estimate;
use domain::ids::{EstimateId, OrderId};
use domain::product::Product;
use domain::time::{DAY_MS, MINUTE_MS};
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::workers::{Progress, Worker as _, retention};

use super::{
    ADDRESS, ESTIMATE, ITEMS, OFFER, OnSale, cart, estimate, in_california, item, sell, set_rates,
};
use crate::house::{House, Reply};

fn wanted(product_id: &str, quantity: Value) -> Value {
    json!({ "productId": product_id, "retailer": "other", "quantity": quantity,
        "title": "whatever", "price": 0.01 })
}

async fn of_items(house: &House, items: Value) -> Reply {
    house.post(ESTIMATE, json!({ "customer_id": "c", "items": items })).await
}

async fn of_cart(house: &House, overrides: Value) -> Reply {
    let body = json!({ "customer_id": "c", "useCart": true, "itemOverrides": overrides });
    house.post(ESTIMATE, body).await
}

async fn kept(house: &House, estimate: &Value) -> Estimate {
    let id = estimate["estimateId"].as_str().and_then(EstimateId::parse).expect("an id");
    let estimate = house.app.store.get(id.key()).await.expect("reads");
    estimate.expect("is kept")
}

#[tokio::test]
async fn an_estimate_says_what_can_be_had_and_what_it_comes_to() {
    let house = House::start().await;
    set_rates(&house).await;
    sell(&house, "mug", &[OnSale { cents: 999, ..OFFER }]).await;
    sell(&house, "few", &[OnSale { left: Some(2), ..OFFER }]).await;
    sell(&house, "slow", &[OnSale { handling_days: 11, ..OFFER }]).await;
    let items = json!([
        wanted("mug", json!(1)),
        wanted("few", json!(3)),
        wanted("slow", json!(1)),
        { "productId": "B0", "retailer": "ebay", "quantity": 1 },
    ]);
    let made = of_items(&house, items).await;
    assert_eq!(made.status, 200);
    let made = made.ok()["data"].clone();
    let now = house.app.now().seconds();
    assert_eq!(
        made,
        json!({
            "estimateId": made["estimateId"], "merchantId": house.merchant_id,
            "networkEnvironment": "devnet", "customerId": "c", "walletAddress": null,
            "walletNetwork": null,
            "validItems": [{
                "productId": "mug", "retailer": "other", "title": "The mug", "quantity": 1,
                "price": 9.99, "totalPrice": 9.99,
                "metadata": { "image": "https://shop.example/mug.png", "sellerName": "Mugs & Co" },
            }],
            "invalidItems": [
                { "productId": "few", "retailer": "other", "error": "Only 2 left" },
                { "productId": "slow", "retailer": "other",
                  "error": "No offer can be delivered within 10 days" },
                { "productId": "B0", "retailer": "ebay", "error": "There is no such product" },
            ],
            "pricing": { "subtotal": 9.99, "shipping": 1, "tax": 0,
                "fees": { "fixed": 3, "percentage": 0, "percentageAmount": 0, "total": 3 },
                "total": 13.99 },
            "feeBreakdown": { "shippingBase": 1, "commerceFee": 3, "totalFees": 4 },
            "expiresAt": now + 900, "createdAt": now,
        })
    );
}

#[tokio::test]
async fn nothing_that_can_be_had_costs_nothing_and_goes_nowhere() {
    let house = House::start().await;
    set_rates(&house).await;
    let made = of_items(&house, json!([wanted("gone", json!(1))])).await.ok()["data"].clone();
    assert_eq!((&made["validItems"], &made["pricing"]["total"]), (&json!([]), &json!(0)));
    let body = json!({ "customer_id": "c", "estimateId": made["estimateId"],
        "address": in_california() });
    assert_eq!(house.post(ADDRESS, body).await.error(), (409, "NOTHING_TO_BUY"));
}

#[tokio::test]
async fn the_best_offer_that_has_enough_is_taken_at_its_price_of_now() {
    let house = House::start().await;
    let offers = [
        OnSale { cents: 900, left: Some(2), ..OFFER },
        OnSale { cents: 950, shipping_cents: 25, ..OFFER },
    ];
    let product = sell(&house, "mug", &offers).await;
    let price = async |quantity| {
        let made = estimate(&house, "mug", quantity).await;
        (made["validItems"][0]["price"].clone(), made["pricing"]["shipping"].clone())
    };
    assert_eq!(price(2).await, (json!(9), json!(0)));
    assert_eq!(price(3).await, (json!(9.5), json!(0.25)));
    let before = estimate(&house, "mug", 1).await;
    let mut dearer: Product =
        house.app.store.get(product.key()).await.expect("reads").expect("is there");
    dearer.offers[0].price = domain::money::Usd(9_100_000);
    let mut changes = Changes::of(house.merchant_id);
    changes.update(dearer);
    house.app.store.commit(changes).await.expect("a new price");
    assert_eq!(price(1).await, (json!(9.1), json!(0)));
    // An estimate holds what it said.
    assert_eq!(kept(&house, &before).await.pricing.total, domain::money::Usd(9_000_000));
}

#[tokio::test]
async fn a_cart_is_estimated_but_for_exceptions_and_stays_as_it_is() {
    let house = House::start().await;
    for product in ["mug", "cup"] {
        sell(&house, product, &[OFFER]).await;
        house.post(ITEMS, item(product, 2)).await.ok();
    }
    let before = cart(&house).await;
    let lines = async |overrides: Value| -> Value {
        let made = of_cart(&house, overrides).await.ok();
        let lines = made["data"]["validItems"].as_array().expect("lines").iter();
        lines.map(|line| json!([line["productId"], line["quantity"]])).collect()
    };
    assert_eq!(lines(json!(null)).await, json!([["mug", 2], ["cup", 2]]));
    let without_mug = json!([{ "productId": "mug", "retailer": "other", "quantity": 0 }]);
    assert_eq!(lines(without_mug).await, json!([["cup", 2]]));
    let id = &before["items"][1]["itemId"];
    let more_cups = json!([{ "itemId": id, "quantity": 99 }]);
    assert_eq!(lines(more_cups).await, json!([["mug", 2], ["cup", 99]]));
    for overrides in [
        json!([{ "productId": "mug", "quantity": 0 }, { "productId": "cup", "quantity": 0 }]),
        json!([{ "productId": "mug", "quantity": 100 }]),
        json!([{ "productId": "spoon", "quantity": 1 }]),
        json!([{ "quantity": 1 }]),
    ] {
        let refused = of_cart(&house, overrides.clone()).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{overrides}");
        assert_eq!(refused.param(), "itemOverrides", "{overrides}");
    }
    assert_eq!(cart(&house).await, before, "a cart is only read");
    let body = json!({ "customer_id": "d", "useCart": true });
    assert_eq!(house.post(ESTIMATE, body).await.param(), "useCart");
}

#[tokio::test]
async fn every_bound_of_an_estimate_is_a_400_that_names_its_field() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    sell(&house, "palace", &[OnSale { cents: 99_000_000, ..OFFER }]).await;
    let many: Vec<Value> = (0..101).map(|id| wanted(&id.to_string(), json!(1))).collect();
    let mug = || wanted("mug", json!(1));
    for (body, param) in [
        (json!({}), "items"),
        (json!({ "items": [] }), "items"),
        (json!({ "items": [mug()], "useCart": true }), "items"),
        (json!({ "items": [mug()], "itemOverrides": [{ "quantity": 1 }] }), "itemOverrides"),
        (json!({ "items": [wanted("mug", json!(0))] }), "items"),
        (json!({ "items": [wanted("mug", json!(100))] }), "items"),
        (json!({ "items": [wanted("mug", json!(60)), wanted("mug", json!(60))] }), "items"),
        (json!({ "items": [wanted("mug", json!(-1))] }), "items[0].quantity"),
        (json!({ "items": [wanted("mug", json!(1e300))] }), "items[0].quantity"),
        (json!({ "items": [wanted("", json!(1))] }), "items"),
        (json!({ "items": [{ "productId": "mug", "quantity": 1 }] }), "items[0].retailer"),
        (json!({ "items": many }), "items"),
        (json!({ "items": [wanted("palace", json!(2))] }), "items"),
        (json!({ "items": "mug" }), "items"),
        (json!({ "useCart": "yes" }), "useCart"),
    ] {
        let mut body = body;
        body["customer_id"] = json!("c");
        let refused = house.post(ESTIMATE, body.clone()).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{body}: {}", refused.body);
        assert_eq!(refused.param(), param, "{body}: {}", refused.body);
    }
    assert_eq!(house.post(ESTIMATE, json!({ "items": [mug()] })).await.param(), "customer_id");
}

#[tokio::test]
async fn an_address_brings_its_tax_and_its_ways_of_shipping() {
    let house = House::start().await;
    set_rates(&house).await;
    sell(&house, "mug", &[OnSale { shipping_cents: 25, ..OFFER }]).await;
    let made = estimate(&house, "mug", 2).await;
    let attach = async |more: Value| {
        let mut body = json!({ "customer_id": "c", "estimateId": made["estimateId"] });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("one").clone());
        house.post(ADDRESS, body).await
    };
    let first = attach(json!({ "address": in_california() })).await.ok()["data"].clone();
    assert_eq!(
        first["shippingOptions"],
        json!([
            { "id": "us", "name": "Post", "price": 1.25, "estimatedDays": 4 },
            { "id": "fast", "name": "Courier", "price": 9.75, "estimatedDays": 1 },
        ])
    );
    assert_eq!(first["shippingOptionId"], "us");
    assert_eq!(first["expiresAt"], made["expiresAt"]);
    let parts = |data: &Value| {
        ["subtotal", "shipping", "tax", "total"].map(|part| data["pricing"][part].clone())
    };
    assert_eq!(parts(&first), [json!(20), json!(1.25), json!(1.45), json!(25.7)]);
    // The saved address again, and another way.
    let id = &first["addressId"];
    let fast = attach(json!({ "addressId": id, "shippingOptionId": "fast" })).await.ok();
    assert_eq!(parts(&fast["data"]), [json!(20), json!(9.75), json!(1.45), json!(34.2)]);
    assert_eq!(fast["data"]["addressId"], *id);
    let kept = kept(&house, &made).await;
    assert_eq!(kept.shipping_option.as_deref(), Some("fast"));
    assert_eq!(kept.pricing.total, domain::money::Usd(34_200_000));
    assert_eq!(Some(json!(kept.address_id)), Some(id.clone()));
    let mut in_germany = in_california();
    in_germany["country"] = json!("DE");
    in_germany["state"] = json!(null);
    in_germany["zip_code"] = json!("D-10115");
    let german = attach(json!({ "address": in_germany })).await.ok()["data"].clone();
    // 19 % of goods and shipping.
    assert_eq!(parts(&german), [json!(20), json!(5.25), json!(4.8), json!(33.05)]);
    for (body, param) in [
        (json!({ "address": in_california(), "shippingOptionId": "eu" }), "shippingOptionId"),
        (json!({ "address": in_california(), "addressId": id }), "addressId"),
        (json!({}), "address"),
        (json!({ "addressId": "x" }), "addressId"),
    ] {
        let refused = attach(body.clone()).await;
        assert_eq!((refused.status, refused.param()), (400, param), "{body}: {}", refused.body);
    }
}

#[tokio::test]
async fn what_is_another_shopper_s_does_not_exist() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    let made = estimate(&house, "mug", 1).await;
    let mut body = json!({ "customer_id": "c", "estimateId": made["estimateId"],
        "address": in_california() });
    let address = house.post(ADDRESS, body.clone()).await.ok()["data"]["addressId"].clone();
    let (_, stranger) = house.stranger().await;
    let request = house.request("POST", ADDRESS).header("x-api-key", stranger);
    assert_eq!(house.send(request.json(&body)).await.error(), (404, "NOT_FOUND"));
    body["customer_id"] = json!("d");
    assert_eq!(house.post(ADDRESS, body).await.error(), (404, "NOT_FOUND"));
    let wanted = json!([{ "productId": "mug", "retailer": "other", "quantity": 1 }]);
    let other = json!({ "customer_id": "d", "items": wanted });
    let other = house.post(ESTIMATE, other).await.ok()["data"]["estimateId"].clone();
    let body = json!({ "customer_id": "d", "estimateId": other, "addressId": address });
    assert_eq!(house.post(ADDRESS, body).await.error(), (404, "NOT_FOUND"));
    let unknown = json!({ "customer_id": "c", "estimateId": house.app.fresh().uuid(),
        "addressId": address });
    assert_eq!(house.post(ADDRESS, unknown).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn an_estimate_ends_with_its_time_or_its_order() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    let made = estimate(&house, "mug", 1).await;
    let body = json!({ "customer_id": "c", "estimateId": made["estimateId"],
        "address": in_california() });
    house.advance(15 * MINUTE_MS - 1);
    house.post(ADDRESS, body.clone()).await.ok();
    house.advance(1);
    assert_eq!(house.post(ADDRESS, body.clone()).await.error(), (409, "ESTIMATE_EXPIRED"));
    let ordered = Estimate {
        order_id: Some(OrderId::fresh(&mut house.app.fresh())),
        ..kept(&house, &made).await
    };
    let mut changes = Changes::of(house.merchant_id);
    changes.update(ordered);
    house.app.store.commit(changes).await.expect("an order");
    assert_eq!(house.post(ADDRESS, body).await.error(), (409, "ORDER_STATE"));
}

#[tokio::test]
async fn addresses_at_once_leave_an_estimate_that_adds_up() {
    let house = House::start().await;
    set_rates(&house).await;
    sell(&house, "mug", &[OFFER]).await;
    let made = estimate(&house, "mug", 1).await;
    let attach = async |number: usize| {
        let option = if number.is_multiple_of(2) { "us" } else { "fast" };
        let body = json!({ "customer_id": "c", "estimateId": made["estimateId"],
            "address": in_california(), "shippingOptionId": option });
        house.post(ADDRESS, body).await
    };
    for reply in join_all((0..20).map(attach)).await {
        reply.ok();
    }
    let kept = kept(&house, &made).await;
    let shipping = match kept.shipping_option.as_deref() {
        Some("us") => 1_000_000,
        Some("fast") => 9_500_000,
        other => panic!("{other:?}"),
    };
    assert_eq!(kept.pricing.shipping, domain::money::Usd(shipping));
}

#[tokio::test]
async fn old_estimates_are_forgotten() {
    let house = House::start().await;
    sell(&house, "mug", &[OFFER]).await;
    let made = estimate(&house, "mug", 1).await;
    let body = json!({ "customer_id": "c", "estimateId": made["estimateId"],
        "address": in_california() });
    let sweep = async || {
        let mut sweeper = retention::Sweeper::default();
        while sweeper.step(&house.app).await.expect("sweeps") == Progress::More {}
        sweeper.stop(&house.app).await;
    };
    house.advance(7 * DAY_MS);
    sweep().await;
    assert_eq!(house.post(ADDRESS, body.clone()).await.error(), (409, "ESTIMATE_EXPIRED"));
    house.advance(16 * MINUTE_MS);
    sweep().await;
    assert_eq!(house.post(ADDRESS, body).await.error(), (404, "NOT_FOUND"));
}
