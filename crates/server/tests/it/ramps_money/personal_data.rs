//! What is exported of a person: the money he moved, and by what ways, as the lists tell it.

use serde_json::{Value, json};

use super::{Customer, customer, fund, named, payout, text};
use crate::house::{House, token_id};

const WALLET: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

async fn listed(house: &House, path: &str) -> Value {
    house.get(path).await.ok()["data"].clone()
}

async fn liquidation_address(house: &House, customer: &Customer) {
    let path = format!("/api/v1/ramps/users/{}/liquidation_addresses", customer.id);
    let body = json!({
        "network": "base", "token": "USDC", "bank_account_id": customer.account_id,
    });
    house.post(&path, body).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_holds_the_money_a_user_moved_and_nobody_elses() {
    let house = House::start().await;
    let (ada, bob) = (customer(&house, "standard").await, named(&house, "Bob", "standard").await);
    for one in [&ada, &bob] {
        fund(&house, &one.id, "1000").await;
        liquidation_address(&house, one).await;
        let path = format!("/api/v1/ramps/users/{}/virtual_accounts", one.id);
        house.post(&path, json!({ "currency": "eur" })).await.ok();
        let body = json!({
            "user_id": one.id, "currency": "eur", "amount": "92", "wallet_address": WALLET,
            "token_id": token_id("base", "USDC"),
        });
        house.post("/api/v1/ramps/onramps", body).await.ok();
        payout(&house, one, "20").await;
    }
    let unused = super::quote(&house, &ada, "30").await.ok();
    // One that was for nobody is of whoever took it.
    let body = json!({
        "country": "DE", "currency": "eur", "method": "sepa",
        "source": { "token_id": token_id("base", "USDC"), "amount": "25" },
    });
    let anybodys = house.post("/api/v1/ramps/quotes", body).await.ok();
    super::request_payout(&house, &ada, &anybodys, "anybody").await.ok();
    house.settle().await;

    let export = house.get(&format!("/api/v1/ramps/users/{}/export", ada.id)).await.ok();
    for (field, path, count) in [
        ("payouts", format!("/api/v1/ramps/payouts?user_id={}", ada.id), 2),
        ("onramps", format!("/api/v1/ramps/onramps?user_id={}", ada.id), 1),
        ("deposit_addresses", format!("/api/v1/ramps/users/{}/deposit_addresses", ada.id), 1),
        (
            "liquidation_addresses",
            format!("/api/v1/ramps/users/{}/liquidation_addresses", ada.id),
            1,
        ),
        ("virtual_accounts", format!("/api/v1/ramps/users/{}/virtual_accounts", ada.id), 1),
    ] {
        assert_eq!(export[field].as_array().map(Vec::len), Some(count), "{field}");
        assert_eq!(export[field], listed(&house, &path).await, "{field}");
    }
    let quotes = export["quotes"].as_array().expect("a list");
    let ids: Vec<&Value> = quotes.iter().map(|quote| &quote["id"]).collect();
    assert_eq!(ids.len(), 3, "{quotes:?}");
    assert!(ids.contains(&&anybodys["id"]) && ids.contains(&&unused["id"]), "{quotes:?}");
    assert!(quotes.iter().all(|quote| quote["user_id"] == ada.id.as_str()), "{quotes:?}");
    assert!(!export.to_string().contains(&bob.id), "{export}");
    assert_eq!(text(&export, "object"), "ramp_user_export");

    let report = house.get("/api/v1/reports/payouts").await.ok();
    let lines = report["lines"].as_array().expect("lines");
    let told: Vec<_> = lines.iter().map(|line| (&line["status"], &line["amount"])).collect();
    assert_eq!(told, [(&json!("started"), &json!("65")), (&json!("completed"), &json!("65"))]);
    for line in lines {
        assert_eq!((&line["network"], &line["symbol"]), (&json!("base"), &json!("USDC")));
        assert_eq!(line["token_id"], token_id("base", "USDC"));
    }
}
