//! Step 3: one order out of one estimate, whoever asks and how often, and never a piece too many.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::event::EventType;
use domain::product::HandlingDays;
use serde_json::{Value, json};

use super::shop::{
    BSC, CUSTOMER, call, check, events, id, left, order, ready, ready_by, snapshot, step_three,
    stock, with, withdraw,
};
use crate::house::House;

const MINUTE_MS: i64 = 60_000;

#[tokio::test]
async fn step_three_answers_what_the_fragment_says() {
    let house = House::start().await;
    let goods = stock(&house, 3).await;
    let ready = ready(&house, CUSTOMER, &goods, 1).await;
    let mut body = ready.body();
    body["refundDestinationWalletAddressBsc"] = json!(BSC);
    body["webhookUrl"] = Value::Null;
    let answer = step_three(&house, &body).await.ok();
    assert_eq!(answer["success"], true);
    let data = &answer["data"];
    let order_id = id(data);
    assert_eq!(data["merchantId"], house.merchant_id.0);
    assert_eq!(data["networkEnvironment"], "devnet");
    assert_eq!(data["customerId"], CUSTOMER);
    assert_eq!(data["amount"].to_string(), "13.99");
    assert_eq!(data["status"], "unpaid");
    assert_eq!(data["expiresAt"], house.app.now().plus_ms(30 * MINUTE_MS).seconds());
    assert_eq!(data["payment_session_headers"]["x-session-token"], data["session"]);
    assert_eq!(data["payment_session_headers"]["x-signature"], data["signature"]);
    let url = data["invoiceUrl"].as_str().expect("a url");
    assert!(url.contains(data["session"].as_str().expect("text")), "{url}");
    let code = data["qrCode"].as_str().expect("a code");
    assert!(code.starts_with("data:image/svg+xml;base64,"), "{code}");
    assert_eq!(
        data["endpoints"],
        json!({
            "checkOrder": format!("/api/commerce/merchant/orders/{order_id}"),
            "checkPayment": format!("/api/commerce/merchant/payments/{order_id}/status"),
            "cancelOrder": format!("/api/commerce/merchant/orders/{order_id}/cancel"),
        })
    );
    assert_eq!(left(&house, &goods).await, 2);
    // The payor's session opens the invoice, and the merchant reads it as a commerce invoice.
    let payor = super::shop::payor(data);
    let path = "/api/v1/payments/session-details";
    let details = house.payor("GET", path, &payor, Value::Null).await.ok();
    assert_eq!(details["amount_usd"].to_string(), "13.99");
    let invoice = house.read(&payor).await;
    assert_eq!(
        (&invoice["invoice_type"], &invoice["commerce_order_id"]),
        (&json!("commerce"), &data["orderId"])
    );
    let order = snapshot(&house, data).await;
    assert_eq!(order["status"], "pending_payment");
    assert_eq!(
        (&order["totalAmountUsd"], &order["commerceFeeUsd"]),
        (&json!("13.99"), &json!("3.00"))
    );
    assert_eq!(order["refund"]["destinationWalletAddressBsc"], BSC);
    assert_eq!(order["lineItems"][0]["price"], "9.99");
    assert_eq!(order["shippingAddress"]["city"], "Springfield");
    assert_eq!(order["timeline"][0]["status"], "pending_payment");
    check(&house).await;
}

