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
    /// Somebody looked at it: it counts, and nothing stops it.
    Waived,
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

/// Counts what is about to be sent against every limit that is set.
pub fn count_against(
    limits: &Limits,
    (merchant, environment): (MerchantId, Environment),
    (value, speed): (Usd, SpeedLimit),
    changes: &mut Changes,
    now: Timestamp,
) {
    for (merchant_id, window, ms, most) in windows(limits, merchant) {
        let Some(most) = most else { continue };
        let name = name(environment, (window, ms), now);
        let ceiling = match speed {
            SpeedLimit::Kept => Some(most.0),
            SpeedLimit::Waived => None,
        };
        changes.counters.push(CounterMove { merchant_id, name, by: value.0, floor: None, ceiling });
    }
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
