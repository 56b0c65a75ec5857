//! Webhook endpoints over HTTP: made, read, changed, their secrets, their limit, and who may.

mod deliveries;
mod secrets;

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::webhook_endpoint::WebhookEndpoint;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::account::{act, owner};
use crate::api_keys::member;
use crate::house::{House, Reply, START};

const WEBHOOKS: &str = "/api/v1/webhooks";
const URL: &str = "https://shop.example/hook";

fn ask() -> Value {
    json!({ "url": URL, "enabled_events": ["invoice.*"] })
}

async fn made(house: &House) -> Value {
    house.post(WEBHOOKS, ask()).await.ok()
}

fn path_of(endpoint: &Value) -> String {
    format!("{WEBHOOKS}/{}", endpoint["id"].as_str().expect("an id"))
}

/// Sends with a key; `Value::Null` is no body.
async fn by_key(house: &House, key: &str, method: &str, path: &str, body: Value) -> Reply {
    let request = house.request(method, path).header("x-api-key", key);
    house.send(if body.is_null() { request } else { request.json(&body) }).await
}

async fn patch(house: &House, endpoint: &Value, body: Value) -> Reply {
    by_key(house, &house.key, "PATCH", &path_of(endpoint), body).await
}

/// The endpoints of the house's merchant as they are kept.
async fn stored(house: &House) -> Vec<WebhookEndpoint> {
    house.app.store.webhook_endpoints_of_merchant(house.merchant_id).await.expect("reads")
}

fn without_secret(mut endpoint: Value) -> Value {
    endpoint.as_object_mut().expect("an object").remove("secret").expect("a secret");
    endpoint
}

#[tokio::test]
async fn an_endpoint_is_made_read_listed_and_deleted() {
    let house = House::start().await;
    let body = json!({ "url": URL, "enabled_events": ["invoice.*", "test.ping"],
        "description": "the shop", "unknown": 1 });
    let created = house.post(WEBHOOKS, body).await.ok();
    assert!(created["id"].as_str().expect("an id").starts_with("we_"));
    let shown = without_secret(created.clone());
    assert_eq!(
        shown,
        json!({
            "object": "webhook_endpoint", "id": created["id"], "url": URL,
            "description": "the shop", "enabled_events": ["invoice.*", "test.ping"],
            "environment": "devnet", "status": "enabled", "disabled_reason": null,
            "failing_since": null, "is_recovering": false,
            "created_at": START.seconds(), "updated_at": START.seconds(),
        })
    );
    assert_eq!(house.get(&path_of(&created)).await.ok(), shown);
    house.advance(1);
    let second = made(&house).await;
    let list = house.get(WEBHOOKS).await.ok();
    assert_eq!((&list["object"], &list["has_more"]), (&json!("list"), &json!(false)));
    assert_eq!(list["data"], json!([without_secret(second.clone()), shown]), "newest first");
    let page = house.get(&format!("{WEBHOOKS}?limit=1")).await.ok();
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&second["id"], &json!(true)));
    let id = second["id"].as_str().expect("an id");
    let older = house.get(&format!("{WEBHOOKS}?starting_after={id}")).await.ok();
    assert_eq!(older["data"], json!([shown]));
    let id = created["id"].as_str().expect("an id");
    let newer = house.get(&format!("{WEBHOOKS}?ending_before={id}")).await.ok();
    assert_eq!(newer["data"][0]["id"], second["id"]);

    let gone = by_key(&house, &house.key, "DELETE", &path_of(&created), Value::Null).await.ok();
    assert_eq!(gone, json!({ "object": "webhook_endpoint", "id": id, "deleted": true }));
    assert_eq!(house.get(WEBHOOKS).await.ok()["data"].as_array().map(Vec::len), Some(1));
    for (method, tail, body) in [
        ("GET", "", Value::Null),
        ("PATCH", "", json!({ "status": "enabled" })),
        ("DELETE", "", Value::Null),
        ("POST", "/rotate-secret", Value::Null),
        ("POST", "/test", Value::Null),
        ("POST", "/recover", json!({ "since": 1 })),
        ("GET", "/deliveries", Value::Null),
    ] {
        let path = path_of(&created) + tail;
        let missed = by_key(&house, &house.key, method, &path, body).await;
        assert_eq!(missed.error(), (404, "NOT_FOUND"), "{method} {tail}");
    }
}

