//! Orders that are given up: by whom, when, and the money that goes back for them.

use serde_json::{Value, json};

use super::shop::{
    BSC, cancel, check, events, id, left, messages, order_of, pay, payor, send, snapshot, state,
    stock,
};
use crate::house::House;
use crate::settlement::{OTHER_WALLET, arrived, run};

fn to_ethereum() -> Value {
    json!({ "refundDestination": { "network": "ethereum", "address": OTHER_WALLET } })
}

#[tokio::test]
async fn an_unpaid_order_ends_with_its_invoice() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let placed = order_of(&house, &goods, 2).await;
    let path = format!("/api/commerce/merchant/orders/{}/cancel", id(&placed));
    let request = house.request("POST", &path).header("x-api-key", &house.key);
    assert_eq!(house.send(request).await.error(), (400, "IDEMPOTENCY_KEY_MISSING"));
    let first = cancel(&house, &placed, "k", json!({})).await;
    assert_eq!(cancel(&house, &placed, "k", json!({})).await.body, first.body);
    let data = first.ok()["data"].clone();
    assert_eq!((&data["orderId"], &data["status"]), (&placed["orderId"], &json!("cancelled")));
    assert_eq!(data["refundQuote"]["status"], "NONE");
    assert_eq!(house.read(&payor(&placed)).await["status"], "canceled");
    assert_eq!(left(&house, &goods).await, 2);
    house.settle().await;
    assert_eq!(left(&house, &goods).await, 2);
    assert_eq!(
        cancel(&house, &placed, "other", json!({})).await.error(),
        (400, "ORDER_NOT_CANCELABLE")
    );
    assert_eq!(events(&house, &placed).await.len(), 2);
    let (_, key) = house.stranger().await;
    let request = house.request("POST", &path).header("x-api-key", &key);
    assert_eq!(house.send(request.header("idempotency-key", "k")).await.status, 404);
    check(&house).await;
}

#[tokio::test]
async fn a_paid_order_is_refunded_once_to_where_the_money_came_from() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let placed = order_of(&house, &goods, 1).await;
    pay(&house, &placed).await;
    let data = cancel(&house, &placed, "k", to_ethereum()).await.ok()["data"].clone();
    assert_eq!(
        (&data["status"], &data["substatus"]),
        (&json!("cancelled"), &json!("REFUND_PENDING"))
    );
    let quote = &data["refundQuote"];
    assert_eq!(
        (&quote["status"], &quote["amountUsd"], &quote["feeUsd"]),
        (&json!("PENDING"), &json!("13.99"), &json!("0.00"))
    );
    assert_eq!(left(&house, &goods).await, 2);
    run(&house).await;
    run(&house).await;
    let order = snapshot(&house, &placed).await;
    assert_eq!((&order["refundStatus"], &order["substatus"]), (&json!("SENT"), &json!("REFUNDED")));
    let sent = arrived(&house, OTHER_WALLET, "USDC").await;
    assert_eq!((sent.len(), sent[0].amount.expect("fits").0), (1, 13_990_000));
    assert_eq!(order["refund"]["txHash"], sent[0].tx_hash);
    let refunds = house.get("/api/v1/refunds").await.ok();
    assert_eq!(refunds["data"].as_array().map(Vec::len), Some(1));
    check(&house).await;
}

#[tokio::test]
async fn without_a_fitting_destination_a_refund_stays_quoted_until_one_comes() {
    let house = House::start().await;
    let placed = order_of(&house, &stock(&house, 2).await, 1).await;
    pay(&house, &placed).await;
    cancel(&house, &placed, "a", json!({})).await.ok();
    run(&house).await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "-", "accepted", "QUOTED"]);
    let on_bsc = json!({ "refundDestinationWalletAddressBsc": BSC });
    let data = cancel(&house, &placed, "b", on_bsc).await.ok()["data"].clone();
    assert_eq!(data["refundQuote"]["status"], "PENDING");
    run(&house).await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "-", "accepted", "QUOTED"]);
    let order = snapshot(&house, &placed).await;
    let why = "Refund not possible: what was paid can go back on ethereum only";
    assert_eq!(messages(&order).last().expect("moments"), why);
    cancel(&house, &placed, "c", to_ethereum()).await.ok();
    run(&house).await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "REFUNDED", "accepted", "SENT"]);
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 1);
    assert_eq!(
        cancel(&house, &placed, "d", to_ethereum()).await.error(),
        (400, "ORDER_NOT_CANCELABLE")
    );
    check(&house).await;
}

