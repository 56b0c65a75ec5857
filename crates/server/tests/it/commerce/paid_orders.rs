//! Orders after their invoices: paid, late, short, twice, taken back by the chain, or never.

use serde_json::{Value, json};

use super::shop::{
    call, cancel, check, events, id, left, messages, order_of, pay, payor, ready, send, snapshot,
    state, step_three, stock,
};
use crate::house::{House, Reply};
use crate::settlement;

const MINUTE_MS: i64 = 60_000;
const USDC: (&str, &str) = ("ethereum", "USDC");

async fn accept(house: &House, placed: &Value) -> Reply {
    let path = format!("/api/v1/invoices/{}/resolve", placed["invoiceId"].as_str().expect("an id"));
    house.post(&path, json!({ "action": "accept" })).await
}

/// The pay-by time passes, and everybody looks.
async fn let_expire(house: &House) {
    house.advance(31 * MINUTE_MS);
    house.settle().await;
}

#[tokio::test]
async fn a_paid_invoice_moves_its_order_once() {
    let house = House::start().await;
    let goods = stock(&house, 3).await;
    let placed = order_of(&house, &goods, 1).await;
    pay(&house, &placed).await;
    assert_eq!(state(&house, &placed).await, ["processing", "AWAITING_SETTLEMENT", "none", "NONE"]);
    let order = snapshot(&house, &placed).await;
    let payment = house.read(&payor(&placed)).await["payments"][0].clone();
    assert_eq!(order["payment"]["txHash"], payment["tx_hash"]);
    assert_eq!(order["payment"]["settlement"]["status"], "pending");
    for _ in 0..3 {
        house.settle().await;
    }
    assert_eq!(events(&house, &placed).await.len(), 2);
    assert_eq!(left(&house, &goods).await, 2);
    check(&house).await;
}

#[tokio::test]
async fn a_settled_payment_opens_the_way_to_the_retailer() {
    let house = settlement::house().await;
    let placed = order_of(&house, &stock(&house, 1).await, 1).await;
    pay(&house, &placed).await;
    settlement::run(&house).await;
    let order = snapshot(&house, &placed).await;
    assert_eq!(order["substatus"], "PROVIDER_PLACEMENT_SUBMITTED", "{order}");
    let payment = house.read(&payor(&placed)).await["payments"][0].clone();
    let settlement = &order["payment"]["settlement"];
    assert_eq!(settlement["txHash"], payment["settlement"]["settlement_tx_hash"]);
    assert_eq!(
        (&settlement["status"], &settlement["network"]),
        (&json!("settled"), &json!("ethereum"))
    );
    assert_eq!(events(&house, &placed).await.len(), 3);
    check(&house).await;
}

#[tokio::test]
async fn an_expired_invoice_gives_the_pieces_back_once() {
    let house = House::start().await;
    let goods = stock(&house, 3).await;
    let placed = order_of(&house, &goods, 2).await;
    assert_eq!(left(&house, &goods).await, 1);
    let_expire(&house).await;
    let_expire(&house).await;
    assert_eq!(left(&house, &goods).await, 3);
    let order = snapshot(&house, &placed).await;
    assert_eq!(
        (&order["status"], &order["actions"]["canCancel"]),
        (&json!("cancelled"), &json!(false))
    );
    assert_eq!(messages(&order).last().expect("moments"), "invoice_expired");
    assert_eq!(events(&house, &placed).await.len(), 2);
    check(&house).await;
}

#[tokio::test]
async fn an_invoice_that_is_canceled_takes_its_order_with_it() {
    let house = House::start().await;
    let goods = stock(&house, 3).await;
    let placed = order_of(&house, &goods, 2).await;
    let path = format!("/api/v1/invoices/{}/cancel", placed["invoiceId"].as_str().expect("an id"));
    house.post(&path, json!({})).await.ok();
    house.step().await;
    let order = snapshot(&house, &placed).await;
    assert_eq!(order["status"], "cancelled");
    assert_eq!(messages(&order).last().expect("moments"), "invoice_canceled");
    assert_eq!(left(&house, &goods).await, 3);
    check(&house).await;
}

