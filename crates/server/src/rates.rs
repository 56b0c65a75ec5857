//! Today's prices: what one whole token is worth in USD.
//!
//! They come from a fixed table, right for devnet and for USD stablecoins, or from HTTP sources of
//! the operator's. Where there is no price, nothing is quoted; who said it is nobody's business
//! outside this house.

mod document;
mod fixed;
mod http;
mod market;

use std::collections::BTreeSet;

use domain::money::Rate;
use domain::quote::RATE_STALE_MS;
use domain::time::Timestamp;
use domain::token::Token;

use self::fixed::FixedRates;
use self::http::HttpRates;
use crate::app::App;
use crate::config::{Config, RateSourceKind};
use crate::metrics::Metrics;

/// A price and when it was last confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub rate: Rate,
    pub updated_at: Timestamp,
}

impl Price {
    /// Too old to be offered.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.updated_at.ms_until(now) > RATE_STALE_MS
    }
}

/// Which sources a round asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Sources {
    #[default]
    All,
    /// Those that are looked at so often, in milliseconds.
    Every(u64),
}

enum RateSource {
    Fixed(FixedRates),
    Http(HttpRates),
}

pub struct RateBook {
    source: RateSource,
}

impl RateBook {
    pub fn new(config: &Config, now: Timestamp) -> anyhow::Result<RateBook> {
        let source = match config.rates.source {
            RateSourceKind::Fixed => RateSource::Fixed(FixedRates::new(now)),
            RateSourceKind::Http => RateSource::Http(HttpRates::new(config, now)?),
        };
        Ok(RateBook { source })
    }

    /// The price a token is offered at, if there is one now.
    pub fn price(&self, token: &Token, now: Timestamp) -> Option<Price> {
        match &self.source {
            RateSource::Fixed(table) => table.price(token),
            RateSource::Http(sources) => sources.price(token, now),
        }
    }

    /// The price to lock a quote at. A stale one is not locked where money is real.
    pub fn lockable(&self, token: &Token, now: Timestamp) -> Option<Price> {
        let price = self.price(token, now)?;
        (!token.environment.is_live() || !price.is_stale(now)).then_some(price)
    }

    /// What a transfer without a live quote is worth now.
    ///
    /// A USD stablecoin that left par is offered to nobody, but what was sent is worth the market's
    /// price, and never more than par.
    pub fn worth(&self, token: &Token, now: Timestamp) -> Option<Rate> {
        match &self.source {
            RateSource::Fixed(table) => table.price(token).map(|price| price.rate),
            RateSource::Http(sources) => sources.worth(token, now),
        }
    }

    /// Confirms the prices anew: one bounded round over these sources.
    pub async fn refresh(&self, app: &App, which: Sources) -> anyhow::Result<()> {
        match &self.source {
            RateSource::Fixed(table) => {
                table.refresh(app.now());
                Ok(())
            }
            RateSource::Http(sources) => sources.refresh(app, which).await,
        }
    }

    /// Milliseconds between two rounds, for each pace that any source has.
    pub fn paces(&self, config: &Config) -> BTreeSet<u64> {
        match &self.source {
            RateSource::Fixed(_) => [config.rates.poll_ms].into(),
            RateSource::Http(sources) => sources.paces(),
        }
    }

    /// How old the word of each source is.
    pub fn measure(&self, metrics: &Metrics, now: Timestamp) {
        match &self.source {
            RateSource::Fixed(_) => {}
            RateSource::Http(sources) => sources.measure(metrics, now),
        }
    }

    /// As merchants read it: the kind of source, never which.
    pub fn source_name(&self) -> &'static str {
        match &self.source {
            RateSource::Fixed(_) => "fixed",
            RateSource::Http(_) => "market",
        }
    }
}
