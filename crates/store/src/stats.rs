//! What the store counts about itself, for the metrics page.
//!
//! Plain counters and histograms by powers of two, read without a lock.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use crate::commit::queue::Verdict;
use crate::error::CommitError;

/// A reading of the store's counters since it was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub groups: u64,
    pub changes: u64,
    pub conflicts: u64,
    pub exists: u64,
    pub insufficient: u64,
    /// Changes that failed for any other reason.
    pub failures: u64,
    /// Decisions that were made again after a Conflict.
    pub retries: u64,
    /// Groups judged again because another process raced them.
    pub raced_groups: u64,
    /// Connections that were lost with a COMMIT in flight.
    pub unknown_outcomes: u64,
    /// `(upper bound, groups)`: how many Changes a group held.
    pub group_sizes: Vec<(u64, u64)>,
    /// `(upper bound in microseconds, changes)`: from `commit` to its answer.
    pub wait_us: Vec<(u64, u64)>,
    pub queue_depth: u64,
    pub last_sequence: i64,
}

/// 1, 2, 4, … 2²³: groups up to 512 changes, waits up to eight seconds.
const BUCKETS: usize = 24;

#[derive(Default)]
struct Histogram([AtomicU64; BUCKETS]);

impl Histogram {
    fn add(&self, value: u64) {
        let bits = u64::BITS - value.saturating_sub(1).leading_zeros();
        let at = usize::try_from(bits).map_or(BUCKETS - 1, |bits| bits.min(BUCKETS - 1));
        self.0[at].fetch_add(1, Relaxed);
    }

    fn read(&self) -> Vec<(u64, u64)> {
        self.0.iter().enumerate().map(|(at, count)| (1 << at, count.load(Relaxed))).collect()
    }
}

/// The counters themselves.
#[derive(Default)]
pub(crate) struct Tally {
    groups: AtomicU64,
    changes: AtomicU64,
    conflicts: AtomicU64,
    exists: AtomicU64,
    insufficient: AtomicU64,
    failures: AtomicU64,
    retries: AtomicU64,
    raced_groups: AtomicU64,
    unknown_outcomes: AtomicU64,
    group_sizes: Histogram,
    wait_us: Histogram,
    queue_depth: AtomicU64,
    last_sequence: AtomicI64,
}

impl Tally {
    pub fn queued(&self) {
        self.queue_depth.fetch_add(1, Relaxed);
    }

    pub fn dequeued(&self, count: usize) {
        self.queue_depth.fetch_sub(count as u64, Relaxed);
    }

    pub fn gathered(&self, count: usize) {
        self.dequeued(count);
        self.groups.fetch_add(1, Relaxed);
        self.group_sizes.add(count as u64);
    }

    pub fn answered(&self, verdict: &Verdict) {
        let counter = match verdict {
            Ok(committed) => {
                self.last_sequence.fetch_max(committed.last_sequence, Relaxed);
                &self.changes
            }
            Err(CommitError::Conflict { .. }) => &self.conflicts,
            Err(CommitError::AlreadyExists { .. }) => &self.exists,
            Err(CommitError::Insufficient { .. }) => &self.insufficient,
            Err(CommitError::Store(_)) => &self.failures,
        };
        counter.fetch_add(1, Relaxed);
    }

    pub fn waited(&self, time: Duration) {
        self.wait_us.add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
    }

    pub fn retried(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    pub fn raced(&self) {
        self.raced_groups.fetch_add(1, Relaxed);
    }

    pub fn outcome_unknown(&self) {
        self.unknown_outcomes.fetch_add(1, Relaxed);
    }

    pub fn read(&self) -> Stats {
        Stats {
            groups: self.groups.load(Relaxed),
            changes: self.changes.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            exists: self.exists.load(Relaxed),
            insufficient: self.insufficient.load(Relaxed),
            failures: self.failures.load(Relaxed),
            retries: self.retries.load(Relaxed),
            raced_groups: self.raced_groups.load(Relaxed),
            unknown_outcomes: self.unknown_outcomes.load(Relaxed),
            group_sizes: self.group_sizes.read(),
            wait_us: self.wait_us.read(),
            queue_depth: self.queue_depth.load(Relaxed),
            last_sequence: self.last_sequence.load(Relaxed),
        }
    }
}

/// The moment, for waits, deadlines and back-off only; nothing that is stored depends on it.
#[expect(clippy::disallowed_methods, reason = "durations are measured and bounded, nothing else")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
