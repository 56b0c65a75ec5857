//! A user's session: what it opens, what it does not, and when it ends.

use serde_json::{Value, json};

use super::path;
use crate::house::{House, Reply};

async fn minted(house: &House, user: &Value, body: Value) -> Value {
    house.post(&path(user, "/sessions"), body).await.ok()
}

#[tokio::test]
async fn a_session_opens_its_user_s_own_part_and_nothing_else() {
    let house = House::start().await;
    let user = house.ramp_user("Zoe").await;
    let other = house.ramp_user("Other").await;
    let session = minted(&house, &user, json!({})).await;
    let get = async |route: &str| house.payor("GET", route, &session, Value::Null).await;
    get("/api/v1/ramps/corridors").await.ok();
    get(&path(&user, "/balances")).await.ok();
    get(&path(&user, "/transactions")).await.ok();
    for rest in ["/balances", "/transactions"] {
        assert_eq!(get(&path(&other, rest)).await.error(), (404, "NOT_FOUND"), "{rest}");
    }
    let live = get(&format!("{}?environment=mainnet", path(&user, "/balances"))).await;
    assert_eq!(live.error(), (403, "ENVIRONMENT_MISMATCH"));
    let token_id = crate::house::token_id("base", "USDC");
    for (method, route, body) in [
        ("GET", path(&user, ""), Value::Null),
        ("PATCH", path(&user, ""), json!({ "name": "x" })),
        ("GET", "/api/v1/ramps/users".to_owned(), Value::Null),
        ("GET", path(&user, "/kyc"), Value::Null),
        ("GET", path(&user, "/bank_accounts"), Value::Null),
        ("GET", path(&user, "/deposits"), Value::Null),
        ("GET", path(&user, "/export"), Value::Null),
        ("POST", path(&user, "/erase"), Value::Null),
        ("POST", path(&user, "/sessions"), Value::Null),
        ("POST", path(&user, "/credits"), json!({ "amount": "1", "token_id": token_id })),
        ("GET", "/api/v1/invoices".to_owned(), Value::Null),
        ("GET", "/api/v1/events".to_owned(), Value::Null),
        ("GET", "/api/v1/payments/session-details".to_owned(), Value::Null),
        ("GET", "/api/v1/payments/payment-status".to_owned(), Value::Null),
    ] {
        let reply = house.payor(method, &route, &session, body).await;
        assert_eq!(reply.status, 401, "{method} {route}: {}", reply.body);
    }
}

#[tokio::test]
async fn payors_sessions_open_nothing_here() {
    let house = House::start().await;
    let user = house.ramp_user("Zoe").await;
    let created = house.invoice(10.0).await;
    for route in ["/api/v1/ramps/corridors".to_owned(), path(&user, "/balances")] {
        let reply = house.payor("GET", &route, &created, Value::Null).await;
        assert_eq!(reply.error(), (401, "SESSION_INVALID"), "{route}");
    }
    let again =
        format!("/api/v1/invoices/{}/sessions", created["invoice_id"].as_str().expect("an id"));
    let second = house.post(&again, json!({})).await.ok();
    let reply = house.payor("GET", "/api/v1/ramps/corridors", &second, Value::Null).await;
    assert_eq!(reply.error(), (401, "SESSION_INVALID"));
}

#[tokio::test]
async fn a_session_ends_by_time_by_revoking_and_with_its_user() {
    let house = House::start().await;
    let user = house.ramp_user("Zoe").await;
    let corridors = async |session: &Value| -> Reply {
        house.payor("GET", "/api/v1/ramps/corridors", session, Value::Null).await
    };
    let short = minted(&house, &user, json!({ "expires_in_seconds": 60 })).await;
    corridors(&short).await.ok();
    let mut forged = short.clone();
    let signature = short["signature"].as_str().expect("a signature");
    let first = if signature.starts_with('0') { "1" } else { "0" };
    forged["signature"] = json!(format!("{first}{}", &signature[1..]));
    assert_eq!(corridors(&forged).await.error(), (403, "SIGNATURE_INVALID"));
    forged["signature"] = json!("nonsense");
    assert_eq!(corridors(&forged).await.error(), (401, "SESSION_INVALID"));
    forged["session_token"] = json!("00000000-0000-4000-8000-000000000000");
    assert_eq!(corridors(&forged).await.error(), (401, "SESSION_INVALID"));
    house.advance(60_000);
    assert_eq!(corridors(&short).await.error(), (403, "SIGNATURE_INVALID"));

    let first = minted(&house, &user, json!({})).await;
    let second = minted(&house, &user, json!({ "revoke_others": true })).await;
    assert_eq!(corridors(&first).await.error(), (403, "SIGNATURE_INVALID"));
    corridors(&second).await.ok();
    let third = minted(&house, &user, json!({})).await;
    corridors(&third).await.ok();
    for wrong in [json!(59), json!(86_401)] {
        let body = json!({ "expires_in_seconds": wrong });
        let reply = house.post(&path(&user, "/sessions"), body).await;
        assert_eq!(
            (reply.error(), reply.param()),
            ((400, "VALIDATION_ERROR"), "expires_in_seconds")
        );
    }
    house.post(&path(&user, "/erase"), Value::Null).await.ok();
    assert_eq!(corridors(&third).await.error(), (403, "SIGNATURE_INVALID"));
    let reply = house.post(&path(&user, "/sessions"), json!({})).await;
    assert_eq!(reply.error(), (409, "USER_CLOSED"));
}

#[tokio::test]
async fn a_key_and_a_session_at_once_are_refused_and_browsers_may_ask() {
    let house = House::start().await;
    let user = house.ramp_user("Zoe").await;
    let session = minted(&house, &user, json!({})).await;
    let text = |field: &str| session[field].as_str().expect("credentials").to_owned();
    let request = house
        .request("GET", "/api/v1/ramps/corridors")
        .header("x-api-key", &house.key)
        .header("x-session-token", text("session_token"))
        .header("x-signature", text("signature"));
    assert_eq!(house.send(request).await.error(), (401, "AUTHENTICATION_REQUIRED"));
    let asked = house.send(house.request("OPTIONS", "/api/v1/ramps/corridors")).await;
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (204, "*"));
    assert!(asked.header("access-control-allow-headers").contains("idempotency-key"));
}