#[tokio::test]
async fn a_cancel_while_money_is_on_its_way_is_carried_out_when_it_is_there() {
    let house = House::start().await;
    let goods = stock(&house, 1).await;
    let placed = order_of(&house, &goods, 1).await;
    send(&house, &placed, ("ethereum", "USDC"), "13.99").await;
    house.advance(1_000);
    house.step().await;
    assert_eq!(house.read(&payor(&placed)).await["payments"][0]["status"], "pending");
    cancel(&house, &placed, "k", to_ethereum()).await.ok();
    let asked = ["pending_payment", "CANCELLATION_REQUESTED", "requested", "NONE"];
    assert_eq!(state(&house, &placed).await, asked);
    assert_eq!(
        cancel(&house, &placed, "other", json!({})).await.error(),
        (400, "ORDER_NOT_CANCELABLE")
    );
    run(&house).await;
    run(&house).await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "REFUNDED", "accepted", "SENT"]);
    assert_eq!(left(&house, &goods).await, 1);
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 1);
    let told = events(&house, &placed).await;
    let statuses: Vec<_> = told.iter().map(|one| one["data"]["object"]["status"].clone()).collect();
    let steps = ["pending_payment", "pending_payment", "processing", "cancelled"];
    assert_eq!(statuses[..4], steps);
    check(&house).await;
}

#[tokio::test]
async fn a_cancel_sees_what_was_paid_a_moment_ago() {
    let house = House::start().await;
    let placed = order_of(&house, &stock(&house, 1).await, 1).await;
    send(&house, &placed, ("ethereum", "USDC"), "13.99").await;
    for _ in 0..4 {
        house.advance(1_000);
        house.look_around().await;
    }
    assert_eq!(state(&house, &placed).await[0], "pending_payment");
    let data = cancel(&house, &placed, "k", to_ethereum()).await.ok()["data"].clone();
    assert_eq!(
        (&data["status"], &data["refundQuote"]["status"]),
        (&json!("cancelled"), &json!("PENDING"))
    );
    let told = events(&house, &placed).await;
    let statuses: Vec<_> = told.iter().map(|one| one["data"]["object"]["status"].clone()).collect();
    assert_eq!(statuses, ["pending_payment", "processing", "cancelled"]);
}

#[tokio::test]
async fn fifty_cancels_at_once_make_one_refund() {
    let house = House::start().await;
    let goods = stock(&house, 1).await;
    let placed = order_of(&house, &goods, 1).await;
    pay(&house, &placed).await;
    let keys: Vec<String> = (0..50).map(|number| format!("key-{number}")).collect();
    let asked = keys.iter().map(|key| cancel(&house, &placed, key, to_ethereum()));
    let answers = futures_util::future::join_all(asked).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    let refused = answers.iter().filter(|one| one.error() == (400, "ORDER_NOT_CANCELABLE")).count();
    assert_eq!((done, refused), (1, 49));
    run(&house).await;
    run(&house).await;
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 1);
    assert_eq!(left(&house, &goods).await, 1);
    check(&house).await;
}

#[tokio::test]
async fn a_refund_that_nothing_is_left_for_is_tried_again_and_then_fails() {
    let house = crate::settlement::house().await;
    let placed = order_of(&house, &stock(&house, 1).await, 1).await;
    pay(&house, &placed).await;
    run(&house).await;
    // The money has gone to the merchant's own wallet.
    cancel(&house, &placed, "k", to_ethereum()).await.ok();
    house.step().await;
    assert_eq!(state(&house, &placed).await[3], "PENDING");
    for _ in 0..16 {
        house.advance(3 * 60 * 60_000);
        house.step().await;
    }
    assert_eq!(state(&house, &placed).await, ["cancelled", "-", "accepted", "FAILED"]);
    // Somebody else pays, and the merchant asks once more.
    let again = cancel(&house, &placed, "again", to_ethereum()).await.ok();
    assert_eq!(again["data"]["refundQuote"]["status"], "PENDING");
    check(&house).await;
}

#[tokio::test]
async fn what_strangers_sent_in_another_token_keeps_no_refund_back() {
    let house = House::start().await;
    let placed = order_of(&house, &stock(&house, 1).await, 1).await;
    pay(&house, &placed).await;
    let to = house.read(&payor(&placed)).await["payments"][0]["to_address"].clone();
    house.transfer("ethereum", "USDT", to.as_str().expect("an address"), "0.01").await;
    house.settle().await;
    let payments = house.read(&payor(&placed)).await["payments"].clone();
    assert_eq!(payments.as_array().map(Vec::len), Some(2));
    let data = cancel(&house, &placed, "k", to_ethereum()).await.ok()["data"].clone();
    assert_eq!(data["refundQuote"]["amountUsd"], "13.99");
    run(&house).await;
    run(&house).await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "REFUNDED", "accepted", "SENT"]);
    let sent = arrived(&house, OTHER_WALLET, "USDC").await;
    assert_eq!((sent.len(), sent[0].amount.expect("fits").0), (1, 13_990_000));
    assert_eq!(arrived(&house, OTHER_WALLET, "USDT").await.len(), 0);
    check(&house).await;
}

