//! The workers of one process, stepped by hand until each rests.
//!
//! They live as long as their process and keep their leases, as those of a server do. Networks
//! that nothing ever happens on are not watched here: looking at them costs a commit each time.

use anyhow::{Result, bail};
use domain::environment::Environment;
use server::app::Shared;
use server::workers::lease::Lease;
use server::workers::{Progress, Worker};
use server::workers::{
    expiry, follow, holds, ledger_chain, liquidations, onramps, payouts, send, settle,
    verification, watcher,
};

use crate::acts::NETWORKS;
use crate::process::Process;

/// A worker that never comes to rest has a fault.
const STEPS_MAX: usize = 10_000;

pub struct Workers {
    watchers: Vec<watcher::Watcher>,
    verifier: verification::Verifier,
    expirer: expiry::Expirer,
    follower: follow::Follower,
    holds: holds::HoldExpirer,
    settler: settle::Settler,
    dispatcher: send::Dispatcher,
    payer: payouts::Payer,
    onramper: onramps::Onramper,
    liquidator: liquidations::Liquidator,
    chains: Vec<ledger_chain::LedgerChain>,
}

impl Workers {
    pub fn new(app: &Shared) -> Workers {
        let is_used = |place: &(Environment, domain::network::Network)| {
            NETWORKS.iter().any(|(name, _)| *name == place.1.as_str())
        };
        let watched = app.networks.places().filter(is_used);
        let watch = |place| watcher::Watcher::new(place, Lease::for_place(place));
        Workers {
            watchers: watched.map(watch).collect(),
            verifier: verification::Verifier::default(),
            expirer: expiry::Expirer::default(),
            follower: follow::Follower::default(),
            holds: holds::HoldExpirer::default(),
            settler: settle::Settler::default(),
            dispatcher: send::Dispatcher::default(),
            payer: payouts::Payer::default(),
            onramper: onramps::Onramper::default(),
            liquidator: liquidations::Liquidator::default(),
            chains: (0..app.store.lanes()).map(ledger_chain::LedgerChain::new).collect(),
        }
    }

    /// Each steps until it rests; which one fails or dies leaves the others alone.
    pub async fn work(&mut self, app: &Shared, process: &Process) -> Result<()> {
        for watcher in &mut self.watchers {
            step(watcher, app, process).await?;
        }
        step(&mut self.verifier, app, process).await?;
        step(&mut self.expirer, app, process).await?;
        step(&mut self.follower, app, process).await?;
        step(&mut self.holds, app, process).await?;
        step(&mut self.settler, app, process).await?;
        step(&mut self.dispatcher, app, process).await?;
        step(&mut self.payer, app, process).await?;
        step(&mut self.onramper, app, process).await?;
        step(&mut self.liquidator, app, process).await?;
        for chain in &mut self.chains {
            step(chain, app, process).await?;
        }
        Ok(())
    }
}

async fn step(worker: &mut impl Worker, app: &Shared, process: &Process) -> Result<()> {
    for _ in 0..STEPS_MAX {
        if process.is_dead() {
            return Ok(());
        }
        match worker.step(app).await {
            Ok(Progress::More) => {}
            // A fault of a chain or provider is part of life: the next look goes on.
            Ok(Progress::Idle) | Err(_) => return Ok(()),
        }
    }
    bail!("a worker does not come to rest")
}
