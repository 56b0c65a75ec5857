//! How much a user may move in a day and in a month, by how well he is known.
//!
//! The sums are counters with ceilings: the commit refuses whoever would pass one, so two at once
//! cannot both take what is left. Days and months are those of UTC.

use super::KycLevel;
use crate::changes::CounterMove;
use crate::ids::RowKey;
use crate::money::Usd;
use crate::ramp_user::RampUser;
use crate::refusal::Refusal;
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitPeriod {
    Day,
    Month,
}

impl LimitPeriod {
    pub fn as_str(self) -> &'static str {
        match self {
            LimitPeriod::Day => "per_day",
            LimitPeriod::Month => "per_month",
        }
    }
}

struct Limits {
    level: KycLevel,
    day: Usd,
    month: Usd,
}

const fn limits(level: KycLevel, day_dollars: i64, month_dollars: i64) -> Limits {
    let (day, month) = (Usd(day_dollars * 1_000_000), Usd(month_dollars * 1_000_000));
    Limits { level, day, month }
}

/// In USD, whatever is moved.
const LIMITS: [Limits; 3] = [
    limits(KycLevel::Basic, 1_000, 5_000),
    limits(KycLevel::Standard, 10_000, 50_000),
    limits(KycLevel::Enhanced, 100_000, 1_000_000),
];

impl KycLevel {
    /// How much may be moved in one day or one month.
    pub fn limit(self, period: LimitPeriod) -> Usd {
        let row = LIMITS.iter().find(|row| row.level == self).expect("every level has limits");
        match period {
            LimitPeriod::Day => row.day,
            LimitPeriod::Month => row.month,
        }
    }
}

/// A limit that would be passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitPassed {
    pub level: KycLevel,
    pub period: LimitPeriod,
}

impl std::fmt::Display for LimitPassed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (period, level) = (self.period.as_str(), self.level.as_str());
        let dollars = self.level.limit(self.period).0 / 1_000_000;
        write!(out, "The limit {period} of KYC level {level}, {dollars} USD, would be passed")
    }
}

/// What is to be counted against a user's limits: put `moves` into the change that spends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spending {
    pub level: KycLevel,
    pub moves: [CounterMove; 2],
}

impl Spending {
    /// Which limit it is, if the commit was refused for this counter.
    pub fn passed(&self, key: RowKey) -> Option<Refusal> {
        let periods = [LimitPeriod::Day, LimitPeriod::Month];
        let at = self.moves.iter().position(|one| one.key() == key)?;
        Some(Refusal::LimitExceeded(LimitPassed { level: self.level, period: periods[at] }))
    }
}

/// Counts an amount against what the level leaves of this day and this month.
///
/// What alone is more than a limit is refused at once; what others leave is for the commit.
pub fn spend(
    user: &RampUser,
    level: KycLevel,
    amount: Usd,
    now: Timestamp,
) -> Result<Spending, Refusal> {
    for period in [LimitPeriod::Day, LimitPeriod::Month] {
        if amount > level.limit(period) {
            return Err(Refusal::LimitExceeded(LimitPassed { level, period }));
        }
    }
    let moved = |period| CounterMove {
        merchant_id: user.merchant_id,
        name: counter(user, period, now),
        by: amount.0,
        floor: None,
        ceiling: Some(level.limit(period).0),
    };
    Ok(Spending { level, moves: [moved(LimitPeriod::Day), moved(LimitPeriod::Month)] })
}

/// What was spent at a moment and came to nothing is free again in that day and month.
pub fn give_back(user: &RampUser, amount: Usd, spent_at: Timestamp) -> [CounterMove; 2] {
    [LimitPeriod::Day, LimitPeriod::Month].map(|period| CounterMove {
        merchant_id: user.merchant_id,
        name: counter(user, period, spent_at),
        by: -amount.0,
        floor: None,
        ceiling: None,
    })
}

fn counter(user: &RampUser, period: LimitPeriod, now: Timestamp) -> String {
    let date = now.rfc3339();
    let stretch = match period {
        LimitPeriod::Day => &date[..10],
        LimitPeriod::Month => &date[..7],
    };
    format!("ramps.{}.spent.{stretch}", user.id)
}
