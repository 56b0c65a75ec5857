//! Orders at an outside retailer who answers twice, late, never, or says no.
//!
//! The retailer is a server of the test's own; only mainnet orders are placed, so the order is
//! brought there by its own steps and not by a chain.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use domain::changes::Changes;
use domain::environment::Environment;
use domain::estimate::Chosen;
use domain::event::Origin;
use domain::ids::OrderId;
use domain::network::Network;
use domain::order::{Order, OrderPayment};
use serde_json::{Value, json};

use super::shop::{check, ready_in, stock_in};
use crate::house::House;

const HOUR_MS: i64 = 60 * 60_000;

/// What the retailer says next, and what he was asked.
#[derive(Clone, Default)]
struct Double {
    answers: Arc<Mutex<VecDeque<(u16, Value)>>>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Double {
    fn says(&self, status: u16, body: Value) {
        self.answers.lock().expect("whole").push_back((status, body));
    }

    fn reports(&self, status: &str) {
        let tracking = json!({ "carrier": "UPS", "trackingNumber": "1Z" });
        let body = json!({ "retailerOrderId": "R-1", "status": status, "tracking": tracking });
        self.says(200, body);
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("whole").iter().map(|(what, _)| what.clone()).collect()
    }

    fn answer(&self, what: &str, id: &str, body: Value) -> axum::response::Response {
        self.asked.lock().expect("whole").push((format!("{what} {id}"), body));
        let next = self.answers.lock().expect("whole").pop_front();
        let (status, body) = next.unwrap_or((503, Value::Null));
        (StatusCode::from_u16(status).expect("a status"), Json(body)).into_response()
    }
}

/// A house whose mainnet orders this retailer places.
async fn house() -> (House, Double) {
    let double = Double::default();
    let place =
        async |State(double): State<Double>, Path(id): Path<String>, Json(body): Json<Value>| {
            double.answer("place", &id, body)
        };
    let track = async |State(double): State<Double>, Path(id): Path<String>| {
        double.answer("track", &id, Value::Null)
    };
    let cancel = async |State(double): State<Double>, Path(id): Path<String>| {
        double.answer("cancel", &id, Value::Null)
    };
    let router = Router::new()
        .route("/shop/orders/{id}", put(place))
        .route("/shop/orders/{id}", get(track))
        .route("/shop/orders/{id}/cancel", post(cancel))
        .with_state(double.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/shop", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let house = House::with(|config| {
        config.commerce.retailer_url = Some(url);
        config.commerce.retailer_key = Some("retailer-key".into());
    })
    .await;
    (house, double)
}

/// A mainnet order of an outside offer whose payment is settled.
async fn settled(house: &House) -> OrderId {
    let owner = crate::account::owner(house).await;
    let path = "/api/v1/user/mainnet-access/activate";
    crate::account::act(house, &owner, "POST", path, json!({ "access_key": "open-sesame" }))
        .await
        .ok();
    let live = house.mint(domain::api_key::KeyScope::Commerce, Environment::Mainnet).await;
    let goods = stock_in(house, Environment::Mainnet, 1).await;
    let outside = Chosen::Outside { offer_id: "B0-1".into() };
    let ready = ready_in(house, Environment::Mainnet, "c", (&goods, 2, outside)).await;
    let request = house.request("POST", "/api/commerce/merchant/checkout/invoice");
    let placed = house.send(request.header("x-api-key", live).json(&ready.body())).await.ok();
    let id = OrderId::parse(placed["data"]["orderId"].as_str().expect("an id")).expect("an id");
    let before = read(house, id).await;
    let (now, payment) = (house.app.now(), OrderPayment::of(&[], house.app.now()));
    let after = before.clone().paid(payment, now).expect("is open");
    let after = after.settled(Some(Network::Bsc), None, now).expect("is paid");
    let mut changes = Changes::of(house.merchant_id);
    after.record(&before, &mut changes, Origin::default());
    house.app.store.commit(changes).await.expect("settled");
    id
}

async fn read(house: &House, id: OrderId) -> Order {
    house.app.store.get::<Order>(id.key()).await.expect("reads").expect("is there")
}

async fn view(house: &House, id: OrderId) -> Value {
    serde_json::to_value(read(house, id).await.view()).expect("serializes")
}

