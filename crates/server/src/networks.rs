//! The chains this deployment talks to, one per environment and network it serves.
//!
//! A devnet network is simulated unless it has RPC URLs. Keeps what each watcher saw last, for
//! the confirmations that views show, for expiry and for readiness.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use chains::addresses::{AddressBook, NoAddress, SimulatedAddresses};
use chains::chain::Chain;
use domain::address::Address;
use domain::environment::Environment;
use domain::network::{Depths, Network, SIMULATED_DEPTHS};
use domain::time::Timestamp;
use domain::watch::WatchCursor;
use store::Store;

use crate::clock::Clock;
use crate::config::Config;
use crate::simulated::SimulatedNode;

/// One network of one environment.
pub type Place = (Environment, Network);

/// Simulated addresses hold nothing, so their seed is no secret.
const SIMULATED_SEED: [u8; 32] = *b"pepay simulated deposit address!";

const SIMULATED_POLL_MS: u64 = 250;
const REAL_POLL_MS: u64 = 2_000;

pub struct Networks {
    chains: BTreeMap<Place, Arc<dyn Chain>>,
    simulated: BTreeMap<Network, Arc<SimulatedNode>>,
    /// What the operator chose instead of the networks' own.
    depths: BTreeMap<Place, Depths>,
    polls_ms: BTreeMap<Place, u64>,
    addresses: SimulatedAddresses,
    seen: RwLock<BTreeMap<Place, WatchCursor>>,
}

impl Networks {
    pub fn new(config: &Config, clock: &Clock, store: &Store) -> Networks {
        let mut chains: BTreeMap<Place, Arc<dyn Chain>> = BTreeMap::new();
        let mut simulated = BTreeMap::new();
        if config.serves(Environment::Devnet) {
            for network in Network::ALL {
                let block_ms = config.simulated_block_ms;
                let node =
                    Arc::new(SimulatedNode::new(network, block_ms, store.clone(), clock.clone()));
                simulated.insert(network, node.clone());
                chains.insert((Environment::Devnet, network), node);
            }
        }
        let addresses = SimulatedAddresses::new(SIMULATED_SEED);
        let (depths, polls_ms) = (BTreeMap::new(), BTreeMap::new());
        Networks {
            chains,
            simulated,
            depths,
            polls_ms,
            addresses,
            seen: RwLock::new(BTreeMap::new()),
        }
    }

    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.chains.keys().copied()
    }

    pub fn chain(&self, environment: Environment, network: Network) -> Option<&Arc<dyn Chain>> {
        self.chains.get(&(environment, network))
    }

    /// The simulated network, if devnet runs it so.
    pub fn simulated(&self, network: Network) -> Option<&Arc<SimulatedNode>> {
        self.simulated.get(&network)
    }

    /// Blocks that make a payment final here.
    pub fn depths(&self, environment: Environment, network: Network) -> Depths {
        let place = (environment, network);
        let is_simulated = environment == Environment::Devnet && self.is_simulated(network);
        match self.depths.get(&place) {
            Some(chosen) => *chosen,
            None if is_simulated => SIMULATED_DEPTHS,
            None => network.profile(environment).confirmations,
        }
    }

    /// How long a watcher waits between two looks when nothing is left to see.
    pub fn poll_ms(&self, place: Place) -> u64 {
        let chosen = self.polls_ms.get(&place).copied();
        let is_simulated = place.0 == Environment::Devnet && self.is_simulated(place.1);
        chosen.unwrap_or(if is_simulated { SIMULATED_POLL_MS } else { REAL_POLL_MS })
    }

    fn is_simulated(&self, network: Network) -> bool {
        self.simulated.contains_key(&network)
    }

    /// The deposit address of a derivation index.
    pub fn address(
        &self,
        environment: Environment,
        network: Network,
        index: u32,
    ) -> Result<Address, NoAddress> {
        if !self.chains.contains_key(&(environment, network)) {
            return Err(NoAddress::NoKeys);
        }
        self.addresses.address(network, environment, index)
    }

    /// The newest block known of a network; zero before the first look.
    pub fn head(&self, environment: Environment, network: Network) -> u64 {
        self.seen(environment, network).map_or(0, |cursor| cursor.head_number)
    }

    /// What the watcher of a network saw last, here or in another process.
    pub fn seen(&self, environment: Environment, network: Network) -> Option<WatchCursor> {
        let seen = self.seen.read().expect("no panic holds this lock");
        seen.get(&(environment, network)).cloned()
    }

    /// Notes what a watcher saw; an older look never replaces a newer one.
    pub fn note(&self, cursor: WatchCursor) {
        let mut seen = self.seen.write().expect("no panic holds this lock");
        let place = (cursor.environment, cursor.network);
        let is_older = |known: &WatchCursor| cursor.answered_at < known.answered_at;
        if !seen.get(&place).is_some_and(is_older) {
            seen.insert(place, cursor);
        }
    }

    /// Forgets what was seen here: another process watches this network now.
    pub fn forget(&self, (environment, network): Place) {
        self.seen.write().expect("no panic holds this lock").remove(&(environment, network));
    }

    /// How far each watcher is behind; none before its first look.
    pub fn lags(&self, now: Timestamp) -> Vec<(Environment, Network, Option<i64>)> {
        let lag = |(environment, network): Place| {
            let seen = self.seen(environment, network);
            (environment, network, seen.map(|cursor| cursor.scanned_at.ms_until(now).max(0)))
        };
        self.places().map(lag).collect()
    }
}
