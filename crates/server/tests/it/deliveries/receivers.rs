//! Receivers that are dead, hang, reset, pour, redirect, or are not who they say they are.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::{StatusCode, Version};
use axum::response::IntoResponse as _;
use domain::delivery::{ANSWER_BYTES_MAX, AttemptOutcome, DeliveryStatus};
use server::outbound::{Patience, Resolve};
use server::workers::deliver::Sender;
use server::workers::{Progress, Worker as _};
use tokio::io::AsyncWriteExt as _;

use super::sinks::{Authority, Sink, Validity, nobody, pour, raw};
use super::{add, ask, deliver, error, fan_out, house, house_with, only};

/// What an attempt at this URL fails with.
async fn fails_with(url: &str, expected: &str) {
    let house = house_with(|config| {
        let short = Duration::from_millis(300);
        config.webhook_patience =
            Patience { connect: short, attempt: short * 2, ..Patience::default() };
    })
    .await;
    let known = add(&house, 1, ask(url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let (delivery, attempts) = only(&house, known.id).await;
    assert_eq!((delivery.status, attempts.len()), (DeliveryStatus::Pending, 1));
    assert_eq!(error(&attempts), expected);
}

#[tokio::test]
async fn a_dead_receiver() {
    fails_with(&nobody().await, "connection refused").await;
}

#[tokio::test]
async fn a_receiver_that_hangs() {
    let url = raw(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    fails_with(&url, "timed out").await;
}

#[tokio::test]
async fn a_receiver_that_resets() {
    let url = raw(|stream| async move { drop(stream) }).await;
    fails_with(&url, "the connection was reset").await;
}

#[tokio::test]
async fn a_receiver_that_speaks_something_else() {
    let url = raw(|mut stream| async move {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
    })
    .await;
    fails_with(&url, "the answer is not HTTP").await;
}

#[tokio::test]
async fn names_that_are_nobody() {
    fails_with("https://nobody.invalid/", "name does not resolve").await;
}

#[tokio::test]
async fn a_receiver_that_pours_is_read_a_little_and_believed() {
    let house = house().await;
    let url = raw(|stream| pour(stream, 100 << 20)).await;
    let known = add(&house, 1, ask(&url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let (delivery, attempts) = only(&house, known.id).await;
    assert_eq!(delivery.status, DeliveryStatus::Delivered);
    let AttemptOutcome::Answered { status: 200, body } = &attempts[0].outcome else {
        panic!("{attempts:?}")
    };
    assert_eq!(body.len(), ANSWER_BYTES_MAX);
}

#[tokio::test]
async fn a_redirect_is_a_failure_and_is_not_followed() {
    let house = house().await;
    let private = Sink::start().await;
    let to = private.url.clone();
    let sink = Sink::answering(move |_| {
        (StatusCode::TEMPORARY_REDIRECT, [("location", to.clone())]).into_response()
    })
    .await;
    let known = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let (delivery, _) = only(&house, known.id).await;
    assert_eq!((delivery.status, delivery.last_status), (DeliveryStatus::Pending, Some(307)));
    assert!(private.received().is_empty());
}

#[tokio::test]
async fn a_name_that_moves_to_this_network_is_not_followed_there() {
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = looks.clone();
    let house = house_with(|config| {
        config.allow_insecure_webhooks = Some(false);
        config.resolve = Resolve::Own(Arc::new(move |_| {
            // The first look-up finds a public address nobody answers at.
            let text = match counted.fetch_add(1, Ordering::SeqCst) {
                0 => "2001:4860:ffff:ffff:ffff:ffff:ffff:fff0",
                _ => "127.0.0.1",
            };
            vec![text.parse::<IpAddr>().expect("an address")]
        }));
        config.webhook_patience = Patience {
            connect: Duration::from_millis(200),
            attempt: Duration::from_secs(1),
            ..Patience::default()
        };
    })
    .await;
    let authority = Authority::new();
    let sink = Sink::with_tls(&authority, &["http/1.1"], Validity::Now).await;
    let url = sink.url.replace("localhost", "moves.example");
    let known = add(&house, 1, ask(&url, &["*"])).await;
    house.invoice(1.0).await;
    deliver(&house).await;
    let (_, attempts) = only(&house, known.id).await;
    assert_ne!(error(&attempts), "the address is not public");
    house.advance(10_000);
    deliver(&house).await;
    let (_, attempts) = only(&house, known.id).await;
    assert_eq!(looks.load(Ordering::SeqCst), 2);
    assert_eq!(error(&attempts), "the address is not public");
    assert!(sink.received().is_empty());
}

#[tokio::test]
async fn tls_is_checked_and_both_versions_of_http_are_spoken() {
    let authority = Authority::new();
    let house =
        house_with(|config| config.webhook_ca_file = Some(authority.file.path().to_owned())).await;
    let old = Sink::with_tls(&authority, &["http/1.1"], Validity::Now).await;
    let new = Sink::with_tls(&authority, &["h2", "http/1.1"], Validity::Now).await;
    let expired = Sink::with_tls(&authority, &["http/1.1"], Validity::Expired).await;
    let foreign = Sink::with_tls(&Authority::new(), &["http/1.1"], Validity::Now).await;
    let misnamed = expired.url.replace("localhost", "127.0.0.1");
    let mut endpoints = Vec::new();
    for (number, url) in (1..).zip([&old.url, &new.url, &expired.url, &foreign.url, &misnamed]) {
        endpoints.push(add(&house, number, ask(url, &["*"])).await);
    }
    house.invoice(1.0).await;
    deliver(&house).await;
    assert_eq!(old.received()[0].version, Version::HTTP_11);
    assert_eq!(new.received()[0].version, Version::HTTP_2);
    super::sinks::check_signatures(&new.received()[0], &endpoints[1].secret);
    for endpoint in &endpoints[2..] {
        let (_, attempts) = only(&house, endpoint.id).await;
        assert_eq!(error(&attempts), "the certificate is not valid");
    }
}

#[tokio::test]
async fn a_line_that_was_closed_meanwhile_costs_no_attempt() {
    let house = house().await;
    // Each connection answers once and says nothing about closing.
    let url = raw(|mut stream| async move {
        let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
        let _ = stream.write_all(answer).await;
    })
    .await;
    let known = add(&house, 1, ask(&url, &["*"])).await;
    for _ in 0..3 {
        house.invoice(1.0).await;
        deliver(&house).await;
    }
    for delivery in super::deliveries(&house, known.id).await {
        assert_eq!((delivery.status, delivery.attempts), (DeliveryStatus::Delivered, 1));
    }
}

#[tokio::test]
async fn who_hangs_or_is_dead_delays_nobody_else() {
    let house = house_with(|config| {
        config.webhook_concurrency_per_endpoint = 4;
        config.webhook_concurrency = 8;
    })
    .await;
    let hanging = raw(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let (dead, fine) = (nobody().await, Sink::start().await);
    add(&house, 1, ask(&hanging, &["*"])).await;
    add(&house, 2, ask(&dead, &["*"])).await;
    add(&house, 3, ask(&fine.url, &["*"])).await;
    for _ in 0..20 {
        house.invoice(1.0).await;
    }
    fan_out(&house.app).await;
    let mut sender = Sender::default();
    while fine.received().len() < 20 {
        assert_eq!(sender.step(&house.app).await.expect("sends"), Progress::More);
    }
    sender.stop(&house.app).await;
}

#[tokio::test]
async fn an_attempt_that_panics_costs_nobody_his_turn() {
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = looks.clone();
    let house = house_with(|config| {
        config.webhook_concurrency_per_endpoint = 1;
        config.webhook_concurrency = 1;
        config.resolve = Resolve::Own(Arc::new(move |_| {
            assert_ne!(counted.fetch_add(1, Ordering::SeqCst), 0, "the first look-up panics");
            vec!["127.0.0.1".parse::<IpAddr>().expect("an address")]
        }));
    })
    .await;
    let sink = Sink::start().await;
    let known = add(&house, 1, ask(&sink.url, &["*"])).await;
    house.invoice(1.0).await;
    fan_out(&house.app).await;
    let mut sender = Sender::default();
    let mut faults = 0;
    for _ in 0..10 {
        match sender.step(&house.app).await {
            Ok(Progress::More) => {}
            Ok(Progress::Idle) => break,
            Err(_) => faults += 1,
        }
    }
    sender.stop(&house.app).await;
    assert_eq!((looks.load(Ordering::SeqCst), faults), (2, 1));
    let (delivery, attempts) = only(&house, known.id).await;
    assert_eq!((delivery.status, attempts.len()), (DeliveryStatus::Delivered, 1));
}

#[tokio::test]
async fn a_connection_is_used_again_until_it_is_old() {
    let authority = Authority::new();
    for (line, expected) in [(Patience::default().line, 1), (Duration::ZERO, 3)] {
        let house = house_with(|config| {
            config.webhook_ca_file = Some(authority.file.path().to_owned());
            config.webhook_patience = Patience { line, ..Patience::default() };
        })
        .await;
        let plain = Sink::start().await;
        let multiplexed = Sink::with_tls(&authority, &["h2"], Validity::Now).await;
        add(&house, 1, ask(&plain.url, &["*"])).await;
        add(&house, 2, ask(&multiplexed.url, &["*"])).await;
        for _ in 0..3 {
            house.invoice(1.0).await;
            deliver(&house).await;
        }
        for sink in [plain, multiplexed] {
            let received = sink.received();
            assert_eq!(received.len(), 3);
            let peers: HashSet<_> = received.iter().map(|one| one.peer).collect();
            assert_eq!(peers.len(), expected, "{}, {line:?}", sink.url);
        }
    }
}
