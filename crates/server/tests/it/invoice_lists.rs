//! Lists and totals of invoices: every page, every filter, and what is refused.

use domain::time::HOUR_MS;
use serde_json::{Value, json};

use crate::house::{House, START};

fn ids(list: &Value) -> Vec<String> {
    let data = list["data"].as_array().expect("a list");
    data.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

/// Makes an invoice in a millisecond of its own, which decides its place in lists.
async fn make(house: &House, body: Value) -> String {
    house.advance(1);
    let created = house.post("/api/v1/invoices", body).await.ok();
    created["invoice_id"].as_str().expect("an id").to_owned()
}

/// Invoices of 1, 2, 3, … dollars, a second apart, oldest first.
async fn some_invoices(house: &House, count: i64) -> Vec<String> {
    let mut made = Vec::new();
    for dollars in 1..=count {
        house.advance(1_000);
        made.push(make(house, json!({ "amount_usd": dollars })).await);
    }
    made
}

async fn pay(house: &House, id: &str, amount: &str) -> Value {
    let sessions = house.post(&format!("/api/v1/invoices/{id}/sessions"), json!({})).await.ok();
    let address = house.allocate(&sessions, "base", "USDC").await;
    let to = address["temp_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, amount).await;
    house.settle().await;
    house.get(&format!("/api/v1/invoices/{id}?expand=payments")).await.ok()
}

#[tokio::test]
async fn pages_run_from_the_newest_to_the_oldest_and_back() {
    let house = House::start().await;
    let mut newest_first = some_invoices(&house, 7).await;
    newest_first.reverse();
    let page = |query: String| {
        let house = &house;
        async move { house.get(&format!("/api/v1/invoices?limit=3{query}")).await.ok() }
    };
    let first = page(String::new()).await;
    assert_eq!((ids(&first), &first["has_more"]), (newest_first[..3].to_vec(), &json!(true)));
    let second = page(format!("&starting_after={}", newest_first[2])).await;
    assert_eq!((ids(&second), &second["has_more"]), (newest_first[3..6].to_vec(), &json!(true)));
    let third = page(format!("&starting_after={}", newest_first[5])).await;
    assert_eq!((ids(&third), &third["has_more"]), (newest_first[6..].to_vec(), &json!(false)));
    let back = page(format!("&ending_before={}", newest_first[6])).await;
    assert_eq!((ids(&back), &back["has_more"]), (newest_first[3..6].to_vec(), &json!(true)));
    let front = page(format!("&ending_before={}", newest_first[3])).await;
    assert_eq!((ids(&front), &front["has_more"]), (newest_first[..3].to_vec(), &json!(false)));
}

#[tokio::test]
async fn ten_are_answered_unless_asked_otherwise() {
    let house = House::start().await;
    some_invoices(&house, 11).await;
    let list = house.get("/api/v1/invoices").await.ok();
    assert_eq!((ids(&list).len(), &list["object"]), (10, &json!("list")));
    assert_eq!(ids(&house.get("/api/v1/invoices?limit=100").await.ok()).len(), 11);
}

#[tokio::test]
async fn malformed_queries_are_400_and_name_their_field() {
    let house = House::start().await;
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=1.5", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("starting_after=inv_123", "starting_after"),
        ("ending_before=0", "ending_before"),
        ("status=open", "status"),
        ("status=paid,", "status"),
        ("invoice_type=gift", "invoice_type"),
        ("environment=testnet", "environment"),
        ("created_gte=yesterday", "created_gte"),
        ("created_lte=2025-13-01T00:00:00Z", "created_lte"),
        ("created_gte=2025-12-21", "created_gte"),
        ("expand=payment", "expand"),
        ("payments_limit=0", "payments_limit"),
        ("customer_id=", "customer_id"),
        ("customer_id=a%00b", "customer_id"),
        ("payer_wallet_address=0x12", "payer_wallet_network"),
        ("payer_wallet_address=0x12&payer_wallet_network=base", "payer_wallet_address"),
        ("payer_wallet_network=bitcoin", "payer_wallet_network"),
    ] {
        let reply = house.get(&format!("/api/v1/invoices?{query}")).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{query}: {}", reply.body);
        assert_eq!(reply.param(), param, "{query}: {}", reply.body);
    }
    let id = "0191d6a1-0000-7000-8000-000000000000";
    for query in [
        format!("starting_after={id}&ending_before={id}"),
        "limit=1&limit=2".to_owned(),
        format!("customer_id={}", "x".repeat(256)),
    ] {
        let reply = house.get(&format!("/api/v1/invoices?{query}")).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{query}");
    }
    for fine in [
        format!("starting_after={id}"),
        format!("created_gte={}", i64::MIN),
        format!("created_lte={}", i64::MAX),
        "unknown=1".to_owned(),
    ] {
        house.get(&format!("/api/v1/invoices?{fine}")).await.ok();
    }
}

#[tokio::test]
async fn a_filter_keeps_what_it_names_and_nothing_else() {
    let house = House::start().await;
    let paid = make(&house, json!({ "amount_usd": 5, "customer_id": "ann" })).await;
    let short = make(&house, json!({ "amount_usd": 5, "customer_id": "bob" })).await;
    let canceled = make(&house, json!({ "amount_usd": 5, "customer_id": "ann" })).await;
    let open = make(&house, json!({ "amount_usd": 5 })).await;
    pay(&house, &paid, "5").await;
    pay(&house, &short, "1").await;
    house.post(&format!("/api/v1/invoices/{canceled}/cancel"), json!({})).await.ok();
    let all = [&open, &canceled, &short, &paid];
    for (query, wanted) in [
        ("", &all[..]),
        ("status=paid", &[&paid]),
        ("status=unpaid,underpaid", &[&open, &short]),
        ("status=expired", &[]),
        ("invoice_type=standard", &all),
        ("invoice_type=commerce", &[]),
        ("invoice_type=standard,commerce", &all),
        ("customer_id=ann", &[&canceled, &paid]),
        ("customer_id=ann&status=paid", &[&paid]),
        ("customer_id=Ann", &[]),
        ("environment=devnet", &all),
        ("status=paid,canceled&customer_id=ann&invoice_type=standard", &[&canceled, &paid]),
    ] {
        let list = house.get(&format!("/api/v1/invoices?{query}")).await.ok();
        assert_eq!(ids(&list).iter().collect::<Vec<_>>(), wanted, "{query}");
    }
    let by_path = house.get("/api/v1/invoices/customer/ann?status=paid").await.ok();
    assert_eq!(ids(&by_path), [paid]);
    let reply = house.get("/api/v1/invoices?environment=mainnet").await;
    assert_eq!(reply.error(), (403, "ENVIRONMENT_MISMATCH"));
}

#[tokio::test]
async fn customers_are_found_by_any_id_the_merchant_gave_them() {
    let house = House::start().await;
    let id = make(&house, json!({ "amount_usd": 5, "customer_id": "a/b ü%?" })).await;
    let list = house.get("/api/v1/invoices/customer/a%2Fb%20%C3%BC%25%3F").await.ok();
    assert_eq!(ids(&list), [id]);
    assert_eq!(ids(&house.get("/api/v1/invoices/customer/nobody").await.ok()), [""; 0]);
    let reply = house.get("/api/v1/invoices/customer/a%00b").await;
    assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "customer_id"));
}

