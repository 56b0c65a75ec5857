//! When what failed is tried again, when an endpoint is given up, and who is told.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use domain::delivery::{DeliveryStatus, TRIES_MAX};
use domain::environment::Environment;
use domain::event::Origin;
use domain::time::{DAY_MS, HOUR_MS, SECOND_MS};
use domain::webhook_endpoint::{DisabledReason, EndpointAsk, EndpointStatus};

use super::sinks::Sink;
use super::{add, ask, deliver, deliveries, endpoint, house, only};

#[tokio::test]
async fn what_fails_is_tried_twelve_times_over_three_days() {
    let house = house().await;
    let sink = Sink::answering(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    let endpoint = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    assert_eq!(sink.received().len(), 1);
    house.advance(3 * SECOND_MS);
    deliver(&house).await;
    assert_eq!(sink.received().len(), 1, "5 s, less a fifth, have not passed");
    house.advance(4 * SECOND_MS);
    deliver(&house).await;
    assert_eq!(sink.received().len(), 2);
    let began = house.app.now();
    loop {
        let (delivery, attempts) = only(&house, endpoint.id).await;
        let Some(due_at) = delivery.due_at else {
            assert_eq!(delivery.status, DeliveryStatus::Failed);
            assert_eq!(attempts.len() as i64, TRIES_MAX);
            break;
        };
        house.advance(house.app.now().ms_until(due_at));
        deliver(&house).await;
    }
    assert_eq!(sink.received().len() as i64, TRIES_MAX);
    let hours = began.ms_until(house.app.now()) / HOUR_MS;
    assert!((60..=91).contains(&hours), "{hours} h");
    let ids = sink.event_ids();
    assert!(ids.iter().all(|id| *id == ids[0]), "the same id each time");
}

#[tokio::test]
async fn a_receiver_that_asks_to_wait_is_let_wait() {
    let house = house().await;
    let sink = Sink::answering(|number| match number {
        0 => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "3600")]).into_response(),
        _ => StatusCode::NO_CONTENT.into_response(),
    })
    .await;
    let endpoint = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    house.advance(3_590 * SECOND_MS);
    deliver(&house).await;
    assert_eq!(sink.received().len(), 1);
    house.advance(HOUR_MS);
    deliver(&house).await;
    let (delivery, attempts) = only(&house, endpoint.id).await;
    assert_eq!((delivery.status, attempts.len()), (DeliveryStatus::Delivered, 2));
    let statuses: Vec<_> = attempts.iter().map(|attempt| attempt.outcome.status()).collect();
    assert_eq!(statuses, [Some(503), Some(204)]);
}

#[tokio::test]
async fn an_endpoint_that_says_it_is_gone_is_switched_off_and_others_hear_of_it() {
    let house = house().await;
    let gone = Sink::answering(|_| StatusCode::GONE.into_response()).await;
    let other = Sink::start().await;
    let off = add(&house, 1, ask(&gone.url, &["invoice.*"])).await;
    add(&house, 2, ask(&other.url, &["webhook_endpoint.disabled"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let row = endpoint(&house, off.id).await;
    assert_eq!(row.status, EndpointStatus::Disabled);
    assert_eq!(row.disabled_reason, Some(DisabledReason::Gone));
    assert_eq!(deliveries(&house, off.id).await[0].status, DeliveryStatus::Failed);
    let event = other.received()[0].event();
    assert_eq!(event["type"], "webhook_endpoint.disabled");
    assert_eq!(event["data"]["object"]["id"], off.id.to_string());
    house.invoice(1.0).await;
    deliver(&house).await;
    assert_eq!(gone.received().len(), 1);
}

#[tokio::test]
async fn that_an_endpoint_is_switched_off_is_told_where_it_failed() {
    let house = house().await;
    let gone = Sink::answering(|_| StatusCode::GONE.into_response()).await;
    let off = add(&house, 1, ask(&gone.url, &["refund.*"])).await;
    let told = [Sink::start().await, Sink::start().await];
    for (number, environment, sink) in
        [(2, Environment::Mainnet, &told[0]), (3, Environment::Devnet, &told[1])]
    {
        let ask = ask(&sink.url, &["webhook_endpoint.disabled"]);
        add(&house, number, EndpointAsk { environment: Some(environment), ..ask }).await;
    }
    let row = endpoint(&house, off.id).await;
    let ping = row.ping(Environment::Mainnet, Origin::default(), &mut house.app.fresh());
    house.app.commit(ping).await.expect("commits");
    deliver(&house).await;
    assert_eq!(told.map(|sink| sink.received().len()), [1, 0]);
}

#[tokio::test]
async fn an_endpoint_that_fails_for_five_days_is_switched_off() {
    let house = house().await;
    let down = Sink::answering(|_| StatusCode::BAD_GATEWAY.into_response()).await;
    let other = Sink::start().await;
    let off = add(&house, 1, ask(&down.url, &["invoice.*"])).await;
    add(&house, 2, ask(&other.url, &["webhook_endpoint.*"])).await;
    for _ in 0..5 {
        house.invoice(1.0).await;
        deliver(&house).await;
        house.advance(DAY_MS);
    }
    assert_eq!(endpoint(&house, off.id).await.status, EndpointStatus::Enabled);
    house.invoice(1.0).await;
    deliver(&house).await;
    let row = endpoint(&house, off.id).await;
    assert_eq!(row.disabled_reason, Some(DisabledReason::Failing));
    let all = deliveries(&house, off.id).await;
    assert!(all.iter().all(|delivery| delivery.status == DeliveryStatus::Failed));
    assert_eq!(other.received().len(), 1);
}

#[tokio::test]
async fn one_success_forgives_the_failures_before_it() {
    let house = house().await;
    let sink = Sink::answering(|number| match number {
        0 => StatusCode::BAD_GATEWAY.into_response(),
        _ => StatusCode::OK.into_response(),
    })
    .await;
    let known = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    assert_eq!(endpoint(&house, known.id).await.failing_since, Some(house.app.now()));
    house.advance(10 * SECOND_MS);
    deliver(&house).await;
    assert_eq!(endpoint(&house, known.id).await.failing_since, None);
}
