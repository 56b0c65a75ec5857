//! `pepay watch`: looks one transaction up and credits what it pays, if the watcher missed it, or
//! has the watcher of a network begin anew.
//!
//! Beside a running server that has the database to itself, the server does the looking: it is
//! asked over HTTP with the operator's token. Crediting twice changes nothing either way.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use domain::environment::Environment;
use domain::network::Network;
use domain::watch::Begin;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::Shared;
use crate::clock::Clock;
use crate::commands::file_lock;
use crate::commands::place::{self, Place};
use crate::commands::remote::{Remote, note};
use crate::commands::{master_key, production, say, start};
use crate::config::Config;
use crate::rates::Sources;
use crate::watch::{Restarted, Watched, restart_watcher, watch_transaction};

const EXAMPLES: &str = "\
Examples:
  pepay watch --network base --tx 0x5c50…
  pepay watch --network solana --environment mainnet --tx 4vJ9… --config /etc/pepay.toml
  pepay watch --network base --restart-from head
  pepay watch --network base --restart-from 31200500

--tx prints a line per transfer to an address of yours. The exit code is 1 if there is none.

--restart-from is for a watcher that says \"the nodes disagree\" and does not recover: the chain was
reorganized deeper than it remembers, or a test network was begun anew. It begins anew at the block
named, or at the newest one. What lies between the last block it looked at and that one is not
looked at. Every payment recorded before is looked for again; one that vanished is taken back, and
its invoice and events tell.";

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
    #[command(flatten)]
    what: What,
}

#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// The transaction's hash, as its network writes it
    #[arg(long, value_name = "HASH")]
    tx: Option<String>,
    /// Has the watcher begin anew at the newest block, or with the block of this number
    #[arg(long, value_name = "head|BLOCK", value_parser = parse_begin)]
    restart_from: Option<Begin>,
}

pub(super) fn parse_network(text: &str) -> Result<Network, String> {
    Network::parse(text).ok_or_else(|| {
        let all = Network::ALL.map(Network::as_str).join(", ");
        format!("the networks are {all}")
    })
}

fn parse_begin(text: &str) -> Result<Begin, String> {
    Begin::parse(text).ok_or_else(|| "head or the number of a block".to_owned())
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
        if let Some(begin) = options.what.restart_from {
            let restarted = match is_served {
                true => have_the_server_restart(&config, &options, begin).await?,
                false => restart_here(config, &options, begin).await?,
            };
            say(&restarted.text());
            return Ok(ExitCode::SUCCESS);
        }
        let tx_hash = options.what.tx.as_deref().context("--tx or --restart-from")?;
        let transfers = match is_served {
            true => ask_the_server(&config, &options, tx_hash).await?,
            false => look_here(config, &options, tx_hash).await?,
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

/// The house, built here because no other process has the database to itself.
async fn open_here(config: Config) -> anyhow::Result<Shared> {
    production::refuse(&production::of_config(&config)?)?;
    // Without a configured key only devnet gets here: mainnet was refused above.
    let keys = master_key::for_devnet(&config)?;
    let store = place::open(&config).await?;
    production::refuse(&production::of_database(&config, &store).await?)?;
    start::application(config, Clock::System, store, keys).await
}

async fn look_here(
    config: Config,
    options: &WatchOptions,
    tx_hash: &str,
) -> anyhow::Result<Vec<Watched>> {
    let app = open_here(config).await?;
    // What the watcher missed is worth what it is worth today.
    app.rates.refresh(&app, Sources::All).await?;
    let place = (options.environment, options.network);
    let watched = watch_transaction(&app, place, tx_hash).await;
    start::finish(&app).await;
    watched
}

async fn restart_here(
    config: Config,
    options: &WatchOptions,
    begin: Begin,
) -> anyhow::Result<Restarted> {
    let app = open_here(config).await?;
    let place = (options.environment, options.network);
    let restarted = restart_watcher(&app, place, begin).await;
    start::finish(&app).await;
    restarted.map_err(|refused| anyhow::Error::msg(refused.message))
}

async fn ask_the_server(
    config: &Config,
    options: &WatchOptions,
    tx_hash: &str,
) -> anyhow::Result<Vec<Watched>> {
    let body = json!({
        "environment": options.environment,
        "network": options.network,
        "tx_hash": tx_hash,
    });
    post(config, "/api/admin/watch", &body).await
}

async fn have_the_server_restart(
    config: &Config,
    options: &WatchOptions,
    begin: Begin,
) -> anyhow::Result<Restarted> {
    let body = json!({
        "environment": options.environment,
        "network": options.network,
        "from": begin.to_string(),
    });
    post(config, "/api/admin/watch/restart", &body).await
}

async fn post<T: DeserializeOwned>(config: &Config, path: &str, body: &Value) -> anyhow::Result<T> {
    let Some(token) = &config.operator_token else {
        bail!("a server runs on this database: set operator_token, so that it can be asked");
    };
    let remote = Remote::of_operator(&format!("http://{}", config.listen), token)?;
    let mut answer = remote.post_as_operator(path, body).await?;
    serde_json::from_value(answer["data"].take()).context("the server answered something else")
}
