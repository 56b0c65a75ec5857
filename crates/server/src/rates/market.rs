//! What the sources said so far, and what it came to: the state behind a market's prices.
//!
//! No network and no clock: a round hands in what was heard, questions bring their time along. A
//! stablecoin whose peg broke stays broken until fresh prices say otherwise, even if every source
//! falls silent.

use std::collections::{BTreeMap, BTreeSet};

use domain::environment::Environment;
use domain::money::Rate;
use domain::rate::{self, MarketPrice, Observation, Peg, RateRules};
use domain::time::Timestamp;
use domain::token::Token;

use super::Price;

pub struct Market {
    rules: RateRules,
    /// What each source said last, by symbol and the source's place in the configuration.
    observed: BTreeMap<String, BTreeMap<usize, Observation>>,
    standing: BTreeMap<String, Standing>,
    started_at: Timestamp,
    /// When every source was asked last, whatever they said.
    asked_at: Option<Timestamp>,
}

/// What is known of one symbol.
#[derive(Clone, Copy, Default)]
struct Standing {
    /// What the last round came to.
    price: Option<MarketPrice>,
    /// The last price there was, whenever that was.
    last: Option<Observation>,
}

/// What a round changed that somebody may want to hear of.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// Sources, by place, whose word jumped alone.
    pub jumped: Vec<usize>,
    /// Stablecoins that left par, and that came back.
    pub broken: Vec<String>,
    pub mended: Vec<String>,
}

impl Market {
    /// Knows which symbols will be asked for, and nothing of their prices.
    pub fn new(rules: RateRules, symbols: impl Iterator<Item = String>, now: Timestamp) -> Market {
        Market {
            rules,
            observed: BTreeMap::new(),
            standing: symbols.map(|symbol| (symbol, Standing::default())).collect(),
            started_at: now,
            asked_at: None,
        }
    }

    pub fn hear(&mut self, source: usize, symbol: &str, observation: Observation) {
        self.observed.entry(symbol.to_owned()).or_default().insert(source, observation);
    }

    /// Makes prices of what was heard in the round that began at `since`.
    pub fn settle(&mut self, since: Timestamp, now: Timestamp) -> Round {
        let mut round = Round::default();
        let pegged: BTreeSet<&str> =
            Environment::ALL.into_iter().flat_map(Token::of).filter_map(pegged_symbol).collect();
        for (symbol, standing) in &mut self.standing {
            let (places, observed): (Vec<usize>, Vec<Observation>) =
                self.observed.get(symbol).into_iter().flatten().unzip();
            if pegged.contains(symbol.as_str()) {
                let was_broken = standing.is_broken(&self.rules);
                standing.price = rate::judge_stablecoin(&observed, &self.rules, now);
                standing.remember();
                match (was_broken, standing.is_broken(&self.rules)) {
                    (false, true) => round.broken.push(symbol.clone()),
                    (true, false) => round.mended.push(symbol.clone()),
                    (true, true) | (false, false) => {}
                }
                continue;
            }
            let judgement = rate::judge(&observed, standing.last, &self.rules, now);
            let is_news = |at: &usize| observed[*at].at >= since;
            round.jumped.extend(judgement.jumped.into_iter().filter(is_news).map(|at| places[at]));
            standing.price = judgement.price;
            standing.remember();
        }
        self.asked_at = Some(now);
        round
    }

    /// The price that is offered for a token now.
    pub fn price(&self, token: &Token, now: Timestamp) -> Option<Price> {
        let Some(symbol) = pegged_symbol(token) else {
            return self.standing.get(token.rate_symbol)?.fresh(now);
        };
        let at_par = |updated_at: Timestamp| Price { rate: Rate::PAR, updated_at };
        let Some(standing) = self.standing.get(symbol) else {
            // Nobody watches this one.
            return Some(at_par(self.asked_at.unwrap_or(self.started_at)));
        };
        if standing.is_broken(&self.rules) {
            return None;
        }
        let seen_at = standing.fresh(now).map(|seen| seen.updated_at);
        seen_at.or(self.asked_at).map(at_par)
    }

    /// What a transfer without a quote is worth: a stablecoin always is worth something.
    pub fn worth(&self, token: &Token, now: Timestamp) -> Option<Rate> {
        let Some(symbol) = pegged_symbol(token) else {
            return self.price(token, now).map(|price| price.rate);
        };
        let last = self.standing.get(symbol).and_then(|standing| standing.last);
        Some(match last.map(|last| rate::peg(last.rate, &self.rules)) {
            Some(Peg::Broken { worth }) => worth,
            Some(Peg::Holds) | None => Rate::PAR,
        })
    }
}

impl Standing {
    fn remember(&mut self) {
        if let Some(MarketPrice { rate, confirmed_at, .. }) = self.price {
            self.last = Some(Observation { rate, at: confirmed_at });
        }
    }

    fn fresh(&self, now: Timestamp) -> Option<Price> {
        let price = self.price.filter(|price| now < price.valid_until)?;
        Some(Price { rate: price.rate, updated_at: price.confirmed_at })
    }

    /// Of a stablecoin: by what was seen last, however long ago.
    fn is_broken(&self, rules: &RateRules) -> bool {
        self.last.is_some_and(|last| rate::peg(last.rate, rules) != Peg::Holds)
    }
}

/// Under which symbol the market prices a token that promises to be a dollar.
fn pegged_symbol(token: &Token) -> Option<&'static str> {
    (token.is_usd_stable() && token.rate_symbol == "USD").then_some(token.symbol)
}
