//! Typed questions to the nodes of an EVM network.
//!
//! Invariant: no node of another chain is ever believed: every node says which chain it serves
//! before its first answer counts, and one that serves another stops the network until the
//! operator has corrected the configuration.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::answers::{Block, Header, Log, Receipt, Transaction};
use super::decode::TRANSFER;
use super::wire::{Account, Amount, Hash, Quantity, Word};
use crate::chain::{ChainError, NodeHealth};
use crate::rpc::{NodeId, Nodes, RpcError};

/// Blocks asked for at once, as many as fit into memory and a time-out where blocks are full; the
/// pool bounds how many such requests are under way.
const BLOCKS_PER_BATCH: usize = 25;
const QUESTIONS_PER_BATCH: usize = 100;
/// Heads after which a chain that had no `finalized` is asked again whether it has one now.
const HEADS_WITHOUT_FINALIZED: u32 = 256;

/// The nodes, asked in Ethereum's words.
pub struct Client {
    nodes: Nodes,
    chain_id: u64,
    /// Nodes that said they serve the right chain.
    checked: Mutex<HashSet<NodeId>>,
    /// Heads to go until `finalized` is asked for again; zero where the chain has it.
    without_finalized: AtomicU32,
    /// What no node of this network can do; told beside each node's own complaint.
    lacking: Mutex<Option<String>>,
}

/// What the nodes take for the head.
#[derive(Clone, Debug)]
pub struct Heads {
    pub number: u64,
    /// The block of that number, as one of the nodes has it.
    pub header: Header,
    pub finalized: Option<u64>,
    /// Every node's own newest block.
    pub tips: Vec<(NodeId, Header)>,
}

/// Which logs are asked for.
#[derive(Clone, Debug)]
pub struct LogFilter {
    pub place: LogPlace,
    /// Empty for those of any contract.
    pub contracts: Vec<Account>,
    pub to: Option<Account>,
}

#[derive(Clone, Copy, Debug)]
pub enum LogPlace {
    Blocks { first: u64, last: u64 },
    Block(Hash),
}

impl LogFilter {
    fn question(&self) -> serde_json::Value {
        let mut topics = vec![json!(TRANSFER)];
        if let Some(to) = self.to {
            topics.extend([serde_json::Value::Null, json!(to.padded())]);
        }
        let mut filter = match self.place {
            LogPlace::Blocks { first, last } => {
                json!({ "fromBlock": Quantity(first), "toBlock": Quantity(last) })
            }
            LogPlace::Block(hash) => json!({ "blockHash": hash }),
        };
        filter["topics"] = topics.into();
        if !self.contracts.is_empty() {
            filter["address"] = json!(self.contracts);
        }
        filter
    }
}

impl Client {
    pub fn new(nodes: Nodes, chain_id: u64) -> Client {
        Client {
            nodes,
            chain_id,
            checked: Mutex::default(),
            without_finalized: AtomicU32::new(0),
            lacking: Mutex::default(),
        }
    }

    /// The head at least half of the nodes have reached.
    pub async fn heads(&self) -> Result<Heads, ChainError> {
        let answers = self.each::<Option<Header>>("eth_getBlockByNumber", json!(["latest", false]));
        let mut tips = Vec::new();
        let mut why = None;
        for (node, answer) in answers.await {
            match answer {
                Ok(Some(header)) => tips.push((node, header)),
                Ok(None) => why = Some("a node has no newest block".to_owned()),
                Err(error) => why = Some(error.to_string()),
            }
        }
        self.check_chain(tips.iter().map(|(node, _)| *node)).await?;
        let numbers: Vec<(NodeId, u64)> =
            tips.iter().map(|(node, header)| (*node, header.number.0)).collect();
        let agreed = self.nodes.agree_on_head(&numbers);
        let known = tips.iter().find(|(_, header)| Some(header.number.0) == agreed);
        let Some((_, header)) = known else {
            let silent = if tips.is_empty() {
                "no node is usable"
            } else {
                "too few of the nodes answer to agree on a head"
            };
            let why = why.unwrap_or_else(|| silent.to_owned());
            return Err(ChainError::Unavailable(why));
        };
        let (number, header) = (header.number.0, *header);
        let finalized = self.finalized().await.map(|finalized| finalized.min(number));
        Ok(Heads { number, header, finalized, tips })
    }

