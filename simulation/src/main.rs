//! `simulate`: as many lives as are asked for, or one of them aloud.
//!
//! What a life is and what must hold at its end is in the library.

use std::process::ExitCode;

use clap::Parser;
use simulation::{ACTS, Lives, live, live_all};

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
    #[arg(long, default_value_t = ACTS)]
    acts: u32,
    /// Lives at once
    #[arg(long, default_value_t = 2)]
    threads: u64,
}

fn main() -> ExitCode {
    let Options { seeds: count, from, seed, acts, threads } = Options::parse();
    let ended = match seed {
        Some(seed) => live(seed, acts, |what| println!("{what}")),
        None => live_all(Lives { count, from, acts, threads }),
    };
    match ended {
        Ok(()) => {
            println!("the books of every life add up");
            ExitCode::SUCCESS
        }
        Err(failed) => {
            println!("{failed}");
            ExitCode::FAILURE
        }
    }
}
