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
    /// Deliveries: a backlog, end to end, latency, isolation
    Webhooks(WebhooksOptions),
    /// Open streams: memory, latency, replay
    Sockets(SocketsOptions),
    /// Transfers a second through commit, spread and all on one account
    Ledger(LedgerOptions),
    /// Payouts a second through the sandbox: quoted, held, submitted, paid
    Payouts(PayoutsOptions),
    /// A shop: its index, import, search, carts, whole checkouts
    Commerce(CommerceOptions),
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
    #[arg(long)]
    json: bool,
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// Also: is every event in history, and delivered, with the same bytes each time?
    #[arg(long)]
    pub events: bool,
    /// Invoices to create in all rounds together, with --events
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub engine: Vec<Engine>,
}

impl Kill9Options {
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

/// What `bench webhooks` measures, in this order.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Events of the past, recovered
    Backlog,
    /// Create to delivered, to a receiver that answers at once
    Fast,
    /// The same, to one that takes 50 ms
    Slow,
    /// The same, to one that fails a tenth of the events once
    Failing,
    /// Create to delivered at a steady rate
    Latency,
    /// Four healthy endpoints beside a dead and a slow one
    Isolation,
}

#[derive(Args)]
pub struct WebhooksOptions {
    #[arg(long)]
    json: bool,
    /// Events of the backlog and of the closed loop; the other parts take a share of it
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// Events a second of the steady rate
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub rate: u64,
    /// How long the steady rate lasts
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "backlog,fast,slow,failing,latency,isolation"
    )]
    pub part: Vec<Part>,
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub engine: Vec<Engine>,
}

impl WebhooksOptions {
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

#[derive(Args)]
pub struct SocketsOptions {
    #[arg(long)]
    json: bool,
    /// Streams to hold open
    #[arg(long, default_value_t = 10_000)]
    pub count: usize,
    /// Streams that every event is told to
    #[arg(long, default_value_t = 100)]
    pub subscribers: usize,
    /// Creates a second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub rate: u64,
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// Invoices whose events are replayed
    #[arg(long, default_value_t = 200_000)]
    pub replay: u64,
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub engine: Vec<Engine>,
}

impl SocketsOptions {
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

#[derive(Args)]
pub struct LedgerOptions {
    #[arg(long)]
    json: bool,
    /// Seconds that count, after one of warm-up
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Commits that wait at once
    #[arg(long, default_value_t = 2_048, value_parser = clap::value_parser!(u64).range(1..))]
    pub callers: u64,
    /// Accounts the transfers are spread over
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(2..))]
    pub accounts: u64,
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub engine: Vec<Engine>,
}

impl LedgerOptions {
    pub fn format(&self) -> Format {
        format(self.json)
    }

    pub fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

#[derive(Args)]
pub struct PayoutsOptions {
    #[arg(long)]
    json: bool,
    /// Payouts to ask for
    #[arg(long, default_value_t = 4_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub count: u64,
    /// Users whose balances they are paid from, by turns
    #[arg(long, default_value_t = 100)]
    pub users: usize,
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub engine: Vec<Engine>,
}

impl PayoutsOptions {
    pub fn format(&self) -> Format {
        format(self.json)
    }
}

fn format(json: bool) -> Format {
    if json { Format::Json } else { Format::Table }
}

/// What `bench commerce` measures, in this order.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum CommercePart {
    /// The search index by itself: built, searched, weighed
    Index,
    /// A file of products, and searches of them over HTTP
    Search,
    /// Items put into carts
    Cart,
    /// Estimate, address, invoice
    Checkout,
}

#[derive(Args)]
pub struct CommerceOptions {
    #[arg(long)]
    json: bool,
    /// Sizes of the catalog
    #[arg(long, value_delimiter = ',', default_value = "1000,100000,1000000")]
    pub products: Vec<u64>,
    /// Seconds that count of each load
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    #[arg(long, default_value_t = 64)]
    pub connections: usize,
    #[arg(long, value_delimiter = ',', default_value = "index,search,cart,checkout")]
    pub part: Vec<CommercePart>,
    #[arg(long, value_delimiter = ',', default_value = "sqlite,postgres")]
    pub engine: Vec<Engine>,
}

impl CommerceOptions {
    pub fn format(&self) -> Format {
        format(self.json)
    }

    pub fn measured(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}