#[tokio::test]
async fn a_url_that_must_not_be_called_is_refused() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let long = format!("https://a.example/{}", "x".repeat(2_048));
    for url in [
        "",
        "shop.example/hook",
        "http://shop.example/hook",
        "ftp://shop.example/",
        "file:///etc/passwd",
        "https://user:pass@shop.example/",
        "https://user@shop.example/",
        "https://shop.example/#part",
        "https://shop.example:0/",
        "https://127.0.0.1/",
        "http://127.0.0.1:4242/",
        "http://localhost:4242/",
        "https://2130706433/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/",
        "https://[::1]/",
        "https://[::ffff:192.168.0.1]/",
        "https://shop.example/ hook",
        "https://shop.example/\u{0}",
        &long,
    ] {
        let refused = house.post(WEBHOOKS, json!({ "url": url, "enabled_events": ["*"] })).await;
        assert_eq!((refused.error(), refused.param()), ((400, "VALIDATION_ERROR"), "url"), "{url}");
        let refused = patch(&house, &endpoint, json!({ "url": url })).await;
        assert_eq!((refused.status, refused.param()), (400, "url"), "{url}");
    }
    assert_eq!(stored(&house).await.len(), 1);
    assert_eq!(house.get(&path_of(&endpoint)).await.ok()["url"], URL);
}

#[tokio::test]
async fn this_machine_is_reached_where_the_operator_lets_it() {
    let house = House::with(|config| config.allow_insecure_webhooks = Some(true)).await;
    for url in ["http://127.0.0.1:4242/hook", "http://localhost/", "http://[::1]:1/"] {
        house.post(WEBHOOKS, json!({ "url": url, "enabled_events": ["*"] })).await.ok();
    }
    for url in ["http://shop.example/", "http://10.0.0.1/", "https://10.0.0.1/"] {
        let refused = house.post(WEBHOOKS, json!({ "url": url, "enabled_events": ["*"] })).await;
        assert_eq!(refused.param(), "url", "{url}");
    }
}

#[tokio::test]
async fn a_private_address_that_the_operator_allows_is_no_longer_refused() {
    let allowed = vec!["10.1.0.0/16".to_owned(), "fd00::/8".to_owned()];
    let house = House::with(|config| config.webhook_allowed_subnets = allowed).await;
    let ask = |url: &str| json!({ "url": url, "enabled_events": ["*"] });
    for url in ["https://10.1.2.3/hook", "https://[fd12::1]:8443/"] {
        let made = house.post(WEBHOOKS, ask(url)).await.ok();
        patch(&house, &made, json!({ "url": url })).await.ok();
    }
    for url in ["http://10.1.2.3/hook", "https://10.2.0.1/", "https://[fe80::1]/"] {
        assert_eq!(house.post(WEBHOOKS, ask(url)).await.param(), "url", "{url}");
    }
}

