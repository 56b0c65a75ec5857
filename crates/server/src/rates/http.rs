//! Prices from HTTP sources: asks all of them, and hears what is a price.
//!
//! Every source is asked at once and for itself, with a bound on time and on what is read, so that
//! a dead one delays nobody past that. A source that fails keeps what it said before, until that is
//! stale. URLs and headers may hold keys and are never told; a source is called by its name.
//!
//! Invariant: no price is made before what is kept of the last ones was read, and what a round
//! learns is kept before it is over.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{RwLock, RwLockWriteGuard};
use std::time::Duration;

use anyhow::Context as _;
use axum::http::header::{ACCEPT, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::known_price::KnownPrice;
use domain::money::Rate;
use domain::rate::{Observation, parse_price};
use domain::time::Timestamp;
use domain::token::Token;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use serde_json::value::RawValue;
use store::{CommitError, Store, StoreError};

use super::document::price_text;
use super::market::{Market, Round};
use super::{Price, Sources};
use crate::app::App;
use crate::clock::Clock;
use crate::config::{Config, RateSourceConfig};
use crate::metrics::Metrics;
use crate::outbound::{Client, Patience, Target};

/// A list of all prices of an exchange is no answer to a question about a few.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Questions to one source that are on their way at once.
const AT_ONCE_MAX: usize = 4;
/// Of a source that has not answered yet.
const NEVER: i64 = i64::MIN;

pub struct HttpRates {
    client: Client,
    /// For all questions to one source.
    round_max: Duration,
    sources: Vec<Source>,
    market: RwLock<Market>,
}

struct Source {
    name: String,
    headers: HeaderMap,
    questions: Vec<Question>,
    /// Between two looks at it.
    poll_ms: u64,
    /// When it last said a price, in epoch milliseconds.
    heard_at: AtomicI64,
    is_failing: AtomicBool,
}

/// One URL, and what is looked for in its answer.
struct Question {
    target: Target,
    /// Symbol and pointer.
    prices: Vec<(String, String)>,
}

/// Why a question brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    NoAnswer,
    Status,
    TooLarge,
    NotJson,
}

impl Silence {
    fn as_str(self) -> &'static str {
        match self {
            Silence::NoAnswer => "no_answer",
            Silence::Status => "status",
            Silence::TooLarge => "too_large",
            Silence::NotJson => "not_json",
        }
    }
}

impl HttpRates {
    pub fn new(config: &Config, now: Timestamp) -> anyhow::Result<HttpRates> {
        let rates = &config.rates;
        let round_max = Duration::from_millis(rates.timeout_ms);
        let patience = Patience {
            connect: Patience::default().connect.min(round_max),
            attempt: round_max,
            ..Patience::default()
        };
        let named = |source: &RateSourceConfig| {
            Source::new(source, rates.poll_ms_of(source))
                .with_context(|| format!("rates.sources: {}", source.name))
        };
        let sources: Vec<Source> =
            rates.sources.iter().map(named).collect::<anyhow::Result<_>>()?;
        let symbols: BTreeSet<String> =
            rates.sources.iter().flat_map(|source| source.prices.keys().cloned()).collect();
        Ok(HttpRates {
            client: Client::reaching(config, config.rate_reach(), patience),
            round_max,
            sources,
            market: RwLock::new(Market::new(rates.rules(), symbols.into_iter(), now)),
        })
    }

    pub fn price(&self, token: &Token, now: Timestamp) -> Option<Price> {
        self.market.read().expect("no panic holds this lock").price(token, now)
    }

    pub fn worth(&self, token: &Token, now: Timestamp) -> Option<Rate> {
        self.market.read().expect("no panic holds this lock").worth(token, now)
    }

    /// Asks these sources, makes prices of what they say, and keeps what is worth keeping.
    pub async fn refresh(&self, app: &App, which: Sources) -> anyhow::Result<()> {
        let (clock, metrics) = (&app.clock, &app.metrics);
        let since = clock.now();
        let known = self.known(&app.store).await.context("reading the last prices")?;
        self.market().adopt(&known);
        let asked = self.sources.iter().enumerate().filter(|(_, source)| source.is_one_of(which));
        join_all(asked.map(|place| self.ask(place, clock, metrics))).await;
        self.client.sweep();
        let round = self.market().settle(since, clock.now());
        self.tell(&round, metrics);
        if self.market().keep(&known).is_empty() {
            return Ok(());
        }
        let keeping = app.decide(async || {
            let known = self.known(&app.store).await?;
            Ok::<_, CommitError>((self.market().keep(&known), ()))
        });
        keeping.await.context("keeping the last prices")
    }

    /// How long between two looks, for each pace that any source has.
    pub fn paces(&self) -> BTreeSet<u64> {
        self.sources.iter().map(|source| source.poll_ms).collect()
    }

    async fn known(&self, store: &Store) -> Result<Vec<KnownPrice>, StoreError> {
        let keys = self.market().symbols().map(KnownPrice::row_key).collect();
        Ok(store.get_many::<KnownPrice>(keys).await?.into_iter().flatten().collect())
    }

