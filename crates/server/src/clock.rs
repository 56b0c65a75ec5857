//! The one place that reads the clock and the operating system's randomness.
//!
//! Everything else takes time and ids as parameters. Tests put a manual clock and fixed entropy in.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::ids::Fresh;
use domain::secret::Entropy;
use domain::time::Timestamp;

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Set by a test; stands still until it is moved.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    pub fn manual(start: Timestamp) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(start.0)))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => system_now(),
            Clock::Manual(ms) => Timestamp(ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock; the system's clock moves by itself.
    pub fn advance(&self, by_ms: i64) {
        match self {
            Clock::System => {}
            Clock::Manual(ms) => {
                ms.fetch_add(by_ms, Ordering::SeqCst);
            }
        }
    }

    /// The time and seed for one decision.
    pub fn fresh(&self) -> Fresh {
        let mut seed = [0; 16];
        fill(&mut seed);
        Fresh::new(self.now(), seed)
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn system_now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A steady clock for durations in metrics.
#[expect(clippy::disallowed_methods, reason = "this is the clock")]
pub fn steady() -> std::time::Instant {
    std::time::Instant::now()
}

/// Bytes for one credential.
pub fn entropy() -> Entropy {
    let mut bytes = [0; 32];
    fill(&mut bytes);
    Entropy::new(bytes)
}

#[expect(clippy::disallowed_methods, reason = "this is the source of randomness")]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives randomness");
}