#[tokio::test]
async fn a_bad_request_names_its_field() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let events = |events: Value| json!({ "url": URL, "enabled_events": events });
    for (body, param) in [
        (json!({ "enabled_events": ["*"] }), "url"),
        (json!({ "url": 7, "enabled_events": ["*"] }), "url"),
        (json!({ "url": URL }), "enabled_events"),
        (events(json!([])), "enabled_events"),
        (events(json!(vec!["*"; 51])), "enabled_events"),
        (events(json!(["invoice.paid"])), "enabled_events"),
        (events(json!(["invoice.*", "payment_quote.updated"])), "enabled_events"),
        (events(json!(["inv*"])), "enabled_events"),
        (events(json!("*")), "enabled_events"),
        (events(json!([1])), "enabled_events[0]"),
        (
            json!({ "url": URL, "enabled_events": ["*"], "description": "x".repeat(256) }),
            "description",
        ),
        (json!({ "url": URL, "enabled_events": ["*"], "environment": "moon" }), "environment"),
    ] {
        let refused = house.post(WEBHOOKS, body.clone()).await;
        assert_eq!(
            (refused.error(), refused.param()),
            ((400, "VALIDATION_ERROR"), param),
            "{body}"
        );
    }
    for (body, param) in [
        (json!({ "url": null }), "url"),
        (json!({ "enabled_events": null }), "enabled_events"),
        (json!({ "enabled_events": [] }), "enabled_events"),
        (json!({ "status": "gone" }), "status"),
        (json!({ "status": null }), "status"),
        (json!({ "description": 7 }), "description"),
        (json!({ "description": "x".repeat(256) }), "description"),
    ] {
        let refused = patch(&house, &endpoint, body.clone()).await;
        assert_eq!(
            (refused.error(), refused.param()),
            ((400, "VALIDATION_ERROR"), param),
            "{body}"
        );
    }
    for (query, param) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("starting_after=we_1", "starting_after"),
        ("ending_before=01a1fc39-a569-7ccc-afae-7a20b4b0b6a6", "ending_before"),
        ("environment=moon", "environment"),
    ] {
        let refused = house.get(&format!("{WEBHOOKS}?{query}")).await;
        assert_eq!((refused.status, refused.param()), (400, param), "{query}");
    }
    for body in ["", "[]", "{", "null", "\"x\""] {
        let request = house.request("POST", WEBHOOKS).header("x-api-key", &house.key);
        let refused = house.send(request.body(body)).await;
        assert_eq!(refused.error(), (400, "VALIDATION_ERROR"), "{body}");
    }
    assert_eq!(stored(&house).await.len(), 1, "a refusal changes nothing");
    assert_eq!(house.get(&path_of(&endpoint)).await.ok(), without_secret(endpoint));
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_nothing_else() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    house.advance(60_000);
    let same = patch(&house, &endpoint, json!({ "url": URL })).await.ok();
    assert_eq!(same, without_secret(endpoint.clone()), "nothing changed, not even updated_at");
    let changed =
        patch(&house, &endpoint, json!({ "description": "new", "environment": "mainnet" }));
    let changed = changed.await.ok();
    assert_eq!(
        json!([changed["description"], changed["url"], changed["environment"], changed["status"]]),
        json!(["new", URL, "devnet", "enabled"])
    );
    assert_eq!(changed["updated_at"], START.seconds() + 60);
    assert_eq!(changed["created_at"], START.seconds());
    let body = json!({ "description": null, "enabled_events": ["*"], "url": "https://b.example/" });
    let changed = patch(&house, &endpoint, body).await.ok();
    assert_eq!(
        json!([changed["description"], changed["url"], changed["enabled_events"]]),
        json!([null, "https://b.example/", ["*"]])
    );
    assert_eq!(house.get(&path_of(&endpoint)).await.ok(), changed);

    let off = patch(&house, &endpoint, json!({ "status": "disabled" })).await.ok();
    assert_eq!((&off["status"], &off["disabled_reason"]), (&json!("disabled"), &json!("manual")));
    for (path, body) in [("/test", Value::Null), ("/recover", json!({ "since": 1 }))] {
        let path = path_of(&endpoint) + path;
        let refused = by_key(&house, &house.key, "POST", &path, body).await;
        assert_eq!(refused.error(), (409, "WEBHOOK_ENDPOINT_DISABLED"), "{path}");
    }
    let on = patch(&house, &endpoint, json!({ "status": "enabled" })).await.ok();
    assert_eq!((&on["status"], &on["disabled_reason"]), (&json!("enabled"), &json!(null)));
}

