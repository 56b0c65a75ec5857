//! The books over HTTP: balances, postings, exports, reports, and the proof that nobody changed
//! them.

use std::collections::BTreeMap;

use domain::environment::Environment;
use serde_json::{Value, json};
use store::NotedHead;

use crate::house::{House, START};

/// Pays an invoice of so many dollars in USDC on Base.
async fn paid(house: &House, dollars: &str) -> Value {
    let created = house.invoice(dollars.parse().expect("a number")).await;
    let allocation = house.allocate(&created, "base", "USDC").await;
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, dollars).await;
    house.settle().await;
    house.read(&created).await
}

fn balance<'a>(balances: &'a Value, account: &str) -> &'a Value {
    let all = balances["data"].as_array().expect("a list");
    all.iter().find(|one| one["account"] == account).unwrap_or(&Value::Null)
}

async fn text(house: &House, path: &str) -> String {
    let request = house.request("GET", path).header("x-api-key", &house.key);
    let response = request.send().await.expect("answers");
    assert_eq!(response.status(), 200, "{path}");
    response.text().await.expect("a body")
}

#[tokio::test]
async fn a_payment_is_in_the_balance_and_among_the_postings() {
    let house = House::start().await;
    let invoice = paid(&house, "12.5").await;
    let balances = house.get("/api/v1/balances").await.ok();
    let merchant = balance(&balances, "merchant");
    assert_eq!(merchant["balance"], "12.5");
    assert_eq!(merchant["available_base"], "12500000");
    assert_eq!((&merchant["symbol"], &merchant["network"]), (&json!("USDC"), &json!("base")));
    assert_eq!(balance(&balances, "clearing")["balance"], "-12.5");
    let page = house.get("/api/v1/balance_transactions").await.ok();
    let only = &page["data"][0];
    assert_eq!(
        (page["data"].as_array().map(Vec::len), &page["has_more"]),
        (Some(1), &json!(false))
    );
    assert_eq!((&only["type"], &only["phase"]), (&json!("payment_confirmed"), &json!("posted")));
    assert_eq!(
        (&only["amount"], &only["created_at"]),
        (&json!("12.5"), &json!(START.seconds() + 2))
    );
    assert_eq!(
        only["debit"],
        json!({
            "account": "clearing", "user_id": null, "balance_after": "-12.5"
        })
    );
    assert_eq!(only["credit"]["balance_after"], "12.5");
    let payment = invoice["payments"][0]["id"].as_str().expect("a payment");
    assert_eq!(only["source"], payment);
    let of_payment = format!("/api/v1/balance_transactions?source={payment}");
    assert_eq!(house.get(&of_payment).await.ok()["data"][0]["id"], only["id"]);
    let odd = house.get("/api/v1/balance_transactions?source=x").await;
    assert_eq!((odd.error(), odd.param()), ((400, "VALIDATION_ERROR"), "source"));
}

