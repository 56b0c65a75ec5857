//! How fast one node may be asked: a bucket of one second's calls that fills steadily.
//!
//! Kept as one moment, the one at which the bucket is full again, so that it needs no task.
//!
//! Invariant: over any time the calls let through are at most that time's share plus one bucket;
//! only a batch that is larger than the bucket waits for what it lacks.

use std::time::Duration;

use tokio::time::Instant;

const BUCKET: Duration = Duration::from_secs(1);

pub(super) struct Pace {
    per_call: Duration,
    full_at: Option<Instant>,
}

impl Pace {
    pub fn new(calls_per_second: u32) -> Pace {
        Pace { per_call: Duration::from_secs(1) / calls_per_second.max(1), full_at: None }
    }

    /// When these calls may go out; none, and nothing is taken, if that is further away than
    /// `wait_max`.
    pub fn take(&mut self, calls: u32, now: Instant, wait_max: Duration) -> Option<Instant> {
        let full_at = self.full_at.unwrap_or(now).max(now) + self.per_call * calls;
        let at = full_at.checked_sub(BUCKET).unwrap_or(now).max(now);
        if at.duration_since(now) > wait_max {
            return None;
        }
        self.full_at = Some(full_at);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_s_calls_go_out_at_once_and_then_they_are_paced() {
        let (now, mut pace) = (Instant::now(), Pace::new(10));
        let mut waits = |calls, after_ms| {
            let at = now + Duration::from_millis(after_ms);
            let taken = pace.take(calls, at, Duration::from_secs(5));
            taken.map(|taken| taken.duration_since(at).as_millis())
        };
        assert_eq!([waits(1, 0), waits(9, 0)], [Some(0), Some(0)]);
        assert_eq!([waits(1, 0), waits(1, 0)], [Some(100), Some(200)]);
        assert_eq!(waits(100, 0), None, "too long a wait takes nothing");
        assert_eq!(waits(1, 200), Some(100));
        assert_eq!(waits(10, 60_000), Some(0), "the bucket holds one second and no more");
        assert_eq!(waits(1, 60_000), Some(100));
    }
}
