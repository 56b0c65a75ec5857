//! What is known of prices beyond one process and one round: jumps, pegs, and how often who is
//! asked.

use domain::known_price::KnownPrice;
use domain::money::Rate;
use serde_json::{Value, json};
use server::rates::{RateBook, Sources};
use server::workers::Worker as _;
use server::workers::rates::RateRefresher;

use super::sources::Source;
use super::{ether, has_line, house, house_with, listed, metrics, poll, quote, token};
use crate::house::House;

async fn kept(house: &House, symbol: &str) -> KnownPrice {
    let row = house.app.store.get(KnownPrice::row_key(symbol)).await;
    row.expect("reads").expect("is kept")
}

#[tokio::test]
async fn a_broken_peg_stays_broken_over_a_restart() {
    let source = Source::saying(json!({ "USDC": { "usd": "0.90" } })).await;
    let house = house(&[&source.url], &["USDC"]).await;
    poll(&house).await;
    source.fail(503);
    house.advance(3 * 60 * 60_000);
    let house = house.again().await;
    poll(&house).await;
    let now = house.app.now();
    assert_eq!(quote(&house, "base", "USDC").await["status"], "unavailable");
    let worth = house.app.rates.worth(token("base", "USDC"), now);
    assert_eq!(worth.map(Rate::usd_decimal).as_deref(), Some("0.9"));
    has_line(&metrics(&house).await, "pepay_rate_peg_broken{token=\"USDC\"} 1");
    // What mends is kept as well.
    source.say(r#"{"USDC": {"usd": "1.001"}}"#);
    poll(&house).await;
    assert_eq!(quote(&house, "base", "USDC").await["token_amount"], "30");
    source.fail(503);
    let house = house.again().await;
    poll(&house).await;
    assert_eq!(quote(&house, "base", "USDC").await["token_amount"], "30");
}

#[tokio::test]
async fn a_restart_is_no_way_around_the_guard_against_jumps() {
    let source = Source::saying(json!({ "ETH": { "usd": 3000 } })).await;
    let house = house(&[&source.url], &["ETH"]).await;
    poll(&house).await;
    source.say(r#"{"ETH": {"usd": 300}}"#);
    house.advance(30_000);
    let house = house.again().await;
    poll(&house).await;
    assert_eq!(ether(&house).await, None);
    source.say(r#"{"ETH": {"usd": 3100}}"#);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3100"));
}

#[tokio::test]
async fn prices_are_kept_once_a_minute_and_a_turn_of_a_peg_at_once() {
    let source = Source::saying(json!({ "ETH": { "usd": 1 }, "USDC": { "usd": 1 } })).await;
    let house = house(&[&source.url], &["ETH", "USDC"]).await;
    let say = async |ether: &str, dollar: &str| {
        source.say(format!(r#"{{"ETH": {{"usd": {ether}}}, "USDC": {{"usd": {dollar}}}}}"#));
        house.advance(20_000);
        poll(&house).await;
        [kept(&house, "ETH").await.version, kept(&house, "USDC").await.version]
    };
    assert_eq!(say("1", "1").await, [1, 1]);
    assert_eq!(say("1.1", "0.99").await, [1, 1]);
    assert_eq!(say("1.1", "0.9").await, [1, 2]);
    assert_eq!(say("1.1", "0.9").await, [2, 2]);
    assert_eq!(say("1.1", "1").await, [2, 3]);
    assert_eq!(kept(&house, "ETH").await.rate.usd_decimal(), "1.1");
}

/// Another process's book, whose sources are silent or say something else.
fn book(house: &House, source: &str) -> RateBook {
    let mut config = house.app.config.clone();
    for one in &mut config.rates.sources {
        one.url = source.to_owned();
    }
    RateBook::new(&config, house.app.now()).expect("a configuration that can work")
}

#[tokio::test]
async fn processes_agree_by_the_newest_look() {
    let source = Source::saying(json!({ "USDC": { "usd": "0.90" } })).await;
    let house = house(&[&source.url], &["USDC"]).await;
    poll(&house).await;
    let other = book(&house, &Source::nobody().await);
    let usdc = token("base", "USDC");
    other.refresh(&house.app, Sources::All).await.expect("a round");
    assert_eq!(other.price(usdc, house.app.now()), None, "it has only heard of it");
    source.say(r#"{"USDC": {"usd": "1"}}"#);
    house.advance(1_000);
    poll(&house).await;
    other.refresh(&house.app, Sources::All).await.expect("a round");
    assert!(other.price(usdc, house.app.now()).is_some());
}

#[tokio::test]
async fn a_euro_coin_is_measured_by_the_euro() {
    let says = |euro: &str, coin: &str| {
        format!(r#"{{"EUR": {{"usd": "{euro}"}}, "EURC": {{"usd": "{coin}"}}}}"#)
    };
    let source = Source::saying_text(&says("1.10", "1.09")).await;
    let house = house(&[&source.url], &["EUR", "EURC"]).await;
    poll(&house).await;
    assert_eq!(listed(&house, "base", "EURC").await.as_deref(), Some("1.1"));
    source.say(says("1.10", "1.00"));
    house.advance(30_000);
    poll(&house).await;
    assert_eq!(quote(&house, "base", "EURC").await["status"], "unavailable");
    assert_eq!(listed(&house, "base", "EURC").await, None);
    let worth = |house: &House| {
        let worth = house.app.rates.worth(token("base", "EURC"), house.app.now());
        worth.map(|rate| rate.usd_decimal())
    };
    assert_eq!(worth(&house).as_deref(), Some("1"));
    has_line(&metrics(&house).await, "pepay_rate_peg_broken{token=\"EURC\"} 1");
    // Silence mends nothing, and neither does a restart.
    source.fail(503);
    house.advance(10 * 60_000);
    let house = house.again().await;
    poll(&house).await;
    assert_eq!(quote(&house, "base", "EURC").await["status"], "unavailable");
    assert_eq!(worth(&house).as_deref(), Some("1"));
    source.say(says("1.20", "1.21"));
    poll(&house).await;
    assert_eq!(listed(&house, "base", "EURC").await.as_deref(), Some("1.2"));
    // Above its currency it is worth its currency.
    source.say(says("1.20", "1.30"));
    house.advance(30_000);
    poll(&house).await;
    assert_eq!(worth(&house).as_deref(), Some("1.2"));
}

#[tokio::test]
async fn each_source_is_asked_at_its_own_pace() {
    let quick = Source::saying(json!({ "ETH": { "usd": 3000 } })).await;
    let slow = Source::saying(json!({ "ETH": { "usd": 3000 } })).await;
    let sources = [quick.url.as_str(), slow.url.as_str()];
    let house = house_with(&sources, &["ETH"], |rates| {
        rates.sources[1].poll_ms = Some(90_000);
    })
    .await;
    let paces: Vec<u64> = house.app.rates.paces(&house.app.config).into_iter().collect();
    assert_eq!(paces, [30_000, 90_000]);
    for _ in 0..3 {
        RateRefresher::every(30_000).step(&house.app).await.expect("a round");
    }
    RateRefresher::every(90_000).step(&house.app).await.expect("a round");
    assert_eq!((quick.asked().len(), slow.asked().len()), (3, 1));
    let price: Value = quote(&house, "ethereum", "ETH").await;
    assert_eq!(price["status"], "available");
}