    /// The newest final block at least half of the nodes have reached; none on a chain without.
    async fn finalized(&self) -> Option<u64> {
        let to_go = self.without_finalized.load(Ordering::Relaxed);
        if to_go > 0 {
            self.without_finalized.store(to_go - 1, Ordering::Relaxed);
            return None;
        }
        let params = json!(["finalized", false]);
        let answers = self.each::<Option<Header>>("eth_getBlockByNumber", params).await;
        let is_refused = |answer: &Result<_, _>| matches!(answer, Err(RpcError::Refused { .. }));
        if !answers.is_empty() && answers.iter().all(|(_, answer)| is_refused(answer)) {
            self.without_finalized.store(HEADS_WITHOUT_FINALIZED, Ordering::Relaxed);
        }
        let mut numbers: Vec<u64> =
            answers.into_iter().filter_map(|(_, answer)| Some(answer.ok()??.number.0)).collect();
        numbers.sort_unstable();
        // Of two, the lower; of three, the middle one: at least half have reached it.
        numbers.get(numbers.len().checked_sub(1)? / 2).copied()
    }

    /// Makes sure that the nodes serve the chain this network is, each of them once.
    pub async fn check_chain(&self, nodes: impl Iterator<Item = NodeId>) -> Result<(), ChainError> {
        let unchecked: Vec<NodeId> = {
            let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
            nodes.filter(|node| !checked.contains(node)).collect()
        };
        if unchecked.is_empty() {
            return Ok(());
        }
        let mut wrong = None;
        for (node, answer) in self.each::<Quantity>("eth_chainId", json!([])).await {
            match answer {
                Ok(Quantity(chain_id)) if chain_id == self.chain_id => {
                    let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
                    checked.insert(node);
                }
                Ok(Quantity(chain_id)) => {
                    self.nodes.complain(node, &format!("it serves chain {chain_id}"));
                    wrong = Some(chain_id);
                }
                Err(_) => {}
            }
        }
        let checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        match wrong {
            Some(wrong) => Err(ChainError::Disputed(format!(
                "a node serves chain {wrong} and this network is chain {}",
                self.chain_id
            ))),
            None if unchecked.iter().all(|node| checked.contains(node)) => Ok(()),
            None => {
                let what = "a node does not say which chain it serves";
                Err(ChainError::Unavailable(what.to_owned()))
            }
        }
    }

    /// Makes sure of the chain before a question that does not begin with the head.
    pub async fn check_chain_once(&self) -> Result<(), ChainError> {
        let is_checked = !self.checked.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        if is_checked { Ok(()) } else { self.heads().await.map(|_| ()) }
    }

    /// Every usable node's own block of a number, without its transactions.
    pub async fn header_of_each(&self, number: u64) -> Vec<(NodeId, Option<Header>)> {
        let params = json!([Quantity(number), false]);
        let answers = self.each::<Option<Header>>("eth_getBlockByNumber", params).await;
        let told = answers.into_iter().filter_map(|(node, answer)| Some((node, answer.ok()?)));
        told.filter(|(_, header)| header.is_none_or(|header| header.number.0 == number)).collect()
    }

    pub async fn block_of_each(&self, number: u64) -> Vec<(NodeId, Option<Block>)> {
        let params = json!([Quantity(number), true]);
        let answers = self.each::<Option<Block>>("eth_getBlockByNumber", params).await;
        answers.into_iter().filter_map(|(node, answer)| Some((node, answer.ok()?))).collect()
    }

    pub async fn headers(&self, numbers: &[u64]) -> Result<Vec<Option<Header>>, RpcError> {
        let params = numbers.iter().map(|number| json!([Quantity(*number), false]));
        self.many("eth_getBlockByNumber", params.collect()).await
    }

    pub async fn blocks(
        &self,
        numbers: RangeInclusive<u64>,
    ) -> Result<Vec<Option<Block>>, RpcError> {
        let params = numbers.map(|number| (Quantity(number), true)).collect::<Vec<_>>();
        let batches = params.chunks(BLOCKS_PER_BATCH);
        let batches = batches.map(|batch| self.batch("eth_getBlockByNumber", batch));
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }

