//! API keys: made once, scoped, restricted, rolled and revoked by members.

use domain::api_key::ApiKey;
use domain::ids::ApiKeyId;
use serde_json::{Value, json};
use server::workers::Worker as _;
use server::workers::follow::Follower;

use crate::account::{act, owner, sign_in};
use crate::house::{House, Reply};

const KEYS: &str = "/api/merchant-api-keys";
const READ: &str = "/api/v1/invoices";

async fn create(house: &House, token: &str, body: Value) -> Reply {
    act(house, token, "POST", KEYS, body).await
}

/// What a key may do: the status of reading and of writing with it.
async fn uses(house: &House, key: &Value) -> (u16, u16) {
    let key = key.as_str().expect("a key");
    let read = house.send(house.request("GET", READ).header("x-api-key", key)).await;
    let write = house.request("POST", READ).header("x-api-key", key);
    let write = house.send(write.json(&json!({ "amount_usd": 1 }))).await;
    (read.status, write.status)
}

/// Somebody with that role.
pub async fn member(house: &House, role: &str) -> String {
    let token = owner(house).await;
    let email = format!("{role}@team.example");
    let body = json!({ "email": email, "role": role, "password": "a long password" });
    act(house, &token, "POST", "/api/v1/merchant/members", body).await.ok();
    sign_in(house, &email, "a long password").await
}

#[tokio::test]
async fn a_key_is_shown_once_and_listed_without_its_text() {
    let house = House::start().await;
    let token = owner(&house).await;
    house.advance(1);
    let made = create(&house, &token, json!({ "name": " checkout " })).await.ok();
    let key = made["api_key"].as_str().expect("a key");
    assert!(key.starts_with("sk_test_") && key.ends_with(made["last4"].as_str().expect("text")));
    assert_eq!(
        (&made["name"], &made["scope"], &made["environment"]),
        (&json!("checkout"), &json!("merchant"), &json!("devnet"))
    );
    assert_eq!(uses(&house, &made["api_key"]).await, (200, 200));

    let listed = act(&house, &token, "GET", KEYS, Value::Null).await.ok();
    assert_eq!((&listed["object"], &listed["has_more"]), (&json!("list"), &json!(false)));
    assert_eq!(listed["data"][0]["id"], made["id"], "newest first");
    assert_eq!(listed["data"][0]["key_id"], made["id"]);
    assert!(!listed.to_string().contains(key));
    let page = act(&house, &token, "GET", &format!("{KEYS}?limit=1"), Value::Null).await.ok();
    assert_eq!(page["has_more"], true);
    let after = format!("{KEYS}?starting_after={}", made["id"].as_str().expect("an id"));
    let older = act(&house, &token, "GET", &after, Value::Null).await.ok();
    assert_eq!(older["data"].as_array().map(Vec::len), Some(2), "the house's own two");
}

#[tokio::test]
async fn an_idempotent_create_answers_the_same_key_again() {
    let house = House::start().await;
    let token = owner(&house).await;
    let send = |name: &str| {
        let request = house.request("POST", KEYS).bearer_auth(&token);
        let request = request.header("idempotency-key", "one").json(&json!({ "name": name }));
        house.send(request)
    };
    let first = send("a").await.ok();
    let second = send("a").await;
    assert_eq!(second.header("idempotent-replayed"), "true");
    assert_eq!(second.ok(), first);
    assert_eq!(send("b").await.error(), (409, "IDEMPOTENCY_KEY_REUSED"));
}

#[tokio::test]
async fn a_commerce_key_creates_no_invoices() {
    let house = House::start().await;
    let token = owner(&house).await;
    let made = create(&house, &token, json!({ "name": "shop", "scope": "commerce" })).await.ok();
    assert!(made["api_key"].as_str().expect("a key").starts_with("ck_test_"));
    assert_eq!(uses(&house, &made["api_key"]).await, (200, 403), "it reads commerce invoices");
}

