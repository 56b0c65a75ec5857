//! Where prices come from: `[rates]`, a fixed table or HTTP sources of the operator's choice.
//!
//! What could never yield a price is refused at the start, not found out when somebody wants to
//! pay. URLs and headers may carry keys: nothing here can be printed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, bail, ensure};
use domain::quote::RATE_STALE_MS;
use domain::rate::RateRules;
use domain::webhook_endpoint::{Reach, check_url};
use serde::Deserialize;

const SOURCES_MAX: usize = 16;
const SYMBOLS_MAX: usize = 64;
const NAME_LENGTH_MAX: usize = 32;
const HEADERS_MAX: usize = 16;
/// A pointer is followed once for every price of every answer.
const POINTER_STEPS_MAX: usize = 16;
/// A round over all sources must be over before the prices of the last one are stale.
const POLL_MS_MIN: u64 = 1_000;
const TIMEOUT_MS_MIN: u64 = 1_000;
const DEPEG_BPS_MAX: u32 = 5_000;
const JUMP_PERCENT_MAX: u32 = 90;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RateSourceKind {
    /// A table that ships: devnet, and USD stablecoins on mainnet.
    Fixed,
    /// The sources of this section.
    Http,
}

#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RatesConfig {
    pub source: RateSourceKind,
    /// Milliseconds between two looks at a source that names no pace of its own.
    pub poll_ms: u64,
    /// How long one look at one source may take.
    pub timeout_ms: u64,
    pub stale_after_ms: i64,
    /// So many sources make a price.
    pub quorum: usize,
    pub jump_percent: u32,
    pub depeg_bps: u32,
    pub sources: Vec<RateSourceConfig>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateSourceConfig {
    /// For the operator's eyes: logs and metrics.
    pub name: String,
    /// One URL for all prices; with `{symbol}` in it, one for each.
    pub url: String,
    /// Milliseconds between two looks at this one.
    #[serde(default)]
    pub poll_ms: Option<u64>,
    /// Sent along, such as a key.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON pointers (RFC 6901) by symbol, `{symbol}` replaced in them too.
    pub prices: BTreeMap<String, String>,
}

impl Default for RatesConfig {
    fn default() -> Self {
        RatesConfig {
            source: RateSourceKind::Fixed,
            poll_ms: 30_000,
            timeout_ms: 5_000,
            stale_after_ms: 120_000,
            quorum: 1,
            jump_percent: 20,
            depeg_bps: 200,
            sources: Vec::new(),
        }
    }
}

impl RatesConfig {
    pub fn rules(&self) -> RateRules {
        RateRules {
            stale_after_ms: self.stale_after_ms,
            quorum: self.quorum,
            jump_percent: self.jump_percent,
            depeg_bps: self.depeg_bps,
        }
    }

    /// Refuses what cannot work, as seen from a house that reaches so far.
    pub fn check(&self, reach: &Reach) -> anyhow::Result<()> {
        if !(TIMEOUT_MS_MIN..=60_000).contains(&self.timeout_ms) {
            bail!("rates.timeout_ms: must be {TIMEOUT_MS_MIN} to 60000");
        }
        if !(1..=RATE_STALE_MS).contains(&self.stale_after_ms) {
            bail!("rates.stale_after_ms: must be 1 to {RATE_STALE_MS}");
        }
        self.check_pace(self.poll_ms).context("rates")?;
        if !(1..=JUMP_PERCENT_MAX).contains(&self.jump_percent) {
            bail!("rates.jump_percent: must be 1 to {JUMP_PERCENT_MAX}");
        }
        if !(1..=DEPEG_BPS_MAX).contains(&self.depeg_bps) {
            bail!("rates.depeg_bps: must be 1 to {DEPEG_BPS_MAX}");
        }
        match self.source {
            RateSourceKind::Fixed => Ok(()),
            RateSourceKind::Http => self.check_sources(reach),
        }
    }

    /// Between two looks at one source.
    pub fn poll_ms_of(&self, source: &RateSourceConfig) -> u64 {
        source.poll_ms.unwrap_or(self.poll_ms)
    }

    fn check_pace(&self, poll_ms: u64) -> anyhow::Result<()> {
        let round_ms = poll_ms.saturating_add(self.timeout_ms);
        if poll_ms < POLL_MS_MIN || round_ms > self.stale_after_ms.unsigned_abs() {
            bail!("poll_ms: at least {POLL_MS_MIN}, and with timeout_ms within stale_after_ms");
        }
        Ok(())
    }

    fn check_sources(&self, reach: &Reach) -> anyhow::Result<()> {
        if !(1..=SOURCES_MAX).contains(&self.sources.len()) {
            bail!("rates.sources: 1 to {SOURCES_MAX}");
        }
        let mut names = BTreeSet::new();
        let mut sources_of: BTreeMap<&str, usize> = BTreeMap::new();
        for source in &self.sources {
            let checked =
                self.check_pace(self.poll_ms_of(source)).and_then(|()| source.check(reach));
            checked.with_context(|| format!("rates.sources: {}", source.name))?;
            ensure!(names.insert(&source.name), "rates.sources: {} is there twice", source.name);
            for symbol in source.prices.keys() {
                *sources_of.entry(symbol).or_default() += 1;
            }
        }
        if self.quorum == 0 {
            bail!("rates.quorum: at least 1");
        }
        match sources_of.iter().find(|(_, count)| **count < self.quorum) {
            Some((symbol, count)) => {
                bail!("rates.quorum: {symbol} has {count} of the {} sources it needs", self.quorum)
            }
            None => Ok(()),
        }
    }
}