#[tokio::test]
async fn times_are_epoch_seconds_or_rfc_3339_and_both_ends_count() {
    let house = House::start().await;
    let made = some_invoices(&house, 3).await;
    let first = START.0 / 1_000 + 1;
    house.advance(500);
    let fourth = make(&house, json!({ "amount_usd": 4 })).await;
    for (query, wanted) in [
        (format!("created_gte={}", first + 1), vec![&fourth, &made[2], &made[1]]),
        (format!("created_lte={}", first + 1), vec![&made[1], &made[0]]),
        (format!("created_gte={first}&created_lte={first}"), vec![&made[0]]),
        // The fourth was made within the second that is shown as the third's.
        (format!("created_lte={}&created_gte={}", first + 2, first + 2), vec![&fourth, &made[2]]),
        ("created_lte=2025-12-21T12:34:57Z".to_owned(), vec![&made[0]]),
        (
            "created_gte=2025-12-21T13:34:58.000%2B01:00".to_owned(),
            vec![&fourth, &made[2], &made[1]],
        ),
        ("created_gte=2030-01-01T00:00:00Z".to_owned(), vec![]),
    ] {
        let list = house.get(&format!("/api/v1/invoices?{query}")).await.ok();
        assert_eq!(ids(&list).iter().collect::<Vec<_>>(), wanted, "{query}");
    }
}

#[tokio::test]
async fn a_receipt_is_found_by_the_wallet_that_paid() {
    let house = House::start().await;
    let paid = make(&house, json!({ "amount_usd": 5 })).await;
    make(&house, json!({ "amount_usd": 5 })).await;
    let wallet = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
    let sessions = house.post(&format!("/api/v1/invoices/{paid}/sessions"), json!({})).await.ok();
    let address = house.allocate(&sessions, "base", "USDC").await;
    let body = json!({
        "to": address["temp_address"],
        "amount": "5",
        "token_id": crate::house::token_id("base", "USDC"),
        "from": wallet,
    });
    house.post("/api/v1/devnet/chain/base/transfers", body).await.ok();
    house.settle().await;
    for spelling in [wallet.to_owned(), wallet.to_lowercase()] {
        let query = format!("payer_wallet_address={spelling}&payer_wallet_network=base");
        let list = house.get(&format!("/api/v1/invoices?{query}")).await.ok();
        assert_eq!(ids(&list), std::slice::from_ref(&paid));
        assert_eq!(list["data"][0]["payer_wallet_network"], "base");
    }
    let elsewhere = format!("payer_wallet_address={wallet}&payer_wallet_network=bsc");
    let list = house.get(&format!("/api/v1/invoices?{elsewhere}")).await.ok();
    assert_eq!(ids(&list), [""; 0]);
}

