//! Orders read, listed and sent by the merchant.

use serde_json::{Value, json};

use super::shop::{
    CUSTOMER, call, check, events, id, left, messages, order, order_of, pay, payor, ready,
    snapshot, state, step_three, stock,
};
use crate::house::House;

async fn list(house: &House, query: &str) -> Value {
    let path = format!("/api/commerce/merchant/orders{query}");
    call(house, "GET", &path, Value::Null).await.ok()["data"].clone()
}

fn ids(list: &Value) -> Vec<&str> {
    list["orders"]
        .as_array()
        .expect("orders")
        .iter()
        .map(|one| one["orderId"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn orders_are_listed_by_whose_they_are_and_how_far() {
    let house = House::start().await;
    let goods = stock(&house, 100).await;
    let mut all = Vec::new();
    for customer in ["ann", "bob", "ann"] {
        let body = ready(&house, customer, &goods, 2).await.body();
        all.push(step_three(&house, &body).await.ok()["data"].clone());
        house.advance(1_000);
    }
    pay(&house, &all[0]).await;
    let newest_first = [id(&all[2]), id(&all[1]), id(&all[0])];
    let whole = list(&house, "").await;
    assert_eq!(ids(&whole), newest_first);
    assert_eq!(whole["pagination"], json!({ "limit": 20, "offset": 0, "count": 3 }));
    let row = &whole["orders"][2];
    assert_eq!(
        (&row["status"], &row["substatus"]),
        (&json!("processing"), &json!("AWAITING_SETTLEMENT"))
    );
    assert_eq!(row["total"].to_string(), "23.98");
    assert_eq!((&row["itemCount"], &row["retailer"]), (&json!(2), &json!("other")));
    assert_eq!(row["actions"], json!({ "canCancel": true }));
    assert_eq!(
        row["shipmentsSummary"],
        json!({
            "shipmentCount": 0, "hasTracking": false, "lastTrackingAt": null, "isDelivered": false,
        })
    );
    assert_eq!(ids(&list(&house, "?limit=1&offset=1").await), [id(&all[1])]);
    assert_eq!(ids(&list(&house, "?customer_id=ann").await), [id(&all[2]), id(&all[0])]);
    assert_eq!(ids(&list(&house, "?customer_id=ann&status=processing").await), [id(&all[0])]);
    assert_eq!(ids(&list(&house, "?status=pending_payment").await), newest_first[..2]);
    assert_eq!(ids(&list(&house, "?retailer=other&limit=2").await), newest_first[..2]);
    assert_eq!(ids(&list(&house, "?retailer=ebay").await).len(), 0);
    let from = snapshot(&house, &all[1]).await["createdAt"].clone();
    assert_eq!(ids(&list(&house, &format!("?createdFrom={from}")).await), newest_first[..2]);
    assert_eq!(ids(&list(&house, &format!("?createdTo={from}")).await), newest_first[1..]);
    let (_, key) = house.stranger().await;
    let strange = house.request("GET", "/api/commerce/merchant/orders").header("x-api-key", key);
    assert_eq!(house.send(strange).await.ok()["data"]["orders"], json!([]));
    for (query, param) in [
        ("?wallet=0x1", "walletNetwork"),
        ("?walletNetwork=bsc", "wallet"),
        ("?wallet=0x1&walletNetwork=bsc", "wallet"),
        ("?status=paid", "status"),
        ("?retailer=shop", "retailer"),
        ("?limit=0", "limit"),
        ("?offset=-1", "offset"),
        ("?offset=10001", "offset"),
        ("?createdFrom=soon", "createdFrom"),
    ] {
        let path = format!("/api/commerce/merchant/orders{query}");
        let refused = call(&house, "GET", &path, Value::Null).await;
        assert_eq!((refused.status, refused.param()), (400, param), "{query}");
    }
}

#[tokio::test]
async fn payments_are_told_of_one_order_and_of_many() {
    let house = House::start().await;
    let (paid, open) = (order(&house).await, order(&house).await);
    pay(&house, &paid).await;
    let path = |placed: &Value| format!("/api/commerce/merchant/payments/{}/status", id(placed));
    let one = call(&house, "GET", &path(&paid), Value::Null).await.ok()["data"].clone();
    assert_eq!((&one["status"], &one["orderStatus"]), (&json!("paid"), &json!("processing")));
    assert_eq!(one["amount"].to_string(), "13.99");
    assert_eq!((&one["invoiceId"], &one["customerId"]), (&paid["invoiceId"], &json!(CUSTOMER)));
    let details = &one["paymentDetails"];
    assert_eq!((&details["network"], &details["token"]), (&json!("ethereum"), &json!("USDC")));
    assert_eq!(details["amount"], "13.99");
    let payment = house.read(&payor(&paid)).await["payments"][0].clone();
    assert_eq!(details["txHash"], payment["tx_hash"]);
    assert_eq!(details["walletAddress"], payment["from_address"]);
    let other = call(&house, "GET", &path(&open), Value::Null).await.ok()["data"].clone();
    assert_eq!((&other["status"], &other["paidAt"]), (&json!("pending"), &Value::Null));

    let unknown = house.app.fresh().uuid();
    let body = json!({ "orderIds": [id(&paid), unknown, id(&open), id(&paid)] });
    let bulk = "/api/commerce/merchant/payments/bulk-status";
    let rows = call(&house, "POST", bulk, body).await.ok()["data"].clone();
    assert_eq!(
        rows,
        json!([
            { "orderId": id(&paid), "status": "paid", "error": null },
            { "orderId": unknown, "status": null, "error": "No such order" },
            { "orderId": id(&open), "status": "pending", "error": null },
            { "orderId": id(&paid), "status": "paid", "error": null },
        ])
    );
    for ids in [json!([]), json!(vec![unknown; 51])] {
        let refused = call(&house, "POST", bulk, json!({ "orderIds": ids })).await;
        assert_eq!((refused.status, refused.param()), (400, "orderIds"));
    }
    let refused = call(&house, "POST", bulk, json!({ "orderIds": ["x"] })).await;
    assert_eq!((refused.status, refused.param()), (400, "orderIds[0]"));

    let path =
        format!("/api/commerce/merchant/invoices/{}/status", paid["invoiceId"].as_str().unwrap());
    let by_invoice = call(&house, "GET", &path, Value::Null).await.ok()["data"].clone();
    assert_eq!(
        (&by_invoice["orderId"], &by_invoice["payment"]["status"]),
        (&paid["orderId"], &json!("paid"))
    );
    assert_eq!(by_invoice["order"]["actions"], json!({ "canCancel": true }));
    let plain = house.invoice(5.0).await["invoice_id"].as_str().unwrap().to_owned();
    let path = format!("/api/commerce/merchant/invoices/{plain}/status");
    assert_eq!(call(&house, "GET", &path, Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_merchant_sends_what_he_sold_himself() {
    let house = House::start().await;
    let goods = stock(&house, 3).await;
    let placed = order_of(&house, &goods, 1).await;
    let path = |step: &str| format!("/api/commerce/merchant/orders/{}/{step}", id(&placed));
    let tracking = json!({ "tracking": { "carrier": "DHL", "trackingNumber": "7" } });
    let refused = call(&house, "POST", &path("fulfill"), tracking.clone()).await;
    assert_eq!(refused.error(), (409, "ORDER_STATE"));
    pay(&house, &placed).await;
    let sent = call(&house, "POST", &path("fulfill"), tracking.clone()).await.ok();
    assert_eq!(sent["data"], snapshot(&house, &placed).await);
    assert_eq!(state(&house, &placed).await, ["shipped", "IN_TRANSIT", "none", "NONE"]);
    let again = call(&house, "POST", &path("fulfill"), tracking).await;
    assert_eq!(again.error(), (409, "ORDER_STATE"));
    assert_eq!(call(&house, "POST", &path("fail"), json!({})).await.error(), (409, "ORDER_STATE"));
    call(&house, "POST", &path("deliver"), Value::Null).await.ok();
    assert_eq!(state(&house, &placed).await, ["delivered", "-", "none", "NONE"]);
    assert_eq!(left(&house, &goods).await, 2);
    let row = list(&house, "").await["orders"][0].clone();
    assert_eq!(
        (&row["shipmentsSummary"]["shipmentCount"], &row["shipmentsSummary"]["isDelivered"]),
        (&json!(1), &json!(true))
    );

    let other = order_of(&house, &goods, 1).await;
    pay(&house, &other).await;
    let path = format!("/api/commerce/merchant/orders/{}/fail", id(&other));
    call(&house, "POST", &path, json!({ "reason": "Broken on the shelf" })).await.ok();
    let failed = snapshot(&house, &other).await;
    assert_eq!((&failed["status"], &failed["refundStatus"]), (&json!("failed"), &json!("QUOTED")));
    assert!(messages(&failed).contains(&"Broken on the shelf".to_owned()));
    assert_eq!(left(&house, &goods).await, 2);
    check(&house).await;
}

#[tokio::test]
async fn every_step_is_told_with_the_whole_snapshot() {
    let house = House::start().await;
    let placed = order(&house).await;
    pay(&house, &placed).await;
    let path = format!("/api/commerce/merchant/orders/{}/fulfill", id(&placed));
    call(&house, "POST", &path, json!({})).await.ok();
    let told = events(&house, &placed).await;
    let last = told.last().expect("events");
    // Byte for byte what the route answers.
    let path = format!("/api/commerce/merchant/orders/{}", id(&placed));
    let request = house.request("GET", &path).header("x-api-key", &house.key);
    let text = request.send().await.expect("answers").text().await.expect("a body");
    let object =
        text.strip_prefix(r#"{"success":true,"data":"#).and_then(|rest| rest.strip_suffix('}'));
    let event = format!("/api/v1/events/{}", last["id"].as_str().expect("an id"));
    let event = house.request("GET", &event).header("x-api-key", &house.key);
    let event = event.send().await.expect("answers").text().await.expect("a body");
    assert!(event.contains(object.expect("an envelope")), "{event}\n{text}");
    assert_eq!(last["data"]["previous_attributes"]["status"], "placed");
    let statuses: Vec<_> = told.iter().map(|one| one["data"]["object"]["status"].clone()).collect();
    assert_eq!(statuses, ["pending_payment", "processing", "placed", "shipped"]);
}
