//! Whole files of products: streamed in and out, line by line, twice without a difference.

use domain::environment::Environment;
use domain::ids::OfferId;
use domain::retailer::Retailer;
use serde_json::{Value, json};
use store::Page;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use super::shop::{self, Goods};
use super::{PRODUCTS, mug};
use crate::house::{House, Reply};

/// Sends a file and answers the lines that came back, the last one apart.
async fn import(house: &House, content_type: &str, file: impl Into<String>) -> (Vec<Value>, Value) {
    let reply = send(house, content_type, file).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/x-ndjson"));
    let text = match reply.body {
        Value::String(text) => text,
        one => one.to_string(),
    };
    let mut lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let last = lines.pop().expect("an end");
    (lines, last)
}

async fn send(house: &House, content_type: &str, file: impl Into<String>) -> Reply {
    let request = house
        .request("POST", &format!("{PRODUCTS}/import"))
        .header("x-api-key", &house.key)
        .header("content-type", content_type)
        .body(file.into());
    house.send(request).await
}

async fn export(house: &House, format: &str) -> String {
    let request = house.request("GET", &format!("{PRODUCTS}/export?format={format}"));
    let reply = request.header("x-api-key", &house.key).send().await.expect("an answer");
    assert_eq!(reply.status(), 200);
    reply.text().await.expect("a file")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_line_costs_that_line_and_no_other() {
    let house = House::start().await;
    let mut file = String::new();
    for at in 1..=10_500 {
        match at {
            9_999 => file.push_str("{\"productId\":\"p-9999\",\"title\":\n"),
            10_000 => file.push_str("{\"productId\":\"p-10000\",\"title\":\"\"}\n"),
            10_001 => file.push_str("{\"title\":\"x\"}\n"),
            _ => {
                let line = json!({ "productId": format!("p-{at}"), "title": format!("Thing {at}"),
                    "offers": [{ "price": 1.5, "stock": at % 7 }] });
                file.push_str(&format!("{line}\n"));
            }
        }
    }
    let (lines, done) = import(&house, "application/x-ndjson", file.clone()).await;
    let errors: Vec<&Value> = lines.iter().filter(|line| line["type"] == "error").collect();
    let told: Vec<_> = errors.iter().map(|one| (&one["line"], &one["param"])).collect();
    let expected = [
        (&json!(9_999), &Value::Null),
        (&json!(10_001), &json!("productId")),
        (&json!(10_000), &json!("title")),
    ];
    for one in &expected {
        assert!(told.contains(one), "{one:?} in {told:?}");
    }
    assert_eq!(told.len(), 3);
    assert!(lines.iter().any(|line| line["type"] == "progress"));
    let expected = json!({ "type": "done", "lines": 10_500, "created": 10_497, "updated": 0,
        "unchanged": 0, "failed": 3, "errorsOmitted": 0 });
    assert_eq!(done, expected);

    let (_, again) = import(&house, "application/x-ndjson", file).await;
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(10_497)));
    let product = house.get(&format!("{PRODUCTS}/p-10500")).await.ok();
    assert_eq!(product["data"]["offers"][0]["stock"], 0);
    let whose = (house.merchant_id, Environment::Devnet);
    let rows = house.app.store.products(whose, Page::First, 20_000).await.expect("reads");
    assert_eq!(rows.len(), 10_497);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_a_line_for_each_offer() {
    let house = House::start().await;
    let lines = [
        "productId,title,brand,categories,attributes,price,stock,condition,sellerName,extra",
        "a,\"Mug, \"\"big\"\"\",Clayhouse,Home|Bar \\| Inn,V=1 l|R=1\\=1,18.50,3,new,,x",
        "a,,,,,9.99,,used,Second Hand,",
        "b,Bowl,,,,,,,,",
        "c,Plate,,,,free,,,,",
        "d,\"open,,,,1,,,,",
        "e,Spoon,,,,2,uncounted,,,",
        "",
    ];
    let file = lines.join("\r\n");
    let (_, done) = import(&house, "text/csv", file.clone()).await;
    assert_eq!(done["created"], 3);
    let mug = house.get(&format!("{PRODUCTS}/a")).await.ok()["data"].clone();
    assert_eq!((&mug["title"], &mug["brand"]), (&json!("Mug, \"big\""), &json!("Clayhouse")));
    assert_eq!(mug["categories"], json!(["Home", "Bar | Inn"]));
    assert_eq!(mug["attributes"], json!({ "V": "1 l", "R": "1=1" }));
    assert_eq!(mug["offers"].as_array().expect("a list").len(), 2);
    assert_eq!(mug["offers"][1]["sellerName"], "Second Hand");

    let file = file + "a,Mug again,,,,18,5,,,\r\n";
    let (errors, done) = import(&house, "text/csv; charset=utf-8", file).await;
    let told: Vec<_> = errors.iter().map(|one| (&one["line"], &one["param"])).collect();
    assert_eq!(told, [(&json!(5), &json!("price")), (&json!(6), &Value::Null)]);
    let counted = ["created", "updated", "failed"].map(|name| done[name].as_u64());
    assert_eq!(counted, [Some(0), Some(1), Some(2)]);
    let mug = house.get(&format!("{PRODUCTS}/a")).await.ok()["data"].clone();
    assert_eq!(mug["title"], "Mug again", "the later of two lines counts");
    assert_eq!(mug["offers"][0]["stock"], 5);
    let spoon = house.get(&format!("{PRODUCTS}/e")).await.ok()["data"]["offers"].clone();
    assert_eq!(spoon[0]["stock"], Value::Null);
    let bowl = house.get(&format!("{PRODUCTS}/b")).await.ok()["data"].clone();
    assert_eq!(bowl["offers"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_can_be_imported_and_changes_nothing() {
    let house = House::start().await;
    let mut body = mug("a");
    body["title"] = json!("=Mug, \"big\"");
    body["categories"] = json!(["Home | Kitchen", "back\\slash"]);
    body["bullets"] = json!(["first", "second=third"]);
    body["attributes"] = json!({ "a=b": "c|d", "Volume": "1 l" });
    body["description"] = json!("two\nlines");
    body["variantSpecifics"] = json!([{ "dimension": "colour", "value": "red" }]);
    body["variants"] = json!([{ "productId": "b", "specifics": [] }]);
    body["offers"] = json!([
        { "price": 18.5, "shipping": 4, "stock": 10, "sellerId": "s" },
        { "price": 7, "condition": "used", "international": true, "sellerName": "Second" },
    ]);
    house.post(PRODUCTS, body).await.ok();
    for at in 0..600 {
        let id = format!("many-{at}");
        if at % 100 == 0 {
            house.post(PRODUCTS, mug(&id)).await.ok();
        }
    }
    let before = house.get(&format!("{PRODUCTS}/a")).await.ok();
    for (format, content_type) in [("csv", "text/csv"), ("jsonl", "application/x-ndjson")] {
        house.advance(10_000);
        let file = export(&house, format).await;
        let (errors, done) = import(&house, content_type, file.clone()).await;
        assert_eq!(errors, [Value::Null; 0], "{file}");
        assert_eq!((&done["unchanged"], &done["failed"]), (&json!(7), &json!(0)), "{done}");
        assert_eq!(house.get(&format!("{PRODUCTS}/a")).await.ok(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_read_say_why() {
    let house = House::with(|config| config.import_bytes_max = 100_000).await;
    let unknown = send(&house, "application/json", "{}").await;
    assert_eq!((unknown.error(), unknown.param()), ((400, "VALIDATION_ERROR"), "Content-Type"));
    let (_, aborted) = import(&house, "text/csv", "title,price\nMug,1\n").await;
    assert_eq!(
        (&aborted["type"], &aborted["code"]),
        (&json!("aborted"), &json!("VALIDATION_ERROR"))
    );
    for file in ["", "\n\n", "\"open"] {
        let (_, empty) = import(&house, "text/csv", file).await;
        let expected = (&json!("aborted"), &json!("VALIDATION_ERROR"));
        assert_eq!((&empty["type"], &empty["code"]), expected, "{file:?}");
    }
    let (_, empty) = import(&house, "application/x-ndjson", "").await;
    assert_eq!((&empty["type"], &empty["lines"]), (&json!("done"), &json!(0)));
    let (_, one) = import(&house, "text/csv", "productId,title").await;
    assert_eq!((&one["type"], &one["lines"]), (&json!("done"), &json!(1)));
    let no_key = house.request("POST", &format!("{PRODUCTS}/import")).body("x");
    assert_eq!(house.send(no_key).await.error(), (401, "AUTHENTICATION_REQUIRED"));
    // The last one: what is not read of it makes its connection useless.
    let large = send(&house, "text/csv", "x".repeat(100_001)).await;
    assert_eq!(large.error(), (413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_that_is_too_much_for_a_row_is_refused() {
    let house = House::start().await;
    let mut body = mug("large");
    body["bullets"] = json!(vec!["x".repeat(1_000); 30]);
    let values = (0..40).map(|at| (at.to_string(), json!("y".repeat(1_000))));
    body["attributes"] = Value::Object(values.collect());
    let file = format!("{body}\n{}\n{}", "z".repeat(300_000), mug("small"));
    let (errors, done) = import(&house, "application/x-ndjson", file).await;
    let told = errors.iter().map(|one| (one["line"].as_u64(), one["param"].as_str()));
    let mut told: Vec<_> = told.collect();
    told.sort_unstable();
    assert_eq!(told, [(Some(1), Some("product")), (Some(2), None)]);
    assert_eq!((&done["created"], &done["failed"]), (&json!(1), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_errors_are_told_and_the_rest_counted() {
    let house = House::start().await;
    let file = "{}\n".repeat(5_000) + "{\"productId\":\"last\",\"title\":\"x\"}";
    let (lines, done) = import(&house, "application/x-ndjson", file).await;
    assert_eq!(lines.iter().filter(|line| line["type"] == "error").count(), 1_000);
    let counted = ["failed", "errorsOmitted", "created"].map(|name| done[name].as_u64());
    assert_eq!(counted, [Some(5_000), Some(4_000), Some(1)]);
}

/// What is left of a product's only offer.
async fn left(house: &House, id: &str) -> Value {
    house.get(&format!("{PRODUCTS}/{id}")).await.ok()["data"]["offers"][0]["stock"].clone()
}

/// The product as something on the shelf, and an order of so many pieces of it.
async fn buy(house: &House, id: &str, pieces: u32) {
    let product = house.get(&format!("{PRODUCTS}/{id}")).await.ok();
    let offer_id = product["data"]["offers"][0]["offerId"].as_str().expect("an id");
    let offer_id = OfferId::parse(offer_id).expect("an id");
    let goods = Goods { product_id: id.to_owned(), offer_id, retailer: Retailer::Other };
    shop::order_of(house, &goods, pieces).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_comes_again_does_not_put_back_what_was_sold() {
    let house = House::start().await;
    let file = |stock: i64| format!("productId,title,price,stock\nm-1,Mug,18,{stock}\n");
    let send = async |stock: i64| import(&house, "text/csv", file(stock)).await.1;
    assert_eq!(send(10).await["created"], 1);
    buy(&house, "m-1", 3).await;
    let again = send(10).await;
    assert_eq!((&again["unchanged"], &again["updated"]), (&json!(1), &json!(0)));
    assert_eq!(left(&house, "m-1").await, 7);
    // Two more came in; then the shop finds that six are missing, more than sold ones leave.
    assert_eq!(send(12).await["updated"], 1);
    assert_eq!(left(&house, "m-1").await, 9);
    send(2).await;
    assert_eq!(left(&house, "m-1").await, 0);
    assert_eq!(send(2).await["unchanged"], 1);
    send(5).await;
    assert_eq!(left(&house, "m-1").await, 3);

    // What is shown can be sent back: it is what is left.
    let shown = house.get(&format!("{PRODUCTS}/m-1")).await.ok()["data"].clone();
    house.put(&format!("{PRODUCTS}/m-1"), shown).await.ok();
    assert_eq!(left(&house, "m-1").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_is_set_is_what_a_later_file_is_held_against() {
    let house = House::start().await;
    let send = async |stock: &str| {
        let file = format!("productId,title,price,stock\nm-1,Mug,18,{stock}\n");
        import(&house, "text/csv", file).await.1
    };
    send("10").await;
    buy(&house, "m-1", 4).await;
    let product = house.get(&format!("{PRODUCTS}/m-1")).await.ok();
    let offer = product["data"]["offers"][0]["offerId"].as_str().expect("an id").to_owned();
    let stock = format!("{PRODUCTS}/m-1/offers/{offer}/stock");
    house.put(&stock, json!({ "quantity": 20 })).await.ok();
    buy(&house, "m-1", 1).await;
    assert_eq!(send("20").await["unchanged"], 1);
    assert_eq!(left(&house, "m-1").await, 19);
    house.put(&stock, json!({ "change": 5 })).await.ok();
    assert_eq!(send("25").await["unchanged"], 1);
    assert_eq!(left(&house, "m-1").await, 24);

    // Not counted for a while, and then anew: what the counter still has is not added to.
    send("uncounted").await;
    assert_eq!(left(&house, "m-1").await, Value::Null);
    send("6").await;
    assert_eq!(left(&house, "m-1").await, 6);
}

/// A file on its way in that never stalls and never ends: a blank line every 50 ms.
async fn drip(house: &House, key: &str) -> OwnedReadHalf {
    let address = house.url.strip_prefix("http://").expect("an address");
    let (mut told, mut sent) = TcpStream::connect(address).await.expect("connects").into_split();
    let head = format!(
        "POST {PRODUCTS}/import HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\n\
         content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    sent.write_all(head.as_bytes()).await.expect("writes");
    tokio::spawn(async move {
        let mut every = tokio::time::interval(std::time::Duration::from_millis(50));
        while sent.write_all(b"1\r\n\n\r\n").await.is_ok() {
            every.tick().await;
        }
    });
    let begun = read_to(&mut told, "\r\n\r\n").await;
    assert!(begun.starts_with("HTTP/1.1 200 "), "{begun}");
    told
}

async fn read_to(told: &mut OwnedReadHalf, end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let mut bytes = [0; 1_024];
        let count = told.read(&mut bytes).await.expect("reads");
        assert_ne!(count, 0, "it ended early: {text}");
        text.push_str(std::str::from_utf8(&bytes[..count]).expect("text"));
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_drips_is_given_up_and_keeps_nobody_else_from_sending() {
    let house = House::with(|config| config.import_stall_ms = 3_000).await;
    let (_, stranger) = house.stranger().await;
    let (mut first, mut second) = (drip(&house, &house.key).await, drip(&house, &house.key).await);
    assert_eq!(send(&house, "application/x-ndjson", "").await.error(), (409, "BUSY"));
    let theirs = house
        .request("POST", &format!("{PRODUCTS}/import"))
        .header("x-api-key", &stranger)
        .header("content-type", "application/x-ndjson")
        .body("");
    assert_eq!(house.send(theirs).await.status, 200);
    for slow in [&mut first, &mut second] {
        let last = read_to(slow, "}").await;
        assert!(last.contains("\"aborted\"") && last.contains("\"REQUEST_TIMEOUT\""), "{last}");
    }
}
