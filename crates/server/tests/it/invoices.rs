//! Invoices: what may be created, who may see it, and how a merchant ends it.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::time::{DAY_MS, HOUR_MS};
use serde_json::{Value, json};

use crate::house::{House, OWNER_EMAIL, OWNER_PASSWORD, START};
use crate::profile::sign_in;

async fn with_key(house: &House, key: &str, method: &str, path: &str) -> crate::house::Reply {
    house.send(house.request(method, path).header("x-api-key", key)).await
}

fn path_of(created: &Value) -> String {
    format!("/api/v1/invoices/{}", created["invoice_id"].as_str().expect("an id"))
}

#[tokio::test]
async fn creating_an_invoice_answers_the_payors_way_in() {
    let house = House::start().await;
    let created = house.invoice(49.99).await;
    let fields: Vec<&String> = created.as_object().expect("an object").keys().collect();
    let documented = [
        "invoice_id",
        "payment_url",
        "expires_at",
        "session_token",
        "signature",
        "payment_session_headers",
    ];
    assert_eq!(fields, documented);
    let (token, signature) = (&created["session_token"], &created["signature"]);
    let headers = json!({ "x-session-token": token, "x-signature": signature });
    assert_eq!(created["payment_session_headers"], headers);
    let query = format!(
        "/pay?session={}&signature={}",
        token.as_str().expect("text"),
        signature.as_str().expect("text")
    );
    assert!(created["payment_url"].as_str().expect("text").ends_with(&query));
    let details = house.payor("GET", "/api/v1/payments/session-details", &created, Value::Null);
    assert_eq!(details.await.ok()["invoice_id"], created["invoice_id"]);
}

#[tokio::test]
async fn an_invoice_has_defaults_and_keeps_what_it_was_given() {
    let house = House::start().await;
    let plain = house.invoice(49.99).await;
    let plain = house.get(&path_of(&plain)).await.ok();
    assert_eq!(plain["amount"], 49_990);
    assert_eq!(plain["amount_decimal"], "49.990");
    assert_eq!(plain["amount_usd"], 49.99);
    assert_eq!(plain["amount_remaining"], 49_990);
    assert_eq!((&plain["status"], &plain["invoice_type"]), (&json!("unpaid"), &json!("standard")));
    assert_eq!(plain["expires_at"], (START.0 + 12 * HOUR_MS) / 1_000);
    assert_eq!(plain["created_at"], START.0 / 1_000);
    assert_eq!(plain["invoice_title"], "Coffee & Co");
    assert_eq!(plain["invoice_footer"], "Coffee & Co");
    assert_eq!(plain["metadata"], json!({}));
    assert!(plain.get("payments").is_none() && plain.get("latest_payment").is_none());
    let body = json!({
        "amount_usd": 0.01,
        "description": "One bean",
        "customer_id": "user_42",
        "metadata": { "b": [1.10, { "c": null }], "a": "x" },
        "expires_in": 1,
        "invoice_title": "Beans",
        "invoice_footer": "Bye",
        "customer_email": "Buyer@Example.com",
        "payment_return_url": "https://shop.example/thanks?x=1",
        "questions": { "questions": [{
            "id": "mail",
            "question": "Mail?",
            "type": "email",
            "validation": { "required": true },
        }]},
        "unknown_field": { "is": "ignored" },
    });
    let full = house.post("/api/v1/invoices", body.clone()).await.ok();
    let full = house.get(&path_of(&full)).await.ok();
    for field in ["description", "customer_id", "metadata", "invoice_title", "invoice_footer"] {
        assert_eq!(full[field], body[field], "{field}");
    }
    assert_eq!(full["customer_email"], "buyer@example.com");
    assert_eq!(full["payment_return_url"], body["payment_return_url"]);
    assert_eq!(full["payment_return_url_enabled"], true);
    assert_eq!(full["questions"], body["questions"]);
}

#[tokio::test]
async fn amounts_are_read_as_decimal_text() {
    let house = House::start().await;
    for (text, millis) in
        [("13.99", 13_990), ("1e2", 100_000), ("0.010", 10), ("1000000", 1_000_000_000)]
    {
        let request = house
            .request("POST", "/api/v1/invoices")
            .header("x-api-key", &house.key)
            .body(format!("{{\"amount_usd\":{text}}}"));
        let created = house.send(request).await.ok();
        assert_eq!(house.get(&path_of(&created)).await.ok()["amount"], millis, "{text}");
    }
}

