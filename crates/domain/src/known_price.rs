//! The last price of an asset that the sources agreed on: what the next start, and every other
//! process, goes on from.
//!
//! Without it a restart would take any price for no jump, and a broken peg for one that holds. It
//! is written once a minute at most, and at once when a peg breaks or mends.
//!
//! Invariant: the newest look wins; an older one changes nothing, whichever process it is of.

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::ids::{MerchantId, RowKey, Version};
use crate::money::Rate;
use crate::rate::{Peg, RateRules, peg};
use crate::time::{MINUTE_MS, Timestamp};

/// A price moves all the time; what is kept needs to be true to within minutes only.
const KEEP_EVERY_MS: i64 = MINUTE_MS;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownPrice {
    /// As sources call it.
    pub symbol: String,
    pub rate: Rate,
    /// When it was last confirmed.
    pub at: Timestamp,
    /// Of a stablecoin: what the currency it promises was worth then.
    pub par: Option<Rate>,
    #[serde(skip)]
    pub version: Version,
}

impl KnownPrice {
    pub fn key(&self) -> RowKey {
        KnownPrice::row_key(&self.symbol)
    }

    pub fn row_key(symbol: &str) -> RowKey {
        RowKey::of("known_price", &[symbol.as_bytes()])
    }

    /// Whether it is off its peg, if it promises one.
    pub fn is_broken(&self, rules: &RateRules) -> bool {
        self.par.is_some_and(|par| peg(self.rate, par, rules) != Peg::Holds)
    }

    fn is_worth_keeping(&self, seen: &KnownPrice, rules: &RateRules) -> bool {
        let age_ms = self.at.ms_until(seen.at);
        let has_turned = self.is_broken(rules) != seen.is_broken(rules);
        age_ms >= KEEP_EVERY_MS || (age_ms > 0 && has_turned)
    }
}

/// Keeps what was seen, as far as it says more than what is kept; `known` are the rows of the same
/// symbols, in any order.
pub fn keep(known: &[KnownPrice], seen: Vec<KnownPrice>, rules: &RateRules) -> Changes {
    let mut changes = Changes::of(MerchantId::HOUSE);
    for seen in seen {
        match known.iter().find(|known| known.symbol == seen.symbol) {
            None => changes.insert(KnownPrice { version: 0, ..seen }),
            Some(known) if known.is_worth_keeping(&seen, rules) => {
                changes.update(KnownPrice { version: known.version, ..seen });
            }
            Some(_) => {}
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: RateRules =
        RateRules { stale_after_ms: 120_000, quorum: 1, jump_percent: 20, depeg_bps: 200 };
    const NOW: Timestamp = Timestamp(1_000_000_000);

    fn price(dollars: &str, after_ms: i64) -> KnownPrice {
        KnownPrice {
            symbol: "USDC".to_owned(),
            rate: Rate::parse(dollars).expect("a rate"),
            at: NOW.plus_ms(after_ms),
            par: Some(Rate::PAR),
            version: 3,
        }
    }

    #[track_caller]
    fn check(known: &KnownPrice, seen: KnownPrice, is_written: bool) {
        let known = std::slice::from_ref(known);
        let changes = keep(known, vec![seen.clone()], &RULES);
        assert_eq!(!changes.is_empty(), is_written, "{seen:?} after {known:?}");
    }

    #[test]
    fn a_price_is_kept_once_a_minute_and_a_turn_of_its_peg_at_once() {
        let holds = price("1", 0);
        check(&holds, price("0.99", 59_999), false);
        check(&holds, price("0.99", 60_000), true);
        check(&holds, price("0.90", 1), true);
        check(&price("0.90", 0), price("0.91", 30_000), false);
        check(&price("0.90", 0), price("1", 30_000), true);
    }

    #[test]
    fn the_newest_look_wins() {
        check(&price("0.90", 100), price("1", 100), false);
        check(&price("0.90", 100), price("1", 99), false);
        let changes = keep(&[], vec![price("1", 0)], &RULES);
        assert_eq!(changes.inserts[0].version(), 0);
    }

    #[test]
    fn what_promises_nothing_is_never_broken() {
        let coin = KnownPrice { par: None, ..price("0.5", 0) };
        assert!(!coin.is_broken(&RULES) && price("0.5", 0).is_broken(&RULES));
    }

    #[test]
    fn a_row_reads_back() {
        let price = KnownPrice { rate: Rate(u128::MAX), version: 0, ..price("1", 0) };
        let json = serde_json::to_string(&price).expect("is JSON");
        assert_eq!(serde_json::from_str::<KnownPrice>(&json).expect("reads"), price);
    }
}
