//! The bench's one look at the clock, and its one source of fresh ids.
//!
//! Everywhere else in the workspace time and randomness are parameters, so that tests can
//! choose them. A load generator measures the real thing, and does it through these functions.
#![allow(clippy::disallowed_methods, reason = "a bench measures real time; this is its one place")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use uuid::Uuid;

/// The monotonic clock, for latencies and deadlines.
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since 1970, for the rows of the baseline.
pub fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

pub fn ordered_uuid() -> Uuid {
    Uuid::now_v7()
}

pub fn random_uuid() -> Uuid {
    Uuid::new_v4()
}
