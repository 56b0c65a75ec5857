//! The fixed table: round numbers, so that devnet amounts are easy to follow.
//!
//! It prices no real money: on mainnet it knows USD stablecoins only, at par. A fixed table is
//! always as true as it was, so refreshing it only says so.

use std::sync::RwLock;

use domain::money::Rate;
use domain::time::Timestamp;
use domain::token::Token;

use super::Price;

/// (symbol, USD)
const FIXED: [(&str, &str); 9] = [
    ("USD", "1"),
    ("EUR", "1.10"),
    ("ETH", "3000"),
    ("BNB", "600"),
    ("AVAX", "30"),
    ("SOL", "150"),
    ("TON", "5"),
    ("ADA", "0.50"),
    ("SUI", "2"),
];

pub struct FixedRates {
    refreshed_at: RwLock<Timestamp>,
}

impl FixedRates {
    pub fn new(now: Timestamp) -> FixedRates {
        FixedRates { refreshed_at: RwLock::new(now) }
    }

    pub fn price(&self, token: &Token) -> Option<Price> {
        if token.environment.is_live() && !token.is_usd_stable() {
            return None;
        }
        let (_, text) = FIXED.iter().find(|(symbol, _)| *symbol == token.rate_symbol)?;
        let rate = Rate::parse(text).ok()?;
        let updated_at = *self.refreshed_at.read().expect("no panic holds this lock");
        Some(Price { rate, updated_at })
    }

    pub fn refresh(&self, now: Timestamp) {
        *self.refreshed_at.write().expect("no panic holds this lock") = now;
    }
}
