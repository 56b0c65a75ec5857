//! `pepay serve`: production, configured by a file and `PEPAY_*` variables.
//!
//! It refuses to serve mainnet with anything that was made for a first try.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;

use crate::clock::Clock;
use crate::commands::place::{self, Place, shown};
use crate::commands::private_files::make_directory;
use crate::commands::start::{self, Workers};
use crate::commands::{master_key, production};
use crate::config::Config;

const EXAMPLES: &str = "\
Examples:
  pepay serve --config /etc/pepay/pepay.toml
  PEPAY_LISTEN=0.0.0.0:3000 PEPAY_DATABASE_URL=postgres://pepay@db/pepay pepay serve

Every key of the file has a variable: database_url is PEPAY_DATABASE_URL, and the key burst of
the section rate_limits is PEPAY_RATE_LIMITS__KEY_BURST. Variables win over the file.";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ServeOptions {
    #[command(flatten)]
    place: Place,
    /// Watchers, expiry and the other workers
    #[arg(long, value_enum, value_name = "ON_OFF", default_value_t = Workers::On)]
    workers: Workers,
}

pub fn run(options: ServeOptions) -> anyhow::Result<ExitCode> {
    let config = options.place.load()?;
    start::log_to_stderr(config.log_format);
    production::refuse(&production::of_config(&config)?)?;
    start::block_on(serve(config, options.workers))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: Config, workers: Workers) -> anyhow::Result<()> {
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("listening on {}", config.listen))?;
    make_directory(&config.data_dir)?;
    // Without a configured key only devnet gets here: mainnet was refused above.
    let keys = master_key::for_devnet(&config)?;
    let store = place::open(&config).await?;
    production::refuse(&production::of_database(&config, &store).await?)?;
    let (listen, url) = (listener.local_addr()?, config.database_url());
    let app = start::application(config, Clock::System, store, keys).await?;
    tracing::info!(listen = %listen, database = shown(&url), "serving");
    start::run_until_signal(app, listener, workers).await
}
