//! What bounds the requests of one network, and what its nodes' heads are measured by.
//!
//! The defaults suit a network with a block every second or faster; a network whose blocks are
//! rarer says so with `for_blocks_every`, since a lag is counted in blocks.
//!
//! Invariant: zero is read as one where zero would mean that nothing is ever asked.

use std::time::Duration;

const AHEAD_BLOCKS_MAX: u64 = 10_000;
const AHEAD_MAX: Duration = Duration::from_secs(3_600);
const LAG_MAX: Duration = Duration::from_secs(60);

/// What bounds the requests of one network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From a request's first byte to its answer's last.
    pub request_timeout: Duration,
    pub body_bytes_max: usize,
    /// Every call of a batch counts.
    pub requests_per_second_per_node: u32,
    pub concurrency_per_node: usize,
    /// A node that is further behind the head is asked last.
    pub lag_blocks_max: u64,
    /// A node that is further ahead of everybody is not believed.
    pub ahead_blocks_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            request_timeout: Duration::from_secs(10),
            body_bytes_max: 64 * 1024 * 1024,
            requests_per_second_per_node: 50,
            concurrency_per_node: 8,
            lag_blocks_max: 60,
            ahead_blocks_max: AHEAD_BLOCKS_MAX,
        }
    }
}

impl Limits {
    /// A lag of a minute and a lead of an hour, in blocks.
    #[must_use]
    pub fn for_blocks_every(self, block_time: Duration) -> Limits {
        let blocks = |span: Duration| {
            u64::try_from(span.as_millis() / block_time.as_millis().max(1)).unwrap_or(u64::MAX)
        };
        Limits {
            lag_blocks_max: blocks(LAG_MAX).clamp(3, 200),
            ahead_blocks_max: blocks(AHEAD_MAX).clamp(60, AHEAD_BLOCKS_MAX),
            ..self
        }
    }
}
