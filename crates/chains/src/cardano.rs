//! Cardano, seen through Blockfrost's HTTP interface, hosted or self-hosted.
//!
//! Blocks are followed by height and must link. A block's touched addresses are shown to `Ours`;
//! only transactions that pay ours are fetched whole. An output holds ADA and any number of native
//! assets, and each of them that is credited is a transfer.
//!
//! A transaction whose script failed tells nothing: its outputs never came to be, and what its
//! collateral return gives back is nobody's payment.
//!
//! Invariant: what is told of a transaction depends on the transaction and the token list alone,
//! and its ordinals on the transaction alone, so scan, look-up and history agree.

mod answers;
mod client;
mod cursor;
mod decode;
mod history;
mod scan;

use domain::address::Address;
use domain::chain::ChainTransfer;
use domain::environment::Environment;
use domain::network::Network;
use domain::time::Timestamp;

use crate::chain::{Answer, Chain, Head, NodeHealth, Ours, Scan};
use crate::rpc::Nodes;
use client::Client;
use decode::Decoder;

/// What one look at Cardano is bounded by, and what it looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardanoSettings {
    pub environment: Environment,
    /// Assets that are told whatever else lies in an output; of others only some are. Each is its
    /// policy id and asset name in hex, written together.
    pub tokens: Vec<String>,
    /// Blocks of one scan; a page of Blockfrost's holds 100.
    pub range_blocks_max: u64,
    /// How far below the head a watcher without a cursor begins.
    pub start_depth_blocks: u64,
}

/// The Cardano network of one environment.
pub struct Cardano {
    client: Client,
    decoder: Decoder,
    settings: CardanoSettings,
}

impl CardanoSettings {
    /// The bounds that suit a hosted Blockfrost.
    pub fn new(environment: Environment, tokens: Vec<String>) -> CardanoSettings {
        CardanoSettings { environment, tokens, range_blocks_max: 50, start_depth_blocks: 15 }
    }
}

impl Cardano {
    pub fn new(settings: CardanoSettings, nodes: Nodes) -> Cardano {
        let tokens = settings.tokens.iter().map(|token| token.to_ascii_lowercase());
        let decoder = Decoder::new(settings.environment, tokens.collect());
        Cardano { client: Client::new(nodes), decoder, settings }
    }
}

impl Chain for Cardano {
    fn network(&self) -> Network {
        Network::Cardano
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn head(&self) -> Answer<'_, Head> {
        Box::pin(async move { Ok(self.client.tips().await?.head()) })
    }

    fn scan<'a>(&'a self, from: Option<&'a str>, ours: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(scan::scan(self, from, ours))
    }

    fn scan_anew<'a>(&'a self, first: u64, _: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(scan::stand_below(self, first))
    }

    fn look_up<'a>(&'a self, tx_hash: &'a str) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(history::look_up(self, tx_hash))
    }

    fn transfers_to<'a>(
        &'a self,
        address: &'a Address,
        since: Timestamp,
    ) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(history::transfers_to(self, address, since))
    }

    fn canonical(&self, block_number: u64) -> Answer<'_, Option<String>> {
        Box::pin(self.client.canonical(block_number))
    }

    fn health(&self) -> Vec<NodeHealth> {
        self.client.health()
    }
}
