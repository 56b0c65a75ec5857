//! The simulator: all eight transitions, by the same steps and with the same events as money and
//! retailers cause, and nothing that they would not.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use serde_json::{Value, json};

use super::shop::{
    BSC, call, cancel, check, events, id, left, messages, order, order_of, own, pay, ready,
    ready_in, snapshot, state, step_three, stock, stock_in,
};
use crate::house::{House, Reply};

async fn simulate(house: &House, placed: &Value, body: Value) -> Reply {
    let path = format!("/api/commerce/devnet/orders/{}/simulate", id(placed));
    call(house, "POST", &path, body).await
}

/// A payment needs the workers of a running house beside it.
async fn simulate_paid(house: &House, placed: &Value, mut body: Value) -> Reply {
    body["transitionTo"] = json!("payment_confirmed");
    beside_workers(house, simulate(house, placed, body)).await
}

/// So does a refund.
async fn simulate_refunded(house: &House, placed: &Value) -> Reply {
    beside_workers(house, to(house, placed, "refunded")).await
}

async fn beside_workers<T>(house: &House, request: impl Future<Output = T>) -> T {
    tokio::pin!(request);
    loop {
        let work = async {
            house.advance(1_000);
            house.step().await;
        };
        tokio::select! {
            reply = &mut request => return reply,
            () = work => {}
        }
    }
}

async fn to(house: &House, placed: &Value, transition: &str) -> Reply {
    simulate(house, placed, json!({ "transitionTo": transition })).await
}

#[tokio::test]
async fn an_order_walks_from_its_payment_to_the_door() {
    let house = House::start().await;
    let placed = order(&house).await;
    let body = json!({ "walletNetwork": "bsc", "walletAddress": BSC });
    let paid = simulate_paid(&house, &placed, body).await.ok();
    let order = &paid["data"]["order"];
    assert_eq!(order["status"], "processing");
    assert_eq!(order["substatus"], "AWAITING_SETTLEMENT");
    assert_eq!(order["payment"]["status"], "paid");
    let invoice = house.read(&super::shop::payor(&placed)).await;
    assert_eq!(
        (&invoice["status"], &invoice["payer_wallet_network"]),
        (&json!("paid"), &json!("bsc"))
    );
    assert_eq!(
        invoice["payer_wallet_address"].as_str().map(str::to_lowercase),
        Some(BSC.to_owned())
    );

    let settled = to(&house, &placed, "payment_settled").await.ok();
    let order = &settled["data"]["order"];
    assert_eq!(
        (&order["status"], &order["substatus"]),
        (&json!("processing"), &json!("PROVIDER_PLACEMENT_SUBMITTED"))
    );
    assert_eq!(order["payment"]["settlement"]["status"], "settled");
    // Asked again it is what it is.
    assert_eq!(to(&house, &placed, "payment_settled").await.ok(), settled);
    let order = to(&house, &placed, "placed").await.ok()["data"]["order"].clone();
    assert_eq!(
        (&order["status"], &order["substatus"]),
        (&json!("placed"), &json!("AWAITING_TRACKING"))
    );
    let url = "https://ups.example/1Z";
    let tracking = json!({ "carrier": "UPS", "trackingNumber": "1Z", "trackingUrl": url });
    let body = json!({ "transitionTo": "shipped", "tracking": tracking });
    let order = simulate(&house, &placed, body).await.ok()["data"]["order"].clone();
    assert_eq!((&order["status"], &order["substatus"]), (&json!("shipped"), &json!("IN_TRANSIT")));
    let shipment = &order["fulfillment"]["shipments"][0];
    assert_eq!((&shipment["carrier"], &shipment["trackingNumber"]), (&json!("UPS"), &json!("1Z")));
    assert_eq!(shipment["carrierTrackingUrl"], "https://ups.example/1Z");
    let order = to(&house, &placed, "delivery_confirmed").await.ok()["data"]["order"].clone();
    assert_eq!((&order["status"], &order["substatus"]), (&json!("delivered"), &Value::Null));
    assert_eq!(order["fulfillment"]["shipments"][0]["deliveryStatus"], "delivered");
    assert_eq!(order, snapshot(&house, &placed).await);
    assert_eq!(
        messages(&order),
        [
            "Order created, waiting for payment",
            "Payment received, processing order",
            "Payment settled, placing order",
            "Order placed with retailer",
            "Order shipped",
            "Order delivered",
        ]
    );
    let statuses: Vec<_> = events(&house, &placed)
        .await
        .iter()
        .map(|one| one["data"]["object"]["status"].clone())
        .collect();
    assert_eq!(
        statuses,
        ["pending_payment", "processing", "processing", "placed", "shipped", "delivered"]
    );
    check(&house).await;
}

