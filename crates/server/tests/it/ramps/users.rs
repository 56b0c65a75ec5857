//! Users: their bounds, their claims under races, whose they are, and the levels they get.

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::time::DAY_MS;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{id, path, person};
use crate::house::House;

#[tokio::test]
async fn a_user_is_made_read_listed_and_changed_with_events() {
    let house = House::start().await;
    let body = json!({
        "type": "individual", "name": " Zoë  Müller ", "email": "Zoe@Example.com", "country": "de",
        "address": { "line1": "Allee 1", "city": "Berlin", "postal_code": "10115" },
        "birth_date": "1990-02-28", "external_id": "customer-7",
        "identifications": [{ "type": "passport", "country": "DE", "number": "C01X00T47" }],
    });
    let user = house.post("/api/v1/ramps/users", body).await.ok();
    assert_eq!((&user["object"], &user["status"]), (&json!("ramp_user"), &json!("active")));
    assert_eq!((&user["name"], &user["country"]), (&json!("Zoë Müller"), &json!("DE")));
    assert_eq!((&user["email"], &user["self"]), (&json!("zoe@example.com"), &json!(false)));
    assert_eq!((&user["has_birth_date"], &user["identification_count"]), (&json!(true), &json!(1)));
    assert_eq!(user["kyc"]["status"], "not_started");
    assert_eq!(house.get(&path(&user, "")).await.ok(), user);
    let found = house.get("/api/v1/ramps/users?external_id=customer-7").await.ok();
    assert_eq!(found["data"], json!([user]));
    let other = house.ramp_user("Other").await;
    let first = house.get("/api/v1/ramps/users?limit=1").await.ok();
    assert_eq!((&first["data"][0]["id"], &first["has_more"]), (&other["id"], &json!(true)));
    let next = format!("/api/v1/ramps/users?starting_after={}", id(&other));
    assert_eq!(house.get(&next).await.ok()["data"], json!([user]));

    house.advance(5_000);
    let change = json!({ "name": "Zoë Schmidt", "email": null, "birth_date": "1990-03-01" });
    let request = house.request("PATCH", &path(&user, "")).header("x-api-key", &house.key);
    let changed = house.send(request.json(&change)).await.ok();
    assert_eq!((&changed["name"], &changed["email"]), (&json!("Zoë Schmidt"), &Value::Null));
    assert_eq!(changed["identification_count"], 1);
    assert_eq!(house.get(&path(&user, "")).await.ok(), changed);
    let events = house.ramp_events().await;
    let kinds: Vec<&str> = events.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["ramp.user.created", "ramp.user.created", "ramp.user.updated"]);
    let (_, last) = &events[2];
    assert_eq!(last["object"], changed);
    assert_eq!(last["previous_attributes"]["name"], "Zoë Müller");
    let told = format!("{events:?}");
    assert!(!told.contains("1990-02-28") && !told.contains("1990-03-01"), "{told}");
}

#[tokio::test]
async fn a_wrong_field_is_named() {
    let house = House::start().await;
    for (field, value, param) in [
        ("name", json!(""), "name"),
        ("name", json!(7), "name"),
        ("name", Value::Null, "name"),
        ("type", json!("robot"), "type"),
        ("country", json!("ZZ"), "country"),
        ("email", json!("zoe"), "email"),
        ("birth_date", json!("1990-02-30"), "birth_date"),
        ("external_id", json!("x".repeat(256)), "external_id"),
        ("self", json!(true), "self"),
        ("address", json!({ "line1": "", "city": "B" }), "address.line1"),
        ("address", json!({ "line1": "x" }), "address.city"),
        (
            "identifications",
            json!([{ "type": "passport", "country": "DE", "number": "?" }]),
            "identifications.number",
        ),
    ] {
        let mut body = person("Zoe");
        body[field] = value;
        let reply = house.post("/api/v1/ramps/users", body).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), param), "{field}");
    }
    assert_eq!(house.get("/api/v1/ramps/users").await.ok()["data"], json!([]));
}