#[tokio::test]
async fn pages_exports_and_strangers() {
    let house = House::start().await;
    for dollars in ["1", "2", "3"] {
        paid(&house, dollars).await;
    }
    let page = house.get("/api/v1/balance_transactions?limit=2").await.ok();
    let amounts = |page: &Value| -> Vec<String> {
        let rows = page["data"].as_array().expect("a list");
        rows.iter().map(|row| row["amount"].as_str().expect("text").to_owned()).collect()
    };
    assert_eq!((amounts(&page), &page["has_more"]), (vec!["3".into(), "2".into()], &json!(true)));
    let last = page["data"][1]["id"].as_str().expect("an id");
    let older = format!("/api/v1/balance_transactions?limit=2&starting_after={last}");
    assert_eq!(amounts(&house.get(&older).await.ok()), ["1"]);
    let newer = format!("/api/v1/balance_transactions?limit=2&ending_before={last}");
    assert_eq!(amounts(&house.get(&newer).await.ok()), ["3"]);
    let later = START.seconds() + 5;
    let later = format!("/api/v1/balance_transactions?created_gte={later}");
    assert_eq!(amounts(&house.get(&later).await.ok()), ["3", "2"]);
    let csv = text(&house, "/api/v1/balance_transactions/export").await;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 4);
    assert!(lines[0].starts_with("id,created_at,type,phase,network,token_id,symbol,amount"));
    assert!(lines[1].contains(",payment_confirmed,posted,base,"), "{csv}");
    assert!(lines[1].contains(",USDC,3,3000000,clearing,,-6,merchant,,6,"), "{csv}");
    let rows = text(&house, "/api/v1/balance_transactions/export?format=jsonl").await;
    let rows: Vec<Value> =
        rows.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let listed = house.get("/api/v1/balance_transactions").await.ok();
    assert_eq!(Value::Array(rows), listed["data"]);
    let (_, stranger) = house.stranger().await;
    for path in ["/api/v1/balances", "/api/v1/balance_transactions"] {
        let request = house.request("GET", path).header("x-api-key", &stranger);
        assert_eq!(house.send(request).await.ok()["data"], json!([]), "{path}");
        let mainnet = house.get(&format!("{path}?environment=mainnet")).await;
        assert_eq!(mainnet.error(), (403, "ENVIRONMENT_MISMATCH"), "{path}");
        let commerce = house.request("GET", path).header("x-api-key", &house.commerce_key);
        assert_eq!(house.send(commerce).await.error(), (403, "INSUFFICIENT_SCOPE"), "{path}");
    }
}