impl RateSourceConfig {
    /// Where a symbol's price is asked for.
    pub fn url_of(&self, symbol: &str) -> String {
        self.url.replace("{symbol}", symbol)
    }

    pub fn pointer_of(&self, symbol: &str) -> String {
        self.prices.get(symbol).map_or_else(String::new, |text| text.replace("{symbol}", symbol))
    }

    fn check(&self, reach: &Reach) -> anyhow::Result<()> {
        let is_word = |text: &str| {
            let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (1..=NAME_LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_fine)
        };
        ensure!(is_word(&self.name), "a name has 1 to {NAME_LENGTH_MAX} letters, digits, - _ .");
        ensure!(self.headers.len() <= HEADERS_MAX, "at most {HEADERS_MAX} headers");
        if !(1..=SYMBOLS_MAX).contains(&self.prices.len()) {
            bail!("prices: 1 to {SYMBOLS_MAX}");
        }
        for symbol in self.prices.keys() {
            ensure!(is_word(symbol), "prices: not a symbol: {symbol}");
            ensure!(symbol != "USD", "prices: a dollar is a dollar");
            let pointer = self.pointer_of(symbol);
            let is_pointer = pointer.is_empty() || pointer.starts_with('/');
            let steps = pointer.matches('/').count();
            if !is_pointer || steps > POINTER_STEPS_MAX {
                bail!("prices.{symbol}: a JSON pointer such as /ethereum/usd");
            }
            // The URL itself may carry a key, so it is not repeated here.
            check_url(&self.url_of(symbol), reach)
                .map_err(|refusal| anyhow::anyhow!("{refusal}"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        source = "http"
        [[sources]]
        name = "one"
        url = "https://prices.example/v1?ids=eth"
        prices = { ETH = "/ethereum/usd", USDT = "/tether/usd" }
        [[sources]]
        name = "two"
        url = "http://localhost:8080/{symbol}"
        headers = { x-key = "secret" }
        prices = { ETH = "/{symbol}/0" }
    "#;

    fn check(text: &str) -> Result<(), String> {
        let config: RatesConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        let reach = Reach::LOOPBACK_TOO;
        config.check(&reach).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn sources_are_read_as_an_operator_writes_them() {
        assert_eq!(check(GOOD), Ok(()));
        assert_eq!(check(""), Ok(()));
        let config: RatesConfig = toml::from_str(GOOD).expect("reads");
        let two = &config.sources[1];
        assert_eq!(two.url_of("ETH"), "http://localhost:8080/ETH");
        assert_eq!(two.pointer_of("ETH"), "/ETH/0");
    }

    #[test]
    fn what_could_never_yield_a_price_is_refused_and_told_without_its_key() {
        for (from, to, named) in [
            ("\"http\"", "\"https\"", "unknown variant"),
            ("\"one\"", "\"two\"", "two is there twice"),
            ("\"one\"", "\"a \\\" b\"", "a name has"),
            ("https://prices", "http://prices", "must begin with https://"),
            ("https://prices", "https://me:secret@prices", "must not carry credentials"),
            ("\"/ethereum/usd\"", "\"ethereum.usd\"", "prices.ETH"),
            ("ETH = \"/ethereum/usd\"", "\"E T\" = \"/usd\"", "not a symbol"),
            ("USDT = ", "USD = ", "a dollar is a dollar"),
            ("[[sources]]", "quorum = 0\n[[sources]]", "rates.quorum"),
            ("[[sources]]", "quorum = 2\n[[sources]]", "USDT has 1 of the 2"),
            ("[[sources]]", "poll_ms = 999\n[[sources]]", "rates: poll_ms"),
            ("[[sources]]", "poll_ms = 119000\n[[sources]]", "rates: poll_ms"),
            ("name = \"two\"", "name = \"two\"\npoll_ms = 999", "two: poll_ms"),
            ("name = \"two\"", "name = \"two\"\npoll_ms = 115001", "two: poll_ms"),
            ("[[sources]]", "timeout_ms = 10\n[[sources]]", "rates.timeout_ms"),
            ("[[sources]]", "stale_after_ms = 300001\n[[sources]]", "rates.stale_after_ms"),
            ("[[sources]]", "jump_percent = 0\n[[sources]]", "rates.jump_percent"),
            ("[[sources]]", "depeg_bps = 5001\n[[sources]]", "rates.depeg_bps"),
        ] {
            let refused = check(&GOOD.replacen(from, to, 1)).expect_err(to);
            assert!(refused.contains(named), "{to}: {refused}");
            assert!(!refused.contains("secret"), "{to}: {refused}");
        }
        let refused = check("source = \"http\"").expect_err("no sources");
        assert!(refused.contains("rates.sources"), "{refused}");
    }
}
