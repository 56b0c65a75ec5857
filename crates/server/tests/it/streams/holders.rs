//! A stream ends with the credential it was opened with, and nobody else's stream ends with it.
//!
//! Each test goes through the acts of a member or a merchant; where a time is up, an event is told
//! behind it that must not be heard.

use serde_json::{Value, json};

use super::client::Client;
use super::payor::{follow, invoice};
use super::{MERCHANT, Told, open, open_with};
use crate::account::{act, owner, sign_in};
use crate::house::{House, OWNER_EMAIL, OWNER_PASSWORD};
use domain::event::EventType;

const KEYS: &str = "/api/merchant-api-keys";
const MEMBERS: &str = "/api/v1/merchant/members";
const DEVELOPER: &str = "dev@team.example";
const PASSWORD: &str = "a long password";

fn text(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// A key of the house's merchant: its id and its text.
async fn key(house: &House, token: &str) -> (String, String) {
    let made = act(house, token, "POST", KEYS, json!({ "name": "x" })).await.ok();
    (text(&made["id"]).to_owned(), text(&made["api_key"]).to_owned())
}

/// A stream opened with a token that was made by this header's credential.
async fn by_token(house: &House, (name, value): (&str, &str)) -> Client {
    let request = house.request("POST", "/api/v1/ws/token").header(name, value);
    let made = house.send(request.json(&json!({ "scope": "merchant" }))).await.ok();
    by(house, &format!("{MERCHANT}?token={}", text(&made["data"]["token"])), &[]).await
}

async fn by_bearer(house: &House, bearer: &str) -> Client {
    by(house, MERCHANT, &[("authorization", &format!("Bearer {bearer}"))]).await
}

async fn by(house: &House, path: &str, headers: &[(&str, &str)]) -> Client {
    let opened = Client::try_open(&house.url, path, headers).await;
    let mut client = opened.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
    client.until("ready").await;
    client
}

/// Adds a member: his id.
async fn developer(house: &House, token: &str) -> String {
    let body = json!({ "email": DEVELOPER, "role": "developer", "password": PASSWORD });
    let made = act(house, token, "POST", MEMBERS, body).await.ok();
    text(&made["id"]).to_owned()
}

/// It ends, for the credential's sake, without another event.
async fn ends(client: &mut Client, code: &str) {
    loop {
        match client.hear().await {
            super::client::Heard::Other(frame) if frame["object"] == "ws_error" => {
                assert_eq!(frame["code"], code);
                assert_eq!(client.end().await, (None, Some(4401)));
                return;
            }
            super::client::Heard::Other(_) => {}
            heard => panic!("{code} is awaited, and {heard:?} was heard"),
        }
    }
}

/// They are open still: all hear what is told now.
async fn live_on(house: &House, clients: &mut [Client]) {
    let ping = Told::of(house, EventType::TestPing).commit(house, 1).await;
    for client in clients {
        assert_eq!(client.ids(1).await, ping);
    }
}

#[tokio::test]
async fn a_revoked_key_takes_its_streams_and_its_tokens_streams_along_and_no_others() {
    let house = House::start().await;
    let token = owner(&house).await;
    let (id, key) = key(&house, &token).await;
    let (stranger_id, stranger_key) = house.stranger().await;
    let mut gone = [open_with(&house, MERCHANT, &key).await.0];
    let mut gone_too = by_token(&house, ("x-api-key", &key)).await;
    let request = house.request("POST", "/api/v1/ws/token").header("x-api-key", &key);
    let unused = house.send(request.json(&json!({ "scope": "merchant" }))).await.ok();
    let mut kept = [open(&house, MERCHANT).await, by_bearer(&house, &token).await];
    let (mut stranger, _) = open_with(&house, MERCHANT, &stranger_key).await;
    live_on(&house, &mut gone).await;
    gone_too.event().await;
    for client in &mut kept {
        client.event().await;
    }
    act(&house, &token, "POST", &format!("{KEYS}/{id}/revoke"), Value::Null).await.ok();
    ends(&mut gone[0], "API_KEY_INVALID").await;
    ends(&mut gone_too, "API_KEY_INVALID").await;
    live_on(&house, &mut kept).await;
    let mut told = Told::of(&house, EventType::TestPing);
    told.merchant_id = stranger_id;
    let told = told.commit(&house, 1).await;
    assert_eq!(stranger.ids(1).await, told);
    // A token from before opens nothing any more.
    let path = format!("{MERCHANT}?token={}", text(&unused["data"]["token"]));
    let mut late = Client::try_open(&house.url, &path, &[]).await.expect("connects");
    ends(&mut late, "API_KEY_INVALID").await;
}

#[tokio::test]
async fn a_stream_ends_when_its_keys_time_is_up_whether_or_not_something_is_told() {
    let house = House::with(|config| config.ws_heartbeat_ms = 20).await;
    let token = owner(&house).await;
    let (id, key) = key(&house, &token).await;
    let mut busy = open_with(&house, MERCHANT, &key).await.0;
    let mut kept = [open(&house, MERCHANT).await];
    // The overlap of a roll shortens the life of a key whose streams are open.
    let roll = json!({ "overlap_seconds": 60 });
    act(&house, &token, "POST", &format!("{KEYS}/{id}/roll"), roll).await.ok();
    house.advance(59_000);
    let ping = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    assert_eq!(busy.ids(1).await, ping);
    assert_eq!(kept[0].ids(1).await, ping);
    let mut idle = open_with(&house, MERCHANT, &key).await.0;
    house.advance(1_000);
    ends(&mut idle, "API_KEY_INVALID").await;
    ends(&mut busy, "API_KEY_INVALID").await;
    live_on(&house, &mut kept).await;
}

#[tokio::test]
async fn an_event_after_the_end_of_a_key_is_not_told() {
    let house = House::start().await;
    let token = owner(&house).await;
    let (id, key) = key(&house, &token).await;
    let roll = json!({ "overlap_seconds": 60 });
    act(&house, &token, "POST", &format!("{KEYS}/{id}/roll"), roll).await.ok();
    let mut gone = open_with(&house, MERCHANT, &key).await.0;
    house.advance(60_000);
    Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    ends(&mut gone, "API_KEY_INVALID").await;
}

#[tokio::test]
async fn a_member_who_is_removed_demoted_or_signed_out_hears_no_more() {
    let house = House::start().await;
    let token = owner(&house).await;
    let id = developer(&house, &token).await;
    let path = format!("{MEMBERS}/{id}");
    let mut kept = [by_bearer(&house, &token).await, open(&house, MERCHANT).await];

    let first = sign_in(&house, DEVELOPER, PASSWORD).await;
    let second = sign_in(&house, DEVELOPER, PASSWORD).await;
    let mut gone = by_bearer(&house, &first).await;
    let mut gone_too = by_token(&house, ("authorization", &format!("Bearer {first}"))).await;
    let mut other = [by_bearer(&house, &second).await];
    act(&house, &first, "POST", "/api/auth/sign-out", Value::Null).await.ok();
    ends(&mut gone, "INVALID_TOKEN").await;
    ends(&mut gone_too, "INVALID_TOKEN").await;
    live_on(&house, &mut other).await;

    act(&house, &token, "PATCH", &path, json!({ "role": "support" })).await.ok();
    ends(&mut other[0], "INVALID_TOKEN").await;
    let third = sign_in(&house, DEVELOPER, PASSWORD).await;
    let mut again = by_bearer(&house, &third).await;
    act(&house, &token, "DELETE", &path, Value::Null).await.ok();
    ends(&mut again, "INVALID_TOKEN").await;
    for client in &mut kept {
        client.event().await;
    }
    live_on(&house, &mut kept).await;
}

#[tokio::test]
async fn a_bearer_tokens_stream_ends_with_the_token_and_a_ws_tokens_with_the_sign_in() {
    let house = House::start().await;
    let bearer = sign_in(&house, OWNER_EMAIL, OWNER_PASSWORD).await;
    let mut direct = by_bearer(&house, &bearer).await;
    let mut by_token = [by_token(&house, ("authorization", &format!("Bearer {bearer}"))).await];
    house.advance(domain::sign_in::ACCESS_MS);
    live_on(&house, &mut by_token).await;
    ends(&mut direct, "INVALID_TOKEN").await;
    house.advance(domain::sign_in::REFRESH_MS);
    Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    ends(&mut by_token[0], "INVALID_TOKEN").await;
}

#[tokio::test]
async fn a_revoked_payor_session_takes_its_stream_along_and_a_fresh_one_opens_another() {
    let house = House::start().await;
    let (created, other) = (invoice(&house).await, invoice(&house).await);
    let mut gone = follow(&house, &created, "").await;
    let mut kept = follow(&house, &other, "").await;
    let id = |created: &Value| text(&created["invoice_id"]).to_owned();
    let path = format!("/api/v1/invoices/{}/sessions", id(&created));
    let keep = house.post(&path, json!({})).await.ok();
    let mut gone_too = follow(&house, &keep, "").await;
    let fresh = house.post(&path, json!({ "revoke_others": true })).await.ok();
    ends(&mut gone, "INVALID_TOKEN").await;
    ends(&mut gone_too, "INVALID_TOKEN").await;
    let mut again = follow(&house, &fresh, "").await;
    for (created, client) in [(&created, &mut again), (&other, &mut kept)] {
        let path = format!("/api/v1/invoices/{}/cancel", id(created));
        house.post(&path, json!({})).await.ok();
        assert_eq!(client.event().await["data"]["object"]["status"], "canceled");
    }
}

#[tokio::test]
async fn a_payors_stream_ends_a_day_after_the_invoice_did() {
    let house = House::with(|config| config.ws_heartbeat_ms = 20).await;
    let created = invoice(&house).await;
    let mut payor = follow(&house, &created, "").await;
    let path = format!("/api/v1/invoices/{}/cancel", text(&created["invoice_id"]));
    house.post(&path, json!({})).await.ok();
    payor.event().await;
    house.advance(domain::session::AFTER_FINAL_MS);
    ends(&mut payor, "INVALID_TOKEN").await;
}

#[tokio::test]
async fn a_time_that_is_far_ahead_is_no_place_to_begin() {
    let house = House::start().await;
    let ahead = |ms: i64| house.app.now().plus_ms(ms).0;
    let day = domain::time::DAY_MS;
    open(&house, &format!("{MERCHANT}?since={}", ahead(day))).await;
    let path = format!("{MERCHANT}?since={}", ahead(day + 1));
    let refused = Client::try_open(&house.url, &path, &[("x-api-key", &house.key)]).await;
    let (status, body) = refused.expect_err("is refused");
    assert_eq!((status, &body["error"]["param"]), (400, &json!("since")));
    let request = house.request("POST", "/api/v1/ws/token").header("x-api-key", &house.key);
    let made = house.send(request.json(&json!({ "scope": "merchant" }))).await.ok();
    for since in [ahead(day + 1).to_string(), "-1".to_owned()] {
        let path = format!("{MERCHANT}?token={}&since={since}", text(&made["data"]["token"]));
        let mut client = Client::try_open(&house.url, &path, &[]).await.expect("connects");
        assert_eq!(client.end().await, (Some("VALIDATION_ERROR".into()), Some(4400)));
    }
}
