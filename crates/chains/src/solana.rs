//! Solana: final blocks by slot, token accounts of both token programs, and native SOL.
//!
//! A block's number here is its slot. Only what the network calls finalized is read, so a reorg
//! never reaches a payment; every block is still proved to continue the one told before, because
//! test networks are begun anew and nodes lose blocks or lie.
//!
//! Invariant: a transfer's receiver is the owner of a token account, never the account itself.

use domain::address::Address;
use domain::environment::Environment;
use domain::network::Network;
use domain::time::Timestamp;

use crate::chain::{Answer, Chain, Head, NodeHealth, Ours, Scan};
use crate::rpc::Nodes;
use domain::chain::ChainTransfer;

mod accounts;
mod block_time;
mod client;
mod cursor;
mod decode;
mod history;
mod message;
mod payment;
mod scan;
mod send;
mod wire;

pub use self::payment::{PaymentOrder, SolanaPayments, UnsignedPayment};
pub use self::send::{SolanaSendSettings, SolanaSender};
pub use accounts::{TOKEN_2022_PROGRAM, TOKEN_PROGRAM, associated_token_account};

const GENESIS_OF_MAINNET: &str = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d";
const GENESIS_OF_DEVNET: &str = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG";

/// What Solana is followed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SolanaSettings {
    pub environment: Environment,
    /// What the network began with: a node that says otherwise is refused. None believes every
    /// node, for tests; a server's configuration always names one.
    pub genesis_hash: Option<String>,
    /// Mints whose accounts are searched for payments.
    pub tokens: Vec<String>,
    /// How far below the head a scan without a cursor begins.
    pub start_depth_slots: u64,
    /// Blocks one scan tells at most.
    pub blocks_per_scan: usize,
    /// Blocks that are fetched at the same time. Each may take some ten megabytes meanwhile.
    pub blocks_at_once: usize,
    /// Transactions that are listed at a time, at most 1,000.
    pub signatures_per_page: usize,
}

impl SolanaSettings {
    pub fn new(environment: Environment, tokens: Vec<String>) -> SolanaSettings {
        let genesis_hash = match environment {
            Environment::Mainnet => GENESIS_OF_MAINNET,
            Environment::Devnet => GENESIS_OF_DEVNET,
        };
        SolanaSettings {
            environment,
            genesis_hash: Some(genesis_hash.to_owned()),
            tokens,
            start_depth_slots: 32,
            blocks_per_scan: 64,
            blocks_at_once: 4,
            signatures_per_page: 1_000,
        }
    }

    /// The same on a network that began otherwise than the public one; none if that is no hash.
    #[must_use]
    pub fn on_private_network(self, genesis: &str) -> Option<SolanaSettings> {
        let genesis_hash = Some(genesis.to_owned());
        decode::is_32_bytes(genesis).then_some(SolanaSettings { genesis_hash, ..self })
    }
}

/// One Solana network, seen through its nodes.
pub struct Solana {
    settings: SolanaSettings,
    client: client::Client,
}

impl Solana {
    pub fn new(settings: SolanaSettings, nodes: Nodes) -> Solana {
        let client = client::Client::new(nodes, settings.genesis_hash.clone());
        Solana { settings, client }
    }

    fn history(&self) -> history::History<'_> {
        history::History { client: &self.client, settings: &self.settings }
    }
}

impl Chain for Solana {
    fn network(&self) -> Network {
        Network::Solana
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn head(&self) -> Answer<'_, Head> {
        Box::pin(async move {
            let head = self.client.head().await?;
            Ok(Head { number: head.slot, time: head.time, finalized: Some(head.slot) })
        })
    }

    fn scan<'a>(&'a self, from: Option<&'a str>, ours: &'a dyn Ours) -> Answer<'a, Scan> {
        let follower = scan::Follower { client: &self.client, settings: &self.settings, ours };
        Box::pin(async move { follower.scan(from).await })
    }

    fn scan_anew<'a>(&'a self, first: u64, ours: &'a dyn Ours) -> Answer<'a, Scan> {
        let follower = scan::Follower { client: &self.client, settings: &self.settings, ours };
        Box::pin(async move { follower.scan_anew(first).await })
    }

    fn look_up<'a>(&'a self, tx_hash: &'a str) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(async move { self.history().look_up(tx_hash).await })
    }

    fn transfers_to<'a>(
        &'a self,
        address: &'a Address,
        since: Timestamp,
    ) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(async move { self.history().transfers_to(address, since).await })
    }

    fn canonical(&self, block_number: u64) -> Answer<'_, Option<String>> {
        Box::pin(async move { self.history().canonical(block_number).await })
    }

    fn health(&self) -> Vec<NodeHealth> {
        self.client.health()
    }
}
