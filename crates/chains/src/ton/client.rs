//! Typed requests to toncenter's API v3.
//!
//! Answers are checked for being whole: a block's transactions must be as many as its shards say,
//! or another node is asked. A node that misses what the head promises is complained about.
//!
//! Invariant: what is asked by block is complete or an error, never silently less.

use std::collections::HashMap;

use domain::chain::BlockRef;
use domain::environment::Environment;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::account::Account;
use super::boc::{self, Bits, Party};
use super::decode::{self, Arrival, Committed, Garbage};
use super::wire;
use crate::chain::{ChainError, Head, NodeHealth};
use crate::rpc::{Nodes, RpcError};

/// The most the API gives at once.
const PAGE_ROWS: u64 = 1_000;
/// Pages overlap, for rows of one logical time have no order that is always the same.
const PAGE_STEP_ROWS: u64 = 900;
const TRANSACTIONS_PER_BLOCK_MAX: u64 = 200_000;
/// Keeps the request line below the 8 KiB that proxies commonly allow.
const ACCOUNTS_PER_REQUEST_MAX: usize = 50;

pub(super) struct Client {
    nodes: Nodes,
    pub environment: Environment,
}

/// How to come from one transaction to its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// The transaction that sent the message this one received.
    Parents,
    /// The transactions that received what this one sent.
    Children,
}

/// Why a get-method gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The contract is missing, failed or answered something else.
    OfContract,
    /// The nodes did not answer, which a contract can bring about as well.
    OfNodes,
}

/// What `get_wallet_data` claims; anybody can claim anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WalletClaim {
    pub owner: Account,
    pub master: Account,
}

impl From<Garbage> for ChainError {
    fn from(garbage: Garbage) -> ChainError {
        ChainError::Unavailable(format!("a node's answer makes no sense: {}", garbage.0))
    }
}

impl Client {
    pub(super) fn new(environment: Environment, nodes: Nodes) -> Client {
        Client { nodes, environment }
    }

    pub(super) fn health(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }

    /// A block the indexer has is committed by the masterchain: the head is final.
    pub(super) async fn head(&self) -> Result<Head, ChainError> {
        let mut told: Vec<(_, BlockRef)> = Vec::new();
        for (node, answer) in
            self.nodes.get_each::<wire::MasterchainInfo>("/api/v3/masterchainInfo").await
        {
            match answer
                .map(|info| info.map(|info| decode::block_ref(self.environment, &info.last)))
            {
                Ok(Some(Ok(block))) => told.push((node, block)),
                Ok(Some(Err(Garbage(what)))) => self.nodes.complain(node, &what),
                Ok(None) => self.nodes.complain(node, "there is no masterchainInfo"),
                Err(RpcError::Unavailable(_) | RpcError::Refused { .. }) => {}
            }
        }
        let heads: Vec<_> = told.iter().map(|(node, block)| (*node, block.number)).collect();
        let number = self.nodes.agree_on_head(&heads).ok_or_else(|| unavailable("the head"))?;
        let nearest = told.iter().filter(|(_, block)| block.number >= number);
        let nearest = nearest.min_by_key(|(_, block)| block.number);
        let (_, block) = nearest.ok_or_else(|| unavailable("the head"))?;
        Ok(Head { number, time: block.time, finalized: Some(number) })
    }

    /// A block that the head says exists.
    pub(super) async fn block(&self, number: u64) -> Result<BlockRef, ChainError> {
        let read = |answer: &wire::Blocks| self.masterchain_block(number, answer);
        self.ask(&masterchain_block_path(number), &format!("block {number}"), read).await
    }

    /// A block that may not exist.
    pub(super) async fn find_block(&self, number: u64) -> Result<Option<BlockRef>, ChainError> {
        let answer = self.nodes.get(&masterchain_block_path(number)).await?;
        Ok(answer.and_then(|answer| self.masterchain_block(number, &answer)))
    }

    /// The block more than half of the nodes that know one have under this number. The others are
    /// complained about.
    pub(super) async fn block_of_most(&self, number: u64) -> Result<BlockRef, ChainError> {
        let mut told: Vec<(_, BlockRef)> = Vec::new();
        for (node, answer) in
            self.nodes.get_each::<wire::Blocks>(&masterchain_block_path(number)).await
        {
            if let Ok(Some(answer)) = answer
                && let Some(block) = self.masterchain_block(number, &answer)
            {
                told.push((node, block));
            }
        }
        let support =
            |block: &BlockRef| told.iter().filter(|(_, it)| it.hash == block.hash).count();
        let most = told.iter().map(|(_, block)| block).max_by_key(|block| support(block)).cloned();
        let most = most.ok_or_else(|| unavailable(&format!("block {number}")))?;
        if support(&most) * 2 <= told.len() {
            return Err(ChainError::Disputed(format!("nobody agrees on block {number}")));
        }
        for (node, block) in &told {
            if block.hash != most.hash {
                self.nodes.complain(*node, "it has a block nobody else has");
            }
        }
        Ok(most)
    }

