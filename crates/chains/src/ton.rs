//! TON, followed by masterchain block through an indexer that speaks toncenter's API v3.
//!
//! V3 and not v2: it tells all transactions a masterchain block commits, from every shard, in one
//! list, so a million addresses cost no more than one; v2 wants every shard walked block by block
//! and one list of transactions per account. The indexer can be self-hosted (toncenter's
//! ton-indexer); a node's URL is the one `/api/v3/` hangs below, a key goes into `X-Api-Key`.
//!
//! Read here are masterchainInfo, blocks, transactionsByMasterchainBlock, transactions,
//! transactionsByMessage, adjacentTransactions, jetton/wallets and runGetMethod.
//!
//! Invariant: a block's number is the masterchain's seqno and its hash the root hash in
//! hexadecimal; what the masterchain commits is final, so the finalized block is the head.

mod account;
mod boc;
mod client;
mod cursor;
mod decode;
mod jettons;
mod reads;
mod scan;
mod transfers;
mod wire;

use std::time::Duration;

use domain::address::Address;
use domain::chain::ChainTransfer;
use domain::environment::Environment;
use domain::network::Network;
use domain::time::Timestamp;

use crate::chain::{Answer, Chain, Head, NodeHealth, Ours, Scan};
use crate::rpc::Nodes;
use account::Account;
use client::Client;
use jettons::Jettons;

/// What one deployment wants to know of TON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TonSettings {
    pub environment: Environment,
    /// Masters of jettons whose wallets are looked at even if the indexer does not know them.
    pub tokens: Vec<Address>,
    pub blocks_per_scan_max: u64,
    /// How far below the head a scan without a cursor begins.
    pub start_depth_blocks: u64,
    /// How long a scan waits for a listed master that has not answered since the start, if a wallet
    /// may be of its jetton.
    pub master_silence_max: Duration,
}

impl TonSettings {
    /// Half an hour of blocks in some thirty scans.
    const BLOCKS_PER_SCAN: u64 = 32;
    const START_DEPTH_BLOCKS: u64 = 20;
    const MASTER_SILENCE_MAX: Duration = Duration::from_secs(15 * 60);

    pub fn new(environment: Environment, tokens: Vec<Address>) -> TonSettings {
        TonSettings {
            environment,
            tokens,
            blocks_per_scan_max: TonSettings::BLOCKS_PER_SCAN,
            start_depth_blocks: TonSettings::START_DEPTH_BLOCKS,
            master_silence_max: TonSettings::MASTER_SILENCE_MAX,
        }
    }
}

/// TON through its indexers.
pub struct Ton {
    settings: TonSettings,
    client: Client,
    jettons: Jettons,
}

impl Ton {
    pub fn new(settings: TonSettings, nodes: Nodes) -> Ton {
        let masters = settings.tokens.iter().filter_map(Account::of);
        let jettons = Jettons::new(masters.collect(), settings.master_silence_max);
        let client = Client::new(settings.environment, nodes);
        Ton { settings, client, jettons }
    }
}

impl Chain for Ton {
    fn network(&self) -> Network {
        Network::Ton
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn head(&self) -> Answer<'_, Head> {
        Box::pin(self.client.head())
    }

    fn scan<'a>(&'a self, from: Option<&'a str>, ours: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(self.scan_from(from, ours))
    }

    fn scan_anew<'a>(&'a self, first: u64, _: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(self.stand_below(first))
    }

    fn look_up<'a>(&'a self, tx_hash: &'a str) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(self.look_up_hash(tx_hash))
    }

    fn transfers_to<'a>(
        &'a self,
        address: &'a Address,
        since: Timestamp,
    ) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(self.transfers_since(address, since))
    }

    fn canonical(&self, block_number: u64) -> Answer<'_, Option<String>> {
        Box::pin(async move {
            if let Some(block) = self.client.find_block(block_number).await? {
                return Ok(Some(block.hash));
            }
            if block_number > self.client.head().await?.number {
                return Ok(None);
            }
            self.client.block(block_number).await.map(|block| Some(block.hash))
        })
    }

    fn health(&self) -> Vec<NodeHealth> {
        let mut health = self.client.health();
        let complaint = self.jettons.complaint();
        for node in &mut health {
            node.complaint = node.complaint.take().or_else(|| complaint.clone());
        }
        health
    }
}
