//! Rate limits: token buckets per key and per address, in this process.
//!
//! Bounded: when the table is full, buckets that are full again are dropped.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use domain::ids::RowKey;
use domain::time::Timestamp;

use crate::config::Config;
use crate::http::error::{ApiError, Code};

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    Key(RowKey),
    PayorIp(IpAddr),
    SignInIp(IpAddr),
}

impl Bucket {
    /// A customer's line has a whole /64 of IPv6 addresses: they are counted as one.
    fn whole(self) -> Bucket {
        let net = |ip: IpAddr| match ip.to_canonical() {
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.segments();
                IpAddr::from([a, b, c, d, 0, 0, 0, 0])
            }
            ip @ IpAddr::V4(_) => ip,
        };
        match self {
            Bucket::Key(key) => Bucket::Key(key),
            Bucket::PayorIp(ip) => Bucket::PayorIp(net(ip)),
            Bucket::SignInIp(ip) => Bucket::SignInIp(net(ip)),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Level {
    /// Thousandths of a request that may be made at `at`.
    millis: i64,
    at: Timestamp,
}

/// What the `RateLimit-*` headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    pub limit: u32,
    pub remaining: u32,
    pub reset_seconds: u64,
}

pub struct RateLimits {
    is_enabled: bool,
    key: (u32, u32),
    payor_ip: (u32, u32),
    buckets: Mutex<HashMap<Bucket, Level>>,
}

const BUCKETS_MAX: usize = 50_000;
const SIGN_IN_PER_SECOND: u32 = 1;
const SIGN_IN_BURST: u32 = 20;
const MILLIS: i64 = 1_000;

impl RateLimits {
    pub fn new(config: &Config) -> RateLimits {
        let limits = &config.rate_limits;
        RateLimits {
            is_enabled: limits.enabled,
            key: (limits.key_per_second, limits.key_burst),
            payor_ip: (limits.payor_ip_per_second, limits.payor_ip_burst),
            buckets: Mutex::new(HashMap::new()),
        }
    }

    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// Takes one request out of a bucket; none if limits are off.
    pub fn take(&self, bucket: Bucket, now: Timestamp) -> Result<Option<Allowance>, ApiError> {
        if !self.is_enabled {
            return Ok(None);
        }
        let bucket = bucket.whole();
        let (per_second, burst) = match bucket {
            Bucket::Key(_) => self.key,
            Bucket::PayorIp(_) => self.payor_ip,
            Bucket::SignInIp(_) => (SIGN_IN_PER_SECOND, SIGN_IN_BURST),
        };
        let full = i64::from(burst.max(1)) * MILLIS;
        let rate = i64::from(per_second.max(1));
        let mut buckets = self.buckets.lock().expect("no panic holds this lock");
        if buckets.len() >= BUCKETS_MAX {
            let is_in_use = |level: &Level| level.millis + level.at.ms_until(now) * rate < full;
            buckets.retain(|_, level| is_in_use(level));
            // Under an attack from everywhere, starting over is better than scanning for ever.
            if buckets.len() > BUCKETS_MAX / 2 {
                buckets.clear();
            }
        }
        let level = buckets.entry(bucket).or_insert(Level { millis: full, at: now });
        // A clock that was set back refills nothing and takes nothing away.
        let refilled = level.at.ms_until(now).max(0).saturating_mul(rate);
        level.millis = level.millis.saturating_add(refilled).min(full);
        level.at = now;
        if level.millis < MILLIS {
            let wait_ms = (MILLIS - level.millis) / rate + 1;
            let seconds = u64::try_from(wait_ms.div_euclid(1_000)).unwrap_or(0) + 1;
            let message = "Too many requests. Please try again later.";
            return Err(ApiError::new(Code::RateLimitExceeded, message).retry_after(seconds));
        }
        level.millis -= MILLIS;
        Ok(Some(Allowance {
            limit: burst,
            remaining: u32::try_from(level.millis / MILLIS).unwrap_or(0),
            reset_seconds: u64::try_from((full - level.millis) / rate / 1_000).unwrap_or(0) + 1,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_and_then_the_rate() {
        let limits = RateLimits::new(&Config::default());
        let bucket = Bucket::Key(RowKey([1; 16]));
        let take = |ms| limits.take(bucket, Timestamp(ms));
        for _ in 0..200 {
            assert!(take(0).is_ok());
        }
        let refused = take(0).expect_err("the burst is used up");
        assert_eq!((refused.code, refused.retry_after_seconds), (Code::RateLimitExceeded, Some(1)));
        assert!(take(10).is_ok() && take(10).is_err());
        assert!(take(5).is_err(), "a clock that went back gives nothing away");
        let line = |text: &str| Bucket::PayorIp(text.parse().expect("an address"));
        for _ in 0..40 {
            assert!(limits.take(line("2001:db8::1"), Timestamp(0)).is_ok());
        }
        assert!(limits.take(line("2001:db8::2"), Timestamp(0)).is_err(), "one line, one bucket");
        assert!(limits.take(line("2001:db8:0:1::1"), Timestamp(0)).is_ok());
        let other = Bucket::Key(RowKey([2; 16]));
        let allowance = limits.take(other, Timestamp(0)).expect("allowed").expect("limits are on");
        assert_eq!((allowance.limit, allowance.remaining), (200, 199));
    }
}
