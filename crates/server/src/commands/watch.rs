//! `pepay watch`: looks one transaction up and credits what it pays, if the watcher missed it.
//!
//! Beside a running server that has the database to itself, the server does the looking: it is
//! asked over HTTP with the operator's token. Crediting twice changes nothing either way.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use domain::environment::Environment;
use domain::network::Network;
use serde_json::json;

use crate::clock::Clock;
use crate::commands::file_lock;
use crate::commands::place::{self, Place};
use crate::commands::remote::{Remote, note};
use crate::commands::{master_key, production, say, start};
use crate::config::Config;
use crate::watch::{Watched, watch_transaction};

const EXAMPLES: &str = "\
Examples:
  pepay watch --network base --tx 0x5c50…
  pepay watch --network solana --environment mainnet --tx 4vJ9… --config /etc/pepay.toml

Prints a line per transfer to an address of yours. The exit code is 1 if there is none.";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct WatchOptions {
    #[command(flatten)]
    place: Place,
    /// One of the ten networks
    #[arg(long, value_parser = parse_network)]
    network: Network,
    /// devnet or mainnet
    #[arg(long, default_value = "devnet", value_parser = parse_environment)]
    environment: Environment,
    /// The transaction's hash, as its network writes it
    #[arg(long, value_name = "HASH")]
    tx: String,
}

pub(super) fn parse_network(text: &str) -> Result<Network, String> {
    Network::parse(text).ok_or_else(|| {
        let all = Network::ALL.map(Network::as_str).join(", ");
        format!("the networks are {all}")
    })
}

pub(super) fn parse_environment(text: &str) -> Result<Environment, String> {
    let found = Environment::ALL.into_iter().find(|environment| environment.as_str() == text);
    found.ok_or_else(|| "devnet or mainnet".to_owned())
}

pub fn run(options: WatchOptions) -> anyhow::Result<ExitCode> {
    let config = options.place.load()?;
    start::block_on(async {
        place::check_exists(&config)?;
        let url = config.database_url();
        let is_served = place::sqlite_path(&url).is_some_and(|path| file_lock::is_taken(&path));
        let transfers = match is_served {
            true => ask_the_server(&config, &options).await?,
            false => look_here(config, &options).await?,
        };
        for transfer in &transfers {
            say(&transfer.line());
        }
        if transfers.is_empty() {
            note("no transfer of this transaction goes to an address of ours");
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn look_here(config: Config, options: &WatchOptions) -> anyhow::Result<Vec<Watched>> {
    production::refuse(&production::of_config(&config)?)?;
    // Without a configured key only devnet gets here: mainnet was refused above.
    let keys = master_key::for_devnet(&config)?;
    let store = place::open(&config).await?;
    production::refuse(&production::of_database(&config, &store).await?)?;
    let app = start::application(config, Clock::System, store, keys).await?;
    // What the watcher missed is worth what it is worth today.
    app.rates.refresh(&app.clock, &app.metrics).await;
    let place = (options.environment, options.network);
    let watched = watch_transaction(&app, place, &options.tx).await;
    start::finish(&app).await;
    watched
}

async fn ask_the_server(config: &Config, options: &WatchOptions) -> anyhow::Result<Vec<Watched>> {
    let Some(token) = &config.operator_token else {
        bail!("a server runs on this database: set operator_token, so that it can be asked");
    };
    let remote = Remote::of_operator(&format!("http://{}", config.listen), token)?;
    let body = json!({
        "environment": options.environment,
        "network": options.network,
        "tx_hash": options.tx,
    });
    let mut answer = remote.post_as_operator("/api/admin/watch", &body).await?;
    serde_json::from_value(answer["data"].take()).context("the server answered something else")
}