#[tokio::test]
async fn of_racing_creates_one_gets_the_external_id_and_one_the_self() {
    let house = House::start().await;
    let body = |name: usize| {
        json!({ "type": "business", "self": true, "name": format!("N{name}"), "country": "DE",
            "external_id": "x" })
    };
    let racing = (0..8).map(|at| house.post("/api/v1/ramps/users", body(at)));
    let replies = join_all(racing).await;
    let made: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(made.len(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.error(), (409, "ALREADY_EXISTS"));
    }
    // Either claim alone is enough.
    for field in ["external_id", "self"] {
        let mut again = body(9);
        again.as_object_mut().expect("an object").remove(field);
        let reply = house.post("/api/v1/ramps/users", again).await;
        assert_eq!(reply.error(), (409, "ALREADY_EXISTS"), "{field}");
    }
    let again = house.post("/api/v1/ramps/users", body(9)).await;
    assert_eq!(again.param(), "external_id");
}

#[tokio::test]
async fn nobody_sees_a_user_of_another_merchant_or_environment() {
    let house = House::start().await;
    let user = house.approved_user("Zoe", "basic").await;
    let account = json!({ "country": "DE", "currency": "eur", "method": "sepa",
        "holder_name": "Zoe", "account": { "iban": "DE89370400440532013000" } });
    let account = house.post(&path(&user, "/bank_accounts"), account).await.ok();
    let (_, foreign) = house.stranger().await;
    house.app.caches.forget_merchant(house.merchant_id);
    let account = format!("/bank_accounts/{}", id(&account));
    let routes = [
        ("GET", "", Value::Null),
        ("PATCH", "", json!({ "name": "x" })),
        ("GET", "/kyc", Value::Null),
        ("POST", "/kyc", json!({ "level": "basic" })),
        ("GET", "/bank_accounts", Value::Null),
        (
            "POST",
            "/bank_accounts",
            json!({ "country": "DE", "currency": "eur", "method": "sepa",
            "holder_name": "Zoe", "account": { "iban": "DE89370400440532013000" } }),
        ),
        ("GET", account.as_str(), Value::Null),
        ("DELETE", account.as_str(), Value::Null),
        ("POST", "/sessions", Value::Null),
        ("GET", "/balances", Value::Null),
        ("GET", "/transactions", Value::Null),
        (
            "POST",
            "/credits",
            json!({ "amount": "1", "token_id": crate::house::token_id("base", "USDC") }),
        ),
        ("GET", "/deposits", Value::Null),
        ("GET", "/export", Value::Null),
        ("POST", "/erase", Value::Null),
    ];
    for (method, rest, body) in &routes {
        let request = house.request(method, &path(&user, rest)).header("x-api-key", &foreign);
        let request = request.header("idempotency-key", format!("k{method}{rest}"));
        let reply = house.send(if body.is_null() { request } else { request.json(body) }).await;
        assert_eq!(reply.error(), (404, "NOT_FOUND"), "{method} {rest}");
        let commerce = house.request(method, &path(&user, rest));
        let commerce = commerce.header("x-api-key", &house.commerce_key);
        let reply = house.send(if body.is_null() { commerce } else { commerce.json(body) }).await;
        assert_eq!(reply.error(), (403, "INSUFFICIENT_SCOPE"), "{method} {rest}");
        let nobody = house.request(method, &path(&user, rest));
        let reply = house.send(if body.is_null() { nobody } else { nobody.json(body) }).await;
        assert_eq!(reply.error(), (401, "AUTHENTICATION_REQUIRED"), "{method} {rest}");
    }
    assert_eq!(house.get("/api/v1/ramps/users/nonsense").await.error(), (404, "NOT_FOUND"));
    let request = house.request("GET", "/api/v1/ramps/users").header("x-api-key", &foreign);
    assert_eq!(house.send(request).await.ok()["data"], json!([]));
    // The other environment of the same merchant.
    let merchant = house.app.store.get::<domain::merchant::Merchant>(house.merchant_id.key()).await;
    let merchant = merchant.expect("reads").expect("is there").enable_mainnet();
    house.app.store.commit(merchant.save(house.app.now())).await.expect("enabled");
    house.app.caches.forget_merchant(house.merchant_id);
    let live = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    let request = house.request("GET", &path(&user, "")).header("x-api-key", &live);
    assert_eq!(house.send(request).await.error(), (404, "NOT_FOUND"));
}

