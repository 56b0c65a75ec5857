//! How a server starts and ends, whichever command asked for it.
//!
//! On SIGTERM or SIGINT it stops accepting, finishes what is in flight, lets the workers finish
//! what they commit, and closes the database.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use anyhow::Context as _;
use domain::environment::Environment;
use domain::ledger::{Asset, Balance};
use domain::secret::KeyRing;
use store::Store;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

use crate::app::{App, Shared};
use crate::clock::Clock;
use crate::commands::{connections, master_key, open_files};
use crate::config::{Config, LogFormat};
use crate::rates::Sources;

/// How long the workers may take to finish after the last answer was given.
const WORKERS_DRAIN: Duration = Duration::from_secs(4);

const SKEW_MS_MAX: i64 = 1_000;

/// Whether workers run in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Workers {
    On,
    Off,
}

/// Runs a command's future on the runtime every command shares.
pub fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime")?;
    let ended = runtime.block_on(future);
    // Blocking work that outlives its request must not hold the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// `RUST_LOG` chooses what is logged; everything goes to stderr.
pub fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let is_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let logger = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Human => logger.with_ansi(is_terminal).with_target(false).try_init(),
        LogFormat::Json => logger.json().flatten_event(true).try_init(),
    };
    // A second logger in one process changes nothing: the first one stays.
    drop(started);
}

/// Builds the application on an open store.
pub async fn application(
    config: Config,
    clock: Clock,
    store: Store,
    keys: KeyRing,
) -> anyhow::Result<Shared> {
    if master_key::remember(&store, &keys).await? == master_key::Known::OtherKeys {
        tracing::error!(
            "the master key is none this database was used with; what it sealed will not open. \
             Add the old key to previous_master_keys"
        );
    }
    check_books(&store).await?;
    check_clock(&store, &clock).await?;
    App::new(config, clock, store, keys)
}

/// The ledger sums to zero, asset by asset, or no server runs on it.
async fn check_books(store: &Store) -> anyhow::Result<()> {
    let mut sums: BTreeMap<(Environment, Asset), i128> = BTreeMap::new();
    for Balance { account, balance, .. } in store.balances(None).await? {
        let sum = sums.entry((account.environment, account.asset)).or_default();
        *sum = sum.checked_add(balance).context("the ledger's balances pass 128 bits")?;
    }
    if let Some(((environment, asset), sum)) = sums.iter().find(|(_, sum)| **sum != 0) {
        let environment = environment.as_str();
        anyhow::bail!(
            "the ledger of {asset:?} ({environment}) is off by {sum}: \
             run `pepay doctor` and restore a backup"
        );
    }
    Ok(())
}

/// Expiry, sessions and leases rest on clocks that agree.
async fn check_clock(store: &Store, clock: &Clock) -> anyhow::Result<()> {
    if store.is_exclusive() {
        // An embedded database has no clock of its own.
        return Ok(());
    }
    let before = clock.now();
    let database = store.database_time_ms().await?;
    let skew_ms = (before.0 - database).abs().min((clock.now().0 - database).abs());
    if skew_ms > SKEW_MS_MAX {
        tracing::error!(skew_ms, "this machine's clock and the database's are apart; set them");
    }
    Ok(())
}

/// Serves until the process is told to end, then ends in good order.
pub async fn run_until_signal(
    app: Shared,
    listener: TcpListener,
    workers: Workers,
) -> anyhow::Result<()> {
    open_files::raise_limit();
    let stop = app.stop.clone();
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("shutting down");
        stop.cancel();
    });
    // Watchers see payments at once, and what has no live quote is worth today's price.
    let refreshed = app.stop.run_until_cancelled(app.rates.refresh(&app, Sources::All)).await;
    if let Some(Err(error)) = refreshed {
        tracing::warn!(error = format!("{error:#}"), "there are no prices yet");
    }
    crate::workers::spawn_own(&app);
    match workers {
        Workers::On => crate::workers::spawn_shared(&app),
        // Who does not work gets no share of it.
        Workers::Off => app.store.withdraw(),
    }
    serve_on(app.clone(), listener).await;
    finish(&app).await;
    Ok(())
}

/// Serves on `listener` until `app.stop`, and returns when the last request is answered.
pub async fn serve_on(app: Shared, listener: TcpListener) {
    let router = crate::http::router::router(app.clone());
    connections::serve(router, listener, app.stop.clone()).await;
}

/// Ends the workers and closes the database.
pub async fn finish(app: &Shared) {
    app.stop.cancel();
    app.tasks.close();
    if tokio::time::timeout(WORKERS_DRAIN, app.tasks.wait()).await.is_err() {
        tracing::warn!("some workers did not finish in time; they resume at the next start");
    }
    app.store.close().await;
    tracing::info!("stopped");
}
