//! Deliveries over HTTP: listed, read with their attempts, sent again; tests and recoveries.

use domain::api_key::KeyScope;
use domain::changes::Changes;
use domain::delivery::{AttemptOutcome, Delivery, DeliveryStatus, EventPlace, Seen};
use domain::environment::Environment;
use domain::event::EventType;
use domain::ids::DeliveryId;
use domain::time::{DAY_MS, Timestamp};
use domain::webhook_endpoint::{Recovery, WebhookEndpoint};
use serde_json::{Value, json};

use super::{WEBHOOKS, ask, by_key, made, patch, path_of, stored};
use crate::account::{act, owner};
use crate::house::{House, START};

fn row(endpoints: &[WebhookEndpoint], shown: &Value) -> WebhookEndpoint {
    let of_id = |one: &&WebhookEndpoint| json!(one.id.to_string()) == shown["id"];
    endpoints.iter().find(of_id).expect("an endpoint").clone()
}

/// Invoices, each with its event planned for this endpoint; answers the deliveries, oldest first.
async fn planned(house: &House, endpoint: &Value, count: usize) -> Vec<Delivery> {
    let endpoint = row(&stored(house).await, endpoint);
    let mut deliveries = Vec::new();
    for _ in 0..count {
        house.advance(1_000);
        house.invoice(1.0).await;
        let list = house.get("/api/v1/events?limit=1").await.ok();
        let id = list["data"]["data"][0]["id"].as_str().expect("an id").to_owned();
        let place = EventPlace::parse(&id).expect("an event's id");
        let what = (EventType::InvoiceCreated, Environment::Devnet);
        deliveries.push(Delivery::plan(place, what, &endpoint, house.app.now()));
    }
    insert(house, &deliveries).await;
    deliveries
}

async fn insert(house: &House, deliveries: &[Delivery]) {
    let mut changes = Changes::of(house.merchant_id);
    for delivery in deliveries {
        changes.insert(delivery.clone());
    }
    house.app.store.commit(changes).await.expect("commits");
}

/// An attempt as the sender would record it.
async fn attempted(house: &House, id: DeliveryId, outcome: AttemptOutcome) -> Delivery {
    let delivery = house.app.store.get::<Delivery>(id.key()).await.expect("reads");
    let seen = Seen { started_at: house.app.now(), duration_ms: 12, outcome, retry_after_ms: None };
    let (after, attempt) = delivery.expect("it is there").attempted(seen, 200);
    let mut changes = Changes::of(house.merchant_id);
    changes.update(after.clone());
    changes.insert(attempt);
    house.app.store.commit(changes).await.expect("commits");
    after
}

fn answered(status: u16, body: &str) -> AttemptOutcome {
    AttemptOutcome::Answered { status, body: body.to_owned() }
}

