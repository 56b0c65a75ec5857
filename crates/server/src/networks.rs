//! The chains this deployment talks to, one per environment and network it serves.
//!
//! A devnet network is simulated unless it has RPC URLs. Keeps what each watcher saw last, for
//! the confirmations that views show, for expiry and for readiness.

mod books;
mod real;

pub use self::books::{Books, Simulated};
pub use self::real::{open as open_real, open_sender};

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use chains::addresses::NoAddress;
use chains::chain::{Chain, NodeHealth};
use chains::send::{KeyRef, Sender};
use chains::solana::SolanaPayments;
use domain::address::Address;
use domain::environment::Environment;
use domain::network::{Depths, Network, SIMULATED_DEPTHS};
use domain::time::Timestamp;
use domain::token::{Running, Token, TokenId};
use domain::watch::WatchCursor;
use store::Store;

use crate::clock::Clock;
use crate::config::{ChainConfig, Config};
use crate::simulated::{SimulatedNode, SimulatedSender};

/// One network of one environment.
pub type Place = (Environment, Network);

const SIMULATED_POLL_MS: u64 = 250;

pub struct Networks {
    chains: BTreeMap<Place, Arc<dyn Chain>>,
    simulated: BTreeMap<Network, Arc<SimulatedNode>>,
    /// What the operator chose for those that have nodes.
    chosen: BTreeMap<Place, ChainConfig>,
    /// Those that money can be sent on from here.
    senders: BTreeMap<Place, Arc<dyn Sender>>,
    /// What payors' wallets on Solana are handed their transactions by.
    solana_payments: BTreeMap<Environment, SolanaPayments>,
    books: Arc<Books>,
    seen: RwLock<BTreeMap<Place, WatchCursor>>,
}

impl Networks {
    /// Opens what the configuration names; no node is asked yet.
    pub fn open(config: &Config, clock: &Clock, store: &Store) -> anyhow::Result<Networks> {
        let mut networks = Networks {
            chains: BTreeMap::new(),
            simulated: BTreeMap::new(),
            chosen: BTreeMap::new(),
            senders: BTreeMap::new(),
            solana_payments: BTreeMap::new(),
            books: Arc::new(Books::open(config)?),
            seen: RwLock::new(BTreeMap::new()),
        };
        for &environment in &config.environments {
            for network in Network::ALL {
                let place = (environment, network);
                match config.chain(place) {
                    Some(chain) if chain.is_real() => networks.add_real(place, chain)?,
                    _ if environment == Environment::Devnet => {
                        networks.add_simulated(network, config, clock, store);
                    }
                    // Mainnet without nodes is not served.
                    Some(_) | None => {}
                }
            }
        }
        Ok(networks)
    }

    fn add_real(&mut self, place: Place, config: &ChainConfig) -> anyhow::Result<()> {
        self.chains.insert(place, real::open(place, config)?);
        if let Some(keys) = self.books.signers(place)
            && let Some(sender) = real::open_sender(place, config, keys)?
        {
            self.senders.insert(place, sender);
        }
        if let (environment, Network::Solana) = place {
            self.solana_payments.insert(environment, real::solana_payments(environment, config)?);
        }
        self.chosen.insert(place, config.clone());
        Ok(())
    }