#[tokio::test]
async fn no_step_is_taken_from_where_it_does_not_lead() {
    let house = House::start().await;
    let placed = order(&house).await;
    let all = [
        "payment_settled",
        "placed",
        "shipped",
        "delivery_confirmed",
        "failed",
        "cancelled",
        "refunded",
    ];
    let refused = async |fine: &[&str]| {
        for transition in all.iter().filter(|one| !fine.contains(one)) {
            let reply = to(&house, &placed, transition).await;
            assert_eq!(reply.error(), (409, "ORDER_STATE"), "{transition}");
        }
    };
    refused(&[]).await;
    simulate_paid(&house, &placed, json!({})).await.ok();
    let again = simulate(&house, &placed, json!({ "transitionTo": "payment_confirmed" })).await;
    assert_eq!(again.error(), (409, "ORDER_STATE"));
    refused(&["payment_settled", "failed"]).await;
    to(&house, &placed, "payment_settled").await.ok();
    refused(&["payment_settled", "placed", "failed"]).await;
    to(&house, &placed, "placed").await.ok();
    refused(&["shipped", "cancelled"]).await;
    to(&house, &placed, "shipped").await.ok();
    refused(&["delivery_confirmed"]).await;
    to(&house, &placed, "delivery_confirmed").await.ok();
    refused(&[]).await;
    assert_eq!(events(&house, &placed).await.len(), 6);
}

#[tokio::test]
async fn fields_a_step_does_not_need_are_ignored_and_those_it_needs_are_checked() {
    let house = House::start().await;
    let placed = order(&house).await;
    let wrong =
        |field: &str, value: Value| json!({ "transitionTo": "payment_confirmed", field: value });
    for (body, param) in [
        (wrong("walletNetwork", json!("doge")), "walletNetwork"),
        (wrong("walletNetwork", json!(7)), "walletNetwork"),
        (wrong("walletAddress", json!(BSC)), "walletNetwork"),
        (json!({ "transitionTo": "paid" }), "transitionTo"),
        (json!({}), "transitionTo"),
    ] {
        let refused = simulate(&house, &placed, body.clone()).await;
        assert_eq!((refused.status, refused.param()), (400, param), "{body}");
    }
    let mut body = wrong("walletNetwork", json!("bsc"));
    body["walletAddress"] = json!("0x1");
    assert_eq!(simulate(&house, &placed, body).await.param(), "walletAddress");
    simulate_paid(&house, &placed, json!({ "tracking": 7 })).await.ok();
    for transition in ["payment_settled", "placed"] {
        let body = json!({ "transitionTo": transition, "tracking": 7, "walletAddress": [] });
        simulate(&house, &placed, body).await.ok();
    }
    let body = |tracking: Value| {
        json!({
            "transitionTo": "shipped", "tracking": tracking, "walletNetwork": 7,
        })
    };
    for (tracking, param) in [
        (json!(7), "tracking"),
        (json!({ "carrier": "" }), "tracking.carrier"),
        (json!({ "trackingUrl": "http://x.example" }), "tracking.trackingUrl"),
    ] {
        let refused = simulate(&house, &placed, body(tracking)).await;
        assert_eq!((refused.status, refused.param()), (400, param));
    }
    simulate(&house, &placed, body(json!({ "carrier": "DHL" }))).await.ok();
}