#[tokio::test]
async fn payments_come_with_their_invoices_when_asked_for() {
    let house = House::start().await;
    let short = make(&house, json!({ "amount_usd": 5 })).await;
    let open = make(&house, json!({ "amount_usd": 5 })).await;
    pay(&house, &short, "1").await;
    let both = pay(&house, &short, "2").await;
    assert_eq!(both["payments"].as_array().expect("a list").len(), 2, "{both}");
    assert_eq!(both["payments"][0]["token_amount"], "2", "newest first");
    let list = house.get("/api/v1/invoices?expand=latest_payment").await.ok();
    assert_eq!(list["data"][0]["id"], open.as_str());
    assert_eq!(list["data"][0]["latest_payment"], Value::Null);
    assert_eq!(list["data"][1]["latest_payment"], both["payments"][0]);
    assert!(list["data"][1].get("payments").is_none());
    let list = house.get("/api/v1/invoices?expand=payments&payments_limit=1").await.ok();
    assert_eq!(list["data"][0]["payments"], json!([]));
    assert_eq!(list["data"][1]["payments"], json!([both["payments"][0]]));
}

#[tokio::test]
async fn totals_count_every_state() {
    let house = House::start().await;
    let empty = house.get("/api/v1/invoices/totals").await.ok();
    let nothing = json!({ "amount": 0, "amount_decimal": "0.000", "count": 0 });
    for status in ["all", "paid", "unpaid", "underpaid", "expired", "canceled"] {
        assert_eq!(empty["totals"][status], nothing, "{status}");
    }
    let paid = make(&house, json!({ "amount_usd": 5, "customer_id": "ann" })).await;
    pay(&house, &paid, "5").await;
    make(&house, json!({ "amount_usd": 2.5, "customer_id": "ann" })).await;
    make(&house, json!({ "amount_usd": 1, "expires_in": 1000 })).await;
    house.advance(HOUR_MS);
    house.step().await;
    let all = house.get("/api/v1/invoices/totals").await.ok();
    assert_eq!((&all["object"], &all["currency"]), (&json!("invoice_totals"), &json!("usd")));
    assert_eq!(all["amount_unit"], "usd_millis");
    let total = |amount: i64, decimal: &str, count: i64| -> Value {
        let text = decimal.to_owned();
        json!({ "amount": amount, "amount_decimal": text, "count": count })
    };
    assert_eq!(all["totals"]["all"], total(8_500, "8.500", 3));
    assert_eq!(all["totals"]["paid"], total(5_000, "5.000", 1));
    assert_eq!(all["totals"]["unpaid"], total(2_500, "2.500", 1));
    assert_eq!(all["totals"]["expired"], total(1_000, "1.000", 1));
    let ann = house.get("/api/v1/invoices/totals?customer_id=ann&status=unpaid,expired").await.ok();
    assert_eq!(ann["totals"]["all"], total(2_500, "2.500", 1));
    assert_eq!(ann["totals"]["paid"], total(0, "0.000", 0));
    let reply = house.get("/api/v1/invoices/totals?status=lost").await;
    assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "status"));
}

#[tokio::test]
async fn the_inbox_of_unmatched_transfers_is_a_list_of_its_own() {
    let house = House::start().await;
    let created = house.invoice(5.0).await;
    let address = house.allocate(&created, "base", "USDC").await;
    let to = address["temp_address"].as_str().expect("an address");
    // The address is ours on every EVM network, but was given out on base only.
    house.transfer("bsc", "USDT", to, "5").await;
    house.settle().await;
    let inbox = house.get("/api/v1/merchant/unmatched").await.ok();
    assert_eq!(ids(&inbox).len(), 1, "{inbox}");
    let row = &inbox["data"][0];
    assert_eq!((&row["network"], &row["reason"]), (&json!("bsc"), &json!("wrong_network")));
    assert_eq!(row["invoice_id"], created["invoice_id"]);
    assert_eq!(ids(&house.get("/api/v1/merchant/unmatched?network=base").await.ok()), [""; 0]);
    assert_eq!(ids(&house.get("/api/v1/merchant/unmatched?network=bsc").await.ok()).len(), 1);
    let reply = house.get("/api/v1/merchant/unmatched?starting_after=x").await;
    assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "starting_after"));
    assert_eq!(house.read(&created).await["status"], "unpaid");
}
