//! The secrets of endpoints: shown once, kept sealed, rotated with an overlap.

use domain::idempotency::IdempotencyRow;
use domain::time::SECOND_MS;
use domain::webhook_endpoint::{SigningSecrets, WebhookSecret};
use serde_json::{Value, json};

use super::{WEBHOOKS, ask, by_key, made, path_of, stored};
use crate::account::{act, owner};
use crate::house::{House, Reply};

async fn rotate(house: &House, endpoint: &Value, body: Value) -> Reply {
    by_key(house, &house.key, "POST", &format!("{}/rotate-secret", path_of(endpoint)), body).await
}

/// What deliveries to the only endpoint are signed with now.
async fn signing(house: &House) -> SigningSecrets {
    let endpoint = stored(house).await.pop().expect("an endpoint");
    endpoint.secrets.open(endpoint.id, &house.app.keys, house.app.now()).expect("opens")
}

fn secret(endpoint: &Value) -> WebhookSecret {
    let text = endpoint["secret"].as_str().expect("a secret");
    WebhookSecret::parse(text).unwrap_or_else(|| panic!("not a secret: {text}"))
}

#[tokio::test]
async fn a_secret_is_in_the_answer_that_makes_it_and_nowhere_else() {
    let house = House::start().await;
    let send = async |path: String, body: Value| {
        let request = house.request("POST", &path).header("x-api-key", &house.key);
        house.send(request.header("idempotency-key", &path).json(&body)).await.ok()
    };
    let endpoint = send(WEBHOOKS.to_owned(), ask()).await;
    let path = path_of(&endpoint);
    let rotated = send(format!("{path}/rotate-secret"), json!({})).await;
    let secrets = [&endpoint, &rotated].map(|one| secret(one).expose().to_owned());
    assert_ne!(secrets[0], secrets[1]);
    let is_told = |text: &str| {
        secrets.iter().any(|secret| text.contains(secret) || text.contains(&secret[6..]))
    };

    let token = owner(&house).await;
    let body = json!({ "description": "x" });
    let mut told = vec![by_key(&house, &house.key, "PATCH", &path, body).await.body.to_string()];
    for path in [WEBHOOKS, &path, "/api/v1/events", "/api/v1/merchant/audit-log"] {
        told.push(act(&house, &token, "GET", path, Value::Null).await.ok().to_string());
    }
    let request = house.request("GET", "/metrics").bearer_auth("metrics-token");
    told.push(house.send(request).await.body.to_string());
    for entry in house.app.store.log_after(0, 0, 100).await.expect("the log") {
        told.push(format!("{entry:?}"));
    }
    for endpoint in stored(&house).await {
        told.push(format!("{endpoint:?} {:?}", signing(&house).await));
        told.push(serde_json::to_string(&endpoint).expect("serializes"));
    }
    for text in &told {
        assert!(!is_told(text), "{text}");
    }

    let environment = domain::environment::Environment::Devnet;
    for key in [WEBHOOKS.to_owned(), format!("{path}/rotate-secret")] {
        let row = IdempotencyRow::row_key(house.merchant_id, environment, &key);
        let row: Option<IdempotencyRow> = house.app.store.get(row).await.expect("reads");
        let sealed = row.expect("the stored answer").sealed_body;
        assert!(!is_told(&String::from_utf8_lossy(&sealed)), "{key}");
    }
    house.app.store.close().await;
    let mut looked_at = 0;
    for file in std::fs::read_dir(house.data_dir.path()).expect("a directory") {
        let bytes = std::fs::read(file.expect("a file").path()).unwrap_or_default();
        looked_at += bytes.len();
        assert!(!is_told(&String::from_utf8_lossy(&bytes)), "in a file of the database");
    }
    assert!(looked_at > 0 || house.app.store.engine_name() != "sqlite");
}

#[tokio::test]
async fn the_secret_before_signs_along_until_the_overlap_ends() {
    let house = House::start().await;
    let first = made(&house).await;
    assert_eq!(signing(&house).await, SigningSecrets { current: secret(&first), previous: None });
    house.advance(1);
    let second = rotate(&house, &first, json!({ "overlap_seconds": 60 })).await.ok();
    assert_eq!((&second["object"], &second["id"]), (&json!("webhook_endpoint"), &first["id"]));
    let both = SigningSecrets { current: secret(&second), previous: Some(secret(&first)) };
    assert_eq!(signing(&house).await, both);
    house.advance(60 * SECOND_MS - 1);
    assert_eq!(signing(&house).await, both);
    house.advance(1);
    assert_eq!(signing(&house).await, SigningSecrets { current: secret(&second), previous: None });

    let third = rotate(&house, &first, Value::Null).await.ok();
    house.advance(86_400 * SECOND_MS - 1);
    let both = SigningSecrets { current: secret(&third), previous: Some(secret(&second)) };
    assert_eq!(signing(&house).await, both, "a day unless another overlap is asked for");
    let fourth = rotate(&house, &first, json!({ "overlap_seconds": 0 })).await.ok();
    let only = SigningSecrets { current: secret(&fourth), previous: None };
    assert_eq!(signing(&house).await, only, "an overlap of nothing ends the old one at once");

    for wrong in [json!(-1), json!(604_801), json!("60"), json!(1.5)] {
        let refused = rotate(&house, &first, json!({ "overlap_seconds": wrong })).await;
        assert_eq!((refused.status, refused.param()), (400, "overlap_seconds"), "{wrong}");
    }
    assert_eq!(signing(&house).await, only, "a refusal changes nothing");
}

#[tokio::test]
async fn a_repeated_request_is_answered_with_the_same_secret() {
    let house = House::start().await;
    let send = async |path: &str, body: Value| {
        let request = house.request("POST", path).header("x-api-key", &house.key);
        house.send(request.header("idempotency-key", path).json(&body)).await
    };
    let first = send(WEBHOOKS, ask()).await.ok();
    house.advance(1);
    let again = send(WEBHOOKS, ask()).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.ok(), first);
    assert_eq!(stored(&house).await.len(), 1);
    let other = json!({ "url": "https://b.example/", "enabled_events": ["*"] });
    assert_eq!(send(WEBHOOKS, other).await.error(), (409, "IDEMPOTENCY_KEY_REUSED"));

    let path = format!("{}/rotate-secret", path_of(&first));
    let rotated = send(&path, json!({})).await.ok();
    let again = send(&path, json!({})).await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.ok(), rotated);
    let both = SigningSecrets { current: secret(&rotated), previous: Some(secret(&first)) };
    assert_eq!(signing(&house).await, both, "it was rotated once");
}

#[tokio::test]
async fn of_many_equal_creates_at_once_one_makes_an_endpoint() {
    let house = House::start().await;
    let send = || {
        let request = house.request("POST", WEBHOOKS).header("x-api-key", &house.key);
        house.send(request.header("idempotency-key", "once").json(&ask()))
    };
    let replies = futures_util::future::join_all((0..16).map(|_| send())).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
    assert_eq!(stored(&house).await.len(), 1);
}
