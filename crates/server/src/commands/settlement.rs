//! `pepay settlement`: what the operator sends himself, and stopping everything that is sent.
//!
//! Beside a running server that has the database to itself, the server is asked over HTTP with the
//! operator's token; otherwise it is done here.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use domain::environment::Environment;
use domain::ids::SendId;
use domain::network::Network;
use domain::network_pause::{NetworkPause, Sending};
use serde_json::json;

use crate::app::Shared;
use crate::clock::Clock;
use crate::commands::place::{self, Place};
use crate::commands::{master_key, production, say, start};
use crate::config::Config;
use crate::releasing::{self, Word};
use crate::sending;

const EXAMPLES: &str = "\
Examples:
  pepay settlement plan --network ton --environment mainnet > plan.json
  pepay settlement confirm --id 0198… --tx 5c50…
  pepay settlement release 0198… --not-sent
  pepay settlement release 0198… --sent 5c50…
  pepay settlement pause --network base
  pepay settlement resume --network base";

#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SettlementOptions {
    #[command(subcommand)]
    act: Act,
}

#[derive(Clone, Debug, Subcommand)]
enum Act {
    /// Prints what the operator is to sign, as JSON
    #[command(after_help = EXAMPLES)]
    Plan(OnNetwork),
    /// Says that a transfer of the plan was sent; the transaction is looked up
    #[command(after_help = EXAMPLES)]
    Confirm {
        #[command(flatten)]
        place: Place,
        /// The transfer's id in the plan
        #[arg(long, value_parser = parse_send)]
        id: SendId,
        /// The transaction's hash, as its network writes it
        #[arg(long, value_name = "HASH")]
        tx: String,
    },
    /// Says what became of a send that no node can tell about, or that was never sent
    #[command(after_help = EXAMPLES)]
    Release {
        #[command(flatten)]
        place: Place,
        /// The send's id
        #[arg(value_name = "SEND_ID", value_parser = parse_send)]
        id: SendId,
        #[command(flatten)]
        word: Said,
    },
    /// Stops everything that would be signed or sent on a network
    #[command(after_help = EXAMPLES)]
    Pause(OnNetwork),
    /// Lets things be sent on a network again
    #[command(after_help = EXAMPLES)]
    Resume(OnNetwork),
}

#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
struct Said {
    /// It never went, and never will
    #[arg(long)]
    not_sent: bool,
    /// It went, as this transaction
    #[arg(long, value_name = "TX_HASH")]
    sent: Option<String>,
}

#[derive(Clone, Debug, Args)]
struct OnNetwork {
    #[command(flatten)]
    place: Place,
    /// One of the ten networks
    #[arg(long, value_parser = super::watch::parse_network)]
    network: Network,
    /// devnet or mainnet
    #[arg(long, default_value = "devnet", value_parser = super::watch::parse_environment)]
    environment: Environment,
}

fn parse_send(text: &str) -> Result<SendId, String> {
    SendId::parse(text).ok_or_else(|| "an id out of `pepay settlement plan`".to_owned())
}

pub fn run(options: SettlementOptions) -> anyhow::Result<ExitCode> {
    start::block_on(async {
        match options.act {
            Act::Plan(on) => plan(&on).await,
            Act::Confirm { place, id, tx } => confirm(&place, id, &tx).await,
            Act::Release { place, id, word } => release(&place, id, word).await,
            Act::Pause(on) => set(&on, Sending::Paused).await,
            Act::Resume(on) => set(&on, Sending::Open).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn plan(on: &OnNetwork) -> anyhow::Result<()> {
    let config = on.place.load()?;
    let (environment, network) = (on.environment, on.network);
    let plan = match place::server_of(&config)? {
        Some(remote) => {
            let body = json!({ "environment": environment, "network": network });
            let mut answer = remote.post_as_operator("/api/admin/settlement/plan", &body).await?;
            answer["data"].take()
        }
        None => {
            let store = place::open_existing(&config).await?;
            let sends = sending::exported(&store, environment, network).await;
            store.close().await;
            let plan: Vec<_> = sends?.iter().map(|send| send.planned_transfer()).collect();
            serde_json::to_value(plan)?
        }
    };
    say(&serde_json::to_string_pretty(&plan)?);
    Ok(())
}

async fn confirm(place: &Place, id: SendId, tx: &str) -> anyhow::Result<()> {
    let config = place.load()?;
    match place::server_of(&config)? {
        Some(remote) => {
            let body = json!({ "id": id, "tx_hash": tx });
            remote.post_as_operator("/api/admin/settlement/confirm", &body).await?;
        }
        None => {
            let app = application(config).await?;
            let confirmed = releasing::confirm_exported(&app, id, tx).await;
            start::finish(&app).await;
            confirmed?;
        }
    }
    say("confirmed");
    Ok(())
}

async fn release(place: &Place, id: SendId, said: Said) -> anyhow::Result<()> {
    let config = place.load()?;
    match place::server_of(&config)? {
        Some(remote) => {
            let body = match &said.sent {
                Some(tx_hash) => json!({ "id": id, "outcome": "sent", "tx_hash": tx_hash }),
                None => json!({ "id": id, "outcome": "not_sent" }),
            };
            remote.post_as_operator("/api/admin/settlement/release", &body).await?;
        }
        None => {
            let word = said.sent.map_or(Word::NotSent, Word::Sent);
            let app = application(config).await?;
            let released = releasing::release(&app, id, &word).await;
            start::finish(&app).await;
            released?;
        }
    }
    say("released");
    Ok(())
}

async fn set(on: &OnNetwork, sending: Sending) -> anyhow::Result<()> {
    let config = on.place.load()?;
    let place = (on.environment, on.network);
    match place::server_of(&config)? {
        Some(remote) => {
            let body = json!({ "environment": place.0, "network": place.1, "sending": sending });
            remote.post_as_operator("/api/admin/networks/sending", &body).await?;
        }
        None => {
            let store = place::open_existing(&config).await?;
            let key = NetworkPause::row_key(place.0, place.1);
            let decided = store.decide(async || -> Result<_, store::CommitError> {
                let known = store.get::<NetworkPause>(key).await?;
                let mut fresh = Clock::System.fresh();
                Ok((NetworkPause::set(known, place, sending, &mut fresh), ()))
            });
            decided.await?;
            store.close().await;
        }
    }
    let word = match sending {
        Sending::Paused => "paused",
        Sending::Open => "resumed",
    };
    say(&format!("sending on {} ({}) is {word}", place.1.as_str(), place.0.as_str()));
    Ok(())
}

async fn application(config: Config) -> anyhow::Result<Shared> {
    production::refuse(&production::of_config(&config)?)?;
    let keys = master_key::for_devnet(&config)?;
    let store = place::open(&config).await?;
    production::refuse(&production::of_database(&config, &store).await?)?;
    start::application(config, Clock::System, store, keys).await
}
