//! Turns: callers of one process that contend for a row go one after the other.
//!
//! N callers that each read, decide and meet a Conflict would need N² rounds. After its first
//! Conflict a caller takes its turn and meets only other processes. Turns share a fixed number of
//! places, so that they take no memory that grows; two rows that share one merely wait more.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::time::Duration;

use domain::ids::RowKey;
use tokio::sync::{Mutex, OwnedMutexGuard};

const PLACES: usize = 1_024;
const PROMPT_ROUNDS: u32 = 4;
const PAUSE_US_MAX: u64 = 2_000;

pub(crate) struct Turns(Vec<Arc<Mutex<()>>>);

/// A caller's turn at one row; dropping it ends it.
///
/// Whoever holds one must not wait for another: the two might share a place.
pub struct Turn {
    _guard: OwnedMutexGuard<()>,
}

impl Turns {
    pub fn new() -> Turns {
        Turns((0..PLACES).map(|_| Arc::default()).collect())
    }

    pub async fn take(&self, key: RowKey) -> Turn {
        // The tail of a key is random (UUIDv7, hash) or counts up (an integer).
        let tail = usize::from(u16::from_be_bytes([key.0[14], key.0[15]]));
        let place = Arc::clone(&self.0[tail % PLACES]);
        Turn { _guard: place.lock_owned().await }
    }
}

/// Pauses a little, and never alike, once a caller has met several Conflicts.
///
/// Turns do not order two processes: one that reads and commits in step with the other's commits
/// would lose every time. Nothing that is kept depends on this randomness.
pub(crate) async fn fall_out_of_step(round: u32) {
    if round > PROMPT_ROUNDS {
        let pause = RandomState::new().hash_one(round) % PAUSE_US_MAX;
        tokio::time::sleep(Duration::from_micros(pause)).await;
    }
}
