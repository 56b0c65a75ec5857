//! Clocks and races: pay-by times, late payments, cancels, and quotes that ran out.

use serde_json::{Value, json};
use server::workers::{Worker as _, expiry};

use super::*;
use crate::house::Reply;

async fn cancel(house: &House, created: &Value) -> Reply {
    let id = created["invoice_id"].as_str().expect("an id");
    house.post(&format!("/api/v1/invoices/{id}/cancel"), json!({})).await
}

async fn accept(house: &House, created: &Value) -> Reply {
    let id = created["invoice_id"].as_str().expect("an id");
    house.post(&format!("/api/v1/invoices/{id}/resolve"), json!({ "action": "accept" })).await
}

#[tokio::test]
async fn a_late_payment_keeps_the_invoice_expired_until_the_merchant_accepts() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    house.advance(12 * HOUR_MS);
    house.settle().await;
    is(statuses(&house, &created).await, "expired", &[]);

    pay_usdc(&house, &to, "10").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("expired"), &json!(0)));
    let late = &invoice["payments"][0];
    assert_eq!((&late["late"], &late["settlement_status"]), (&json!(true), &json!("manual")));

    accept(&house, &created).await.ok();
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("paid"), &json!(10_000)));
    assert_eq!(invoice["payments"][0]["settlement_status"], "pending");
    check(&house).await;
}

#[tokio::test]
async fn an_underpaid_invoice_expires_and_can_still_be_accepted() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "9.99").await;
    house.settle().await;
    house.advance(12 * HOUR_MS);
    house.settle().await;
    is(statuses(&house, &created).await, "expired", &["underpaid"]);
    accept(&house, &created).await.ok();
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
    assert_eq!(house.read(&created).await["amount_paid"], 9_990);
}

#[tokio::test]
async fn a_block_at_the_last_moment_is_in_time_and_the_next_one_is_not() {
    let house = House::start().await;
    let body = json!({ "amount_usd": 10, "expires_in": 10_000 });
    let in_time = house.post("/api/v1/invoices", body.clone()).await.ok();
    let too_late = house.post("/api/v1/invoices", body).await.ok();
    let first = house.allocate(&in_time, "ethereum", "USDC").await;
    let second = house.allocate(&too_late, "ethereum", "USDC").await;
    house.advance(9 * SECOND_MS);
    house.look_around().await;
    pay_usdc(&house, address(&first), "10").await;
    house.advance(SECOND_MS);
    pay_usdc(&house, address(&second), "10").await;
    // The pay-by time has passed, and nobody has looked at the chain since.
    house.advance(5 * SECOND_MS);
    house.settle().await;
    is(statuses(&house, &in_time).await, "paid", &["confirmed"]);
    is(statuses(&house, &too_late).await, "expired", &["confirmed"]);
    assert_eq!(house.read(&too_late).await["payments"][0]["late"], true);
    check(&house).await;
}

#[tokio::test]
async fn expiry_waits_for_a_payment_that_was_seen_in_time() {
    let house = House::start().await;
    let created =
        house.post("/api/v1/invoices", json!({ "amount_usd": 10, "expires_in": 2_000 })).await.ok();
    let to = house.allocate(&created, "ethereum", "USDC").await;
    house.advance(SECOND_MS);
    pay_usdc(&house, address(&to), "10").await;
    house.advance(SECOND_MS);
    house.step().await;
    is(statuses(&house, &created).await, "unpaid", &["pending"]);
    house.settle().await;
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
}

#[tokio::test]
async fn a_payment_in_time_wins_every_race_against_expiry() {
    let house = House::start().await;
    let mut invoices = Vec::new();
    for _ in 0..8 {
        let body = json!({ "amount_usd": 10, "expires_in": 2_000 });
        let created = house.post("/api/v1/invoices", body).await.ok();
        let to = house.allocate(&created, "ethereum", "USDC").await;
        pay_usdc(&house, address(&to), "10").await;
        invoices.push(created);
    }
    house.advance(2_000);
    let mut expirer = expiry::Expirer::default();
    let (_, expired) = tokio::join!(house.look_around(), expirer.step(&house.app));
    expired.expect("a step");
    house.settle().await;
    for created in invoices {
        is(statuses(&house, &created).await, "paid", &["confirmed"]);
    }
    check(&house).await;
}

#[tokio::test]
async fn an_invoice_without_an_address_expires_at_once() {
    let house = House::start().await;
    let created =
        house.post("/api/v1/invoices", json!({ "amount_usd": 10, "expires_in": 1 })).await.ok();
    house.advance(1);
    expiry::Expirer::default().step(&house.app).await.expect("a step");
    is(statuses(&house, &created).await, "expired", &[]);
}