#[tokio::test]
async fn every_bound_of_a_new_invoice_is_a_400_that_names_its_field() {
    let house = House::start().await;
    let long = "x".repeat(256);
    let long_url = format!("https://a.b/{}", "x".repeat(2048));
    let questions = |count: usize| {
        let question = |at| json!({ "id": format!("q{at}"), "question": "?", "type": "text" });
        json!({ "questions": (0..count).map(question).collect::<Vec<_>>() })
    };
    let deep =
        serde_json::from_str::<Value>(&format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100)));
    let cases = [
        (json!({}), "amount_usd"),
        (json!({ "amount_usd": null }), "amount_usd"),
        (json!({ "amount_usd": "10" }), "amount_usd"),
        (json!({ "amount_usd": 0 }), "amount_usd"),
        (json!({ "amount_usd": -1 }), "amount_usd"),
        (json!({ "amount_usd": 0.001 }), "amount_usd"),
        (json!({ "amount_usd": 1.2345 }), "amount_usd"),
        (json!({ "amount_usd": 1_000_000.01 }), "amount_usd"),
        (json!({ "amount_usd": 1e300 }), "amount_usd"),
        (json!({ "amount_usd": [1] }), "amount_usd"),
        (json!({ "amount_usd": 1, "description": long }), "description"),
        (json!({ "amount_usd": 1, "description": 7 }), "description"),
        (json!({ "amount_usd": 1, "customer_id": long }), "customer_id"),
        (json!({ "amount_usd": 1, "customer_id": "a\u{0}b" }), "customer_id"),
        (json!({ "amount_usd": 1, "metadata": [] }), "metadata"),
        (json!({ "amount_usd": 1, "metadata": "{}" }), "metadata"),
        (json!({ "amount_usd": 1, "metadata": { "a": "x".repeat(505) } }), "metadata"),
        (json!({ "amount_usd": 1, "metadata": deep.expect("JSON") }), "metadata"),
        (json!({ "amount_usd": 1, "expires_in": 0 }), "expires_in"),
        (json!({ "amount_usd": 1, "expires_in": 30 * DAY_MS + 1 }), "expires_in"),
        (json!({ "amount_usd": 1, "expires_in": 1.5 }), "expires_in"),
        (json!({ "amount_usd": 1, "expires_in": u64::MAX }), "expires_in"),
        (json!({ "amount_usd": 1, "receiver_override_enable": true }), "receiver_override_address"),
        (
            json!({ "amount_usd": 1, "receiver_override_enable": true,
                "receiver_override_address": "0x12" }),
            "receiver_override_address",
        ),
        (json!({ "amount_usd": 1, "invoice_title": long }), "invoice_title"),
        (json!({ "amount_usd": 1, "invoice_footer": long }), "invoice_footer"),
        (json!({ "amount_usd": 1, "customer_email": "nobody" }), "customer_email"),
        (json!({ "amount_usd": 1, "payment_return_url": "http://a.b" }), "payment_return_url"),
        (json!({ "amount_usd": 1, "payment_return_url": long_url }), "payment_return_url"),
        (
            json!({ "amount_usd": 1, "payment_return_url_enabled": "no" }),
            "payment_return_url_enabled",
        ),
        (json!({ "amount_usd": 1, "questions": questions(0) }), "questions"),
        (json!({ "amount_usd": 1, "questions": questions(6) }), "questions"),
        (
            json!({ "amount_usd": 1, "questions": { "questions": [{}] } }),
            "questions.questions[0].id",
        ),
        (json!({ "amount_usd": 1, "environment": "testnet" }), "environment"),
    ];
    for (body, param) in cases {
        let reply = house.post("/api/v1/invoices", body.clone()).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{body}: {}", reply.body);
        assert_eq!(reply.param(), param, "{body}: {}", reply.body);
    }
    for body in ["", "{", "null", "[]", "7", "{\"amount_usd\":1e}", "\u{feff}{}"] {
        let request = house.request("POST", "/api/v1/invoices").header("x-api-key", &house.key);
        let reply = house.send(request.body(body)).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{body}: {}", reply.body);
    }
    let totals = house.get("/api/v1/invoices/totals").await.ok();
    assert_eq!(totals["totals"]["all"]["count"], 0, "a refused invoice leaves no trace");
}

