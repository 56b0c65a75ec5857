//! The one place that reads the clock and the operating system's randomness.
//!
//! Everything else takes time and ids as parameters. Tests put a manual clock and fixed entropy in.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::ids::{Fresh, PLACES};
use domain::secret::Entropy;
use domain::time::Timestamp;

/// Where the time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    System,
    /// Set by a test; stands still until it is moved.
    Manual(Arc<AtomicI64>),
    /// Of a simulation: stands still until it is moved, and its ids follow from its seed.
    Seeded(Arc<Seeded>),
}

/// A clock whose ids are the same whenever it is read as often.
#[derive(Debug)]
pub struct Seeded {
    ms: AtomicI64,
    seed: u64,
    drawn: AtomicU64,
}

impl Clock {
    pub fn manual(start: Timestamp) -> Clock {
        Clock::Manual(Arc::new(AtomicI64::new(start.0)))
    }

    pub fn seeded(start: Timestamp, seed: u64) -> Clock {
        let (ms, drawn) = (AtomicI64::new(start.0), AtomicU64::new(0));
        Clock::Seeded(Arc::new(Seeded { ms, seed, drawn }))
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => system_now(),
            Clock::Manual(ms) => Timestamp(ms.load(Ordering::SeqCst)),
            Clock::Seeded(seeded) => Timestamp(seeded.ms.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock; the system's clock moves by itself.
    pub fn advance(&self, by_ms: i64) {
        match self {
            Clock::System => {}
            Clock::Manual(ms) => {
                ms.fetch_add(by_ms, Ordering::SeqCst);
            }
            Clock::Seeded(seeded) => {
                seeded.ms.fetch_add(by_ms, Ordering::SeqCst);
            }
        }
    }

    /// The time and seed for one decision.
    ///
    /// Ids are no secrets: each thread asks the operating system once and counts on from there.
    pub fn fresh(&self) -> Fresh {
        if let Clock::Seeded(seeded) = self {
            return seeded.fresh();
        }
        let seed = SEED.with(|seed| {
            let (stream, count) = seed.get();
            seed.set((stream, count.wrapping_add(1)));
            (u128::from(scramble(count)) << 64) | u128::from(stream)
        });
        let now = self.now();
        Fresh::new(now, seed.to_be_bytes()).placed(place_in(now))
    }
}

impl Seeded {
    /// Ids of one millisecond are in the order they were drawn in.
    fn fresh(&self) -> Fresh {
        let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
        let seed = (u128::from(scramble(drawn)) << 64) | u128::from(scramble(self.seed) ^ drawn);
        let place = u16::try_from(drawn % u64::from(PLACES)).unwrap_or(0);
        let now = Timestamp(self.ms.load(Ordering::SeqCst));
        Fresh::new(now, seed.to_be_bytes()).placed(place)
    }
}

thread_local! {
    /// This thread's stream of ids, and how many seeds were taken from it.
    static SEED: Cell<(u64, u64)> = Cell::new({
        let mut bytes = [0; 16];
        fill(&mut bytes);
        let seed = u128::from_be_bytes(bytes);
        ((seed >> 64) as u64, seed as u64)
    });
}

/// The last millisecond ids were drawn in, and how many of its places are taken.
static PLACE: AtomicU64 = AtomicU64::new(0);

/// Lists are in order of creation, so ids of this process are, within a millisecond too.
fn place_in(now: Timestamp) -> u16 {
    let places = u64::from(PLACES);
    let base = (now.0 as u64).wrapping_mul(places);
    let next = |last: u64| {
        let is_same_ms = last >= base && last < base + places;
        Some(if is_same_ms { (last + 1).min(base + places - 1) } else { base })
    };
    let last = PLACE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    let place = next(last.unwrap_or(base)).unwrap_or(base) - base;
    u16::try_from(place).unwrap_or(0)
}

/// Spreads consecutive counts over all 64 bits; no two counts meet.
fn scramble(count: u64) -> u64 {
    let mixed = (count ^ (count >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
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
