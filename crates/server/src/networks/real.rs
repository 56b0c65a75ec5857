//! Networks that have nodes: from an operator's words to a chain that can be watched.
//!
//! Everything that can be wrong with a URL, a header or a token is said at start, naming the
//! network; whether the nodes answer shows when they are watched.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chains::chain::Chain;
use chains::evm::{ArrivedBy, Evm, EvmSendSettings, EvmSender, EvmSettings};
use chains::keys::signing::Signers;
use chains::rpc::{Limits, Nodes};
use chains::send::Sender;
use chains::solana::{SolanaPayments, SolanaSendSettings, SolanaSender, SolanaSettings};
use chains::sui::{Sui, SuiNodes, SuiSettings};
use chains::{cardano, evm, solana, ton};
use domain::address::Address;
use domain::environment::Environment;
use domain::network::{Family, Network};
use domain::token::{Arrival, Running, Token};

use super::Place;
use crate::config::ChainConfig;

/// How long a watcher waits between two looks when it has seen everything.
pub const POLL_MS: u64 = 2_000;
/// Blocks below the head where a network that was never watched begins: enough for what arrives
/// while a server starts.
const START_DEPTH_BLOCKS: u64 = 16;

/// The chain of one place, from its configuration.
pub fn open(place: Place, config: &ChainConfig) -> anyhow::Result<Arc<dyn Chain>> {
    let (environment, network) = place;
    chain(place, config)
        .with_context(|| format!("chains.{}.{}", environment.as_str(), network.as_str()))
}

fn chain(place: Place, config: &ChainConfig) -> anyhow::Result<Arc<dyn Chain>> {
    let (environment, network) = place;
    let limits = limits(network, config);
    let running = running(place, config);
    let contracts = || contracts(place, running).filter_map(|token| token.address);
    Ok(match network.family() {
        Family::Evm => {
            let listed: Result<Vec<_>, _> = contracts_of_evm(place, running).collect();
            let mut settings = EvmSettings::new(network, environment, listed?);
            settings.chain_id = config.chain_id.unwrap_or(settings.chain_id);
            settings.start_depth_blocks = START_DEPTH_BLOCKS;
            Arc::new(Evm::new(settings, Nodes::new(config.endpoints(), limits)?))
        }
        Family::Solana => {
            let mints = contracts().map(str::to_owned).collect();
            let settings = solana_settings(environment, config, mints)?;
            Arc::new(solana::Solana::new(settings, Nodes::new(config.endpoints(), limits)?))
        }
        Family::Ton => {
            let master = |text: &str| Address::parse(network, environment, text);
            let masters: Result<Vec<_>, _> = contracts().map(master).collect();
            let settings = ton::TonSettings::new(environment, masters?);
            Arc::new(ton::Ton::new(settings, Nodes::new(config.endpoints(), limits)?))
        }
        Family::Cardano => {
            let units = contracts().map(str::to_owned).collect();
            let settings = cardano::CardanoSettings::new(environment, units);
            Arc::new(cardano::Cardano::new(settings, Nodes::new(config.endpoints(), limits)?))
        }
        Family::Sui => {
            let settings = SuiSettings::of(environment);
            Arc::new(Sui::new(settings, SuiNodes::new(config.endpoints(), limits)?))
        }
    })
}

fn solana_settings(
    environment: Environment,
    config: &ChainConfig,
    mints: Vec<String>,
) -> anyhow::Result<SolanaSettings> {
    let settings = SolanaSettings::new(environment, mints);
    match &config.genesis {
        Some(genesis) => {
            let private = settings.on_private_network(genesis);
            private.context("genesis: 32 bytes in base58, of getGenesisHash")
        }
        None => Ok(settings),
    }
}

/// Who composes payors' transactions: by ways of its own to the nodes, so that whoever asks for
/// many slows nobody but other payors down.
pub fn solana_payments(
    environment: Environment,
    config: &ChainConfig,
) -> anyhow::Result<SolanaPayments> {
    let genesis = solana_settings(environment, config, Vec::new())?.genesis_hash;
    let nodes = Nodes::new(config.endpoints(), limits(Network::Solana, config))?;
    Ok(SolanaPayments::new(genesis, nodes))
}

/// Who sends on a real network: on EVM networks and Solana, where its keys are here.
pub fn open_sender(
    place: Place,
    config: &ChainConfig,
    keys: Arc<Signers>,
) -> anyhow::Result<Option<Arc<dyn Sender>>> {
    let (environment, network) = place;
    let limits = limits(network, config);
    Ok(match network.family() {
        Family::Evm => {
            let mut settings = EvmSendSettings::new(network, environment);
            settings.chain_id = config.chain_id.unwrap_or(settings.chain_id);
            let nodes = Nodes::new(config.endpoints(), limits)?;
            Some(Arc::new(EvmSender::new(settings, nodes, keys)))
        }
        Family::Solana => {
            let genesis_hash = solana_settings(environment, config, Vec::new())?.genesis_hash;
            let settings =
                SolanaSendSettings { genesis_hash, ..SolanaSendSettings::new(environment) };
            let nodes = Nodes::new(config.endpoints(), limits)?;
            Some(Arc::new(SolanaSender::new(settings, nodes, keys)))
        }
        Family::Ton | Family::Cardano | Family::Sui => None,
    })
}

fn limits(network: Network, config: &ChainConfig) -> Limits {
    let mut limits = Limits::default().for_blocks_every(block_time(network));
    if let Some(rate) = config.requests_per_second {
        limits.requests_per_second_per_node = rate;
    }
    if let Some(ms) = config.request_timeout_ms {
        limits.request_timeout = Duration::from_millis(ms);
    }
    limits
}

/// About how often a network makes a block: a node that is a minute behind lags.
fn block_time(network: Network) -> Duration {
    Duration::from_millis(match network {
        Network::Ethereum => 12_000,
        Network::Base | Network::Optimism | Network::Avalanche => 2_000,
        Network::Bsc => 750,
        Network::Arbitrum | Network::Sui => 250,
        Network::Solana => 400,
        Network::Ton => 3_000,
        Network::Cardano => 20_000,
    })
}

/// Whose network the nodes are of: one with a chain id of its own is not the public one.
pub fn running((environment, network): Place, config: &ChainConfig) -> Running {
    let public = network.profile(environment).chain_id;
    match config.chain_id {
        Some(chain_id) if chain_id != public => Running::Private,
        Some(_) | None => Running::Public,
    }
}

/// What is watched for: tokens that are not there cannot arrive.
fn contracts(place: Place, running: Running) -> impl Iterator<Item = &'static Token> {
    let (environment, network) = place;
    let is_there = move |token: &&Token| token.network == network && token.exists_on(running);
    Token::of(environment).filter(is_there)
}

fn contracts_of_evm(
    place: Place,
    running: Running,
) -> impl Iterator<Item = Result<evm::TokenContract, domain::address::AddressError>> {
    contracts(place, running).filter_map(|token| {
        let arrived_by = match token.arrival {
            Arrival::Whole => ArrivedBy::Event,
            Arrival::ByBalance => ArrivedBy::Balance,
        };
        token.address.map(|contract| evm::TokenContract::parse(contract, arrived_by))
    })
}