#[tokio::test]
async fn metadata_no_reader_could_parse_is_refused_before_it_is_kept() {
    let house = House::start().await;
    for metadata in ["{\"a\":1e999}", "{\"a\":\"\\ud800\"}"] {
        let body = format!("{{\"amount_usd\":1,\"metadata\":{metadata}}}");
        let request = house.request("POST", "/api/v1/invoices").header("x-api-key", &house.key);
        let reply = house.send(request.body(body)).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "metadata"));
    }
}

#[tokio::test]
async fn white_space_does_not_count_into_the_bytes_of_metadata() {
    let house = House::start().await;
    let body =
        format!("{{\"amount_usd\":1,\"metadata\":{{ \"b\" : 1.50,{}\"a\":2 }}}}", " ".repeat(600));
    let request = house.request("POST", "/api/v1/invoices").header("x-api-key", &house.key);
    let created = house.send(request.body(body)).await.ok();
    let request = house.request("GET", &path_of(&created)).header("x-api-key", &house.key);
    let text = request.send().await.expect("an answer").text().await.expect("a body");
    assert!(text.contains(r#""metadata":{"b":1.50,"a":2}"#), "{text}");
}

#[tokio::test]
async fn a_body_above_64_kib_is_refused() {
    let house = House::start().await;
    let body = json!({ "amount_usd": 1, "description": "x".repeat(70_000) });
    let reply = house.post("/api/v1/invoices", body).await;
    assert_eq!(reply.error(), (413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn another_merchants_invoice_does_not_exist() {
    let house = House::start().await;
    let (_, stranger) = house.stranger().await;
    let created = house.invoice(10.0).await;
    let path = path_of(&created);
    for (method, path) in [
        ("GET", path.clone()),
        ("GET", format!("{path}/status")),
        ("POST", format!("{path}/cancel")),
        ("POST", format!("{path}/sessions")),
    ] {
        let reply = with_key(&house, &stranger, method, &path).await;
        assert_eq!(reply.error(), (404, "NOT_FOUND"), "{method} {path}");
    }
    let resolve = house
        .request("POST", &format!("{path}/resolve"))
        .header("x-api-key", &stranger)
        .json(&json!({ "action": "accept" }));
    assert_eq!(house.send(resolve).await.error(), (404, "NOT_FOUND"));
    let list = with_key(&house, &stranger, "GET", "/api/v1/invoices").await.ok();
    assert_eq!(list["data"], json!([]));
    assert_eq!(house.get(&path).await.ok()["status"], "unpaid");
}

#[tokio::test]
async fn ids_that_name_nothing_are_not_found() {
    let house = House::start().await;
    for id in ["0191d6a1-0000-7000-8000-000000000000", "inv_123", "%00", "totals2"] {
        let reply = house.get(&format!("/api/v1/invoices/{id}")).await;
        assert_eq!(reply.error(), (404, "NOT_FOUND"), "{id}");
    }
}

#[tokio::test]
async fn credentials_decide_who_is_let_in() {
    let house = House::start().await;
    let body = json!({ "amount_usd": 1 });
    let none = house.send(house.request("POST", "/api/v1/invoices").json(&body)).await;
    assert_eq!(none.error(), (401, "AUTHENTICATION_REQUIRED"));
    let wrong = house.request("POST", "/api/v1/invoices").header("x-api-key", "sk_test_nothing");
    assert_eq!(house.send(wrong.json(&body)).await.error(), (401, "API_KEY_INVALID"));
    let commerce =
        house.request("POST", "/api/v1/invoices").header("x-api-key", &house.commerce_key);
    assert_eq!(house.send(commerce.json(&body)).await.error(), (403, "INSUFFICIENT_SCOPE"));
    let mismatch = house.post("/api/v1/invoices?environment=mainnet", body.clone()).await;
    assert_eq!(mismatch.error(), (403, "ENVIRONMENT_MISMATCH"));
    let mismatch = json!({ "amount_usd": 1, "environment": "mainnet" });
    let mismatch = house.post("/api/v1/invoices", mismatch).await;
    assert_eq!(mismatch.error(), (403, "ENVIRONMENT_MISMATCH"));
    let live = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    let live = house.request("POST", "/api/v1/invoices").header("x-api-key", &live);
    assert_eq!(house.send(live.json(&body)).await.error(), (403, "MAINNET_NOT_ENABLED"));
}

#[tokio::test]
async fn a_commerce_key_sees_no_standard_invoice() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let path = path_of(&created);
    for path in [path.clone(), format!("{path}/status")] {
        let reply = with_key(&house, &house.commerce_key, "GET", &path).await;
        assert_eq!(reply.error(), (404, "NOT_FOUND"), "{path}");
    }
    for query in ["", "?invoice_type=standard", "?invoice_type=standard,commerce"] {
        let path = format!("/api/v1/invoices{query}");
        let list = with_key(&house, &house.commerce_key, "GET", &path).await.ok();
        assert_eq!(list, json!({ "object": "list", "data": [], "has_more": false }));
    }
    let cancel = with_key(&house, &house.commerce_key, "POST", &format!("{path}/cancel")).await;
    assert_eq!(cancel.error(), (403, "INSUFFICIENT_SCOPE"));
}

#[tokio::test]
async fn the_status_tells_of_the_newest_payment() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let path = format!("{}/status", path_of(&created));
    let before = house.get(&path).await.ok();
    assert_eq!(before["object"], "invoice_status");
    assert_eq!(before["invoice"]["status"], "unpaid");
    assert_eq!(before["latest_payment"], Value::Null);
    let address = house.allocate(&created, "base", "USDC").await;
    let to = address["temp_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, "10").await;
    house.settle().await;
    let after = house.get(&path).await.ok();
    assert_eq!(after["invoice"]["status"], "paid", "{after}");
    let payment = &after["latest_payment"];
    assert_eq!(payment["object"], "invoice_payment");
    assert_eq!((&payment["status"], &payment["token_amount"]), (&json!("confirmed"), &json!("10")));
    assert_eq!(payment["invoice_id"], created["invoice_id"]);
    let expand = format!("{}?expand=latest_payment,payments", path_of(&created));
    let expanded = house.get(&expand).await.ok();
    assert_eq!(expanded["latest_payment"], *payment);
    assert_eq!(expanded["payments"], json!([payment]));
}

#[tokio::test]
async fn expansions_are_a_closed_set() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let path = path_of(&created);
    for (query, param) in [
        ("expand=everything", "expand"),
        ("expand=", "expand"),
        ("expand=payments,x", "expand"),
        ("payments_limit=0", "payments_limit"),
        ("payments_limit=101", "payments_limit"),
        ("payments_limit=ten", "payments_limit"),
        ("environment=testnet", "environment"),
    ] {
        let reply = house.get(&format!("{path}?{query}")).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param), "{query}");
    }
    let expanded = house.get(&format!("{path}?expand=latest_payment,payments")).await.ok();
    assert_eq!(expanded["latest_payment"], Value::Null);
    assert_eq!(expanded["payments"], json!([]));
}

#[tokio::test]
async fn only_an_invoice_nobody_paid_on_can_be_canceled() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let cancel = format!("{}/cancel", path_of(&created));
    let canceled = house.post(&cancel, json!({})).await.ok();
    assert_eq!((&canceled["object"], &canceled["status"]), (&json!("invoice"), &json!("canceled")));
    assert_eq!(house.get(&path_of(&created)).await.ok(), canceled);
    assert_eq!(house.post(&cancel, json!({})).await.error(), (409, "INVOICE_NOT_CANCELABLE"));
    let paid_on = house.invoice(10.0).await;
    let address = house.allocate(&paid_on, "base", "USDC").await;
    let to = address["temp_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, "1").await;
    house.settle().await;
    let cancel = house.post(&format!("{}/cancel", path_of(&paid_on)), json!({})).await;
    assert_eq!(cancel.error(), (409, "INVOICE_NOT_CANCELABLE"));
}

#[tokio::test]
async fn the_merchant_may_accept_what_arrived() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let resolve = format!("{}/resolve", path_of(&created));
    let accept = json!({ "action": "accept" });
    assert_eq!(house.post(&resolve, accept.clone()).await.error(), (409, "INVOICE_NOT_RESOLVABLE"));
    let address = house.allocate(&created, "base", "USDC").await;
    house.transfer("base", "USDC", address["temp_address"].as_str().expect("text"), "4").await;
    house.settle().await;
    assert_eq!(house.read(&created).await["status"], "underpaid");
    let refund = house.post(&resolve, json!({ "action": "refund" })).await;
    assert_eq!(refund.error(), (400, "IDEMPOTENCY_KEY_MISSING"));
    for body in [json!({ "action": "shrug" }), json!({})] {
        let reply = house.post(&resolve, body.clone()).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "action"), "{body}");
    }
    let accepted = house.post(&resolve, accept.clone()).await.ok();
    assert_eq!((&accepted["status"], &accepted["amount_paid"]), (&json!("paid"), &json!(4_000)));
    assert_eq!(house.post(&resolve, accept).await.error(), (409, "INVOICE_NOT_RESOLVABLE"));
}

