//! Prices from HTTP sources: real sockets that answer, lie, die and come back.
//!
//! The clock is the test's, so that a price grows old without waiting; a round over the sources is
//! asked for by hand.

mod kept;
mod sources;

use domain::api_key::KeyScope;
use domain::environment::Environment;
use domain::money::Rate;
use domain::network::Network;
use domain::token::{Token, TokenId};
use serde_json::{Value, json};
use server::config::{RateSourceConfig, RateSourceKind, RatesConfig};
use server::workers::Worker as _;
use server::workers::rates::RateRefresher;

use self::sources::Source;
use crate::house::{House, START, token_id};

const MINUTE_MS: i64 = 60_000;

/// A house whose prices come from these sources, each of them with all of these symbols.
async fn house(sources: &[&str], symbols: &[&str]) -> House {
    house_with(sources, symbols, |_| {}).await
}

async fn house_with(
    sources: &[&str],
    symbols: &[&str],
    configure: impl FnOnce(&mut RatesConfig),
) -> House {
    let pointer = |symbol: &&str| ((*symbol).to_owned(), "/{symbol}/usd".to_owned());
    let source = |(at, url): (usize, &&str)| RateSourceConfig {
        name: format!("source-{at}"),
        url: (*url).to_owned(),
        poll_ms: None,
        headers: [("x-key".to_owned(), "the key".to_owned())].into(),
        prices: symbols.iter().map(pointer).collect(),
    };
    let mut rates = RatesConfig {
        source: RateSourceKind::Http,
        timeout_ms: 1_000,
        sources: sources.iter().enumerate().map(source).collect(),
        ..RatesConfig::default()
    };
    configure(&mut rates);
    House::with(|config| {
        config.allow_insecure_webhooks = Some(false);
        rates.check(&config.rate_reach()).expect("a configuration that can work");
        config.rates = rates;
    })
    .await
}

async fn poll(house: &House) {
    RateRefresher::default().step(&house.app).await.expect("a round never fails");
}

async fn quote(house: &House, network: &str, symbol: &str) -> Value {
    let token_id = token_id(network, symbol);
    let body = json!({ "amount_usd": 30, "network": network, "token_id": token_id });
    house.post("/api/v1/quotes", body).await.ok()
}

fn token(network: &str, symbol: &str) -> &'static Token {
    Token::by_id(TokenId(token_id(network, symbol))).expect("there")
}

/// The price of a token in the public list of rates, as its text.
async fn listed(house: &House, network: &str, symbol: &str) -> Option<String> {
    let rates = house.get("/api/v1/quotes/rates").await.ok();
    let id = token_id(network, symbol);
    let data = rates["data"].as_array().expect("a list");
    let found = data.iter().find(|rate| rate["token_id"] == id)?;
    assert!(!rates.to_string().contains("source-"), "{rates}");
    Some(found["usd"].to_string())
}

async fn ether(house: &House) -> Option<String> {
    listed(house, "ethereum", "ETH").await
}

async fn metrics(house: &House) -> String {
    let page = house.send(house.request("GET", "/metrics").bearer_auth("metrics-token")).await;
    page.body.as_str().expect("text").to_owned()
}

#[track_caller]
fn has_line(metrics: &str, line: &str) {
    assert!(metrics.lines().any(|one| one == line), "no {line} in\n{metrics}");
}

#[tokio::test]
async fn there_is_no_price_before_the_first_round_and_a_neutral_one_after_it() {
    let source = Source::saying(json!({ "ETH": { "usd": 2500.5 } })).await;
    let house = house(&[&source.url], &["ETH"]).await;
    let early = quote(&house, "ethereum", "ETH").await;
    assert_eq!((&early["status"], &early["id"]), (&json!("unavailable"), &Value::Null));
    assert_eq!(listed(&house, "ethereum", "USDC").await.as_deref(), Some("1"));
    house.advance(5_000);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("2500.5"));
    let quote = quote(&house, "ethereum", "ETH").await;
    assert_eq!(quote["status"], "available");
    // 30 USD and half a percent, rounded up.
    assert_eq!(quote["token_amount"], "0.01205758848230354");
    // What no source prices has no price, whatever a table would say.
    assert_eq!(listed(&house, "solana", "SOL").await, None);
    let tokens = house.get("/api/v1/merchant/tokens").await.ok();
    let id = token_id("ethereum", "ETH");
    let listed = tokens["tokens"].as_array().expect("tokens");
    let found = listed.iter().find(|token| token["id"] == id).expect("there");
    let expected = json!({
        "usd": 2500.5,
        "last_updated_at": START.0 / 1_000 + 5,
        "provider_type": "market",
    });
    assert_eq!(found["price"], expected);
    let asked = source.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].path.as_str()), ("GET", "/prices"));
    assert_eq!(asked[0].headers["x-key"], "the key");
}