#[tokio::test]
async fn changes_at_once_all_take_effect() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let fields = |number: usize| match number % 3 {
        0 => json!({ "description": "x" }),
        1 => json!({ "url": "https://b.example/" }),
        _ => json!({ "enabled_events": ["*"] }),
    };
    let replies = join_all((0..24).map(|number| patch(&house, &endpoint, fields(number)))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    let after = house.get(&path_of(&endpoint)).await.ok();
    assert_eq!(
        json!([after["description"], after["url"], after["enabled_events"]]),
        json!(["x", "https://b.example/", ["*"]])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_endpoints_and_no_more_however_many_ask_at_once() {
    let house = House::start().await;
    let replies = join_all((0..64).map(|_| house.post(WEBHOOKS, ask()))).await;
    let made: Vec<Value> = replies
        .iter()
        .filter(|reply| reply.status == 200)
        .map(|reply| reply.body.clone())
        .collect();
    for refused in replies.iter().filter(|reply| reply.status != 200) {
        assert!(
            [(409, "LIMIT_REACHED"), (409, "BUSY")].contains(&refused.error()),
            "{}",
            refused.body
        );
    }
    // Whoever met too many others was told to try again.
    for _ in made.len()..50 {
        house.post(WEBHOOKS, ask()).await.ok();
    }
    assert_eq!(house.post(WEBHOOKS, ask()).await.error(), (409, "LIMIT_REACHED"));
    let endpoints = stored(&house).await;
    let numbers: std::collections::HashSet<i64> =
        endpoints.iter().map(|endpoint| endpoint.number).collect();
    assert_eq!((endpoints.len(), numbers.len()), (50, 50));
    let list = house.get(&format!("{WEBHOOKS}?limit=100")).await.ok();
    assert_eq!(list["data"].as_array().map(Vec::len), Some(50));

    let (_, stranger) = house.stranger().await;
    by_key(&house, &stranger, "POST", WEBHOOKS, ask()).await.ok();
    by_key(&house, &house.key, "DELETE", &path_of(&made[0]), Value::Null).await.ok();
    house.post(WEBHOOKS, ask()).await.ok();
    let new = stored(&house).await.into_iter().map(|endpoint| endpoint.number).max();
    assert_eq!(new, Some(51), "a number is never given again");
    assert_eq!(house.post(WEBHOOKS, ask()).await.error(), (409, "LIMIT_REACHED"));
}

#[tokio::test]
async fn a_key_deals_with_its_own_environment_and_a_member_with_both() {
    let house = House::start().await;
    let token = owner(&house).await;
    let access = json!({ "access_key": "open-sesame" });
    house.post("/api/v1/user/mainnet-access/activate", access).await.ok();
    let live = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    let mut mainnet_ask = ask();
    mainnet_ask["environment"] = json!("mainnet");
    let refused = house.post(WEBHOOKS, mainnet_ask.clone()).await;
    assert_eq!(refused.error(), (403, "ENVIRONMENT_MISMATCH"));

    let devnet = made(&house).await;
    let mainnet = by_key(&house, &live, "POST", WEBHOOKS, mainnet_ask).await.ok();
    let both = act(&house, &token, "POST", WEBHOOKS, ask()).await.ok();
    assert_eq!(
        json!([devnet["environment"], mainnet["environment"], both["environment"]]),
        json!(["devnet", "mainnet", null])
    );
    let named = |list: Value| {
        let ids = list["data"].as_array().expect("a list").iter();
        ids.map(|one| one["id"].clone()).collect::<std::collections::HashSet<_>>()
    };
    let set = |ids: &[&Value]| ids.iter().map(|one| one["id"].clone()).collect();
    assert_eq!(named(house.get(WEBHOOKS).await.ok()), set(&[&devnet, &both]));
    let list = by_key(&house, &live, "GET", WEBHOOKS, Value::Null).await.ok();
    assert_eq!(named(list), set(&[&mainnet, &both]));
    let list = async |query: &str| {
        act(&house, &token, "GET", &format!("{WEBHOOKS}{query}"), Value::Null).await.ok()
    };
    assert_eq!(named(list("").await), set(&[&devnet, &mainnet, &both]));
    assert_eq!(named(list("?environment=mainnet").await), set(&[&mainnet, &both]));

    assert_eq!(house.get(&path_of(&mainnet)).await.status, 404);
    assert_eq!(patch(&house, &mainnet, json!({ "status": "disabled" })).await.status, 404);
    house.get(&path_of(&both)).await.ok();
    for (method, tail, body) in [
        ("PATCH", "", json!({ "status": "disabled" })),
        ("DELETE", "", Value::Null),
        ("POST", "/rotate-secret", Value::Null),
        ("POST", "/recover", json!({ "since": 1 })),
    ] {
        let path = path_of(&both) + tail;
        let refused = by_key(&house, &house.key, method, &path, body.clone()).await;
        assert_eq!(refused.error(), (403, "ENVIRONMENT_MISMATCH"), "{method} {tail}");
    }
    let ping = format!("{}/test", path_of(&both));
    for (key, livemode) in [(&house.key, false), (&live, true)] {
        let event = by_key(&house, key, "POST", &ping, Value::Null).await.ok();
        assert_eq!(event["livemode"], livemode, "a test happens where its caller is");
    }
    for endpoint in [&devnet, &mainnet, &both] {
        let path = path_of(endpoint);
        act(&house, &token, "PATCH", &path, json!({ "description": "x" })).await.ok();
        act(&house, &token, "DELETE", &path, Value::Null).await.ok();
    }
}

#[tokio::test]
async fn who_may_see_and_who_may_change() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let path = path_of(&endpoint);
    let delivery = format!("{WEBHOOKS}/deliveries/del_{}", "0".repeat(32));
    let routes = [
        ("POST", WEBHOOKS.to_owned(), ask()),
        ("GET", WEBHOOKS.to_owned(), Value::Null),
        ("GET", path.clone(), Value::Null),
        ("PATCH", path.clone(), json!({ "status": "disabled" })),
        ("POST", format!("{path}/rotate-secret"), Value::Null),
        ("POST", format!("{path}/test"), Value::Null),
        ("POST", format!("{path}/recover"), json!({ "since": 1 })),
        ("GET", format!("{path}/deliveries"), Value::Null),
        ("GET", delivery.clone(), Value::Null),
        ("POST", format!("{delivery}/resend"), Value::Null),
        ("DELETE", path.clone(), Value::Null),
    ];
    let (support, developer) = (member(&house, "support").await, member(&house, "developer").await);
    let (_, stranger) = house.stranger().await;
    for (method, path, body) in &routes {
        let commerce = by_key(&house, &house.commerce_key, method, path, body.clone()).await;
        assert_eq!(commerce.error(), (403, "INSUFFICIENT_SCOPE"), "{method} {path}");
        let request = house.request(method, path);
        assert_eq!(house.send(request).await.status, 401, "{method} {path}");
        let read = act(&house, &support, method, path, body.clone()).await;
        if *method == "GET" {
            assert!([200, 404].contains(&read.status), "{method} {path}");
        } else {
            assert_eq!(read.error(), (403, "INSUFFICIENT_SCOPE"), "{method} {path}");
        }
        if path != WEBHOOKS {
            let foreign = by_key(&house, &stranger, method, path, body.clone()).await;
            assert_eq!(foreign.error(), (404, "NOT_FOUND"), "{method} {path}");
        }
    }
    let list = by_key(&house, &stranger, "GET", WEBHOOKS, Value::Null).await.ok();
    assert_eq!(list["data"], json!([]));
    assert_eq!(house.get(&path).await.ok(), without_secret(endpoint), "nothing was changed");
    for id in ["we_1", "deliveries", "x", &"we_".repeat(40), "%00"] {
        assert_eq!(house.get(&format!("{WEBHOOKS}/{id}")).await.error(), (404, "NOT_FOUND"));
    }
    for (method, path, body) in routes {
        let done = act(&house, &developer, method, &path, body).await;
        assert!(![401, 403].contains(&done.status), "{method} {path}: {}", done.body);
    }
}

#[tokio::test]
async fn every_change_is_in_the_audit_log() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let path = path_of(&endpoint);
    for (method, tail, body, action) in [
        ("PATCH", "", json!({ "description": "x" }), "changed"),
        ("POST", "/rotate-secret", Value::Null, "secret_rotated"),
        ("POST", "/recover", json!({ "since": 1 }), "recovery_asked"),
        ("DELETE", "", Value::Null, "deleted"),
    ] {
        house.advance(1);
        by_key(&house, &house.key, method, &format!("{path}{tail}"), body).await.ok();
        let token = owner(&house).await;
        let log = act(&house, &token, "GET", "/api/v1/merchant/audit-log", Value::Null).await.ok();
        let entries = log["data"].as_array().expect("a list");
        let action = format!("webhook_endpoint.{action}");
        let found = entries.iter().find(|entry| entry["action"] == action.as_str());
        let found = found.unwrap_or_else(|| panic!("{action} in {log}"));
        assert_eq!((&found["target"], &found["actor_kind"]), (&endpoint["id"], &json!("api_key")));
        assert!(entries.iter().any(|entry| entry["action"] == "webhook_endpoint.created"));
    }
}