    fn add_simulated(&mut self, network: Network, config: &Config, clock: &Clock, store: &Store) {
        let block_ms = config.simulated_block_ms;
        let node = SimulatedNode::new(network, block_ms, store.clone(), clock.clone());
        let node = Arc::new(node);
        self.simulated.insert(network, node.clone());
        let sender = SimulatedSender::new(node.clone(), self.books.clone());
        self.senders.insert((Environment::Devnet, network), Arc::new(sender));
        self.chains.insert((Environment::Devnet, network), node);
    }

    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.chains.keys().copied()
    }

    pub fn chain(&self, environment: Environment, network: Network) -> Option<&Arc<dyn Chain>> {
        self.chains.get(&(environment, network))
    }

    /// Who sends on a network; nobody where the keys are elsewhere or it is not sent on from here.
    pub fn sender(&self, place: Place) -> Option<&Arc<dyn Sender>> {
        self.senders.get(&place)
    }

    pub fn senders(&self) -> impl Iterator<Item = (Place, &Arc<dyn Sender>)> {
        self.senders.iter().map(|(place, sender)| (*place, sender))
    }

    /// Who composes payors' transactions on Solana; nobody where it has no nodes.
    pub fn solana_payments(&self, environment: Environment) -> Option<&SolanaPayments> {
        self.solana_payments.get(&environment)
    }

    /// Whether an address is the one that pays for gas: what it sends is nobody's payment.
    pub fn is_gas_wallet(&self, place: Place, address: &str) -> bool {
        let wallet = self.sender(place).and_then(|sender| sender.address(KeyRef::Gas).ok());
        wallet.is_some_and(|wallet| wallet.as_str() == address)
    }

    /// The simulated network, if devnet runs it so.
    pub fn simulated(&self, network: Network) -> Option<&Arc<SimulatedNode>> {
        self.simulated.get(&network)
    }

    /// Blocks that make a payment final here.
    pub fn depths(&self, environment: Environment, network: Network) -> Depths {
        let place = (environment, network);
        match self.chosen.get(&place).and_then(|config| config.confirmations) {
            Some(chosen) => chosen.depths(),
            None if self.is_simulated(place) => SIMULATED_DEPTHS,
            None => network.profile(environment).confirmations,
        }
    }

    /// How long a watcher waits between two looks when nothing is left to see.
    pub fn poll_ms(&self, place: Place) -> u64 {
        let chosen = self.chosen.get(&place).and_then(|config| config.poll_ms);
        chosen.unwrap_or(if self.is_simulated(place) { SIMULATED_POLL_MS } else { real::POLL_MS })
    }

    /// The EIP-155 id that wallets must pay on; of no meaning but for EVM networks.
    pub fn chain_id(&self, (environment, network): Place) -> u64 {
        let chosen = self.chosen.get(&(environment, network)).and_then(|config| config.chain_id);
        chosen.unwrap_or(network.profile(environment).chain_id)
    }

    pub fn is_simulated(&self, (environment, network): Place) -> bool {
        environment == Environment::Devnet && self.simulated.contains_key(&network)
    }

    /// How a network runs here; one that is not served would be the public one.
    pub fn running(&self, place: Place) -> Running {
        match self.chosen.get(&place) {
            Some(config) => real::running(place, config),
            None if self.is_simulated(place) => Running::Simulated,
            None => Running::Public,
        }
    }

    /// Whether a token is there on its network as it runs here.
    pub fn has(&self, token: &Token) -> bool {
        token.exists_on(self.running((token.environment, token.network)))
    }

    /// The tokens of an environment that exist here.
    pub fn tokens(&self, environment: Environment) -> impl Iterator<Item = &'static Token> {
        Token::of(environment).filter(|token| self.has(token))
    }

    /// A token that exists here.
    pub fn token(&self, id: TokenId) -> Option<&'static Token> {
        Token::by_id(id).filter(|token| self.has(token))
    }

    /// The deposit address of a derivation index.
    pub fn address(
        &self,
        environment: Environment,
        network: Network,
        index: u32,
    ) -> Result<Address, NoAddress> {
        let place = (environment, network);
        if !self.chains.contains_key(&place) {
            return Err(NoAddress::NoKeys);
        }
        let is_simulated = if self.is_simulated(place) { Simulated::Yes } else { Simulated::No };
        self.books.address(place, index, is_simulated)
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

    /// How the nodes behind the networks fare.
    pub fn health(&self) -> Vec<(Place, NodeHealth)> {
        let of = |(place, chain): (&Place, &Arc<dyn Chain>)| {
            let place = *place;
            chain.health().into_iter().map(move |node| (place, node))
        };
        self.chains.iter().flat_map(of).collect()
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
