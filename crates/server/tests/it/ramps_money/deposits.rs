//! Stablecoin that reaches a ramp user's own address: credited by depth, taken back, paid on.

use domain::screening_review::ReviewState;
use serde_json::json;

use super::{available, check_books, customer, fund, read, text, told};
use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_counts_once_it_is_deep_enough() {
    let house = House::start().await;
    let customer = customer(&house, "basic").await;
    let path = format!("/api/v1/ramps/users/{}/deposit_addresses", customer.id);
    let body = json!({ "network": "base", "token": "USDC" });
    let address = house.post(&path, body).await.ok();
    assert_eq!(address["object"], "deposit_address");
    house.transfer("base", "USDC", &text(&address, "address"), "25").await;
    house.advance(1_000);
    house.look_around().await;
    let deposits = format!("/api/v1/ramps/users/{}/deposits", customer.id);
    let seen = house.get(&deposits).await.ok()["data"][0].clone();
    assert_eq!((&seen["status"], &seen["kind"]), (&json!("pending"), &json!("onchain")));
    assert_eq!(available(&house, &customer.id, "USDC").await, "0");
    house.settle().await;
    let done = house.get(&deposits).await.ok()["data"][0].clone();
    assert_eq!((&done["status"], &done["amount"]), (&json!("completed"), &json!("25")));
    assert_eq!(done["source_id"], address["id"]);
    assert_eq!(available(&house, &customer.id, "USDC").await, "25");
    assert_eq!(told(&house, &done).await, ["pending", "completed"]);
    let list = house.get(&path).await.ok();
    assert_eq!(list["data"], json!([address]));
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reorg_takes_a_deposit_back_even_if_it_was_spent() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let address = fund(&house, &customer.id, "25").await;
    let spent = super::payout(&house, &customer, "20").await;
    let deposits = format!("/api/v1/ramps/users/{}/deposits", customer.id);
    let deposit = house.get(&deposits).await.ok()["data"][0].clone();
    let drop = json!({ "depth": 32, "drop": [deposit["tx_hash"]] });
    house.post("/api/v1/devnet/chain/base/reorgs", drop).await.ok();
    house.settle().await;
    let gone = house.get(&deposits).await.ok()["data"][0].clone();
    assert_eq!(gone["status"], "reverted");
    assert_eq!(available(&house, &customer.id, "USDC").await, "-20");
    assert_eq!(read(&house, &spent).await["status"], "paid");
    check_books(&house).await;
    house.transfer("base", "USDC", &text(&address, "address"), "30").await;
    house.settle().await;
    assert_eq!(available(&house, &customer.id, "USDC").await, "10");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposit_that_moved_where_nobody_looks_is_found_again() {
    let house = House::start().await;
    let (moved, gone) = (customer(&house, "basic").await, customer(&house, "basic").await);
    let mut hashes = Vec::new();
    for customer in [&moved, &gone] {
        fund(&house, &customer.id, "25").await;
        let deposits = format!("/api/v1/ramps/users/{}/deposits", customer.id);
        hashes.push(house.get(&deposits).await.ok()["data"][0]["tx_hash"].clone());
    }
    let reorg = json!({ "depth": 60, "drop": [hashes[1]] });
    house.post("/api/v1/devnet/chain/base/reorgs", reorg).await.ok();
    let body = json!({ "environment": "devnet", "network": "base", "from": "head" });
    let restart = house.request("POST", "/api/admin/watch/restart").bearer_auth("operator-token");
    house.send(restart.json(&body)).await.ok();
    house.settle().await;
    for (customer, left) in [(&moved, ("completed", "25")), (&gone, ("reverted", "0"))] {
        let deposits = format!("/api/v1/ramps/users/{}/deposits", customer.id);
        assert_eq!(house.get(&deposits).await.ok()["data"][0]["status"], left.0);
        assert_eq!(available(&house, &customer.id, "USDC").await, left.1);
    }
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reaches_a_liquidation_address_is_paid_out_by_itself() {
    let house = House::start().await;
    let customer = customer(&house, "standard").await;
    let path = format!("/api/v1/ramps/users/{}/liquidation_addresses", customer.id);
    let body = json!({
        "network": "base", "token": "USDC", "bank_account_id": customer.account_id,
    });
    let address = house.post(&path, body).await.ok();
    assert_eq!(address["bank_account_id"], customer.account_id.as_str());
    house.transfer("base", "USDC", &text(&address, "address"), "80").await;
    house.settle().await;
    house.settle().await;
    let payouts = house.get("/api/v1/ramps/payouts").await.ok();
    let made = payouts["data"].as_array().expect("a list").clone();
    assert_eq!(made.len(), 1, "{payouts}");
    assert_eq!((&made[0]["status"], &made[0]["source"]["amount"]), (&json!("paid"), &json!("80")));
    let deposits = format!("/api/v1/ramps/users/{}/deposits", customer.id);
    let deposit = house.get(&deposits).await.ok()["data"][0].clone();
    assert_eq!(made[0]["deposit_id"], deposit["id"]);
    assert_eq!(available(&house, &customer.id, "USDC").await, "0");
    // Too little for the corridor: it stays.
    house.transfer("base", "USDC", &text(&address, "address"), "0.01").await;
    house.settle().await;
    assert_eq!(available(&house, &customer.id, "USDC").await, "0.01");
    check_books(&house).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listed_sender_s_money_waits_in_suspense() {
    let lists = tempfile::tempdir().expect("a directory");
    let list = lists.path().join("list.txt");
    let sender = "0x00000000000000000000000000000000deadbeef";
    std::fs::write(&list, sender).expect("writes");
    let house = House::with(|config| config.ramps.screening_lists = vec![list]).await;
    let customer = customer(&house, "basic").await;
    let path = format!("/api/v1/ramps/users/{}/deposit_addresses", customer.id);
    let body = json!({ "network": "base", "token": "USDC" });
    let address = house.post(&path, body).await.ok();
    let body = json!({
        "to": address["address"], "amount": "25", "from": sender,
        "token_id": crate::house::token_id("base", "USDC"),
    });
    house.post("/api/v1/devnet/chain/base/transfers", body).await.ok();
    house.settle().await;
    let deposits = format!("/api/v1/ramps/users/{}/deposits", customer.id);
    assert_eq!(house.get(&deposits).await.ok()["data"][0]["status"], "in_review");
    assert_eq!(available(&house, &customer.id, "USDC").await, "0");
    let reviews =
        house.app.store.screening_reviews(ReviewState::Open, store::Page::First, 10).await;
    let id = reviews.expect("a list")[0].id;
    let path = format!("/api/admin/ramps/reviews/{id}/approve");
    house.send(house.request("POST", &path).bearer_auth("operator-token")).await.ok();
    house.advance(3_600_000);
    house.step().await;
    assert_eq!(house.get(&deposits).await.ok()["data"][0]["status"], "completed");
    assert_eq!(available(&house, &customer.id, "USDC").await, "25");
    check_books(&house).await;
}