#[tokio::test]
async fn the_simulator_is_devnets() {
    let house = House::start().await;
    let token = crate::account::owner(&house).await;
    let access = json!({ "access_key": "open-sesame" });
    crate::account::act(&house, &token, "POST", "/api/v1/user/mainnet-access/activate", access)
        .await
        .ok();
    let live = house.mint(KeyScope::Commerce, Environment::Mainnet).await;
    let goods = stock_in(&house, Environment::Mainnet, 1).await;
    let body = ready_in(&house, Environment::Mainnet, "c", (&goods, 1, own(&goods))).await.body();
    let request = house.request("POST", "/api/commerce/merchant/checkout/invoice");
    let placed =
        house.send(request.header("x-api-key", &live).json(&body)).await.ok()["data"].clone();
    assert_eq!(placed["networkEnvironment"], "mainnet");
    let body = json!({ "transitionTo": "placed" });
    assert_eq!(simulate(&house, &placed, body.clone()).await.error(), (404, "NOT_FOUND"));
    let on_devnet = order(&house).await;
    for placed in [&placed, &on_devnet] {
        let path = format!("/api/commerce/devnet/orders/{}/simulate", id(placed));
        let request = house.request("POST", &path).header("x-commerce-api-key", &live).json(&body);
        assert_eq!(house.send(request).await.error(), (403, "ENVIRONMENT_MISMATCH"));
    }
    assert_eq!(
        house
            .send(house.request("POST", "/api/commerce/devnet/orders/x/simulate").json(&body))
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn failed_gives_the_pieces_back_and_refunded_takes_a_bsc_address() {
    let house = House::start().await;
    let goods = stock(&house, 5).await;
    let placed = order_of(&house, &goods, 2).await;
    simulate_paid(&house, &placed, json!({ "walletNetwork": "base" })).await.ok();
    to(&house, &placed, "failed").await.ok();
    assert_eq!(state(&house, &placed).await, ["failed", "-", "none", "QUOTED"]);
    assert_eq!(left(&house, &goods).await, 5);
    let refused = to(&house, &placed, "refunded").await;
    assert_eq!((refused.status, refused.param()), (400, "refundDestinationWalletAddressBsc"));

    // By the payment's own wallet on BSC.
    let placed = order_of(&house, &goods, 2).await;
    let payer = json!({ "walletNetwork": "bsc", "walletAddress": BSC });
    simulate_paid(&house, &placed, payer).await.ok();
    to(&house, &placed, "failed").await.ok();
    let order = simulate_refunded(&house, &placed).await.ok()["data"]["order"].clone();
    assert_eq!((&order["refundStatus"], &order["substatus"]), (&json!("SENT"), &json!("REFUNDED")));
    assert!(order["refund"]["txHash"].as_str().is_some_and(|hash| hash.len() == 66));
    assert_eq!(to(&house, &placed, "refunded").await.ok()["data"]["order"], order);

    // By the address that was named at checkout.
    let mut body = ready(&house, "c", &goods, 1).await.body();
    body["refundDestinationWalletAddressBsc"] = json!(BSC);
    let placed = step_three(&house, &body).await.ok()["data"].clone();
    simulate_paid(&house, &placed, json!({ "walletNetwork": "base" })).await.ok();
    for transition in ["payment_settled", "placed", "cancelled", "refunded"] {
        to(&house, &placed, transition).await.ok();
    }
    assert_eq!(state(&house, &placed).await, ["cancelled", "REFUNDED", "accepted", "SENT"]);
    assert_eq!(left(&house, &goods).await, 5);
    let refused = cancel(&house, &placed, "k", json!({})).await;
    assert_eq!(refused.error(), (400, "ORDER_NOT_CANCELABLE"));
    check(&house).await;
}

#[tokio::test]
async fn refunded_is_the_refund_on_the_chain() {
    let house = House::start().await;
    let placed = order(&house).await;
    let payer = json!({ "walletNetwork": "bsc", "walletAddress": BSC });
    simulate_paid(&house, &placed, payer).await.ok();
    to(&house, &placed, "failed").await.ok();
    let order = simulate_refunded(&house, &placed).await.ok()["data"]["order"].clone();
    assert_eq!(order["refundStatus"], "SENT");
    let refunds = house.get("/api/v1/refunds").await.ok()["data"].clone();
    assert_eq!(refunds.as_array().map(Vec::len), Some(1));
    let refund = &refunds[0];
    let to = json!({ "network": "bsc", "address": refund["destination"]["address"] });
    assert_eq!((&refund["status"], &refund["destination"]), (&json!("sent"), &to));
    assert_eq!(order["refund"]["txHash"], refund["tx_hashes"][0]);
    house.settle().await;
    assert_eq!(snapshot(&house, &placed).await, order);
    check(&house).await;
}

#[tokio::test]
async fn of_ten_payments_at_once_one_is_made() {
    let house = House::start().await;
    let placed = order(&house).await;
    let body = json!({ "transitionTo": "payment_confirmed", "walletNetwork": "bsc" });
    let asked = (0..10).map(|_| simulate(&house, &placed, body.clone()));
    let answers = beside_workers(&house, futures_util::future::join_all(asked)).await;
    for answer in answers {
        let done = answer.status == 200 || answer.error() == (409, "ORDER_STATE");
        assert!(done, "{}", answer.body);
    }
    house.settle().await;
    let invoice = house.read(&super::shop::payor(&placed)).await;
    assert_eq!(invoice["payments"].as_array().map(Vec::len), Some(1));
    assert_eq!(invoice["amount_overpaid"], 0);
    check(&house).await;
}

#[tokio::test]
async fn nothing_goes_on_while_the_payment_is_taken_back() {
    let house = House::start().await;
    for (steps, refused) in [
        (&[][..], "payment_settled"),
        (&["payment_settled"][..], "placed"),
        (&["payment_settled", "placed"][..], "shipped"),
    ] {
        let placed = order(&house).await;
        pay(&house, &placed).await;
        for step in steps {
            to(&house, &placed, step).await.ok();
        }
        let payment = house.read(&super::shop::payor(&placed)).await["payments"][0].clone();
        let body = json!({ "depth": 8, "drop": [payment["tx_hash"]] });
        house.post("/api/v1/devnet/chain/ethereum/reorgs", body).await.ok();
        house.settle().await;
        assert_eq!(snapshot(&house, &placed).await["payment"]["status"], "reverted");
        assert_eq!(to(&house, &placed, refused).await.error(), (409, "ORDER_STATE"), "{refused}");
    }
    check(&house).await;
}
