//! Latencies in logarithmic buckets of microseconds.
//!
//! Below 128 µs every microsecond has its bucket; above, each doubling is cut into 128, so that
//! a bucket is at most 0.8 % wide. Recording is two shifts and an addition, and histograms of
//! many connections add up to one.

use std::time::Duration;

const SUB_BITS: u32 = 7;
const SUB_BUCKETS: usize = 1 << SUB_BITS;
/// Octaves above the exact range: up to 2^33 µs, which is more than two hours.
const OCTAVES: usize = 26;

pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    max_us: u64,
}

impl Histogram {
    pub fn new() -> Self {
        Self { buckets: vec![0; SUB_BUCKETS * (OCTAVES + 1)], count: 0, max_us: 0 }
    }

    pub fn record(&mut self, latency: Duration) {
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let last = self.buckets.len() - 1;
        self.buckets[bucket_of(us).min(last)] += 1;
        self.count += 1;
        self.max_us = self.max_us.max(us);
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.max_us = self.max_us.max(other.max_us);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The latency in milliseconds which `share` (0 to 1) of the requests did not exceed.
    pub fn quantile_ms(&self, share: f64) -> f64 {
        let wanted = (share * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for (bucket, in_bucket) in self.buckets.iter().enumerate() {
            seen += in_bucket;
            if seen >= wanted && seen > 0 {
                return (top_of(bucket).min(self.max_us)) as f64 / 1e3;
            }
        }
        self.max_ms()
    }

    pub fn max_ms(&self) -> f64 {
        self.max_us as f64 / 1e3
    }
}

fn bucket_of(us: u64) -> usize {
    if us < SUB_BUCKETS as u64 {
        return us as usize;
    }
    let octave = us.ilog2() - SUB_BITS;
    let within = (us >> octave) as usize - SUB_BUCKETS;
    SUB_BUCKETS + octave as usize * SUB_BUCKETS + within
}

/// The largest number of microseconds that falls into the bucket.
fn top_of(bucket: usize) -> u64 {
    if bucket < SUB_BUCKETS {
        return bucket as u64;
    }
    let octave = (bucket - SUB_BUCKETS) / SUB_BUCKETS;
    let within = (bucket - SUB_BUCKETS) % SUB_BUCKETS;
    ((SUB_BUCKETS + within + 1) as u64) * (1 << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bucket_holds_its_own_top_and_is_narrow() {
        for us in (0..2_000).chain([4_096, 40_000, 999_999, 7_200_000_000]) {
            let top = top_of(bucket_of(us));
            assert!(top >= us, "{us} is above the top {top} of its bucket");
            assert!(top - us <= us / 128, "{us} lies in a bucket that reaches to {top}");
        }
    }

    #[test]
    fn quantiles_of_one_to_a_thousand() {
        let (mut low, mut all) = (Histogram::new(), Histogram::new());
        (1..=500).for_each(|ms| low.record(Duration::from_millis(ms)));
        (501..=1_000).for_each(|ms| all.record(Duration::from_millis(ms)));
        all.add(&low);
        assert_eq!(all.count(), 1_000);
        assert!((all.quantile_ms(0.5) - 500.0).abs() < 5.0);
        assert!((all.quantile_ms(0.99) - 990.0).abs() < 10.0);
        assert_eq!(all.max_ms(), 1_000.0);
    }
}