#[tokio::test]
async fn a_lagging_node_delays_expiry_and_what_was_paid_in_time_counts() {
    let house = House::start().await;
    let (unpaid, _) = ten_dollars(&house).await;
    let (created, to) = ten_dollars(&house).await;
    house.advance(11 * HOUR_MS);
    house.step().await;
    fault(&house, "ethereum", "lagging", 7_200).await;
    pay_usdc(&house, &to, "10").await;
    house.advance(HOUR_MS + 30 * MINUTE_MS);
    house.step().await;
    is(statuses(&house, &unpaid).await, "unpaid", &[]);
    is(statuses(&house, &created).await, "unpaid", &[]);
    house.advance(HOUR_MS);
    house.settle().await;
    is(statuses(&house, &unpaid).await, "expired", &[]);
    is(statuses(&house, &created).await, "paid", &["confirmed"]);
}

#[tokio::test]
async fn a_node_that_is_away_is_waited_for_a_day_and_no_longer() {
    let house = House::start().await;
    let (created, _) = ten_dollars(&house).await;
    fault(&house, "ethereum", "failing", 86_400).await;
    house.advance(23 * HOUR_MS);
    fault(&house, "ethereum", "failing", 86_400).await;
    house.advance(13 * HOUR_MS - 1);
    house.step().await;
    is(statuses(&house, &created).await, "unpaid", &[]);
    house.advance(3 * SECOND_MS);
    house.step().await;
    is(statuses(&house, &created).await, "expired", &[]);
}

#[tokio::test]
async fn an_expired_quote_is_worth_the_rate_of_today() {
    let house = House::start().await;
    // The estimate of a coin that is no stablecoin holds half a percent more than the rate asks.
    let (in_time, too_late) = (house.invoice(300.0).await, house.invoice(300.0).await);
    let first = house.allocate(&in_time, "ethereum", "ETH").await;
    let second = house.allocate(&too_late, "ethereum", "ETH").await;
    assert_eq!(estimate(&first), "0.1005");
    house.transfer("ethereum", "ETH", address(&first), estimate(&first)).await;
    house.settle().await;
    assert_eq!(house.read(&in_time).await["amount_overpaid"], 0);

    house.advance(5 * MINUTE_MS);
    house.transfer("ethereum", "ETH", address(&second), estimate(&second)).await;
    house.settle().await;
    let invoice = house.read(&too_late).await;
    assert_eq!((&invoice["status"], &invoice["amount_overpaid"]), (&json!("paid"), &json!(1_500)));
}

#[tokio::test]
async fn an_invoice_that_somebody_pays_on_cannot_be_canceled() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    pay_usdc(&house, &to, "1").await;
    house.advance(SECOND_MS);
    house.step().await;
    assert_eq!(cancel(&house, &created).await.error(), (409, "INVOICE_NOT_CANCELABLE"));
}

#[tokio::test]
async fn a_payment_after_cancel_is_recorded_and_not_counted() {
    let house = House::start().await;
    let (created, to) = ten_dollars(&house).await;
    cancel(&house, &created).await.ok();
    pay_usdc(&house, &to, "10").await;
    house.settle().await;
    let invoice = house.read(&created).await;
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&json!("canceled"), &json!(0)));
    let payment = &invoice["payments"][0];
    assert_eq!(
        (&payment["counted"], &payment["settlement_status"]),
        (&json!(false), &json!("manual"))
    );
    check(&house).await;
}

#[tokio::test]
async fn of_a_payment_and_a_cancel_that_race_one_wins_whole() {
    let house = House::start().await;
    let mut invoices = Vec::new();
    for _ in 0..8 {
        let (created, to) = ten_dollars(&house).await;
        pay_usdc(&house, &to, "10").await;
        invoices.push(created);
    }
    house.advance(SECOND_MS);
    let cancels = async {
        let mut replies = Vec::new();
        for created in &invoices {
            replies.push(cancel(&house, created).await.status);
        }
        replies
    };
    let (replies, ()) = tokio::join!(cancels, house.look_around());
    house.settle().await;
    for (created, status) in invoices.iter().zip(replies) {
        let invoice = house.read(created).await;
        let counted = &invoice["payments"][0]["counted"];
        match status {
            200 => assert_eq!((&invoice["status"], counted), (&json!("canceled"), &json!(false))),
            409 => assert_eq!((&invoice["status"], counted), (&json!("paid"), &json!(true))),
            other => panic!("a cancel answered {other}"),
        }
    }
    check(&house).await;
}