#[tokio::test]
async fn restrictions_hold() {
    let house = House::start().await;
    let token = owner(&house).await;
    let body = json!({ "name": "reader", "restrictions": { "read_only": true } });
    let reader = create(&house, &token, body).await.ok();
    assert_eq!(uses(&house, &reader["api_key"]).await, (200, 403));
    // What is asked with a body and changes nothing is reading too.
    let key = reader["api_key"].as_str().expect("a key");
    let request = house.request("POST", "/api/commerce/merchant/carts/validate");
    let asked = request.header("x-api-key", key).json(&json!({ "customer_id": "c" }));
    assert_eq!(house.send(asked).await.status, 200);
    let here = json!({ "name": "here", "restrictions": { "ip_allow": ["127.0.0.0/8"] } });
    let here = create(&house, &token, here).await.ok();
    assert_eq!(uses(&house, &here["api_key"]).await, (200, 200));
    let there = json!({ "name": "there", "restrictions": { "ip_allow": ["203.0.113.7"] } });
    let there = create(&house, &token, there).await.ok();
    assert_eq!(uses(&house, &there["api_key"]).await, (403, 403));
}

#[tokio::test]
async fn a_key_ends_when_it_was_said_to() {
    let house = House::start().await;
    let token = owner(&house).await;
    let at = house.app.now().seconds() + 60;
    let made = create(&house, &token, json!({ "name": "short", "expires_at": at })).await.ok();
    assert_eq!(made["expires_at"], at);
    let text = json!({ "name": "x", "expires_at": "2026-01-01T00:00:00Z" });
    assert_eq!(create(&house, &token, text).await.ok()["expires_at"], 1_767_225_600);
    assert_eq!(uses(&house, &made["api_key"]).await.0, 200);
    house.advance(60_000);
    assert_eq!(uses(&house, &made["api_key"]).await.0, 401);
}