#[tokio::test]
async fn a_late_payment_that_is_accepted_takes_the_pieces_anew() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let placed = order_of(&house, &goods, 2).await;
    let allocation = house.allocate(&payor(&placed), "ethereum", "USDC").await;
    let_expire(&house).await;
    assert_eq!(state(&house, &placed).await[0], "cancelled");
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, &placed["amount"].to_string()).await;
    house.settle().await;
    // Late money is owed back, unless it is accepted.
    assert_eq!(state(&house, &placed).await, ["cancelled", "-", "none", "QUOTED"]);
    assert_eq!(left(&house, &goods).await, 2);
    accept(&house, &placed).await.ok();
    assert_eq!(state(&house, &placed).await, ["processing", "AWAITING_SETTLEMENT", "none", "NONE"]);
    assert_eq!(left(&house, &goods).await, 0);
    house.settle().await;
    let order = snapshot(&house, &placed).await;
    assert_eq!(
        messages(&order).last().expect("moments"),
        "Late payment accepted, processing order"
    );
    assert_eq!(order["payment"]["status"], "paid");
    check(&house).await;
}

#[tokio::test]
async fn a_late_payment_for_what_is_sold_out_can_only_go_back() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let placed = order_of(&house, &goods, 2).await;
    let allocation = house.allocate(&payor(&placed), "ethereum", "USDC").await;
    let_expire(&house).await;
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, &placed["amount"].to_string()).await;
    house.settle().await;
    order_of(&house, &goods, 1).await;
    assert_eq!(accept(&house, &placed).await.error(), (409, "OUT_OF_STOCK"));
    assert_eq!(state(&house, &placed).await[0], "cancelled");
    let invoice = house.read(&payor(&placed)).await;
    assert_eq!(invoice["status"], "expired");
    assert_eq!(left(&house, &goods).await, 1);
    let path = format!("/api/v1/invoices/{}/resolve", placed["invoiceId"].as_str().expect("an id"));
    let body = json!({
        "action": "refund", "payment_id": invoice["payments"][0]["id"],
        "destination_address": settlement::OTHER_WALLET,
    });
    let request = house.request("POST", &path).header("x-api-key", &house.key);
    house.send(request.header("idempotency-key", "k").json(&body)).await.ok();
    settlement::run(&house).await;
    assert_eq!(settlement::arrived(&house, settlement::OTHER_WALLET, "USDC").await.len(), 1);
    assert_eq!(state(&house, &placed).await, ["cancelled", "-", "none", "NONE"]);
    check(&house).await;
}

#[tokio::test]
async fn a_late_payment_takes_pieces_that_are_counted_since_the_order() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let id = goods.product_id.clone();
    super::change_offers(&house, &id, |offer| offer.is_counted = false).await;
    let placed = order_of(&house, &goods, 2).await;
    let allocation = house.allocate(&payor(&placed), "ethereum", "USDC").await;
    let_expire(&house).await;
    super::change_offers(&house, &id, |offer| offer.is_counted = true).await;
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("ethereum", "USDC", to, &placed["amount"].to_string()).await;
    house.settle().await;
    accept(&house, &placed).await.ok();
    assert_eq!(left(&house, &goods).await, 0);
    check(&house).await;
}

#[tokio::test]
async fn a_short_payment_waits_for_the_rest_or_for_the_merchant() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let (rest, short) = (order_of(&house, &goods, 1).await, order_of(&house, &goods, 1).await);
    send(&house, &rest, USDC, "10").await;
    send(&house, &short, USDC, "10").await;
    house.settle().await;
    assert_eq!(state(&house, &rest).await, ["pending_payment", "-", "none", "NONE"]);
    send(&house, &rest, USDC, "3.99").await;
    house.settle().await;
    assert_eq!(state(&house, &rest).await[0], "processing");
    // Accepted while it is still short, the pieces being its own.
    accept(&house, &short).await.ok();
    assert_eq!(state(&house, &short).await[0], "processing");
    assert_eq!(left(&house, &goods).await, 0);
    settlement::run(&house).await;
    assert_eq!(left(&house, &goods).await, 0);
    check(&house).await;
}

#[tokio::test]
async fn an_order_that_is_paid_twice_is_one_order() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let placed = order_of(&house, &goods, 1).await;
    send(&house, &placed, USDC, "13.99").await;
    send(&house, &placed, USDC, "13.99").await;
    house.settle().await;
    assert_eq!(state(&house, &placed).await[0], "processing");
    assert_eq!(house.read(&payor(&placed)).await["amount_overpaid"], 13_990);
    assert_eq!(events(&house, &placed).await.len(), 2);
    assert_eq!(left(&house, &goods).await, 1);
    check(&house).await;
}

