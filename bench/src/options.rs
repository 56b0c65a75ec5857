//! The command line.
//!
//! Each command takes only the options it reads; defaults are those of the published results,
//! so that a bare `bench invoices` reproduces them.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::baseline;
use crate::report::Format;
use crate::servers::Engine;

/// Measures Pepay against a naive baseline and against a server that writes nothing.
#[derive(Parser)]
#[command(name = "bench")]
pub struct Options {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Durable invoice creates on each engine
    Invoices(RaceOptions),
    /// Reads of an invoice's status on each engine
    Status(RaceOptions),
    /// Idle memory and time to ready
    Memory(MemoryOptions),
    /// Cost and memory from an empty database to a million invoices
    Growth(GrowthOptions),
    /// SIGKILL under load: is every acknowledged invoice there, once?
    Kill9(Kill9Options),
    #[command(hide = true)]
    Baseline(baseline::Arguments),
}

#[derive(Args)]
pub struct RaceOptions {
    /// One JSON object per row on stdout, nothing else
    #[arg(long)]
    json: bool,
    /// Seconds that count, after 2 s of warm-up
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    #[arg(long, value_delimiter = ',', default_value = "1,64,256")]
    pub connections: Vec<usize>,
    #[arg(long, value_delimiter = ',', default_value = "roof,baseline,sqlite,postgres")]
    engine: Vec<Engine>,
}

impl RaceOptions {
    pub fn format(&self) -> Format {
        format(self.json)
    }

    pub fn engines(&self) -> Vec<Engine> {
        self.engine.clone()
    }

    pub fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[derive(Args)]
pub struct MemoryOptions {
    #[arg(long)]
    json: bool,
    #[arg(long, value_delimiter = ',', default_value = "sqlite")]
    pub engine: Vec<Engine>,
}

impl MemoryOptions {
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

#[derive(Args)]
pub struct GrowthOptions {
    #[arg(long)]
    json: bool,
    /// Invoices to create
    #[arg(long, default_value_t = 1_000_000)]
    pub count: u64,
    #[arg(long, value_delimiter = ',', default_value = "sqlite")]
    pub engine: Vec<Engine>,
}

impl GrowthOptions {
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

#[derive(Args)]
pub struct Kill9Options {
    #[arg(long, default_value_t = 20)]
    pub rounds: u32,
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub engine: Vec<Engine>,
}

fn format(json: bool) -> Format {
    if json { Format::Json } else { Format::Table }
}
