//! How each network is reached, what stands in for its keys, and which tokens are added.
//!
//! `[chains.devnet.base]` with one RPC URL moves that network from simulated to real. Mainnet has
//! no simulated networks: what has no RPC URL there is not served.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use chains::rpc::Endpoint;
use domain::environment::Environment;
use domain::network::{Depths, Family, Network};
use serde::Deserialize;

/// Nodes are asked one after the other when one fails; more than a few only hide a fault.
const RPC_URLS_MAX: usize = 16;
const CONFIRMATIONS_MAX: u64 = 100_000;

/// Networks by environment and name.
pub type ChainConfigs = BTreeMap<Environment, BTreeMap<Network, ChainConfig>>;

/// One network of one environment.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ChainConfig {
    /// Nodes of it; without any a devnet network is simulated.
    pub rpc_urls: Vec<String>,
    /// EIP-155 id of a private EVM network, on devnet only; default: the public one's.
    pub chain_id: Option<u64>,
    /// Genesis hash of a private Solana network, on devnet only; default: the public one's.
    pub genesis: Option<String>,
    /// Sent to each of them, such as a provider's key.
    pub rpc_headers: BTreeMap<String, String>,
    /// To each node.
    pub requests_per_second: Option<u32>,
    pub request_timeout_ms: Option<u64>,
    /// Milliseconds between two looks.
    pub poll_ms: Option<u64>,
    /// Blocks that make a payment final: for all payments, or `[small, usual, large]`.
    pub confirmations: Option<Confirmations>,
    /// Only receive: an extended public key (EVM, Cardano) instead of a keystore.
    pub xpub: Option<String>,
    /// Only receive: a file with one address a line, in the order of their indexes.
    pub addresses_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Confirmations {
    All(u64),
    ByValue([u64; 3]),
}

impl Confirmations {
    pub fn depths(self) -> Depths {
        match self {
            Confirmations::All(blocks) => Depths::all(blocks),
            Confirmations::ByValue([small, usual, large]) => Depths { small, usual, large },
        }
    }
}

impl ChainConfig {
    pub fn is_real(&self) -> bool {
        !self.rpc_urls.is_empty()
    }

    pub fn endpoints(&self) -> Vec<Endpoint> {
        let headers: Vec<(String, String)> =
            self.rpc_headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let endpoint = |url: &String| Endpoint { url: url.clone(), headers: headers.clone() };
        self.rpc_urls.iter().map(endpoint).collect()
    }

    fn check(&self, environment: Environment, network: Network) -> anyhow::Result<()> {
        let of_private = [
            ("chain_id", self.chain_id.is_some(), Family::Evm),
            ("genesis", self.genesis.is_some(), Family::Solana),
        ];
        for (key, is_set, family) in of_private {
            if is_set && environment.is_live() {
                bail!("{key}: mainnet is the public network; another one has no real money");
            }
            if is_set && network.family() != family {
                bail!("{key}: this network is not told apart by it");
            }
        }
        if self.rpc_urls.len() > RPC_URLS_MAX {
            bail!("rpc_urls: at most {RPC_URLS_MAX}");
        }
        if self.xpub.is_some() && self.addresses_file.is_some() {
            bail!("name an xpub or an addresses_file, not both");
        }
        if let Some(chosen) = self.confirmations {
            let Depths { small, usual, large } = chosen.depths();
            let is_possible = |blocks: u64| (1..=CONFIRMATIONS_MAX).contains(&blocks);
            if ![small, usual, large].into_iter().all(is_possible) {
                bail!("confirmations: 1 to {CONFIRMATIONS_MAX}");
            }
            if small > usual || usual > large {
                bail!("confirmations: more money needs no fewer blocks");
            }
        }
        if self.poll_ms.is_some_and(|ms| ms < 10) {
            bail!("poll_ms: at least 10");
        }
        if self.requests_per_second == Some(0) || self.request_timeout_ms == Some(0) {
            bail!("requests_per_second, request_timeout_ms: at least 1");
        }
        Ok(())
    }
}

pub fn check(chains: &ChainConfigs) -> anyhow::Result<()> {
    for (environment, networks) in chains {
        for (network, chain) in networks {
            let place = || format!("chains.{}.{}", environment.as_str(), network.as_str());
            chain.check(*environment, *network).with_context(place)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_network_is_named_on_devnet_and_in_its_own_family_s_words() {
        let evm = || ChainConfig { chain_id: Some(31_337), ..ChainConfig::default() };
        let genesis = Some("4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY".to_owned());
        let solana = || ChainConfig { genesis: genesis.clone(), ..ChainConfig::default() };
        for (config, environment, network, is_taken) in [
            (evm(), Environment::Devnet, Network::Base, true),
            (evm(), Environment::Mainnet, Network::Base, false),
            (evm(), Environment::Devnet, Network::Solana, false),
            (solana(), Environment::Devnet, Network::Solana, true),
            (solana(), Environment::Mainnet, Network::Solana, false),
            (solana(), Environment::Devnet, Network::Sui, false),
            (ChainConfig::default(), Environment::Mainnet, Network::Sui, true),
        ] {
            let checked = config.check(environment, network);
            assert_eq!(checked.is_ok(), is_taken, "{environment:?} {network:?} {checked:?}");
        }
    }
}