    fn market(&self) -> RwLockWriteGuard<'_, Market> {
        self.market.write().expect("no panic holds this lock")
    }

    pub fn measure(&self, metrics: &Metrics, now: Timestamp) {
        for source in &self.sources {
            let heard_at = source.heard_at.load(Ordering::Relaxed);
            if heard_at != NEVER {
                let series = format!("pepay_rate_source_age_ms{{source=\"{}\"}}", source.name);
                metrics.set(&series, Timestamp(heard_at).ms_until(now));
            }
        }
    }

    async fn ask(&self, (place, source): (usize, &Source), clock: &Clock, metrics: &Metrics) {
        let questions: Vec<_> =
            source.questions.iter().map(|question| self.answer(source, question)).collect();
        let mut questions = stream::iter(questions).buffer_unordered(AT_ONCE_MAX);
        let mut silence = None;
        let listening = async {
            while let Some(answered) = questions.next().await {
                match answered {
                    Ok(said) => self.hear((place, source), said, clock.now(), metrics),
                    Err(why) => silence = Some(why),
                }
            }
        };
        if tokio::time::timeout(self.round_max, listening).await.is_err() {
            silence = Some(Silence::NoAnswer);
        }
        if let Some(why) = silence {
            let labels = format!("source=\"{}\",reason=\"{}\"", source.name, why.as_str());
            metrics.add(&format!("pepay_rate_source_failures_total{{{labels}}}"), 1);
        }
        let is_failing = silence.is_some();
        match (source.is_failing.swap(is_failing, Ordering::Relaxed), silence) {
            (false, Some(why)) => {
                tracing::warn!(rates.source = source.name, reason = why.as_str(), "says no prices");
            }
            (true, None) => tracing::info!(rates.source = source.name, "says prices again"),
            (true, Some(_)) | (false, None) => {}
        }
    }

    /// What one answer says, symbol by symbol; nothing, where it says none.
    async fn answer<'a>(
        &self,
        source: &Source,
        question: &'a Question,
    ) -> Result<Vec<(&'a str, Option<Rate>)>, Silence> {
        let asked = self.client.get(&question.target, source.headers.clone(), ANSWER_BYTES_MAX + 1);
        let answer = asked.await.map_err(|_| Silence::NoAnswer)?;
        if answer.status != 200 {
            return Err(Silence::Status);
        }
        if answer.body.len() > ANSWER_BYTES_MAX {
            return Err(Silence::TooLarge);
        }
        let document: &RawValue =
            serde_json::from_slice(&answer.body).map_err(|_| Silence::NotJson)?;
        let price = |pointer: &str| parse_price(&price_text(document, pointer)?).ok();
        let said = question.prices.iter();
        Ok(said.map(|(symbol, pointer)| (symbol.as_str(), price(pointer))).collect())
    }

    fn hear(
        &self,
        (place, source): (usize, &Source),
        said: Vec<(&str, Option<Rate>)>,
        now: Timestamp,
        metrics: &Metrics,
    ) {
        let mut market = self.market();
        for (symbol, rate) in said {
            match rate {
                Some(rate) => {
                    market.hear(place, symbol, Observation { rate, at: now });
                    source.heard_at.store(now.0, Ordering::Relaxed);
                }
                None => count_dropped(metrics, source, "no_price"),
            }
        }
    }

    fn tell(&self, round: &Round, metrics: &Metrics) {
        for source in round.jumped.iter().filter_map(|place| self.sources.get(*place)) {
            count_dropped(metrics, source, "jump");
        }
        let peg = |symbol: &str| format!("pepay_rate_peg_broken{{token=\"{symbol}\"}}");
        for symbol in &round.broken {
            metrics.set(&peg(symbol), 1);
            tracing::error!(token.symbol = symbol, "left its peg: it gets no new quotes");
        }
        for symbol in &round.mended {
            metrics.set(&peg(symbol), 0);
            tracing::info!(token.symbol = symbol, "is back at its peg");
        }
    }
}

fn count_dropped(metrics: &Metrics, source: &Source, reason: &str) {
    let labels = format!("source=\"{}\",reason=\"{reason}\"", source.name);
    metrics.add(&format!("pepay_rate_values_dropped_total{{{labels}}}"), 1);
}

impl Source {
    fn is_one_of(&self, which: Sources) -> bool {
        match which {
            Sources::All => true,
            Sources::Every(poll_ms) => self.poll_ms == poll_ms,
        }
    }

    fn new(config: &RateSourceConfig, poll_ms: u64) -> anyhow::Result<Source> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static("Pepay-Rates/1"));
        for (name, value) in &config.headers {
            let name: HeaderName = name.parse().ok().context("headers: not a header's name")?;
            let mut value = HeaderValue::from_str(value).ok().context("headers: a bad value")?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let question = |url: String, prices: Vec<(String, String)>| {
            let target = Target::parse(&url).context("url: cannot be asked")?;
            anyhow::Ok(Question { target, prices })
        };
        let wanted = |symbol: &String| (symbol.clone(), config.pointer_of(symbol));
        let symbols = config.prices.keys();
        let questions = match config.url.contains("{symbol}") {
            true => symbols
                .map(|symbol| question(config.url_of(symbol), vec![wanted(symbol)]))
                .collect::<anyhow::Result<_>>()?,
            false => vec![question(config.url.clone(), symbols.map(wanted).collect())?],
        };
        let name = config.name.clone();
        let (heard_at, is_failing) = (AtomicI64::new(NEVER), AtomicBool::new(false));
        Ok(Source { name, headers, questions, poll_ms, heard_at, is_failing })
    }
}
