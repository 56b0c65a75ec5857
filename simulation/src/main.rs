//! Lives whole houses through random days: payments, reorgs, faults and kills, thousands of them.
//!
//! Each life follows from one number, its seed: the clock, the ids, the chains, the provider and
//! the moments at which the process dies are all simulated. At its end the books must add up, no
//! money may have been made or lost, nothing sent twice, and nothing left unfinished. A seed that
//! fails prints itself, and lives the same life when it is asked for again.

mod acts;
mod checks;
mod dice;
mod life;
mod process;
mod world;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use clap::Parser;

use crate::life::{Life, Told};

const PROGRESS_PARTS: u64 = 20;

/// Simulates whole servers and checks that no money is made or lost.
#[derive(Parser)]
#[command(name = "simulate")]
struct Options {
    /// How many lives
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// The first one
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// One life only, every act of it printed
    #[arg(long, conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,
    /// Acts in a life
    #[arg(long, default_value_t = 60)]
    acts: u32,
    /// Lives at once
    #[arg(long, default_value_t = 2)]
    threads: u64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    if let Some(seed) = options.seed {
        return match live(seed, options.acts, Told::Aloud) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(seed, options.acts, &error),
        };
    }
    run_all(&options)
}

fn run_all(options: &Options) -> ExitCode {
    let (next, done) = (AtomicU64::new(0), AtomicU64::new(0));
    let (is_over, failed) = (AtomicBool::new(false), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..options.threads.max(1) {
            scope.spawn(|| {
                while !is_over.load(Relaxed) {
                    let number = next.fetch_add(1, Relaxed);
                    if number >= options.seeds {
                        return;
                    }
                    let seed = options.from + number;
                    if let Err(error) = live(seed, options.acts, Told::Silent) {
                        is_over.store(true, Relaxed);
                        if let Ok(mut failed) = failed.lock() {
                            failed.get_or_insert((seed, error));
                        }
                        return;
                    }
                    progress(done.fetch_add(1, Relaxed) + 1, options.seeds);
                }
            });
        }
    });
    match failed.into_inner().ok().flatten() {
        Some((seed, error)) => fail(seed, options.acts, &error),
        None => {
            println!("{} lives, and the books of all of them add up", done.load(Relaxed));
            ExitCode::SUCCESS
        }
    }
}

fn progress(done: u64, of: u64) {
    if (done * PROGRESS_PARTS / of.max(1)) != ((done - 1) * PROGRESS_PARTS / of.max(1)) {
        println!("{done} of {of}");
    }
}

fn fail(seed: u64, acts: u32, error: &anyhow::Error) -> ExitCode {
    println!("seed {seed} failed: {error:#}");
    println!("again: cargo xtask simulate --seed {seed} --acts {acts}");
    ExitCode::FAILURE
}

/// One life, on a thread and runtime of its own: nothing of another is shared.
fn live(seed: u64, acts: u32, told: Told) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut life = Life::begin(seed, told).await?;
        life.live(acts).await?;
        life.end().await
    })
}