#[tokio::test]
async fn an_event_says_how_many_endpoints_heard_of_it_when_it_was_written() {
    let house = House::start().await;
    let pending = async |number: usize| {
        let list = house.get("/api/v1/events?limit=100&type=invoice.created").await.ok();
        list["data"]["data"][number]["pending_webhooks"].clone()
    };
    house.invoice(1.0).await;
    assert_eq!(pending(0).await, 0);
    let first = made(&house).await;
    let second = made(&house).await;
    let other = json!({ "url": URL, "enabled_events": ["test.ping", "refund.*"] });
    house.post(WEBHOOKS, other).await.ok();
    house.advance(1);
    house.invoice(2.0).await;
    assert_eq!(pending(0).await, 2, "two hear of invoices");
    patch(&house, &first, json!({ "status": "disabled" })).await.ok();
    house.advance(1);
    house.invoice(3.0).await;
    assert_eq!(pending(0).await, 1);
    by_key(&house, &house.key, "DELETE", &path_of(&second), Value::Null).await.ok();
    house.advance(1);
    house.invoice(4.0).await;
    assert_eq!(pending(0).await, 0);
    patch(&house, &first, json!({ "status": "enabled" })).await.ok();
    house.advance(1);
    house.invoice(5.0).await;
    let all = [pending(0).await, pending(1).await, pending(2).await, pending(3).await];
    assert_eq!(all, [1, 0, 1, 2], "what was written does not change");
}