#[tokio::test]
async fn an_order_is_placed_followed_and_delivered() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    double.reports("placed");
    house.move_orders().await;
    let order = view(&house, id).await;
    assert_eq!(
        (&order["status"], &order["substatus"]),
        (&json!("placed"), &json!("AWAITING_TRACKING"))
    );
    let (what, body) = double.asked.lock().expect("whole")[0].clone();
    assert_eq!(what, format!("place {id}"));
    assert_eq!(body["lines"][0]["offerId"], "B0-1");
    assert_eq!(
        (&body["lines"][0]["quantity"], &body["lines"][0]["priceMaxUsd"]),
        (&json!(2), &json!("9.99"))
    );
    assert_eq!(body["address"]["zip_code"], "62701");
    house.move_orders().await;
    assert_eq!(double.asked().len(), 1, "nothing is asked before its time");
    for (status, shown) in [
        ("placed", "placed"),
        ("shipped", "shipped"),
        ("shipped", "shipped"),
        ("delivered", "delivered"),
    ] {
        double.reports(status);
        house.advance(HOUR_MS);
        house.move_orders().await;
        assert_eq!(view(&house, id).await["status"], shown);
    }
    house.advance(24 * HOUR_MS);
    house.move_orders().await;
    assert_eq!(double.asked().len(), 5);
    let order = view(&house, id).await;
    assert_eq!(order["fulfillment"]["shipments"].as_array().map(Vec::len), Some(1));
    assert_eq!(order["fulfillment"]["shipments"][0]["trackingNumber"], "1Z");
    check(&house).await;
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_asked_for_again_under_the_same_id() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    // Never, then nonsense, then an error, then twice the same.
    double.says(503, Value::Null);
    double.says(200, json!({ "status": "maybe" }));
    double.says(500, json!({ "retailerOrderId": "R-1", "status": "placed" }));
    for _ in 0..3 {
        house.move_orders().await;
        let order = view(&house, id).await;
        assert_eq!(
            (&order["status"], &order["substatus"]),
            (&json!("processing"), &json!("PROVIDER_PLACEMENT_SUBMITTED"))
        );
        house.advance(HOUR_MS);
    }
    double.reports("placed");
    house.move_orders().await;
    assert_eq!(view(&house, id).await["status"], "placed");
    assert_eq!(double.asked(), vec![format!("place {id}"); 4]);
    check(&house).await;
}

#[tokio::test]
async fn who_never_answers_is_left_alone_in_the_end() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    for _ in 0..40 {
        house.move_orders().await;
        house.advance(12 * HOUR_MS);
    }
    assert_eq!(double.asked().len(), 20);
    let order = view(&house, id).await;
    assert_eq!(order["status"], "processing", "not known is not failed");
}

#[tokio::test]
async fn a_retailer_who_refuses_fails_the_order_and_the_money_is_owed() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    double.says(422, json!({ "error": "their own words" }));
    house.move_orders().await;
    let order = view(&house, id).await;
    assert_eq!((&order["status"], &order["refundStatus"]), (&json!("failed"), &json!("QUOTED")));
    assert!(!order.to_string().contains("their own words"));
    house.advance(HOUR_MS);
    house.move_orders().await;
    assert_eq!(double.asked().len(), 1);
}

async fn cancel(house: &House, id: OrderId, key: &str) -> (u16, Value) {
    let live = house.mint(domain::api_key::KeyScope::Commerce, Environment::Mainnet).await;
    let path = format!("/api/commerce/merchant/orders/{id}/cancel");
    let request = house.request("POST", &path).header("x-api-key", live);
    let reply = house.send(request.header("idempotency-key", key)).await;
    (reply.status, reply.body["data"].clone())
}

#[tokio::test]
async fn a_cancel_that_races_the_placement_is_the_last_word() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    // Whether it was placed is not known when the cancel comes.
    double.says(503, Value::Null);
    house.move_orders().await;
    let (status, data) = cancel(&house, id, "k").await;
    assert_eq!(
        (status, &data["status"], &data["substatus"]),
        (200, &json!("processing"), &json!("CANCELLATION_REQUESTED"))
    );
    double.says(503, Value::Null);
    house.move_orders().await;
    double.reports("canceled");
    house.advance(HOUR_MS);
    house.move_orders().await;
    let order = view(&house, id).await;
    assert_eq!(
        (&order["status"], &order["cancellationStatus"]),
        (&json!("cancelled"), &json!("accepted"))
    );
    assert_eq!(order["refundStatus"], "QUOTED");
    let asked = double.asked();
    assert_eq!(asked, [format!("place {id}"), format!("cancel {id}"), format!("cancel {id}")]);
    check(&house).await;
}