#[tokio::test]
async fn a_report_adds_up_to_the_ledger() {
    let house = House::start().await;
    for dollars in ["1", "2.25"] {
        paid(&house, dollars).await;
    }
    house.advance(24 * 3_600_000);
    paid(&house, "4").await;
    let report = house.get("/api/v1/reports/payments").await.ok();
    let told: Vec<_> = report["lines"].as_array().expect("lines").iter().collect();
    assert_eq!(told.len(), 2, "{report}");
    assert_eq!((&told[0]["date"], &told[0]["amount"]), (&json!("2025-12-21"), &json!("3.25")));
    assert_eq!((&told[1]["date"], &told[1]["count"]), (&json!("2025-12-22"), &json!(1)));
    assert_eq!(report["totals"][0]["amount"], "7.25");
    let balances = house.get("/api/v1/balances").await.ok();
    assert_eq!(balance(&balances, "merchant")["balance"], report["totals"][0]["amount"]);
    let csv = text(&house, "/api/v1/reports/payments?format=csv").await;
    let header = "date,type,status,network,token_id,symbol,count,amount,amount_base";
    assert_eq!(csv.lines().next(), Some(header));
    let line = csv.lines().nth(1).expect("a line");
    assert!(line.starts_with("2025-12-21,payment_confirmed,completed,base,"), "{csv}");
    assert_eq!(house.get("/api/v1/reports/gossip").await.error(), (404, "NOT_FOUND"));
    let long = house.get("/api/v1/reports/fees?created_gte=0").await;
    assert_eq!((long.error(), long.param()), ((400, "VALIDATION_ERROR"), "created_gte"));
    let none = house.get("/api/v1/reports/payouts").await.ok();
    assert_eq!((&none["lines"], &none["totals"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn the_proof_shows_whatever_was_changed_by_hand() {
    let house = House::start().await;
    if house.app.store.engine_name() != "sqlite" {
        return on_sqlite_only();
    }
    for dollars in ["1", "2", "3"] {
        paid(&house, dollars).await;
    }
    let store = &house.app.store;
    let honest = store.verify_ledger(&[], |_| {}).await.expect("reads");
    assert_eq!((honest.verified, honest.findings), (3, vec![]));
    let head = &honest.heads[0];
    let noted = NotedHead { merchant_id: head.merchant_id, length: head.length, hash: head.hash };
    let again = store.verify_ledger(&[noted], |_| {}).await.expect("reads");
    assert_eq!(again.findings, vec![]);
    let forged = NotedHead { hash: [1; 32], ..noted };
    let longer = NotedHead { length: 4, ..noted };
    for (noted, words) in [(forged, "was another at 3"), (longer, "had 4 transfers")] {
        let found = store.verify_ledger(&[noted], |_| {}).await.expect("reads").findings;
        assert!(found.iter().any(|one| one.what.contains(words)), "{found:?}");
    }
    let path = house.data_dir.path().join("pepay.db");
    let changes = [
        ("UPDATE transfers SET reason = 1 WHERE position = 2", "number 2 of merchant"),
        ("UPDATE ledger_links SET hash = zeroblob(32) WHERE place = 3", "number 3 of merchant"),
        ("UPDATE ledger_heads SET length = 9", "does not end as kept"),
        ("UPDATE ledger_days SET count = 9", "is not what its transfers make"),
        ("DELETE FROM transfers WHERE position = 3", "lacks 1"),
    ];
    let database = rusqlite::Connection::open(path).expect("opens");
    for (change, words) in changes {
        database.execute(change, []).expect("changes");
        let found = store.verify_ledger(&[], |_| {}).await.expect("reads").findings;
        assert!(found.iter().any(|one| one.what.contains(words)), "{change}: {found:?}");
    }
}

/// Changing rows behind the store's back is the same on both engines; SQLite is at hand.
fn on_sqlite_only() {}

#[tokio::test]
async fn the_books_of_two_environments_are_apart() {
    let house = House::start().await;
    paid(&house, "5").await;
    let live = house.mint(domain::api_key::KeyScope::Merchant, Environment::Mainnet).await;
    let request = house.request("GET", "/api/v1/balances").header("x-api-key", &live);
    let reply = house.send(request).await;
    // Until mainnet is enabled the key opens nothing; it never shows devnet's money.
    assert!(reply.status == 403 || reply.body["data"] == json!([]), "{reply:?}");
}

/// What a report says of a day, network and token, signed, in the smallest unit.
fn sums(lines: &Value, amount: impl Fn(&Value) -> Option<i128>) -> BTreeMap<String, i128> {
    let mut sums = BTreeMap::new();
    for line in lines.as_array().expect("lines") {
        let place = format!("{} {} {}", line["date"], line["network"], line["token_id"]);
        if let Some(amount) = amount(line) {
            *sums.entry(place).or_default() += amount;
        }
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn number(line: &Value, field: &str) -> Option<i128> {
    line[field].as_str().map(|text| text.parse().expect("a number"))
}

/// What the invoices' report says was paid, and what the ledger's says came to the merchant.
async fn paid_twice_told(house: &House) -> [BTreeMap<String, i128>; 2] {
    let invoices = house.get("/api/v1/reports/invoices").await.ok();
    let payments = house.get("/api/v1/reports/payments").await.ok();
    let of_ledger = |line: &Value| {
        let amount = number(line, "amount_base")?;
        match line["type"].as_str().expect("a type") {
            "payment_held" => None,
            "payment_reverted" => Some(-amount),
            _ => Some(amount),
        }
    };
    let paid = sums(&invoices["lines"], |line| number(line, "amount_paid_base"));
    [paid, sums(&payments["lines"], of_ledger)]
}

fn counts(report: &Value, part: &str) -> Vec<(String, String, i64, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let lines = report[part].as_array().expect("lines").iter();
    let told = |line: &Value| {
        let count = line["count"].as_i64().expect("a count");
        (text(&line["date"]), text(&line["status"]), count, text(&line["amount_usd"]))
    };
    lines.map(told).collect()
}

#[tokio::test]
async fn a_report_of_invoices_adds_up_to_the_ledger() {
    let house = House::start().await;
    for dollars in ["1", "2.25"] {
        paid(&house, dollars).await;
    }
    // Paid in part, and in another token; the rest comes on the next day.
    let short = house.invoice(10.0).await;
    let to = house.allocate(&short, "ethereum", "DAI").await["temp_address"].clone();
    let to = to.as_str().expect("an address");
    house.transfer("ethereum", "DAI", to, "4").await;
    let canceled = house.invoice(7.0).await;
    let path = format!("/api/v1/invoices/{}/cancel", canceled["invoice_id"].as_str().expect("id"));
    house.post(&path, json!({})).await.ok();
    house.invoice(5.0).await;
    house.settle().await;
    let [told, ledger] = paid_twice_told(&house).await;
    assert_eq!((told.len(), &told), (2, &ledger));

    house.advance(11 * 3_600_000);
    house.advance(30 * 60_000);
    house.transfer("ethereum", "DAI", to, "6").await;
    house.settle().await;
    house.advance(3_600_000);
    house.settle().await;
    assert_eq!(house.read(&short).await["status"], "paid");
    let [told, ledger] = paid_twice_told(&house).await;
    assert_eq!((told.len(), &told), (3, &ledger));
    let report = house.get("/api/v1/reports/invoices").await.ok();
    let line = |date: &str, status: &str, count, amount: &str| {
        (date.to_owned(), status.to_owned(), count, amount.to_owned())
    };
    let (first, second) = ("2025-12-21", "2025-12-22");
    let expected = [
        line(first, "unpaid", 5, "25.250"),
        line(first, "underpaid", 1, "10.000"),
        line(first, "paid", 2, "3.250"),
        line(first, "canceled", 1, "7.000"),
        line(second, "paid", 1, "10.000"),
        line(second, "expired", 1, "5.000"),
    ];
    assert_eq!(counts(&report, "lines"), expected);
    let paid_on_second = &report["lines"][4];
    assert_eq!(
        (&paid_on_second["network"], &paid_on_second["symbol"], &paid_on_second["amount_paid"]),
        (&json!("ethereum"), &json!("DAI"), &json!("6"))
    );
    assert_eq!(report["lines"][0]["amount_paid"], Value::Null);
    let totals = [
        line("-", "unpaid", 5, "25.250"),
        line("-", "underpaid", 1, "10.000"),
        line("-", "paid", 2, "3.250"),
        line("-", "paid", 1, "10.000"),
        line("-", "expired", 1, "5.000"),
        line("-", "canceled", 1, "7.000"),
    ];
    let mut told = counts(&report, "totals");
    told.sort();
    let mut totals = totals;
    totals.sort();
    assert_eq!(told, totals);

    let csv = text(&house, "/api/v1/reports/invoices?format=csv").await;
    let header =
        "date,status,network,token_id,symbol,count,amount_usd,amount_paid,amount_paid_base";
    assert_eq!(csv.lines().next(), Some(header));
    assert_eq!(csv.lines().nth(1), Some("2025-12-21,unpaid,,,,5,25.250,,"));
    assert_eq!(csv.lines().count(), 7);
    let day = "/api/v1/reports/invoices?created_gte=2025-12-22T00:00:00Z";
    assert_eq!(counts(&house.get(day).await.ok(), "lines"), expected[4..]);
    let long = house.get("/api/v1/reports/invoices?created_gte=0").await;
    assert_eq!((long.error(), long.param()), ((400, "VALIDATION_ERROR"), "created_gte"));
    let (_, stranger) = house.stranger().await;
    let request = house.request("GET", "/api/v1/reports/invoices").header("x-api-key", &stranger);
    assert_eq!(house.send(request).await.ok()["lines"], json!([]));
}

#[tokio::test]
async fn what_a_reorg_takes_back_is_paid_no_more_in_the_report_of_invoices() {
    let house = House::start().await;
    let invoice = paid(&house, "3").await;
    let hash = invoice["payments"][0]["tx_hash"].clone();
    let body = json!({ "depth": 5, "drop": [hash] });
    house.post("/api/v1/devnet/chain/base/reorgs", body).await.ok();
    house.settle().await;
    let reverted = house.get("/api/v1/reports/payments").await.ok().to_string();
    assert!(reverted.contains("payment_reverted"), "{reverted}");
    let [told, ledger] = paid_twice_told(&house).await;
    assert_eq!(told, ledger);
    let report = house.get("/api/v1/reports/invoices").await.ok();
    let of_paid = |line: &&Value| line["status"] == "paid";
    let totals = report["totals"].as_array().expect("totals");
    let paid = totals.iter().find(of_paid).expect("it was paid");
    assert_eq!((&paid["count"], &paid["amount_paid"]), (&json!(1), &json!("0")));
}