#[tokio::test]
async fn a_payment_the_chain_takes_back_holds_the_order_up() {
    let house = House::start().await;
    let placed = order_of(&house, &stock(&house, 2).await, 1).await;
    pay(&house, &placed).await;
    let payment = house.read(&payor(&placed)).await["payments"][0].clone();
    let body = json!({ "depth": 8, "drop": [payment["tx_hash"]] });
    house.post("/api/v1/devnet/chain/ethereum/reorgs", body).await.ok();
    house.settle().await;
    let order = snapshot(&house, &placed).await;
    assert_eq!(
        (&order["status"], &order["payment"]["status"]),
        (&json!("processing"), &json!("reverted"))
    );
    assert_eq!(messages(&order).last().expect("moments"), "Payment taken back by the network");
    let path = format!("/api/commerce/merchant/orders/{}/fulfill", id(&placed));
    assert_eq!(call(&house, "POST", &path, json!({})).await.error(), (409, "ORDER_STATE"));
    // Nothing is left that could go back.
    let there = json!({ "network": "ethereum", "address": settlement::OTHER_WALLET });
    let body = json!({ "refundDestination": there });
    cancel(&house, &placed, "k", body).await.ok();
    house.settle().await;
    assert_eq!(state(&house, &placed).await, ["cancelled", "-", "accepted", "QUOTED"]);
    assert_eq!(snapshot(&house, &placed).await["refund"]["amountUsd"], "0.00");
    check(&house).await;
}

#[tokio::test]
async fn a_process_that_dies_loses_no_step() {
    let house = House::start().await;
    let goods = stock(&house, 3).await;
    let (paid, open) = (order_of(&house, &goods, 1).await, order_of(&house, &goods, 1).await);
    send(&house, &paid, USDC, "13.99").await;
    for _ in 0..4 {
        house.advance(1_000);
        house.look_around().await;
    }
    // The invoice is paid, and nobody has told the order yet.
    assert_eq!(state(&house, &paid).await[0], "pending_payment");
    let house = house.reopen().await;
    house.step().await;
    assert_eq!(state(&house, &paid).await[0], "processing");
    assert_eq!(state(&house, &open).await[0], "pending_payment");
    let house = house.reopen().await;
    let_expire(&house).await;
    assert_eq!(state(&house, &open).await[0], "cancelled");
    assert_eq!(left(&house, &goods).await, 2);
    assert_eq!((events(&house, &paid).await.len(), events(&house, &open).await.len()), (2, 2));
    check(&house).await;
}

#[tokio::test]
async fn what_was_sent_before_it_was_settled_hears_of_it_too() {
    let house = settlement::house_with(|config| config.settlement.minimum_usd = 100).await;
    let placed = order_of(&house, &stock(&house, 1).await, 1).await;
    pay(&house, &placed).await;
    let path = format!("/api/commerce/merchant/orders/{}/fulfill", id(&placed));
    call(&house, "POST", &path, json!({})).await.ok();
    house.advance(24 * 60 * MINUTE_MS);
    settlement::run(&house).await;
    let order = snapshot(&house, &placed).await;
    assert_eq!((&order["status"], &order["substatus"]), (&json!("shipped"), &json!("IN_TRANSIT")));
    assert_eq!(order["payment"]["settlement"]["status"], "settled", "{order}");
    check(&house).await;
}

#[tokio::test]
async fn late_money_waits_a_day_for_the_merchant_and_then_goes_back() {
    let house = House::start().await;
    let goods = stock(&house, 2).await;
    let mut late = Vec::new();
    for customer in ["ann", "bob"] {
        let mut body = ready(&house, customer, &goods, 1).await.body();
        let there = json!({ "network": "ethereum", "address": settlement::OTHER_WALLET });
        body["refundDestination"] = there;
        late.push(step_three(&house, &body).await.ok()["data"].clone());
        send(&house, late.last().expect("one"), USDC, "10").await;
    }
    house.settle().await;
    let_expire(&house).await;
    for placed in &late {
        let owed = ["cancelled", "REFUND_PENDING", "none", "PENDING"];
        assert_eq!(state(&house, placed).await, owed);
        assert_eq!(snapshot(&house, placed).await["refund"]["amountUsd"], "10.00");
    }
    settlement::run(&house).await;
    accept(&house, &late[0]).await.ok();
    assert_eq!(state(&house, &late[0]).await[3], "NONE");
    assert_eq!(settlement::arrived(&house, settlement::OTHER_WALLET, "USDC").await.len(), 0);
    house.advance(25 * 60 * MINUTE_MS);
    settlement::run(&house).await;
    settlement::run(&house).await;
    // Once, and not for the one that was accepted.
    assert_eq!(settlement::arrived(&house, settlement::OTHER_WALLET, "USDC").await.len(), 1);
    assert_eq!(state(&house, &late[0]).await[0], "processing");
    assert_eq!(state(&house, &late[1]).await, ["cancelled", "REFUNDED", "none", "SENT"]);
    assert_eq!(accept(&house, &late[1]).await.status, 409);
    check(&house).await;
}
