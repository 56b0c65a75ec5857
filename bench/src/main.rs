//! Measures Pepay, and what it is held against, in one run on one machine.
//!
//! Every server is a child process spoken to over HTTP; but for `ledger`, which has no route of
//! its own, and the index that `commerce` weighs, this crate knows nothing of the inside of Pepay.
//! One closed-loop client drives them all. See RESULTS.md for what came out.

#![allow(clippy::float_arithmetic, reason = "a bench computes rates and ratios, never money")]

mod baseline;
mod caller;
mod client;
mod commerce;
mod connection;
mod endpoints;
mod fresh;
mod fsync;
mod growth;
mod histogram;
mod invoices;
mod kill9;
mod ledger;
mod memory;
mod options;
mod pace;
mod payouts;
mod postgres;
mod process;
mod race;
mod report;
mod request;
mod servers;
mod sink;
mod sockets;
mod status;
mod webhooks;
mod websocket;

use anyhow::{Result, bail};
use clap::Parser;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

use crate::options::{Command, Options};

/// The client's threads; more would only take the processor from the server.
const CLIENT_THREADS: usize = 2;

fn main() -> Result<()> {
    let command = Options::parse().command;
    let runtime = if let Command::Baseline(_) = &command {
        // The baseline is a server and gets what a server gets by default.
        Runtime::new()?
    } else {
        Builder::new_multi_thread().worker_threads(CLIENT_THREADS).enable_all().build()?
    };
    runtime.block_on(async {
        // A signal drops the command where it stands, and with it ends its children.
        tokio::select! {
            done = run(command) => done,
            () = signalled() => bail!("interrupted"),
        }
    })
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Invoices(options) => invoices::run(options).await,
        Command::Status(options) => status::run(options).await,
        Command::Memory(options) => memory::run(options).await,
        Command::Growth(options) => growth::run(options).await,
        Command::Kill9(options) => kill9::run(options).await,
        Command::Webhooks(options) => webhooks::run(options).await,
        Command::Sockets(options) => sockets::run(options).await,
        Command::Ledger(options) => ledger::run(options).await,
        Command::Payouts(options) => payouts::run(options).await,
        Command::Commerce(options) => commerce::run(options).await,
        Command::Baseline(arguments) => baseline::serve(arguments).await,
    }
}

async fn signalled() {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = kinds.map(signal) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