#[tokio::test]
async fn the_same_estimate_is_one_order_however_often_it_is_asked_for() {
    let house = House::start().await;
    let goods = stock(&house, 5).await;
    let ready = ready(&house, CUSTOMER, &goods, 2).await;
    let body = ready.body();
    let all = (0..50).map(|_| step_three(&house, &body));
    let answers = futures_util::future::join_all(all).await;
    let first = answers[0].body.clone();
    for answer in answers {
        assert_eq!(answer.ok(), first);
    }
    // An hour later, too.
    house.advance(60 * MINUTE_MS);
    let again = step_three(&house, &body).await.ok();
    assert_eq!(again["data"]["orderId"], first["data"]["orderId"]);
    assert_eq!(left(&house, &goods).await, 3);
    let list = call(&house, "GET", "/api/commerce/merchant/orders", Value::Null).await.ok();
    assert_eq!(list["data"]["pagination"]["count"], 1);
    assert_eq!(events(&house, &first["data"]).await.len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn a_key_replays_and_is_not_another_requests() {
    let house = House::start().await;
    let goods = stock(&house, 5).await;
    let (one, other) =
        (ready(&house, CUSTOMER, &goods, 1).await, ready(&house, CUSTOMER, &goods, 1).await);
    let ask = async |body: Value| {
        let request = house.request("POST", "/api/commerce/merchant/checkout/invoice");
        let request = request.header("x-api-key", &house.key).header("idempotency-key", "k");
        house.send(request.json(&body)).await
    };
    let first = ask(one.body()).await;
    let again = ask(one.body()).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.body, first.body);
    assert_eq!(ask(other.body()).await.error(), (409, "IDEMPOTENCY_KEY_REUSED"));
    assert_eq!(left(&house, &goods).await, 4);
}

#[tokio::test]
async fn of_fifty_who_want_the_last_piece_one_gets_it() {
    let house = House::start().await;
    let goods = stock(&house, 1).await;
    let mut buyers = Vec::new();
    for number in 0..50 {
        buyers.push(ready(&house, &format!("buyer-{number}"), &goods, 1).await.body());
    }
    let answers =
        futures_util::future::join_all(buyers.iter().map(|body| step_three(&house, body))).await;
    let (served, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((served.len(), refused.len()), (1, 49));
    for refusal in refused {
        assert_eq!(refusal.error(), (409, "OUT_OF_STOCK"));
    }
    assert_eq!(left(&house, &goods).await, 0);
    let list = call(&house, "GET", "/api/commerce/merchant/orders", Value::Null).await.ok();
    assert_eq!(list["data"]["pagination"]["count"], 1);
    check(&house).await;
}

#[tokio::test]
async fn what_cannot_be_had_any_more_is_said_and_changes_nothing() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let late = ready(&house, CUSTOMER, &goods, 1).await;
    house.advance(15 * MINUTE_MS);
    assert_eq!(step_three(&house, &late.body()).await.error(), (409, "ESTIMATE_EXPIRED"));
    let many = ready(&house, CUSTOMER, &goods, 3).await;
    assert_eq!(step_three(&house, &many.body()).await.error(), (409, "OUT_OF_STOCK"));
    let gone = ready(&house, CUSTOMER, &goods, 1).await;
    withdraw(&house, &goods).await;
    assert_eq!(step_three(&house, &gone.body()).await.error(), (409, "OFFER_UNAVAILABLE"));
    assert_eq!(left(&house, &goods).await, 2);
    let list = call(&house, "GET", "/api/commerce/merchant/orders", Value::Null).await.ok();
    assert_eq!(list["data"]["orders"], json!([]));
}

#[tokio::test]
async fn what_is_somebody_elses_does_not_exist() {
    let house = House::start().await;
    let goods = stock(&house, 9).await;
    let (mine, his) = (ready(&house, "me", &goods, 1).await, ready(&house, "him", &goods, 1).await);
    let mut body = his.body();
    body["customer_id"] = json!("me");
    assert_eq!(step_three(&house, &body).await.error(), (404, "NOT_FOUND"));
    let mut body = mine.body();
    body["addressId"] = json!(his.address_id);
    assert_eq!(step_three(&house, &body).await.error(), (404, "NOT_FOUND"));
    // Another address of the same customer is not the one the prices were made for.
    let mut body = mine.body();
    body["addressId"] = json!(ready(&house, "me", &goods, 1).await.address_id);
    let refused = step_three(&house, &body).await;
    assert_eq!((refused.error(), refused.param()), ((400, "VALIDATION_ERROR"), "addressId"));
    let (_, key) = house.stranger().await;
    let request = house.request("POST", "/api/commerce/merchant/checkout/invoice");
    let stranger = house.send(request.header("x-api-key", &key).json(&mine.body())).await;
    assert_eq!(stranger.error(), (404, "NOT_FOUND"));
    let live = house.mint(KeyScope::Commerce, Environment::Mainnet).await;
    let request = house.request("POST", "/api/commerce/merchant/checkout/invoice");
    let live = house.send(request.header("x-api-key", &live).json(&mine.body())).await;
    assert_eq!(live.error(), (403, "MAINNET_NOT_ENABLED"));
    assert_eq!(left(&house, &goods).await, 9);
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let house = House::start().await;
    let goods = stock(&house, 9).await;
    let ready = ready(&house, CUSTOMER, &goods, 1).await;
    let with = |name: &str, value: Value| {
        let mut body = ready.body();
        body[name] = value;
        body
    };
    for (body, param) in [
        (with("estimateId", json!("x")), "estimateId"),
        (with("estimateId", Value::Null), "estimateId"),
        (with("addressId", json!(7)), "addressId"),
        (with("customer_id", json!("")), "customer_id"),
        (with("wallet_network", json!("bsc")), "customer_id"),
        (
            with("refundDestinationWalletAddressBsc", json!("0x1")),
            "refundDestinationWalletAddressBsc",
        ),
        (
            with("refundDestination", json!({ "network": "solana", "address": BSC })),
            "refundDestination.address",
        ),
    ] {
        let refused = step_three(&house, &body).await;
        assert_eq!((refused.status, refused.param()), (400, param), "{body} {}", refused.body);
    }
    let mut both = with("refundDestinationWalletAddressBsc", json!(BSC));
    both["refundDestination"] = json!({ "network": "base", "address": BSC });
    assert_eq!(step_three(&house, &both).await.param(), "refundDestination");
    assert_eq!(step_three(&house, &json!([])).await.error(), (400, "VALIDATION_ERROR"));
    let solana = domain::address::Address::from_payload(
        domain::network::Network::Solana.family(),
        Environment::Devnet,
        &[7; 32],
    );
    let named = json!({ "network": "solana", "address": solana.as_str() });
    let placed = step_three(&house, &with("refundDestination", named.clone())).await.ok();
    let order = snapshot(&house, &placed["data"]).await;
    assert_eq!(order["refund"]["destination"], named);
    assert_eq!(order["refund"]["destinationWalletAddressBsc"], Value::Null);
}

#[tokio::test]
async fn a_wallet_buys_too() {
    let house = House::start().await;
    let goods = stock(&house, 9).await;
    let ready = ready(&house, CUSTOMER, &goods, 1).await;
    let body = json!({
        "wallet_address": BSC, "wallet_network": "bsc",
        "estimateId": ready.estimate_id, "addressId": ready.address_id,
    });
    // The estimate is the customer's, and a wallet is somebody else.
    assert_eq!(step_three(&house, &body).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn below_the_escrow_no_order_is_made() {
    let house = with(|config| config.commerce.escrow_minimum_usd = 50).await;
    let goods = stock(&house, 1).await;
    let outside = domain::estimate::Chosen::Outside { offer_id: "B0-1".into() };
    let elsewhere = ready_by(&house, CUSTOMER, &goods, (1, outside)).await;
    assert_eq!(step_three(&house, &elsewhere.body()).await.error(), (409, "COMMERCE_UNAVAILABLE"));
    // It pays retailers: what is the merchant's own is sold without.
    let own = ready(&house, CUSTOMER, &goods, 1).await;
    step_three(&house, &own.body()).await.ok();
    assert_eq!(left(&house, &goods).await, 0);
    let status = call(&house, "GET", "/api/commerce/status", Value::Null).await.ok();
    assert_eq!(
        status["data"],
        json!({
            "status": "limited", "escrowBalance": 0, "minimumRequired": 50,
            "features": { "search": true, "cart": true, "checkout": false, "orders": true },
        })
    );
    let house = House::start().await;
    let status = call(&house, "GET", "/api/commerce/status", Value::Null).await.ok();
    assert_eq!(status["data"]["status"], "available");
    assert_eq!(status["data"]["features"]["checkout"], true);
    let info = call(&house, "GET", "/api/commerce/info", Value::Null).await.ok();
    assert_eq!(info["data"]["retailers"].as_array().map(Vec::len), Some(6));
    assert_eq!(info["data"]["fees"], json!({ "fixed": 0, "percentageBps": 0 }));
}

#[tokio::test]
async fn pieces_that_are_counted_since_the_estimate_are_counted_by_the_order() {
    let house = House::start().await;
    super::sell(&house, "mug", &[super::OnSale { left: None, ..super::OFFER }]).await;
    let checkout = async |pieces: u32| {
        let wanted = json!([{ "productId": "mug", "retailer": "other", "quantity": pieces }]);
        let body = json!({ "customer_id": "c", "items": wanted });
        let estimate = house.post(super::ESTIMATE, body).await.ok()["data"].clone();
        let id = &estimate["estimateId"];
        let body =
            json!({ "customer_id": "c", "estimateId": id, "address": super::in_california() });
        let address = house.post(super::ADDRESS, body).await.ok()["data"].clone();
        json!({ "customer_id": "c", "estimateId": id, "addressId": address["addressId"] })
    };
    let three = checkout(3).await;
    let (one, slow) = (checkout(1).await, checkout(1).await);
    super::change_offers(&house, "mug", |offer| offer.is_counted = true).await;
    assert_eq!(step_three(&house, &three).await.error(), (409, "OUT_OF_STOCK"));
    super::change_offers(&house, "mug", |offer| offer.is_counted = false).await;
    step_three(&house, &one).await.ok();
    super::change_offers(&house, "mug", |offer| {
        offer.handling_days = HandlingDays { min: 11, max: 12 };
    })
    .await;
    assert_eq!(step_three(&house, &slow).await.error(), (409, "OFFER_UNAVAILABLE"));
}

#[tokio::test]
async fn an_order_that_was_made_takes_no_other_refund_destination() {
    let house = House::start().await;
    let goods = stock(&house, 1).await;
    let ready = ready(&house, CUSTOMER, &goods, 1).await;
    step_three(&house, &ready.body()).await.ok();
    let mut again = ready.body();
    again["refundDestinationWalletAddressBsc"] = json!(BSC);
    assert_eq!(step_three(&house, &again).await.error(), (409, "ORDER_STATE"));
}

#[tokio::test]
async fn an_order_that_is_made_is_told_with_the_invoice() {
    let house = House::start().await;
    let placed = order(&house).await;
    let told = events(&house, &placed).await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["type"], EventType::CommerceOrderCreated.as_str());
    let object = &told[0]["data"]["object"];
    assert_eq!((&object["object"], &object["id"]), (&json!("commerce_order"), &placed["orderId"]));
    assert_eq!(*object, snapshot(&house, &placed).await);
    let path = format!("/api/v1/events?type=invoice.created&order_id={}", id(&placed));
    let invoices = house.get(&path).await.ok();
    assert_eq!(invoices["data"]["data"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_outside_offer_needs_no_stock() {
    let house = House::start().await;
    let goods = stock(&house, 1).await;
    let outside = domain::estimate::Chosen::Outside { offer_id: "B0-1".into() };
    let ready = ready_by(&house, CUSTOMER, &goods, (7, outside)).await;
    step_three(&house, &ready.body()).await.ok();
    assert_eq!(left(&house, &goods).await, 1);
}

#[tokio::test]
async fn three_steps_make_an_order_and_leave_the_cart_alone() {
    let house = House::start().await;
    super::set_rates(&house).await;
    let offer = super::OnSale { left: Some(3), ..super::OFFER };
    super::sell(&house, "mug", &[offer]).await;
    house.post(super::ITEMS, super::item("mug", 2)).await.ok();
    let cart = super::cart(&house).await;
    let body = json!({ "customer_id": "c", "useCart": true });
    let estimate = house.post(super::ESTIMATE, body).await.ok()["data"].clone();
    let id = &estimate["estimateId"];
    let body = json!({ "customer_id": "c", "estimateId": id, "address": super::in_california() });
    let address = house.post(super::ADDRESS, body).await.ok()["data"].clone();
    let body = json!({ "customer_id": "c", "estimateId": id, "addressId": address["addressId"] });
    let placed = step_three(&house, &body).await.ok()["data"].clone();
    // Two mugs for 20, a dollar for the post, 7.25 % of the mugs, and the fee of three.
    assert_eq!(placed["amount"].to_string(), "25.45");
    let order = snapshot(&house, &placed).await;
    assert_eq!(order["shippingAddress"], address["standardized"]);
    assert_eq!(super::cart(&house).await, cart);
    // What has become an order is not changed any more.
    let body = json!({ "customer_id": "c", "estimateId": id, "address": super::in_california() });
    assert_eq!(house.post(super::ADDRESS, body).await.error(), (409, "ORDER_STATE"));
    check(&house).await;
}
