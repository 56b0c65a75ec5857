//! Bounds: how many sockets, how slow, how long a silence, and how a stream ends with its house.

use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::client::{Client, Heard};
use super::{MERCHANT, Told, open, open_with};
use crate::house::House;
use domain::event::EventType;
use serde_json::json;

#[tokio::test]
async fn a_merchant_has_so_many_streams_and_no_more() {
    let house = House::with(|config| config.ws_connections_per_merchant = 2).await;
    let mut clients = [open(&house, MERCHANT).await, open(&house, MERCHANT).await];
    let headers = [("x-api-key", house.key.as_str())];
    let refused = Client::try_open(&house.url, MERCHANT, &headers).await.expect_err("refused");
    assert_eq!(refused.0, 429);
    assert_eq!(refused.1["error"]["code"], "RATE_LIMIT_EXCEEDED");
    let (_, other) = house.stranger().await;
    open_with(&house, MERCHANT, &other).await;
    let done = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    clients[0].say(Message::Close(Some(done))).await;
    let answered = loop {
        if let Heard::Closed(code) = clients[0].hear().await {
            break code;
        }
    };
    assert_eq!(answered, Some(1000), "a close is answered, not broken off");
    // The seat is free once the server has seen the close: it is told before the client is.
    open(&house, MERCHANT).await;
}

#[tokio::test]
async fn a_silent_stream_says_that_it_is_alive_and_where_it_stands() {
    let house = House::with(|config| config.ws_heartbeat_ms = 20).await;
    let mut client = open(&house, &format!("{MERCHANT}?types=refund.*")).await;
    let (_, heartbeat) = client.until("heartbeat").await;
    assert_eq!(heartbeat["cursor"], json!(null));
    assert_eq!(heartbeat["created"], json!(house.app.now().seconds()));
    let ping = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    loop {
        let (events, heartbeat) = client.until("heartbeat").await;
        assert!(events.is_empty(), "a ping is filtered out");
        if heartbeat["cursor"] == json!(ping[0]) {
            break;
        }
    }
    client.say(Message::text("what is this?")).await;
    client.say(Message::Ping(vec![7].into())).await;
    client.until("heartbeat").await;
}

#[tokio::test]
async fn too_long_a_message_ends_the_stream_and_nothing_else() {
    let house = House::start().await;
    let (mut rude, mut polite) = (open(&house, MERCHANT).await, open(&house, MERCHANT).await);
    rude.say(Message::text("x".repeat(100_000))).await;
    rude.end().await;
    let ping = Told::of(&house, EventType::TestPing).commit(&house, 1).await;
    assert_eq!(polite.ids(1).await, ping);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_reads_is_cut_and_the_others_do_not_notice() {
    const ROUNDS: usize = 200;
    const EACH: usize = 50;
    let house = House::with(|config| config.ws_stall_ms = 100).await;
    let mut asleep = open(&house, MERCHANT).await;
    let mut awake = open(&house, MERCHANT).await;
    let mut told = Vec::new();
    for _ in 0..ROUNDS {
        let mut big = Told::of(&house, EventType::TestPing);
        big.data["object"]["text"] = json!("x".repeat(4_000));
        told.extend(big.commit(&house, EACH as i64).await);
        let from = told.len() - EACH;
        assert_eq!(awake.ids(EACH).await, told[from..]);
    }
    let mut last = None;
    let cut = loop {
        match asleep.hear().await {
            Heard::Event(_, event) => last = event["id"].as_str().map(str::to_owned),
            Heard::Other(frame) => assert!(
                frame["object"] == "ws_control" || frame["code"] == "SLOW_CONSUMER",
                "{frame}"
            ),
            Heard::Closed(code) => break code,
        }
    };
    assert!(cut.is_none_or(|code| code == 4408), "{cut:?}");
    let last = last.expect("something arrived before");
    let at = told.iter().position(|id| *id == last).expect("it was told");
    assert!(at + 1 < told.len(), "it was cut before the end");
    let mut again = open(&house, &format!("{MERCHANT}?since={last}")).await;
    assert_eq!(again.ids(told.len() - at - 1).await, told[at + 1..], "and it comes back");
    let request = house.request("GET", "/metrics").bearer_auth("metrics-token");
    let metrics = house.send(request).await.ok();
    let metrics = metrics.as_str().expect("text");
    assert!(metrics.contains("pepay_ws_cut_total 1"), "{metrics}");
    assert!(metrics.contains("pepay_ws_connections 2"));
    assert!(metrics.contains("pepay_ws_frames_total"));
}

#[tokio::test]
async fn a_house_that_closes_says_so() {
    let house = House::start().await;
    let mut clients = [open(&house, MERCHANT).await, open(&house, MERCHANT).await];
    house.app.stop.cancel();
    for client in &mut clients {
        assert_eq!(client.end().await, (None, Some(1001)));
    }
    house.app.tasks.close();
    house.app.tasks.wait().await;
}