#[tokio::test]
async fn a_bad_request_for_a_key_names_its_field() {
    let house = House::start().await;
    let token = owner(&house).await;
    for (body, param) in [
        (json!({}), "name"),
        (json!({ "name": " " }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": "a\u{0}b" }), "name"),
        (json!({ "name": 7 }), "name"),
        (json!({ "name": "x", "scope": "all" }), "scope"),
        (json!({ "name": "x", "environment": "moon" }), "environment"),
        (json!({ "name": "x", "expires_at": 1 }), "expires_at"),
        (json!({ "name": "x", "expires_at": "soon" }), "expires_at"),
        (json!({ "name": "x", "expires_at": [] }), "expires_at"),
        (json!({ "name": "x", "restrictions": { "ip_allow": ["x"] } }), "restrictions.ip_allow"),
    ] {
        let refused = create(&house, &token, body.clone()).await;
        assert_eq!(
            (refused.error(), refused.param()),
            ((400, "VALIDATION_ERROR"), param),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_stays_revoked() {
    let house = House::start().await;
    let token = owner(&house).await;
    let made = create(&house, &token, json!({ "name": "x" })).await.ok();
    assert_eq!(uses(&house, &made["api_key"]).await.0, 200);
    let path = format!("{KEYS}/{}/revoke", made["id"].as_str().expect("an id"));
    let revoked = act(&house, &token, "POST", &path, Value::Null).await.ok();
    assert_eq!(uses(&house, &made["api_key"]).await, (401, 401));
    house.advance(5_000);
    let again = act(&house, &token, "POST", &path, Value::Null).await.ok();
    assert_eq!(again["revoked_at"], revoked["revoked_at"]);
}

/// The request that revokes may be given up after its commit was handed in: then nobody but the
/// log tells this process that what it remembers of the key is stale.
#[tokio::test]
async fn a_key_whose_revoking_request_went_away_is_refused_too() {
    let house = House::start().await;
    let token = owner(&house).await;
    let made = create(&house, &token, json!({ "name": "x" })).await.ok();
    assert_eq!(uses(&house, &made["api_key"]).await.0, 200);
    let mut follower = Follower::default();
    follower.step(&house.app).await.expect("begins at the head");
    let id = ApiKeyId::parse(made["id"].as_str().expect("an id")).expect("an id");
    let key: ApiKey = house.app.store.get(id.key()).await.expect("reads").expect("is there");
    let now = house.app.now();
    let changes = key.end_at(now, now).expect("it was not over");
    house.app.store.commit(changes).await.expect("commits");
    follower.step(&house.app).await.expect("follows");
    assert_eq!(uses(&house, &made["api_key"]).await, (401, 401));
}

#[tokio::test]
async fn a_rolled_key_works_for_the_overlap_and_then_only_the_new_one() {
    let house = House::start().await;
    let token = owner(&house).await;
    let body = json!({ "name": "x", "restrictions": { "read_only": true } });
    let old = create(&house, &token, body).await.ok();
    let path = format!("{KEYS}/{}/roll", old["id"].as_str().expect("an id"));
    let roll = |body: Value| act(&house, &token, "POST", &path, body);
    let refused = roll(json!({ "overlap_seconds": 604_801 })).await;
    assert_eq!((refused.status, refused.param()), (400, "overlap_seconds"));
    let new = roll(json!({ "overlap_seconds": 60 })).await.ok();
    assert_eq!((&new["name"], &new["restrictions"]), (&old["name"], &old["restrictions"]));
    assert_eq!(uses(&house, &old["api_key"]).await, (200, 403));
    assert_eq!(uses(&house, &new["api_key"]).await, (200, 403));
    house.advance(60_000);
    assert_eq!(uses(&house, &old["api_key"]).await.0, 401);
    assert_eq!(uses(&house, &new["api_key"]).await.0, 200);
    assert_eq!(roll(Value::Null).await.error(), (400, "VALIDATION_ERROR"), "it has ended");

    let path = format!("{KEYS}/{}/roll", new["id"].as_str().expect("an id"));
    act(&house, &token, "POST", &path, Value::Null).await.ok();
    assert_eq!(uses(&house, &new["api_key"]).await.0, 401, "no overlap unless asked for");
}

#[tokio::test]
async fn mainnet_keys_take_an_owner_and_access() {
    let house = House::start().await;
    let (owner, developer) = (owner(&house).await, member(&house, "developer").await);
    let mainnet = json!({ "name": "live", "environment": "mainnet" });
    let closed = create(&house, &owner, mainnet.clone()).await;
    assert_eq!(closed.error(), (403, "MAINNET_NOT_ENABLED"));
    let access = json!({ "access_key": "open-sesame" });
    house.post("/api/v1/user/mainnet-access/activate", access).await.ok();
    let refused = create(&house, &developer, mainnet.clone()).await;
    assert_eq!(refused.error(), (403, "INSUFFICIENT_SCOPE"));
    let live = create(&house, &owner, mainnet).await.ok();
    assert!(live["api_key"].as_str().expect("a key").starts_with("sk_live_"));
    for act_on in ["revoke", "roll"] {
        let path = format!("{KEYS}/{}/{act_on}", live["id"].as_str().expect("an id"));
        let refused = act(&house, &developer, "POST", &path, Value::Null).await;
        assert_eq!(refused.error(), (403, "INSUFFICIENT_SCOPE"), "{act_on}");
    }
    create(&house, &developer, json!({ "name": "test" })).await.ok();
}

#[tokio::test]
async fn a_key_activates_mainnet_and_a_developer_does_not() {
    let house = House::start().await;
    let developer = member(&house, "developer").await;
    let (path, body) =
        ("/api/v1/user/mainnet-access/activate", json!({ "access_key": "open-sesame" }));
    let refused = act(&house, &developer, "POST", path, body.clone()).await;
    assert_eq!(refused.error(), (403, "INSUFFICIENT_SCOPE"));
    house.post(path, body).await.ok();
    let status = house.get("/api/v1/user/mainnet-access/status").await.ok();
    assert_eq!(status["has_mainnet_access"], true);
}

#[tokio::test]
async fn keys_are_for_members_and_of_their_own_merchant() {
    let house = House::start().await;
    let by_key = house.get(KEYS).await;
    assert_eq!(by_key.error(), (403, "INSUFFICIENT_SCOPE"), "a key manages no keys");
    let support = member(&house, "support").await;
    assert_eq!(act(&house, &support, "GET", KEYS, Value::Null).await.status, 200);
    assert_eq!(create(&house, &support, json!({ "name": "x" })).await.status, 403);

    let (stranger, _) = house.stranger().await;
    let foreign = house.app.store.api_keys_of_merchant(stranger).await.expect("reads");
    let token = owner(&house).await;
    for id in [foreign[0].id.to_string(), "01a1fc39-a569-7ccc-afae-7a20b4b0b6a6".into(), "x".into()]
    {
        for act_on in ["revoke", "roll"] {
            let path = format!("{KEYS}/{id}/{act_on}");
            let refused = act(&house, &token, "POST", &path, Value::Null).await;
            assert_eq!(refused.error(), (404, "NOT_FOUND"), "{path}");
        }
    }
}
