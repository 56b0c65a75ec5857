//! When a delivery that failed is tried again: twelve attempts over about 75 hours.
//!
//! Every delay is spread by a fifth, so that a receiver that comes back is not met by everything at
//! once. A receiver's `Retry-After` is honoured from the schedule's own delay up to a day.

use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS};

/// What follows the first, second, … failed try.
const DELAYS_MS: [i64; 11] = [
    5 * SECOND_MS,
    30 * SECOND_MS,
    2 * MINUTE_MS,
    10 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
    14 * HOUR_MS,
    20 * HOUR_MS,
    24 * HOUR_MS,
];

pub const TRIES_MAX: i64 = DELAYS_MS.len() as i64 + 1;
pub const RETRY_AFTER_MS_MAX: i64 = DAY_MS;
/// How long it all takes if every delay is spread to its longest and no receiver asks for more.
pub const SCHEDULE_MS_MAX: i64 = {
    let (mut sum_ms, mut at) = (0, 0);
    while at < DELAYS_MS.len() {
        sum_ms += DELAYS_MS[at];
        at += 1;
    }
    sum_ms * (SPREAD_LEAST_PERMILLE + SPREAD_SIDES as i64 - 1) / 1_000
};

/// How many ways a delay can be spread: from four fifths of it to six.
pub const SPREAD_SIDES: u64 = 401;
const SPREAD_LEAST_PERMILLE: i64 = 800;

/// How long to wait after so many tries; none: that was the last.
pub(super) fn delay_ms(tries: i64, retry_after_ms: Option<i64>, spread: u64) -> Option<i64> {
    let at = usize::try_from(tries - 1).ok()?;
    let delay_ms = *DELAYS_MS.get(at)?;
    let spread = i64::try_from(spread % SPREAD_SIDES).expect("below 401");
    let own_ms = delay_ms * (SPREAD_LEAST_PERMILLE + spread) / 1_000;
    let asked_ms = retry_after_ms.map(|asked_ms| asked_ms.min(RETRY_AFTER_MS_MAX));
    Some(own_ms.max(asked_ms.unwrap_or(0)))
}
