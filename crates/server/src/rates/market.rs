//! What the sources said so far, and what it came to: the state behind a market's prices.
//!
//! No network and no clock: a round hands in what was heard, questions bring their time along. A
//! stablecoin whose peg broke stays broken until fresh prices say otherwise, even if every source
//! falls silent, and the process is started anew: what was seen last is kept by the store.

use std::collections::BTreeMap;

use domain::changes::Changes;
use domain::environment::Environment;
use domain::known_price::{self, KnownPrice};
use domain::money::Rate;
use domain::rate::{self, MarketPrice, Observation, Peg, RateRules};
use domain::time::Timestamp;
use domain::token::{StableOf, Token};

use super::Price;

/// Under which symbol sources price a euro.
const EURO: &str = "EUR";

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
    /// The last price there was, whenever that was, and whoever saw it.
    last: Option<Last>,
    /// Whether somebody was told that it is off its peg.
    is_told_broken: bool,
}

#[derive(Clone, Copy)]
struct Last {
    seen: Observation,
    /// Of a stablecoin: what its currency was worth then.
    par: Option<Rate>,
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

    /// What sources are asked for.
    pub fn symbols(&self) -> impl Iterator<Item = &str> {
        self.standing.keys().map(String::as_str)
    }

    /// Goes on from what this process saw before it was started anew, or another one saw since.
    pub fn adopt(&mut self, known: &[KnownPrice]) {
        for known in known {
            let Some(standing) = self.standing.get_mut(&known.symbol) else { continue };
            if standing.last.is_none_or(|last| last.seen.at < known.at) {
                let seen = Observation { rate: known.rate, at: known.at };
                standing.last = Some(Last { seen, par: known.par });
            }
        }
    }

    /// What is worth keeping, now that `known` is kept.
    pub fn keep(&self, known: &[KnownPrice]) -> Changes {
        let seen = self.standing.iter().filter_map(|(symbol, standing)| {
            let Last { seen: Observation { rate, at }, par } = standing.last?;
            Some(KnownPrice { symbol: symbol.clone(), rate, at, par, version: 0 })
        });
        known_price::keep(known, seen.collect(), &self.rules)
    }

    pub fn hear(&mut self, source: usize, symbol: &str, observation: Observation) {
        self.observed.entry(symbol.to_owned()).or_default().insert(source, observation);
    }

    /// Makes prices of what was heard in the round that began at `since`.
    pub fn settle(&mut self, since: Timestamp, now: Timestamp) -> Round {
        let mut round = Round::default();
        let pegged: BTreeMap<&str, StableOf> =
            Environment::ALL.into_iter().flat_map(Token::of).filter_map(pegged_symbol).collect();
        let (observed, rules) = (&self.observed, &self.rules);
        let heard = |symbol: &str| -> (Vec<usize>, Vec<Observation>) {
            observed.get(symbol).into_iter().flatten().unzip()
        };
        let others = self.standing.iter_mut();
        for (symbol, standing) in others.filter(|(symbol, _)| !pegged.contains_key(symbol.as_str()))
        {
            let (places, observed) = heard(symbol);
            let reference = standing.last.map(|last| last.seen);
            let judgement = rate::judge(&observed, reference, rules, now);
            let is_news = |at: &usize| observed[*at].at >= since;
            round.jumped.extend(judgement.jumped.into_iter().filter(is_news).map(|at| places[at]));
            standing.price = judgement.price;
            standing.remember(None);
        }
        // A coin is measured by its currency, so the currencies come first.
        let euro = self.standing.get(EURO).and_then(|euro| euro.fresh(now)).map(|euro| euro.rate);
        for (symbol, standing) in &mut self.standing {
            let par = match pegged.get(symbol.as_str()) {
                Some(StableOf::Usd) => Some(Rate::PAR),
                Some(StableOf::Eur) => euro,
                None => continue,
            };
            standing.price = rate::judge_stablecoin(&heard(symbol).1, rules, now);
            // Without a price of its currency nothing is learnt about a peg.
            if par.is_some() {
                standing.remember(par);
            }
            let is_broken = standing.broken(rules).is_some();
            match (std::mem::replace(&mut standing.is_told_broken, is_broken), is_broken) {
                (false, true) => round.broken.push(symbol.clone()),
                (true, false) => round.mended.push(symbol.clone()),
                (true, true) | (false, false) => {}
            }
        }
        self.asked_at = Some(now);
        round
    }

    /// The price that is offered for a token now.
    pub fn price(&self, token: &Token, now: Timestamp) -> Option<Price> {
        let Some((symbol, currency)) = pegged_symbol(token) else {
            return self.standing.get(token.rate_symbol)?.fresh(now);
        };
        let standing = self.standing.get(symbol);
        if standing.is_some_and(|standing| standing.broken(&self.rules).is_some()) {
            return None;
        }
        match currency {
            StableOf::Eur => self.standing.get(EURO)?.fresh(now),
            StableOf::Usd => {
                let updated_at = match standing {
                    Some(standing) => {
                        standing.fresh(now).map(|seen| seen.updated_at).or(self.asked_at)?
                    }
                    // Nobody watches this one.
                    None => self.asked_at.unwrap_or(self.started_at),
                };
                Some(Price { rate: Rate::PAR, updated_at })
            }
        }
    }

    /// What a transfer without a quote is worth: a USD stablecoin always is worth something.
    pub fn worth(&self, token: &Token, now: Timestamp) -> Option<Rate> {
        let market = || self.price(token, now).map(|price| price.rate);
        let Some((symbol, currency)) = pegged_symbol(token) else { return market() };
        let standing = self.standing.get(symbol);
        let broken = standing.and_then(|standing| standing.broken(&self.rules));
        match (currency, broken) {
            (StableOf::Usd | StableOf::Eur, Some(worth)) => Some(worth),
            (StableOf::Usd, None) => Some(Rate::PAR),
            (StableOf::Eur, None) => market(),
        }
    }
}

impl Standing {
    fn remember(&mut self, par: Option<Rate>) {
        if let Some(MarketPrice { rate, confirmed_at, .. }) = self.price {
            let seen = Observation { rate, at: confirmed_at };
            // Another process may have looked since.
            if self.last.is_none_or(|last| last.seen.at <= seen.at) {
                self.last = Some(Last { seen, par });
            }
        }
    }

    fn fresh(&self, now: Timestamp) -> Option<Price> {
        let price = self.price.filter(|price| now < price.valid_until)?;
        Some(Price { rate: price.rate, updated_at: price.confirmed_at })
    }

    /// What a stablecoin off its peg is worth, by what was seen last, however long ago.
    fn broken(&self, rules: &RateRules) -> Option<Rate> {
        let Last { seen, par } = self.last?;
        match rate::peg(seen.rate, par?, rules) {
            Peg::Holds => None,
            Peg::Broken { worth } => Some(worth),
        }
    }
}

/// Under which symbol the market prices a token that promises to be a dollar or a euro.
fn pegged_symbol(token: &Token) -> Option<(&'static str, StableOf)> {
    let currency = token.stable?;
    let priced_as = match currency {
        StableOf::Usd => "USD",
        StableOf::Eur => EURO,
    };
    (token.rate_symbol == priced_as).then_some((token.symbol, currency))
}
