//! How much may leave in an hour and a day: counters with ceilings, of a merchant and of all.
//!
//! A counter is moved in the commit of the intent, so two at once cannot both be the last that
//! fits. What does not fit is not refused: it is held until a human has looked at it.

use serde::{Deserialize, Serialize};

use crate::changes::{Changes, CounterMove, counter_key};
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey};
use crate::money::Usd;
use crate::time::{SECOND_MS, Timestamp};

const HOUR_MS: i64 = 3_600 * SECOND_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// The most that may be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub merchant_hour: Option<Usd>,
    pub merchant_day: Option<Usd>,
    pub house_hour: Option<Usd>,
    pub house_day: Option<Usd>,
    /// What is larger wants a second person.
    pub approval_above: Option<Usd>,
}

/// Whether limits bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeedLimit {
    Kept,
    /// An owner looked at it: his own limits do not stop it, the house's do.
    KeptOfHouse,
    /// The operator looked at it: it counts, and nothing stops it.
    Waived,
}

/// What was counted in a window, so that it can be given back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    pub merchant_id: MerchantId,
    pub name: String,
    pub value: Usd,
}

impl Counted {
    /// Gives back as much of a value as was counted and not given back before.
    pub fn give_back(&mut self, value: Usd, changes: &mut Changes) {
        let value = value.min(self.value);
        if value > Usd::ZERO {
            self.value = self.value.minus_floor(value);
            // No floor: it was counted, and a window that is gone must not stop anything.
            changes.counters.push(CounterMove {
                merchant_id: self.merchant_id,
                name: self.name.clone(),
                by: -value.0,
                floor: None,
                ceiling: None,
            });
        }
    }
}

fn windows(
    limits: &Limits,
    merchant: MerchantId,
) -> [(MerchantId, &'static str, i64, Option<Usd>); 4] {
    [
        (merchant, "hour", HOUR_MS, limits.merchant_hour),
        (merchant, "day", DAY_MS, limits.merchant_day),
        (MerchantId::HOUSE, "hour", HOUR_MS, limits.house_hour),
        (MerchantId::HOUSE, "day", DAY_MS, limits.house_day),
    ]
}

fn name(environment: Environment, (window, ms): (&str, i64), now: Timestamp) -> String {
    format!("sent.{}.{window}.{}", environment.as_str(), now.0.div_euclid(ms))
}

/// Counts what is about to be sent against every limit that is set, and says where it did.
pub fn count_against(
    limits: &Limits,
    (merchant, environment): (MerchantId, Environment),
    (value, speed): (Usd, SpeedLimit),
    changes: &mut Changes,
    now: Timestamp,
) -> Vec<Counted> {
    let mut counted = Vec::new();
    for (merchant_id, window, ms, most) in windows(limits, merchant) {
        let Some(most) = most else { continue };
        let name = name(environment, (window, ms), now);
        let ceiling = match speed {
            SpeedLimit::Kept => Some(most.0),
            SpeedLimit::KeptOfHouse => Some(most.0).filter(|_| merchant_id == MerchantId::HOUSE),
            SpeedLimit::Waived => None,
        };
        counted.push(Counted { merchant_id, name: name.clone(), value });
        changes.counters.push(CounterMove { merchant_id, name, by: value.0, floor: None, ceiling });
    }
    counted
}

/// The counters of the limits that are set, and how far each may go.
pub fn ceilings(
    limits: &Limits,
    (merchant, environment): (MerchantId, Environment),
    now: Timestamp,
) -> Vec<(MerchantId, RowKey, Usd)> {
    let ceiling = |(merchant_id, window, ms, most): (MerchantId, &str, i64, Option<Usd>)| {
        let key = counter_key(merchant_id, &name(environment, (window, ms), now));
        most.map(|most| (merchant_id, key, most))
    };
    windows(limits, merchant).into_iter().filter_map(ceiling).collect()
}

/// The counters a refused commit may name.
pub fn limit_keys(
    limits: &Limits,
    (merchant, environment): (MerchantId, Environment),
    now: Timestamp,
) -> Vec<RowKey> {
    let key = |(merchant_id, window, ms, _): (MerchantId, &str, i64, Option<Usd>)| {
        counter_key(merchant_id, &name(environment, (window, ms), now))
    };
    windows(limits, merchant).map(key).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    #[test]
    fn what_was_counted_is_given_back_once_where_it_was_counted() {
        let most = Some(Usd::from_dollars(10));
        let limits = Limits { merchant_hour: most, house_day: most, ..Limits::default() };
        let whose = (MerchantId(1), Environment::Devnet);
        let mut changes = Changes::of(MerchantId(1));
        let value = Usd::from_dollars(4);
        let speed = SpeedLimit::KeptOfHouse;
        let counted = count_against(&limits, whose, (value, speed), &mut changes, NOW);
        let stops: Vec<_> = changes.counters.iter().map(|one| one.ceiling.is_some()).collect();
        assert_eq!(stops, [false, true], "an owner waives his own limits only");
        for mut one in counted {
            one.give_back(Usd::from_dollars(3), &mut changes);
            one.give_back(Usd::from_dollars(3), &mut changes);
            one.give_back(Usd::from_dollars(3), &mut changes);
        }
        let mut sums = std::collections::BTreeMap::new();
        for one in &changes.counters {
            *sums.entry(one.name.clone()).or_insert(0) += one.by;
        }
        assert_eq!(sums.len(), 2);
        assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    }
}