#[tokio::test]
async fn prices_are_read_exactly_as_text_or_number() {
    let source = Source::saying_text("{}").await;
    let house = house(&[&source.url], &["ETH"]).await;
    for (written, expected) in [
        ("\"2500.10\"", Some("2500.1")),
        ("1e-7", Some("0.0000001")),
        ("\"1E-7\"", Some("0.0000001")),
        ("0.1000000000000000055511151231257827", Some("0.1")),
        ("9007199254740993e-7", Some("900719925.4740993")),
        ("1000000001", None),
        ("0", None),
        ("-5", None),
        ("\"NaN\"", None),
        ("null", None),
        ("[1]", None),
    ] {
        source.say(format!(r#"{{"ETH": {{"usd": {written}}}}}"#));
        // Long enough that nothing is compared with what was said before.
        house.advance(11 * MINUTE_MS);
        poll(&house).await;
        let price = house.app.rates.price(token("ethereum", "ETH"), house.app.now());
        let price = price.map(|price| price.rate.usd_decimal());
        assert_eq!(price.as_deref(), expected, "{written}");
    }
    has_line(
        &metrics(&house).await,
        "pepay_rate_values_dropped_total{source=\"source-0\",reason=\"no_price\"} 6",
    );
}

#[tokio::test]
async fn one_of_three_that_lies_is_outvoted_and_counted() {
    let honest = Source::saying(json!({ "ETH": { "usd": "3000" } })).await;
    let other = Source::saying(json!({ "ETH": { "usd": "3010" } })).await;
    let liar = Source::saying(json!({ "ETH": { "usd": "30000" } })).await;
    let house = house(&[&honest.url, &other.url, &liar.url], &["ETH"]).await;
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3010"));
    house.advance(30_000);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3005"));
    let text = metrics(&house).await;
    has_line(&text, "pepay_rate_values_dropped_total{source=\"source-2\",reason=\"jump\"} 1");
    has_line(&text, "pepay_rate_source_age_ms{source=\"source-0\"} 0");
    // A second source that jumps to the same place is believed.
    other.say(r#"{"ETH": {"usd": "29990"}}"#);
    house.advance(30_000);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("29990"));
}

#[tokio::test]
async fn one_source_alone_does_not_jump_until_the_old_price_is_forgotten() {
    let source = Source::saying(json!({ "ETH": { "usd": 3000 } })).await;
    let house = house(&[&source.url], &["ETH"]).await;
    poll(&house).await;
    source.say(r#"{"ETH": {"usd": 300}}"#);
    house.advance(30_000);
    poll(&house).await;
    assert_eq!(ether(&house).await, None);
    source.say(r#"{"ETH": {"usd": 3300}}"#);
    house.advance(30_000);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3300"));
    source.say(r#"{"ETH": {"usd": 1000}}"#);
    house.advance(11 * MINUTE_MS);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("1000"));
}

#[tokio::test]
async fn what_dies_is_left_behind_and_a_price_grows_stale_with_the_last_of_them() {
    let living = Source::saying(json!({ "ETH": { "usd": 3000 } })).await;
    let dying = Source::saying(json!({ "ETH": { "usd": 3100 } })).await;
    let nobody = Source::nobody().await;
    let mute = Source::mute().await;
    let house = house(&[&living.url, &dying.url, &nobody, &mute], &["ETH"]).await;
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3050"));
    dying.fail(500);
    house.advance(119_999);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3050"), "what it said is fresh still");
    house.advance(1);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3000"));
    house.advance(119_999);
    assert_eq!(ether(&house).await.as_deref(), Some("3000"));
    house.advance(1);
    assert_eq!(ether(&house).await, None);
    assert_eq!(quote(&house, "ethereum", "ETH").await["status"], "unavailable");
    let text = metrics(&house).await;
    let failures = |name: &str, reason: &str, count: u32| {
        let series = format!("source=\"{name}\",reason=\"{reason}\"");
        has_line(&text, &format!("pepay_rate_source_failures_total{{{series}}} {count}"));
    };
    failures("source-1", "status", 2);
    failures("source-2", "no_answer", 3);
    failures("source-3", "no_answer", 3);
    has_line(&text, "pepay_rate_source_age_ms{source=\"source-0\"} 120000");
    assert!(!text.contains("pepay_rate_source_age_ms{source=\"source-2\"}"));
}

#[tokio::test]
async fn fewer_than_a_quorum_are_no_price() {
    let one = Source::saying(json!({ "ETH": { "usd": 3000 } })).await;
    let two = Source::saying(json!({ "ETH": { "usd": 3002 } })).await;
    let sources = [one.url.as_str(), two.url.as_str()];
    let house = house_with(&sources, &["ETH"], |rates| rates.quorum = 2).await;
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3001"));
    two.fail(429);
    house.advance(120_000);
    poll(&house).await;
    assert_eq!(ether(&house).await, None);
}

#[tokio::test]
async fn garbage_huge_bodies_and_redirects_are_no_prices_and_hurt_no_neighbour() {
    let good = Source::saying(json!({ "ETH": { "usd": 3000 } })).await;
    let bad = Source::saying_text("<html>busy</html>").await;
    let house = house(&[&good.url, &bad.url], &["ETH"]).await;
    let huge = format!(r#"{{"x": "{}", "ETH": {{"usd": 30000}}}}"#, "x".repeat(300_000));
    let deep = format!(r#"{}{{"ETH": {{"usd": 30000}}}}"#, "[".repeat(100_000));
    for (body, reason) in [
        ("<html>busy</html>".to_owned(), "not_json"),
        (r#"{"ETH": {"usd": 30000}"#.to_owned(), "not_json"),
        (String::new(), "not_json"),
        (huge, "too_large"),
        (deep, "not_json"),
    ] {
        bad.say(body);
        poll(&house).await;
        assert_eq!(ether(&house).await.as_deref(), Some("3000"), "{reason}");
        let series = format!("{{source=\"source-1\",reason=\"{reason}\"}}");
        assert!(metrics(&house).await.contains(&series), "{reason}");
    }
    bad.fail(302);
    poll(&house).await;
    assert_eq!(ether(&house).await.as_deref(), Some("3000"));
    assert_eq!(bad.asked().len(), 6, "nothing was followed");
}

#[tokio::test]
async fn a_url_with_a_symbol_is_asked_for_each_of_them() {
    let source = Source::saying(json!({ "ETH": { "usd": 1 }, "EUR": { "usd": "1.08" } })).await;
    let url = format!("{}/{{symbol}}-USD?a={{symbol}}", source.url);
    let house = house(&[&url], &["ETH", "EUR"]).await;
    poll(&house).await;
    let mut paths: Vec<String> = source.asked().into_iter().map(|asked| asked.path).collect();
    paths.sort();
    assert_eq!(paths, ["/prices/ETH-USD?a=ETH", "/prices/EUR-USD?a=EUR"]);
    // A euro coin is worth a euro.
    assert_eq!(listed(&house, "ethereum", "EURC").await.as_deref(), Some("1.08"));
    let quote = quote(&house, "ethereum", "EURC").await;
    assert_eq!(quote["token_amount"], "27.916667");
}

#[tokio::test]
async fn a_stablecoin_off_its_peg_gets_no_new_quotes_and_a_live_one_is_kept() {
    let source = Source::saying(json!({ "USDC": { "usd": 0.99 } })).await;
    let house = house(&[&source.url], &["USDC"]).await;
    assert_eq!(listed(&house, "base", "USDC").await, None, "nobody has looked yet");
    poll(&house).await;
    assert_eq!(listed(&house, "base", "USDC").await.as_deref(), Some("1"));
    assert_eq!(quote(&house, "base", "USDC").await["token_amount"], "30");
    let quoted = house.invoice(10.0).await;
    let unquoted = house.invoice(10.0).await;
    let late = house.allocate(&unquoted, "base", "USDC").await;
    // Its quote runs out, while the other one's is made.
    house.advance(6 * MINUTE_MS);
    poll(&house).await;
    let allocation = house.allocate(&quoted, "base", "USDC").await;

    source.say(r#"{"USDC": {"usd": "0.90"}}"#);
    house.advance(30_000);
    poll(&house).await;
    assert_eq!(listed(&house, "base", "USDC").await, None);
    assert_eq!(quote(&house, "base", "USDC").await["status"], "unavailable");
    assert_eq!(listed(&house, "base", "USDT").await.as_deref(), Some("1"), "not this one");
    let third = house.invoice(10.0).await;
    let refused = house.allocate(&third, "base", "USDC").await;
    assert_eq!(
        (&refused["quote_status"], &refused["temp_address"]),
        (&json!("unavailable"), &Value::Null)
    );
    let to = |allocation: &Value| allocation["temp_address"].as_str().expect("one").to_owned();
    house.transfer("base", "USDC", &to(&allocation), "10").await;
    house.transfer("base", "USDC", &to(&late), "10").await;
    house.settle().await;
    let (quoted, unquoted) = (house.read(&quoted).await, house.read(&unquoted).await);
    assert_eq!(quoted["status"], "paid", "{quoted}");
    assert_eq!(quoted["payments"][0]["amount_usd_millis"], 10_000);
    assert_eq!(unquoted["status"], "underpaid", "{unquoted}");
    assert_eq!(unquoted["payments"][0]["amount_usd_millis"], 9_000);

    has_line(&metrics(&house).await, "pepay_rate_peg_broken{token=\"USDC\"} 1");

    // Silence does not mend a peg; a price does.
    source.fail(503);
    house.advance(10 * MINUTE_MS);
    poll(&house).await;
    assert_eq!(quote(&house, "base", "USDC").await["status"], "unavailable");
    source.say(r#"{"USDC": {"usd": "1.0001"}}"#);
    poll(&house).await;
    assert_eq!(quote(&house, "base", "USDC").await["token_amount"], "30");
    // Nobody knows better: par.
    source.fail(503);
    house.advance(10 * MINUTE_MS);
    poll(&house).await;
    assert_eq!(quote(&house, "base", "USDC").await["token_amount"], "30");
}

#[tokio::test]
async fn a_stablecoin_above_par_is_worth_par() {
    let source = Source::saying(json!({ "USDC": { "usd": "1.05" } })).await;
    let house = house(&[&source.url], &["USDC"]).await;
    poll(&house).await;
    let app = &house.app;
    let token = token("base", "USDC");
    assert_eq!(app.rates.price(token, app.now()), None);
    assert_eq!(app.rates.worth(token, app.now()), Some(Rate::PAR));
}

#[tokio::test]
async fn on_mainnet_native_coins_have_a_price_from_sources_and_none_from_a_table() {
    let source = Source::saying(json!({ "ETH": { "usd": 3000 }, "EUR": { "usd": 1.1 } })).await;
    let market = house(&[&source.url], &["ETH", "EUR"]).await;
    poll(&market).await;
    let table = House::start().await;
    for (house, symbol, expected) in [
        (&market, "ETH", "available"),
        (&market, "EURC", "available"),
        (&market, "USDC", "available"),
        (&table, "ETH", "unavailable"),
        (&table, "EURC", "unavailable"),
        (&table, "USDC", "available"),
    ] {
        let token = Token::of(Environment::Mainnet)
            .find(|token| token.network == Network::Ethereum && token.symbol == symbol)
            .expect("there");
        let key = mainnet_key(house).await;
        let body = json!({ "amount_usd": 30, "network": "ethereum", "token_id": token.id });
        let asked = house.request("POST", "/api/v1/quotes").header("x-api-key", key).json(&body);
        let quote = house.send(asked).await.ok();
        assert_eq!(quote["status"], expected, "{symbol}: {quote}");
    }
}

/// Gives the merchant mainnet and answers a mainnet key.
async fn mainnet_key(house: &House) -> String {
    let merchant = house.app.merchant(house.merchant_id).await.expect("reads").expect("exists");
    let merchant =
        domain::merchant::Merchant { has_mainnet_access: true, ..merchant.as_ref().clone() };
    house.app.store.commit(merchant.save(house.app.now())).await.expect("saves");
    house.app.caches.forget_merchant(house.merchant_id);
    house.mint(KeyScope::Merchant, Environment::Mainnet).await
}
