//! A day of the ledger: how often and how much was moved, of one asset and for one reason.
//!
//! The follower that hashes the ledger adds every transfer to its day in the same commit, so that
//! reports read a few rows, and what they say is what the ledger says.
//!
//! A day is one of UTC.

use serde::{Deserialize, Serialize};

use super::{Account, Asset, Phase, PlacedTransfer, TransferReason};
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, Version};
use crate::money::TokenAmount;
use crate::time::{DAY_MS, Timestamp};

/// Which row of a day a transfer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Day(pub i64);

impl Day {
    pub fn of(moment: Timestamp) -> Day {
        Day(moment.0.div_euclid(DAY_MS))
    }

    pub fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(DAY_MS))
    }

    pub fn next(self) -> Day {
        Day(self.0.saturating_add(1))
    }

    /// `2026-11-21`
    pub fn date(self) -> String {
        let moment = self.start().rfc3339();
        moment.split_once('T').map_or("", |(date, _)| date).to_owned()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerDay {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub day: Day,
    pub asset: Asset,
    pub reason: TransferReason,
    pub phase: Phase,
    pub count: i64,
    pub amount: TokenAmount,
    pub version: Version,
}

impl LedgerDay {
    /// The empty row a transfer is added to; its accounts are of one asset.
    pub fn of(transfer: &PlacedTransfer, debit: &Account) -> LedgerDay {
        LedgerDay {
            merchant_id: transfer.merchant_id,
            environment: transfer.environment,
            day: Day::of(transfer.created_at),
            asset: debit.asset,
            reason: transfer.reason,
            phase: transfer.phase,
            count: 0,
            amount: TokenAmount::ZERO,
            version: 0,
        }
    }

    pub fn key(&self) -> RowKey {
        const CURRENCY: i64 = -1;
        let parts = [
            self.merchant_id.0,
            self.environment.code(),
            self.day.0,
            self.asset.network().map_or(CURRENCY, |network| network.code()),
            self.asset.code(),
            self.reason.code(),
            self.phase.code(),
        ];
        let bytes = parts.map(i64::to_be_bytes);
        RowKey::of("ledger_day", &bytes.each_ref().map(|part| &part[..]))
    }

    pub fn add(&mut self, amount: TokenAmount) {
        self.count += 1;
        self.amount = TokenAmount(self.amount.0.saturating_add(amount.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(seconds: i64, date: &str) {
        assert_eq!(Day::of(Timestamp(seconds * 1_000)).date(), date);
    }

    #[test]
    fn days_have_the_dates_of_the_calendar() {
        check(0, "1970-01-01");
        check(86_399, "1970-01-01");
        check(86_400, "1970-01-02");
        check(951_782_400, "2000-02-29");
        check(951_868_800, "2000-03-01");
        check(1_709_164_800, "2024-02-29");
        check(1_766_320_496, "2025-12-21");
        check(4_107_542_400, "2100-03-01");
        check(-1, "1969-12-31");
    }
}