#[tokio::test]
async fn fresh_sessions_let_a_payor_in_and_may_shut_others_out() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let sessions = format!("{}/sessions", path_of(&created));
    let details = "/api/v1/payments/session-details";
    let second = with_key(&house, &house.key, "POST", &sessions).await.ok();
    assert_eq!(second["invoice_id"], created["invoice_id"]);
    assert_ne!(second["session_token"], created["session_token"]);
    for session in [&created, &second] {
        house.payor("GET", details, session, Value::Null).await.ok();
    }
    let third = house.post(&sessions, json!({ "revoke_others": true })).await.ok();
    for session in [&created, &second] {
        let reply = house.payor("GET", details, session, Value::Null).await;
        assert_eq!(reply.error(), (401, "SESSION_INVALID"));
    }
    house.payor("GET", details, &third, Value::Null).await.ok();
    let wrong = house.post(&sessions, json!({ "revoke_others": "yes" })).await;
    assert_eq!((wrong.error(), wrong.param()), ((400, "VALIDATION_ERROR"), "revoke_others"));
    house.post(&format!("{}/cancel", path_of(&created)), json!({})).await.ok();
    assert_eq!(house.post(&sessions, json!({})).await.error(), (409, "INVOICE_CLOSED"));
}

#[tokio::test]
async fn an_expired_invoice_gets_no_session() {
    let house = House::start().await;
    let body = json!({ "amount_usd": 10, "expires_in": 60_000 });
    let created = house.post("/api/v1/invoices", body).await.ok();
    house.advance(60_000);
    house.step().await;
    assert_eq!(house.read(&created).await["status"], "expired");
    let sessions = format!("{}/sessions", path_of(&created));
    assert_eq!(house.post(&sessions, json!({})).await.error(), (410, "INVOICE_EXPIRED"));
}

