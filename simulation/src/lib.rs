//! Lives whole houses through random days: payments, reorgs, faults and kills, thousands of them.
//!
//! Each life follows from one number, its seed: the clock, the ids, the chains, the provider and
//! the moments at which the process dies are all simulated. At its end the books must add up, no
//! money may have been made or lost, nothing sent twice, and nothing left unfinished. A seed that
//! fails prints itself, and lives the same life when it is asked for again.

mod acts;
mod bank_money;
mod checks;
mod deposits;
mod dice;
mod life;
mod process;
mod ramp_checks;
mod ramps;
mod settlement;
mod workers;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::life::Life;

/// Acts in a life, unless somebody asks for more.
pub const ACTS: u32 = 60;
const PROGRESS_PARTS: u64 = 20;

/// Which lives.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    pub count: u64,
    /// The seed of the first.
    pub from: u64,
    pub acts: u32,
    /// How many at once.
    pub threads: u64,
}

/// A life that did not end well.
#[derive(Debug, thiserror::Error)]
#[error("seed {seed} failed: {error:#}\nagain: cargo xtask simulate --seed {seed} --acts {acts}")]
pub struct Failed {
    pub seed: u64,
    pub acts: u32,
    pub error: anyhow::Error,
}

/// Lives them all; the first that fails ends it.
pub fn live_all(lives: Lives) -> Result<(), Failed> {
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let (is_over, failed) = (AtomicBool::new(false), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..lives.threads.max(1) {
            scope.spawn(|| {
                while !is_over.load(Relaxed) {
                    let number = next.fetch_add(1, Relaxed);
                    if number >= lives.count {
                        return;
                    }
                    if let Err(error) = live(lives.from + number, lives.acts, |_| {}) {
                        is_over.store(true, Relaxed);
                        if let Ok(mut failed) = failed.lock() {
                            failed.get_or_insert(error);
                        }
                        return;
                    }
                    progress(done.fetch_add(1, Relaxed) + 1, lives.count);
                }
            });
        }
    });
    match failed.into_inner().ok().flatten() {
        Some(failed) => Err(failed),
        None => Ok(()),
    }
}

fn progress(done: u64, of: u64) {
    let part = |done: u64| done * PROGRESS_PARTS / of.max(1);
    if part(done) != part(done - 1) {
        println!("{done} of {of}");
    }
}

/// One life, on a runtime of its own: nothing of another is shared. What happens is told.
pub fn live(seed: u64, acts: u32, told: impl Fn(&str) + 'static) -> Result<(), Failed> {
    let whole = || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut life = Life::begin(seed, Box::new(told)).await?;
            life.live(acts).await?;
            life.end().await
        })
    };
    whole().map_err(|error| Failed { seed, acts, error })
}