fn ids(list: &Value) -> Vec<String> {
    let data = list["data"].as_array().expect("a list").iter();
    data.map(|delivery| delivery["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn deliveries_are_listed_newest_first_filtered_and_paged() {
    let house = House::start().await;
    let (endpoint, other) = (made(&house).await, made(&house).await);
    let deliveries = planned(&house, &endpoint, 7).await;
    planned(&house, &other, 2).await;
    for delivery in &deliveries[..3] {
        attempted(&house, delivery.id, answered(200, "ok")).await;
    }
    attempted(&house, deliveries[3].id, answered(410, "gone")).await;
    let path = format!("{}/deliveries", path_of(&endpoint));
    let list = async |query: &str| house.get(&format!("{path}?{query}")).await.ok();
    let text = |wanted: &[usize]| -> Vec<String> {
        wanted.iter().map(|at| deliveries[*at].id.to_string()).collect()
    };
    let all = list("limit=100").await;
    assert_eq!((&all["object"], &all["has_more"]), (&json!("list"), &json!(false)));
    assert_eq!(ids(&all), text(&[6, 5, 4, 3, 2, 1, 0]));
    assert_eq!(ids(&list("status=pending").await), text(&[6, 5, 4]));
    assert_eq!(ids(&list("status=delivered").await), text(&[2, 1, 0]));
    assert_eq!(ids(&list("status=failed").await), text(&[3]));
    let event = deliveries[5].event().event_id();
    assert_eq!(ids(&list(&format!("event_id={event}")).await), text(&[5]));
    assert_eq!(ids(&list(&format!("event_id={event}&status=failed")).await), text(&[]));
    let first = list("limit=3").await;
    assert_eq!((ids(&first), &first["has_more"]), (text(&[6, 5, 4]), &json!(true)));
    let second = list(&format!("limit=3&starting_after={}", deliveries[4].id)).await;
    assert_eq!((ids(&second), &second["has_more"]), (text(&[3, 2, 1]), &json!(true)));
    let back = list(&format!("limit=3&ending_before={}", deliveries[1].id)).await;
    assert_eq!((ids(&back), &back["has_more"]), (text(&[4, 3, 2]), &json!(true)));
    for (query, param) in [
        ("limit=0", "limit"),
        ("status=lost", "status"),
        ("event_id=evt_1", "event_id"),
        ("event_id=", "event_id"),
        ("starting_after=del_1", "starting_after"),
        ("ending_before=01a1fc39-a569-7ccc-afae-7a20b4b0b6a6", "ending_before"),
    ] {
        let refused = house.get(&format!("{path}?{query}")).await;
        assert_eq!(
            (refused.error(), refused.param()),
            ((400, "VALIDATION_ERROR"), param),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_delivery_shows_every_attempt() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let delivery = planned(&house, &endpoint, 1).await.remove(0);
    let path = format!("{WEBHOOKS}/deliveries/{}", delivery.id);
    let at = house.app.now().seconds();
    let expected = json!({
        "object": "webhook_delivery", "id": delivery.id.to_string(),
        "webhook_endpoint": endpoint["id"], "event_id": delivery.event().event_id(),
        "event_type": "invoice.created", "environment": "devnet", "status": "pending",
        "attempt_count": 0, "next_attempt_at": at, "last_response_status": null,
        "created_at": at, "finished_at": null, "attempts": [],
    });
    assert_eq!(house.get(&path).await.ok(), expected);
    attempted(&house, delivery.id, answered(503, "try later")).await;
    house.advance(5_000);
    let error = "connection refused".to_owned();
    attempted(&house, delivery.id, AttemptOutcome::Unanswered { error }).await;
    house.advance(30_000);
    attempted(&house, delivery.id, answered(200, "{\"ok\":true}")).await;
    let shown = house.get(&path).await.ok();
    assert_eq!(
        json!([
            shown["status"],
            shown["attempt_count"],
            shown["last_response_status"],
            shown["next_attempt_at"],
            shown["finished_at"]
        ]),
        json!(["delivered", 3, 200, null, at + 35])
    );
    let attempt = |number: i64, started_at: i64, status: Value, body: Value, error: Value| {
        json!({ "object": "webhook_attempt", "number": number, "started_at": started_at,
            "duration_ms": 12, "response_status": status, "response_body": body, "error": error })
    };
    assert_eq!(
        shown["attempts"],
        json!([
            attempt(1, at, json!(503), json!("try later"), Value::Null),
            attempt(2, at + 5, Value::Null, Value::Null, json!("connection refused")),
            attempt(3, at + 35, json!(200), json!("{\"ok\":true}"), Value::Null),
        ])
    );
}

#[tokio::test]
async fn a_delivery_is_sent_again_with_the_whole_schedule_before_it() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let deliveries = planned(&house, &endpoint, 2).await;
    let id = deliveries[0].id;
    attempted(&house, id, answered(200, "ok")).await;
    let path = format!("{WEBHOOKS}/deliveries/{id}/resend");
    house.advance(60_000);
    let again = by_key(&house, &house.key, "POST", &path, Value::Null).await.ok();
    assert_eq!(
        json!([
            again["object"],
            again["id"],
            again["status"],
            again["attempt_count"],
            again["next_attempt_at"],
            again["finished_at"]
        ]),
        json!(["webhook_delivery", id.to_string(), "pending", 1, house.app.now().seconds(), null])
    );
    let row = house.app.store.get::<Delivery>(id.key()).await.expect("reads").expect("a row");
    assert_eq!((row.status, row.tries), (DeliveryStatus::Pending, 0));

    let send = || {
        let request = house.request("POST", &path).header("x-api-key", &house.key);
        house.send(request.header("idempotency-key", "again"))
    };
    let first = send().await.ok();
    attempted(&house, id, answered(204, "")).await;
    let replayed = send().await;
    assert_eq!(replayed.header("idempotent-replayed"), "true");
    assert_eq!(replayed.ok(), first);
    let row = house.app.store.get::<Delivery>(id.key()).await.expect("reads").expect("a row");
    assert_eq!(row.status, DeliveryStatus::Delivered, "a replay sends nothing");

    patch(&house, &endpoint, json!({ "status": "disabled" })).await.ok();
    let refused = by_key(&house, &house.key, "POST", &path, Value::Null).await;
    assert_eq!(refused.error(), (409, "WEBHOOK_ENDPOINT_DISABLED"));
    by_key(&house, &house.key, "DELETE", &path_of(&endpoint), Value::Null).await.ok();
    let refused = by_key(&house, &house.key, "POST", &path, Value::Null).await;
    assert_eq!(refused.error(), (404, "NOT_FOUND"));
    let shown = house.get(&format!("{WEBHOOKS}/deliveries/{id}")).await.ok();
    assert_eq!(shown["status"], "delivered", "what was done stays to be read");
}

#[tokio::test]
async fn a_delivery_that_was_attempted_too_often_is_not_sent_again() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let delivery = planned(&house, &endpoint, 1).await.remove(0);
    let path = format!("{WEBHOOKS}/deliveries/{}/resend", delivery.id);
    let row = house.app.store.get::<Delivery>(delivery.key()).await.expect("reads");
    let mut worn_out = row.expect("a row");
    worn_out.attempts = domain::delivery::ATTEMPTS_MAX;
    let mut changes = Changes::of(house.merchant_id);
    changes.update(worn_out);
    house.app.store.commit(changes).await.expect("commits");
    let refused = by_key(&house, &house.key, "POST", &path, Value::Null).await;
    assert_eq!(refused.error(), (409, "LIMIT_REACHED"));
}

#[tokio::test]
async fn deliveries_of_the_other_environment_and_of_others_do_not_exist() {
    let house = House::start().await;
    let token = owner(&house).await;
    let access = json!({ "access_key": "open-sesame" });
    house.post("/api/v1/user/mainnet-access/activate", access).await.ok();
    let both = act(&house, &token, "POST", WEBHOOKS, ask()).await.ok();
    let devnet = planned(&house, &both, 1).await.remove(0);
    let endpoint = row(&stored(&house).await, &both);
    let place = EventPlace { created_at: START, lane: 0, sequence: 9_999 };
    let what = (EventType::InvoiceCreated, Environment::Mainnet);
    let mainnet = Delivery::plan(place, what, &endpoint, house.app.now());
    insert(&house, std::slice::from_ref(&mainnet)).await;
    let live = house.mint(KeyScope::Merchant, Environment::Mainnet).await;
    let path = format!("{}/deliveries", path_of(&both));
    for (key, own, other) in [(&house.key, &devnet, &mainnet), (&live, &mainnet, &devnet)] {
        let list = by_key(&house, key, "GET", &path, Value::Null).await.ok();
        assert_eq!(ids(&list), [own.id.to_string()]);
        let read = |id: DeliveryId| format!("{WEBHOOKS}/deliveries/{id}");
        by_key(&house, key, "GET", &read(own.id), Value::Null).await.ok();
        for (method, tail) in [("GET", ""), ("POST", "/resend")] {
            let path = read(other.id) + tail;
            assert_eq!(by_key(&house, key, method, &path, Value::Null).await.status, 404);
        }
    }
    let resend = format!("{WEBHOOKS}/deliveries/{}/resend", mainnet.id);
    let gone = by_key(&house, &live, "POST", &resend, Value::Null).await;
    assert_eq!(gone.error(), (404, "NOT_FOUND"), "its event is not in the log");
    let list = act(&house, &token, "GET", &path, Value::Null).await.ok();
    assert_eq!(ids(&list).len(), 2);
    let (_, stranger) = house.stranger().await;
    let path = format!("{WEBHOOKS}/deliveries/{}", devnet.id);
    assert_eq!(by_key(&house, &stranger, "GET", &path, Value::Null).await.status, 404);
    for id in ["del_1", "x", &"0".repeat(36)] {
        let missed = house.get(&format!("{WEBHOOKS}/deliveries/{id}")).await;
        assert_eq!(missed.error(), (404, "NOT_FOUND"));
    }
}

#[tokio::test]
async fn a_test_tells_an_event_that_is_for_one_endpoint() {
    let house = House::start().await;
    let (endpoint, _) = (made(&house).await, made(&house).await);
    let path = format!("{}/test", path_of(&endpoint));
    let request = house.request("POST", &path).header("x-api-key", &house.key);
    let event = house.send(request.header("x-request-id", "req-9")).await.ok();
    assert_eq!(
        json!([
            event["object"],
            event["type"],
            event["livemode"],
            event["pending_webhooks"],
            event["request"]["id"],
            event["data"]["object"]["object"],
            event["data"]["object"]["status"],
            event["data"]["object"]["webhook_endpoint"]
        ]),
        json!(["event", "test.ping", false, 1, "req-9", "ping", "ok", endpoint["id"]])
    );
    let id = event["id"].as_str().expect("an id");
    assert_eq!(house.get(&format!("/api/v1/events/{id}")).await.ok()["data"], event);
}

#[tokio::test]
async fn a_recovery_is_accepted_from_an_event_or_a_time_on() {
    let house = House::start().await;
    let endpoint = made(&house).await;
    let events = planned(&house, &endpoint, 4).await;
    let path = format!("{}/recover", path_of(&endpoint));
    let recover = async |since: Value| {
        by_key(&house, &house.key, "POST", &path, json!({ "since": since })).await
    };
    let asked = async || stored(&house).await.remove(0).recovery;
    let last = events[3].event();
    let accepted = recover(json!(last.event_id())).await;
    assert_eq!((accepted.status, &accepted.body["is_recovering"]), (202, &json!(true)));
    assert_eq!(accepted.body["id"], endpoint["id"]);
    let from_last = Recovery { after_sequence: last.sequence, from: Timestamp(0) };
    assert_eq!(asked().await, Some(from_last));

    let second = events[1].event();
    let at = second.created_at;
    for since in [json!(at.seconds()), json!(at.0), json!(at.rfc3339()), json!(at.0.to_string())] {
        assert_eq!(recover(since.clone()).await.status, 202, "{since}");
        let Recovery { after_sequence, .. } = asked().await.expect("it recovers");
        assert!(after_sequence < second.sequence, "{since}: it is itself included");
    }
    let earlier = asked().await;
    assert_eq!(recover(json!(last.event_id())).await.status, 202);
    assert_eq!(asked().await, earlier, "what was asked for before stays asked for");

    let unknown = EventPlace { sequence: 9_999, ..last }.event_id();
    let other_ms = EventPlace { created_at: Timestamp(1), ..last }.event_id();
    let wrong = [json!("soon"), json!(""), json!(null), json!([]), json!(1.5), json!("evt_1")];
    let early = [json!(-1), json!("-1"), json!("1969-12-31T23:59:59Z")];
    let far = house.app.now().plus_ms(DAY_MS + 1);
    let late = [json!(1_766_320_496_123_456_i64), json!(i64::MAX), json!(far.0)];
    let never = early.into_iter().chain(late);
    for since in wrong.into_iter().chain(never).chain([json!(unknown), json!(other_ms)]) {
        let refused = recover(since.clone()).await;
        assert_eq!(
            (refused.error(), refused.param()),
            ((400, "VALIDATION_ERROR"), "since"),
            "{since}"
        );
    }
    let refused = by_key(&house, &house.key, "POST", &path, json!({})).await;
    assert_eq!((refused.status, refused.param()), (400, "since"));

    let send = || {
        let request = house.request("POST", &path).header("x-api-key", &house.key);
        house.send(request.header("idempotency-key", "r").json(&json!({ "since": 1 })))
    };
    assert_eq!(send().await.status, 202);
    let again = send().await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (202, "true"));
}