    pub async fn logs(&self, filter: &LogFilter) -> Result<Vec<Log>, RpcError> {
        self.nodes.json_rpc("eth_getLogs", json!([filter.question()])).await
    }

    /// The logs of several questions, in their order.
    pub async fn logs_of(&self, filters: &[LogFilter]) -> Result<Vec<Vec<Log>>, RpcError> {
        let params = filters.iter().map(|filter| json!([filter.question()]));
        self.many("eth_getLogs", params.collect()).await
    }

    pub async fn receipts(&self, hashes: &[Hash]) -> Result<Vec<Option<Receipt>>, RpcError> {
        let params = hashes.iter().map(|hash| json!([hash]));
        self.many("eth_getTransactionReceipt", params.collect()).await
    }

    pub async fn transaction(&self, hash: Hash) -> Result<Option<Transaction>, RpcError> {
        self.nodes.json_rpc("eth_getTransactionByHash", json!([hash])).await
    }

    pub async fn balance(&self, account: Account) -> Result<Amount, RpcError> {
        self.nodes.json_rpc("eth_getBalance", json!([account, "latest"])).await
    }

    /// What an account has after each of these blocks, and how often it has paid.
    pub async fn balances(
        &self,
        account: Account,
        numbers: &[u64],
    ) -> Result<Vec<(Amount, Quantity)>, RpcError> {
        let params = || numbers.iter().map(|number| json!([account, Quantity(*number)])).collect();
        let balances = self.many::<Amount>("eth_getBalance", params()).await?;
        let paid = self.many::<Quantity>("eth_getTransactionCount", params()).await?;
        Ok(balances.into_iter().zip(paid).collect())
    }

    /// What a contract answers to a call after each of these blocks.
    pub async fn calls(
        &self,
        contract: Account,
        data: &str,
        numbers: &[u64],
    ) -> Result<Vec<Word>, RpcError> {
        let call = json!({ "to": contract, "data": data });
        let params = numbers.iter().map(|number| json!([call, Quantity(*number)]));
        self.many("eth_call", params.collect()).await
    }

    /// One question of a kind few nodes answer, such as a trace.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: &str,
        params: impl Serialize,
    ) -> Result<T, RpcError> {
        self.nodes.json_rpc(method, params).await
    }

    pub fn complain(&self, node: NodeId, what: &str) {
        self.nodes.complain(node, what);
    }

    /// Notes what no node of this network can do, or that they can.
    pub fn note_lacking(&self, what: Option<&str>) {
        let mut lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner);
        if lacking.as_deref() != what {
            *lacking = what.map(str::to_owned);
        }
    }

    pub fn health(&self) -> Vec<NodeHealth> {
        let lacking = self.lacking.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut health = self.nodes.health();
        for node in &mut health {
            node.complaint = node.complaint.take().or_else(|| lacking.clone());
        }
        health
    }

    async fn each<T: DeserializeOwned>(
        &self,
        method: &str,
        params: serde_json::Value,
    ) -> Vec<(NodeId, Result<T, RpcError>)> {
        self.nodes.json_rpc_each(method, params).await
    }

    async fn many<T: DeserializeOwned>(
        &self,
        method: &str,
        params: Vec<serde_json::Value>,
    ) -> Result<Vec<T>, RpcError> {
        let batches = params.chunks(QUESTIONS_PER_BATCH);
        let batches = batches.map(|batch| self.batch(method, batch));
        Ok(try_join_all(batches).await?.into_iter().flatten().collect())
    }

    async fn batch<T: DeserializeOwned, P: Serialize>(
        &self,
        method: &str,
        params: &[P],
    ) -> Result<Vec<T>, RpcError> {
        let answers = self.nodes.json_rpc_batch(method, params).await?;
        // Nothing is ever paired with the wrong question.
        if answers.len() == params.len() {
            Ok(answers)
        } else {
            Err(RpcError::Unavailable("a node answered some of several questions".to_owned()))
        }
    }
}