    fn masterchain_block(&self, number: u64, answer: &wire::Blocks) -> Option<BlockRef> {
        let committed = decode::committed(self.environment, number, &answer.blocks);
        committed.ok().flatten().map(|committed| committed.block)
    }

    /// A block that the head says exists, and everything it commits.
    pub(super) async fn block_with_transactions(
        &self,
        number: u64,
    ) -> Result<(BlockRef, Vec<Arrival>), ChainError> {
        let path = format!("/api/v3/blocks?mc_seqno={number}&limit={PAGE_ROWS}&sort=asc");
        let what = format!("block {number} with its shards");
        let read = |answer: &wire::Blocks| {
            decode::committed(self.environment, number, &answer.blocks).ok().flatten()
        };
        let Committed { block, transactions } = self.ask(&path, &what, read).await?;
        if transactions > TRANSACTIONS_PER_BLOCK_MAX {
            return Err(unavailable(&format!("a credible number of transactions in {what}")));
        }
        let mut arrivals = HashMap::new();
        let mut offset = 0;
        while offset < transactions {
            for arrival in self.page_of_block(number, offset, transactions).await? {
                arrivals.entry(arrival.tx_hash.clone()).or_insert(arrival);
            }
            offset += if offset + PAGE_ROWS >= transactions { PAGE_ROWS } else { PAGE_STEP_ROWS };
        }
        if arrivals.len() as u64 != transactions {
            return Err(unavailable(&format!("all {transactions} transactions of {what}")));
        }
        let mut arrivals: Vec<Arrival> = arrivals.into_values().collect();
        arrivals.sort_by(|one, other| one.tx_hash.cmp(&other.tx_hash));
        Ok((block, arrivals))
    }

    async fn page_of_block(
        &self,
        number: u64,
        offset: u64,
        transactions: u64,
    ) -> Result<Vec<Arrival>, ChainError> {
        let path = format!(
            "/api/v3/transactionsByMasterchainBlock?seqno={number}&limit={PAGE_ROWS}\
             &offset={offset}&sort=asc"
        );
        let expected = PAGE_ROWS.min(transactions - offset);
        let what = format!("the {transactions} transactions of block {number}");
        let read = |answer: &wire::Transactions| {
            let arrivals = self.arrivals(answer).ok()?;
            let is_whole = arrivals.len() as u64 == expected
                && arrivals.iter().all(|arrival| arrival.block_number == Some(number));
            is_whole.then_some(arrivals)
        };
        self.ask(&path, &what, read).await
    }

    /// The transaction with this hash, in hexadecimal.
    pub(super) async fn transaction(&self, hash: &str) -> Result<Vec<Arrival>, ChainError> {
        self.some_transactions(&format!("/api/v3/transactions?hash={hash}&limit=2")).await
    }

    /// The transaction that received the message with this hash, in hexadecimal.
    pub(super) async fn receiver_of(&self, message: &str) -> Result<Vec<Arrival>, ChainError> {
        let path = format!("/api/v3/transactionsByMessage?msg_hash={message}&direction=in&limit=2");
        self.some_transactions(&path).await
    }

    pub(super) async fn neighbours(
        &self,
        hash: &str,
        direction: Direction,
    ) -> Result<Vec<Arrival>, ChainError> {
        let direction = match direction {
            Direction::Parents => "in",
            Direction::Children => "out",
        };
        let path = format!("/api/v3/adjacentTransactions?hash={hash}&direction={direction}");
        self.some_transactions(&path).await
    }

    /// Transactions of an account since a Unix time, newest first.
    pub(super) async fn history(
        &self,
        account: &Account,
        since_seconds: i64,
        offset: u64,
        rows: u64,
    ) -> Result<Vec<Arrival>, ChainError> {
        let path = format!(
            "/api/v3/transactions?account={account}&start_utime={since_seconds}\
             &limit={rows}&offset={offset}&sort=desc"
        );
        self.some_transactions(&path).await
    }

    async fn some_transactions(&self, path: &str) -> Result<Vec<Arrival>, ChainError> {
        let answer = self.nodes.get::<wire::Transactions>(path).await?;
        Ok(answer.map(|answer| self.arrivals(&answer)).transpose()?.unwrap_or_default())
    }

    fn arrivals(&self, answer: &wire::Transactions) -> Result<Vec<Arrival>, Garbage> {
        let transactions = answer.transactions.iter();
        transactions.map(|one| decode::arrival(self.environment, one)).collect()
    }