#[tokio::test]
async fn a_retailer_who_does_not_let_go_sends_it() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    double.reports("placed");
    house.move_orders().await;
    let (status, data) = cancel(&house, id, "k").await;
    assert_eq!((status, &data["status"]), (200, &json!("placed")));
    double.says(409, Value::Null);
    house.move_orders().await;
    let order = view(&house, id).await;
    assert_eq!(
        (&order["status"], &order["cancellationStatus"]),
        (&json!("placed"), &json!("rejected"))
    );
    double.reports("shipped");
    house.advance(HOUR_MS);
    house.move_orders().await;
    assert_eq!(view(&house, id).await["status"], "shipped");
    assert_eq!(cancel(&house, id, "other").await.0, 400);
    check(&house).await;
}

#[tokio::test]
async fn what_left_while_it_was_taken_back_is_followed_to_the_door() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    double.reports("placed");
    house.move_orders().await;
    cancel(&house, id, "k").await;
    double.reports("shipped");
    house.move_orders().await;
    let order = view(&house, id).await;
    assert_eq!((&order["status"], &order["substatus"]), (&json!("shipped"), &json!("IN_TRANSIT")));
    assert_eq!(order["cancellationStatus"], "rejected");
    double.reports("delivered");
    house.advance(HOUR_MS);
    house.move_orders().await;
    assert_eq!(view(&house, id).await["status"], "delivered");
    assert_eq!(double.asked().last(), Some(&format!("track {id}")));
}

#[tokio::test]
async fn without_a_retailer_the_merchant_sends_it() {
    let house = House::start().await;
    let id = settled(&house).await;
    house.move_orders().await;
    assert_eq!(view(&house, id).await["status"], "processing");
    assert_eq!(read(&house, id).await.due_at, None);
    let live = house.mint(domain::api_key::KeyScope::Commerce, Environment::Mainnet).await;
    let path = format!("/api/commerce/merchant/orders/{id}/fulfill");
    let request = house.request("POST", &path).header("x-api-key", live);
    house.send(request).await.ok();
    assert_eq!(view(&house, id).await["status"], "shipped");
}

#[tokio::test]
async fn what_a_retailer_may_have_only_he_can_refuse() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    let live = house.mint(domain::api_key::KeyScope::Commerce, Environment::Mainnet).await;
    let fail = async || {
        let path = format!("/api/commerce/merchant/orders/{id}/fail");
        house.send(house.request("POST", &path).header("x-api-key", &live)).await
    };
    double.says(503, Value::Null);
    house.move_orders().await;
    assert_eq!(fail().await.error(), (409, "ORDER_STATE"));
    cancel(&house, id, "k").await;
    assert_eq!(fail().await.error(), (409, "ORDER_STATE"));
    let order = view(&house, id).await;
    assert_eq!((&order["status"], &order["refundStatus"]), (&json!("processing"), &json!("NONE")));
    check(&house).await;
}

#[tokio::test]
async fn to_ask_in_vain_is_no_news() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    double.reports("placed");
    house.move_orders().await;
    let before = view(&house, id).await;
    let path = format!("/api/v1/events?type=commerce.order.*&limit=100&order_id={id}");
    let live = house.mint(domain::api_key::KeyScope::Merchant, Environment::Mainnet).await;
    let told = async || {
        let reply = house.send(house.request("GET", &path).header("x-api-key", &live)).await;
        reply.ok()["data"]["data"].as_array().expect("events").len()
    };
    let count = told().await;
    assert!(count > 0);
    for _ in 0..3 {
        double.reports("placed");
        house.advance(HOUR_MS);
        house.move_orders().await;
    }
    assert_eq!(double.asked().len(), 4);
    assert_eq!((view(&house, id).await, told().await), (before, count));
}

#[tokio::test]
async fn what_is_canceled_after_it_was_sent_is_left_to_a_person() {
    let (house, double) = house().await;
    let id = settled(&house).await;
    for status in ["placed", "shipped", "canceled"] {
        double.reports(status);
        house.move_orders().await;
        house.advance(HOUR_MS);
    }
    let order = view(&house, id).await;
    assert_eq!(order["status"], "shipped");
    let last = order["timeline"].as_array().and_then(|all| all.last()).cloned();
    let message = "The retailer canceled it after it was shipped";
    assert_eq!(last.expect("moments")["message"], message);
    house.move_orders().await;
    assert_eq!(double.asked().len(), 3, "nobody asks on");
    check(&house).await;
}