#[tokio::test]
async fn an_approval_counts_until_it_expires_and_can_be_suspended() {
    let house = House::with(|config| config.ramps.kyc_approval_days = 30).await;
    let user = house.ramp_user("Zoe").await;
    let none = house.get(&path(&user, "/kyc")).await.ok();
    assert_eq!((&none["status"], &none["id"]), (&json!("not_started"), &Value::Null));
    let case = house.post(&path(&user, "/kyc"), json!({ "level": "standard" })).await.ok();
    assert_eq!((&case["status"], &case["level"]), (&json!("pending"), &json!("standard")));
    let url = case["hosted_url"].as_str().expect("a link");
    assert!(url.starts_with("http://localhost:3000/kyc/"), "{url}");
    // The same level again is the same case.
    let again = house.post(&path(&user, "/kyc"), json!({ "level": "standard" })).await.ok();
    assert_eq!(again, case);
    let wrong = house.post(&path(&user, "/kyc"), json!({ "level": "royal" })).await;
    assert_eq!((wrong.error(), wrong.param()), ((400, "VALIDATION_ERROR"), "level"));

    house.decide(&case, "in_review").await.ok();
    let waits = house.post(&path(&user, "/kyc"), json!({ "level": "standard" })).await;
    assert_eq!(waits.error(), (409, "KYC_STATE"));
    house.decide(&case, "approved").await.ok();
    let approved = house.get(&path(&user, "/kyc")).await.ok();
    assert_eq!(
        (&approved["status"], &approved["approved_level"]),
        (&json!("approved"), &json!("standard"))
    );
    assert_eq!((&approved["hosted_url"], &approved["id"]), (&Value::Null, &case["id"]));
    let again = house.post(&path(&user, "/kyc"), json!({ "level": "basic" })).await;
    assert_eq!((again.error(), again.param()), ((400, "VALIDATION_ERROR"), "level"));
    assert_eq!(house.decide(&case, "rejected").await.error(), (409, "KYC_STATE"));

    let admin = format!("/api/admin/ramps/users/{}/kyc", id(&user));
    let suspended = house.operate("POST", &admin, json!({ "outcome": "suspended" })).await.ok();
    assert_eq!(
        (&suspended["status"], &suspended["approved_level"]),
        (&json!("suspended"), &Value::Null)
    );
    let as_merchant = house.post(&admin, json!({ "outcome": "reinstated" })).await;
    assert_eq!(as_merchant.error(), (401, "AUTHENTICATION_REQUIRED"));
    house.operate("POST", &admin, json!({ "outcome": "reinstated" })).await.ok();
    assert_eq!(house.get(&path(&user, "")).await.ok()["kyc"]["level"], "standard");

    house.advance(30 * DAY_MS);
    let kyc = house.get(&path(&user, "")).await.ok()["kyc"].clone();
    assert_eq!((&kyc["status"], &kyc["level"]), (&json!("expired"), &Value::Null));
    let anew = house.post(&path(&user, "/kyc"), json!({ "level": "basic" })).await.ok();
    assert_ne!(anew["id"], case["id"]);
    // What was the case before is no more the latest: its link is over.
    house.decide(&anew, "approved").await.ok();
    assert_eq!(house.get(&path(&user, "")).await.ok()["kyc"]["level"], "basic");
    let updates = house.ramp_events().await;
    assert!(
        updates.iter().all(|(kind, data)| kind != "ramp.user.updated"
            || data["previous_attributes"]["kyc"].is_object()),
        "{updates:?}"
    );
}