#[tokio::test]
async fn tolerance_is_fixed_when_the_invoice_is_made() {
    let house = House::start().await;
    let before = house.invoice(100.0).await;
    let profile = json!({ "tolerance_bps": 100, "tolerance_max_usd": 0.5 });
    crate::profile::patch(&house, profile).await.ok();
    let after = house.invoice(100.0).await;
    for (created, status) in [(before, "underpaid"), (after, "paid")] {
        let address = house.allocate(&created, "base", "USDC").await;
        let to = address["temp_address"].as_str().expect("an address");
        house.transfer("base", "USDC", to, "99.5").await;
        house.settle().await;
        assert_eq!(house.read(&created).await["status"], status);
    }
}

#[tokio::test]
async fn a_member_picks_the_environment_and_nothing_crosses_over() {
    let house = House::start().await;
    let token = sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await;
    let send = |method: &str, path: String, body: Value| {
        let request = house.request(method, &path).bearer_auth(&token);
        house.send(if body.is_null() { request } else { request.json(&body) })
    };
    let live = json!({ "amount_usd": 10, "environment": "mainnet" });
    let early = send("POST", "/api/v1/invoices".into(), live.clone()).await;
    assert_eq!(early.error(), (403, "MAINNET_NOT_ENABLED"));
    let activate = json!({ "access_key": "open-sesame" });
    send("POST", "/api/v1/user/mainnet-access/activate".into(), activate).await.ok();
    let created = send("POST", "/api/v1/invoices".into(), live).await.ok();
    let path = path_of(&created);
    let found = send("GET", format!("{path}?environment=mainnet"), Value::Null).await.ok();
    assert_eq!(found["environment"], "mainnet");
    let elsewhere = send("GET", format!("{path}?environment=devnet"), Value::Null).await;
    assert_eq!(elsewhere.error(), (404, "NOT_FOUND"));
    assert_eq!(house.get(&path).await.error(), (404, "NOT_FOUND"), "a devnet key");
    let key = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    assert_eq!(with_key(&house, &key, "GET", &path).await.ok()["id"], created["invoice_id"]);
    let cancel = format!("{path}/cancel");
    assert_eq!(house.post(&cancel, json!({})).await.error(), (404, "NOT_FOUND"));
    let canceled = send("POST", format!("{cancel}?environment=mainnet"), Value::Null).await.ok();
    assert_eq!(canceled["status"], "canceled");
}