#[tokio::test]
async fn what_was_paid_short_goes_back_when_the_order_ends() {
    let house = House::start().await;
    let placed = order_of(&house, &stock(&house, 1).await, 1).await;
    send(&house, &placed, ("ethereum", "USDC"), "10").await;
    house.settle().await;
    cancel(&house, &placed, "k", json!({})).await.ok();
    assert_eq!(state(&house, &placed).await[2], "requested");
    // Where to may be said while it is only asked for.
    let data = cancel(&house, &placed, "where", to_ethereum()).await.ok()["data"].clone();
    assert_eq!(data["refundQuote"]["destination"]["address"], OTHER_WALLET);
    house.advance(31 * 60_000);
    house.settle().await;
    assert_eq!(state(&house, &placed).await[0], "cancelled");
    assert_eq!(snapshot(&house, &placed).await["refund"]["amountUsd"], "10.00");
    run(&house).await;
    run(&house).await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "REFUNDED", "accepted", "SENT"]);
    let sent = arrived(&house, OTHER_WALLET, "USDC").await;
    assert_eq!((sent.len(), sent[0].amount.expect("fits").0), (1, 10_000_000));
    check(&house).await;
}

#[tokio::test]
async fn money_that_crosses_a_cancel_is_shown_and_goes_back_once() {
    let house = House::start().await;
    let placed = order_of(&house, &stock(&house, 1).await, 1).await;
    let allocation = house.allocate(&payor(&placed), "ethereum", "USDC").await;
    cancel(&house, &placed, "k", json!({})).await.ok();
    assert_eq!(state(&house, &placed).await, ["cancelled", "-", "accepted", "NONE"]);
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, "13.99").await;
    house.settle().await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "-", "accepted", "QUOTED"]);
    let keys: Vec<String> = (0..10).map(|number| format!("key-{number}")).collect();
    let asked = keys.iter().map(|key| cancel(&house, &placed, key, to_ethereum()));
    let answers = futures_util::future::join_all(asked).await;
    let done: Vec<_> = answers.into_iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].body["data"]["refundQuote"]["amountUsd"], "13.99");
    assert_eq!(done[0].body["data"]["refundQuote"]["status"], "PENDING");
    run(&house).await;
    run(&house).await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "REFUNDED", "accepted", "SENT"]);
    assert_eq!(arrived(&house, OTHER_WALLET, "USDC").await.len(), 1);
    check(&house).await;
}

#[tokio::test]
async fn a_quote_is_what_will_be_refunded() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let (twice, short) = (order_of(&house, &goods, 1).await, order_of(&house, &goods, 1).await);
    send(&house, &twice, ("ethereum", "USDC"), "13.99").await;
    send(&house, &twice, ("ethereum", "USDC"), "13.99").await;
    send(&house, &short, ("ethereum", "USDC"), "10").await;
    house.settle().await;
    let path = format!("/api/v1/invoices/{}/resolve", short["invoiceId"].as_str().expect("an id"));
    house.post(&path, json!({ "action": "accept" })).await.ok();
    for (placed, quoted) in [(&twice, "27.98"), (&short, "10.00")] {
        let data = cancel(&house, placed, quoted, to_ethereum()).await;
        assert_eq!(data.ok()["data"]["refundQuote"]["amountUsd"], quoted);
    }
    run(&house).await;
    run(&house).await;
    for (placed, sent) in [(&twice, "27.98"), (&short, "10.00")] {
        let refund = snapshot(&house, placed).await["refund"].clone();
        assert_eq!((&refund["status"], &refund["amountUsd"]), (&json!("SENT"), &json!(sent)));
    }
    check(&house).await;
}

#[tokio::test]
async fn nothing_goes_where_nobody_has_a_key() {
    let house = House::start().await;
    let placed = order_of(&house, &stock(&house, 1).await, 1).await;
    for (network, address) in [
        ("bsc", "0x0000000000000000000000000000000000000000"),
        ("ethereum", "0x000000000000000000000000000000000000dead"),
        ("solana", "11111111111111111111111111111111"),
        ("sui", "0x0000000000000000000000000000000000000000000000000000000000000000"),
        ("ton", "0:0000000000000000000000000000000000000000000000000000000000000000"),
    ] {
        let body = json!({ "refundDestination": { "network": network, "address": address } });
        let refused = cancel(&house, &placed, network, body).await;
        assert_eq!((refused.status, refused.param()), (400, "refundDestination.address"));
    }
    assert_eq!(state(&house, &placed).await[0], "pending_payment");
}