    /// The owners of those of these jetton wallets the indexer has recognized.
    pub(super) async fn owners(
        &self,
        wallets: &[Account],
    ) -> Result<HashMap<Account, Account>, ChainError> {
        let mut owners = HashMap::new();
        for wallets in wallets.chunks(ACCOUNTS_PER_REQUEST_MAX) {
            let asked: Vec<String> = wallets.iter().map(|it| format!("address={it}")).collect();
            let path = format!("/api/v3/jetton/wallets?{}&limit={PAGE_ROWS}", asked.join("&"));
            let Some(answer) = self.nodes.get::<wire::JettonWallets>(&path).await? else {
                continue;
            };
            for row in answer.jetton_wallets {
                let wallet = Account::parse(self.environment, &row.address);
                let owner = Account::parse(self.environment, &row.owner);
                owners.extend(wallet.zip(owner).filter(|(wallet, _)| wallets.contains(wallet)));
            }
        }
        Ok(owners)
    }

    /// The jetton wallets the indexer has recognized as somebody's.
    pub(super) async fn wallets_of(
        &self,
        owner: &Account,
        rows: usize,
    ) -> Result<Vec<Account>, ChainError> {
        let path = format!("/api/v3/jetton/wallets?owner_address={owner}&limit={rows}");
        let answer = self.nodes.get::<wire::JettonWallets>(&path).await?;
        let rows = answer.into_iter().flat_map(|answer| answer.jetton_wallets).take(rows);
        Ok(rows.filter_map(|row| Account::parse(self.environment, &row.address)).collect())
    }

    /// Asks a jetton master which wallet an owner has.
    pub(super) async fn wallet_address(
        &self,
        master: &Account,
        owner: &Account,
    ) -> Result<Account, Silence> {
        let argument = json!([{ "type": "slice", "value": boc::address_argument(owner) }]);
        let stack = self.get_method(master, "get_wallet_address", argument).await?;
        stack_account(&stack, 0).ok_or(Silence::OfContract)
    }

    /// Asks a jetton wallet whose it is and of which jetton.
    pub(super) async fn wallet_claim(&self, wallet: &Account) -> Result<WalletClaim, Silence> {
        let stack = self.get_method(wallet, "get_wallet_data", json!([])).await?;
        let claim = stack_account(&stack, 1).zip(stack_account(&stack, 2));
        claim.map(|(owner, master)| WalletClaim { owner, master }).ok_or(Silence::OfContract)
    }

    /// Whether any node runs get-methods at all: one of a contract that every network has.
    pub(super) async fn runs_get_methods(&self) -> bool {
        let answer = self.get_method(&Account::CONFIGURATION, "seqno", json!([])).await;
        answer != Err(Silence::OfNodes)
    }

    async fn get_method(
        &self,
        account: &Account,
        method: &str,
        stack: Value,
    ) -> Result<Vec<Value>, Silence> {
        let request = json!({ "address": account.to_string(), "method": method, "stack": stack });
        let answer =
            self.nodes.post::<wire::GetMethodResult>("/api/v3/runGetMethod", request).await;
        match answer {
            // The machine ends with 0 or 1 when it ends well.
            Ok(wire::GetMethodResult { exit_code: 0 | 1, stack }) => Ok(stack.unwrap_or_default()),
            Ok(wire::GetMethodResult { .. }) => Err(Silence::OfContract),
            Err(RpcError::Unavailable(_) | RpcError::Refused { .. }) => Err(Silence::OfNodes),
        }
    }

    /// Asks the healthiest node, and every node if nothing whole can be read from its answer.
    async fn ask<T: DeserializeOwned + Send, R: Send>(
        &self,
        path: &str,
        what: &str,
        read: impl Fn(&T) -> Option<R> + Send + Sync,
    ) -> Result<R, ChainError> {
        let answer = self.nodes.get::<T>(path).await?;
        if let Some(whole) = answer.as_ref().and_then(&read) {
            return Ok(whole);
        }
        let mut whole = None;
        for (node, answer) in self.nodes.get_each::<T>(path).await {
            match answer.map(|answer| answer.as_ref().and_then(&read)) {
                Ok(Some(read)) => whole = whole.or(Some(read)),
                Ok(None) => self.nodes.complain(node, &format!("it does not have {what}")),
                Err(RpcError::Unavailable(_) | RpcError::Refused { .. }) => {}
            }
        }
        whole.ok_or_else(|| unavailable(what))
    }
}

fn masterchain_block_path(number: u64) -> String {
    format!("/api/v3/blocks?workchain=-1&shard=8000000000000000&seqno={number}&limit=1")
}

fn stack_account(stack: &[Value], at: usize) -> Option<Account> {
    let cell = stack.get(at)?.get("value")?.as_str()?;
    match Bits::of_base64(cell)?.party()? {
        Party::Account(account) => Some(account),
        Party::Nobody => None,
    }
}

fn unavailable(what: &str) -> ChainError {
    ChainError::Unavailable(format!("no node tells {what}"))
}
