//! Sui, seen through the gRPC interface `sui.rpc.v2` of its full nodes.
//!
//! `nodes` is the pool, `client` the questions, `decode` what their answers mean, `scan` the
//! watcher's way from checkpoint to checkpoint, `cursor` where it stands.
//!
//! Money is seen as balance changes, which nodes compute for every coin of every account. So every
//! coin is told, listed or not, under its whole type, and there is no list of tokens to give.
//!
//! Invariant: a certified checkpoint is final; nothing told is ever taken back.

mod client;
mod coin_type;
mod cursor;
mod decode;
mod nodes;
mod scan;

pub use nodes::{ChainId, SuiNodes};
pub use scan::Range;

use std::collections::BTreeMap;

use domain::address::Address;
use domain::chain::{BlockRef, ChainTransfer};
use domain::environment::Environment;
use domain::network::Network;
use domain::time::Timestamp;
use futures_util::{StreamExt, TryStreamExt, stream};

use crate::chain::{Answer, Chain, ChainError, Head, NodeHealth, Ours, Scan};
use crate::rpc::RpcError;
use client::{Client, REQUESTS_AT_ONCE_MAX};
use decode::Transaction;

/// What differs between deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SuiSettings {
    pub environment: Environment,
    /// Nodes of other chains are not believed. Without it, the cursor or the node that answers
    /// first says which chain it is, as a private network needs.
    pub chain_id: Option<ChainId>,
    pub range: Range,
}

impl SuiSettings {
    /// The public chain of an environment, a scan being some seconds of it to half a minute.
    pub fn of(environment: Environment) -> SuiSettings {
        let chain_id = match environment {
            Environment::Mainnet => ChainId::MAINNET,
            Environment::Devnet => ChainId::TESTNET,
        };
        let range = Range { checkpoints_per_scan_max: 100, start_depth: 0 };
        SuiSettings { environment, chain_id: Some(chain_id), range }
    }
}

/// One Sui chain.
pub struct Sui {
    settings: SuiSettings,
    client: Client,
}

impl Sui {
    pub fn new(settings: SuiSettings, nodes: SuiNodes) -> Sui {
        Sui { settings, client: Client { nodes: nodes.expecting(settings.chain_id) } }
    }

    async fn head_now(&self) -> Result<Head, ChainError> {
        Ok(scan::head_of(&self.client.head().await?))
    }

    async fn transfers_of(&self, tx_hash: &str) -> Result<Vec<ChainTransfer>, ChainError> {
        let Some(transaction) = self.client.transaction(tx_hash).await? else {
            return Ok(Vec::new());
        };
        let blocks = self.blocks_of(std::slice::from_ref(&transaction)).await?;
        Ok(in_blocks(&[transaction], &blocks, |_| true))
    }

    /// Nodes that keep an index tell an account's transactions. From others only those can be
    /// learnt that touched the coins it still has: coins that were spent are no longer found.
    async fn transfers_since(
        &self,
        account: &str,
        since: Timestamp,
    ) -> Result<Vec<ChainTransfer>, ChainError> {
        let told = match self.client.history(account, since).await {
            Err(RpcError::Refused { .. }) => self.client.last_touches_of_coins(account).await,
            answer @ (Ok(_) | Err(RpcError::Unavailable(_))) => answer,
        };
        let mut transactions = told?;
        transactions.retain(|one| one.credits.iter().any(|credit| credit.to == account));
        let blocks = self.blocks_of(&transactions).await?;
        let mut transfers = in_blocks(&transactions, &blocks, |to| to == account);
        transfers.retain(|transfer| transfer.block.time >= since);
        transfers.sort_by_key(|transfer| transfer.block.number);
        Ok(transfers)
    }

    /// The checkpoints that include transactions which credit anybody.
    async fn blocks_of(
        &self,
        transactions: &[Transaction],
    ) -> Result<BTreeMap<u64, BlockRef>, ChainError> {
        let crediting = transactions.iter().filter(|one| !one.credits.is_empty());
        let mut numbers: Vec<u64> = crediting.filter_map(|one| one.checkpoint).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let blocks = stream::iter(numbers)
            .map(|number| async move { Ok((number, self.client.block(number).await?)) })
            .buffered(REQUESTS_AT_ONCE_MAX);
        blocks.try_collect().await
    }

    async fn digest_of(&self, number: u64) -> Result<Option<String>, ChainError> {
        let head = self.client.head().await?;
        if number > head.head {
            return Ok(None);
        }
        Ok(Some(self.client.block(number).await?.hash))
    }
}

/// The transfers of transactions that a checkpoint includes.
fn in_blocks(
    transactions: &[Transaction],
    blocks: &BTreeMap<u64, BlockRef>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<ChainTransfer> {
    let included = transactions.iter().filter_map(|transaction| {
        let block = blocks.get(&transaction.checkpoint?)?;
        Some(decode::transfers(transaction, block, &is_wanted))
    });
    included.flatten().collect()
}

impl Chain for Sui {
    fn network(&self) -> Network {
        Network::Sui
    }

    fn environment(&self) -> Environment {
        self.settings.environment
    }

    fn head(&self) -> Answer<'_, Head> {
        Box::pin(self.head_now())
    }

    fn scan<'a>(&'a self, from: Option<&'a str>, ours: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(scan::scan(&self.client, self.settings.range, from, ours))
    }

    fn scan_anew<'a>(&'a self, first: u64, ours: &'a dyn Ours) -> Answer<'a, Scan> {
        Box::pin(scan::scan_anew(&self.client, self.settings.range, first, ours))
    }

    fn look_up<'a>(&'a self, tx_hash: &'a str) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(self.transfers_of(tx_hash))
    }

    fn transfers_to<'a>(
        &'a self,
        address: &'a Address,
        since: Timestamp,
    ) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(self.transfers_since(address.as_str(), since))
    }

    fn canonical(&self, block_number: u64) -> Answer<'_, Option<String>> {
        Box::pin(self.digest_of(block_number))
    }

    fn health(&self) -> Vec<NodeHealth> {
        self.client.nodes.health()
    }
}
