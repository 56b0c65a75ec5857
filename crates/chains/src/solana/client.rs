//! The questions Solana's nodes are asked, and what their answers and refusals mean.
//!
//! One node is asked first. If it has not what must be somewhere, all are asked, and those that
//! forgot it or answered what cannot be true are reported.
//!
//! Invariant: whatever leaves here has passed `decode`; a node's refusal becomes `Found` only by a
//! code that the network's own software gives it. No node of another network is ever believed:
//! every node says what its network began with before its first answer counts.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::block_time::FinalHead;
use super::decode::{self, Arrival, Block, Header, Malformed};
use super::wire::{BlockJson, FoundTransactionJson, HeaderJson, SignatureJson};
use crate::chain::{ChainError, NodeHealth};
use crate::rpc::{NodeId, Nodes, RpcError};

/// The block is gone from this node: cleaned up, or its history is switched off.
const FORGOTTEN: [i64; 3] = [-32_001, -32_010, -32_011];
/// The slot has no block, or a snapshot or the archive left it out.
const SKIPPED: [i64; 2] = [-32_007, -32_009];
/// The block is not here yet, or not final here yet.
const NOT_YET: [i64; 3] = [-32_004, -32_014, -32_016];
/// The signature that paging should go on from is not known here.
pub const UNSEEN_SIGNATURE: i64 = -32_020;

/// The newest version of transactions that `decode` reads. A node refuses a whole block (-32015)
/// if one of its transactions is newer, and such a block is never passed over: the scan waits.
/// Version 1 names all its accounts itself, so it is read as one of version 0 without tables.
const TRANSACTION_VERSION_MAX: u8 = 1;

/// A genesis hash is 32 bytes in base58; what else a node says is not repeated at length.
const GENESIS_CHARACTERS_MAX: usize = 44;

/// Slots that are held against one node at a time.
const LACKING_MAX: usize = 64;

/// What came of looking for one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    Here(T),
    /// There is none, as far as the nodes can tell.
    Absent,
    NotYet,
    /// Nodes say that they had it once.
    Forgotten,
}

/// Which slots of a range have a block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Those that any node listed, ascending.
    pub slots: Vec<u64>,
    /// Who left which of them out although it listed later ones.
    lacking: Vec<(u64, NodeId)>,
}

/// A transaction that was included, whether it failed or not.
#[derive(Clone, Debug)]
pub struct Included {
    pub slot: u64,
    pub arrivals: Vec<Arrival>,
}

pub struct Client {
    nodes: Nodes,
    /// What the network began with; none if any will do.
    genesis_hash: Option<String>,
    /// Nodes that said that it is theirs.
    checked: Mutex<HashSet<NodeId>>,
}

impl Client {
    pub fn new(nodes: Nodes, genesis_hash: Option<String>) -> Client {
        Client { nodes, genesis_hash, checked: Mutex::default() }
    }

    pub fn health(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }

    /// The newest slot that is final for at least half of the nodes, and its time. Every question
    /// begins with it, so the nodes are checked here.
    pub async fn head(&self) -> Result<FinalHead, ChainError> {
        let answers =
            self.nodes.json_rpc_each::<u64>("getSlot", (json!({"commitment": "finalized"}),)).await;
        let mut heads = Vec::with_capacity(answers.len());
        let mut error = None;
        for (node, answer) in answers {
            match answer {
                Ok(slot) => heads.push((node, slot)),
                Err(refusal) => error = Some(refusal),
            }
        }
        self.check_network(heads.iter().map(|(node, _)| *node)).await?;
        let Some(slot) = self.nodes.agree_on_head(&heads) else {
            let error = error.unwrap_or_else(|| unavailable("no node tells its newest slot"));
            return Err(error.into());
        };
        let head = |time| FinalHead::new(slot, time);
        match self.ask("getBlockTime", (slot,), head).await? {
            Found::Here(head) => Ok(head),
            Found::Absent | Found::NotYet | Found::Forgotten => {
                Err(unavailable(&format!("no node tells the time of slot {slot}")).into())
            }
        }
    }

    /// Makes sure that the nodes serve the network this is, each of them once.
    async fn check_network(&self, nodes: impl Iterator<Item = NodeId>) -> Result<(), ChainError> {
        let Some(expected) = &self.genesis_hash else { return Ok(()) };
        let unchecked: Vec<NodeId> = {
            let checked = self.checked();
            nodes.filter(|node| !checked.contains(node)).collect()
        };
        if unchecked.is_empty() {
            return Ok(());
        }
        let mut wrong = None;
        for (node, answer) in self.nodes.json_rpc_each::<String>("getGenesisHash", NONE).await {
            match answer {
                Ok(told) if told == *expected => {
                    self.checked().insert(node);
                }
                Ok(told) => {
                    let told: String = told.chars().take(GENESIS_CHARACTERS_MAX).collect();
                    self.complain(node, &format!("it serves the network that began with {told}"));
                    wrong = Some(told);
                }
                Err(_) => {}
            }
        }
        let checked = self.checked();
        match wrong {
            Some(wrong) => Err(ChainError::Disputed(format!(
                "a node serves the network that began with {wrong}, and this one began with \
                 {expected}"
            ))),
            None if unchecked.iter().all(|node| checked.contains(node)) => Ok(()),
            None => Err(unavailable("a node does not say which network it serves").into()),
        }
    }

    fn checked(&self) -> MutexGuard<'_, HashSet<NodeId>> {
        // Every insertion is whole, so a panic elsewhere leaves nothing half done.
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What every answering node says the network began with.
    pub async fn genesis(&self) -> Result<Vec<String>, RpcError> {
        let answers = self.nodes.json_rpc_each::<String>("getGenesisHash", NONE).await;
        let mut error = unavailable("no node tells the genesis");
        let mut told = Vec::with_capacity(answers.len());
        for (_, answer) in answers {
            match answer {
                Ok(genesis) => told.push(genesis),
                Err(refusal) => error = refusal,
            }
        }
        if told.is_empty() { Err(error) } else { Ok(told) }
    }

    /// The slots of a range that have a final block for any of the nodes. A node that lost part of
    /// its history leaves slots out without a word, so no single one is trusted.
    pub async fn slots_with_blocks(&self, first: u64, last: u64) -> Result<Listing, RpcError> {
        let params = (first, last, json!({"commitment": "finalized"}));
        let answers = self.nodes.json_rpc_each::<Vec<u64>>("getBlocks", params).await;
        let mut error = unavailable("no node lists its blocks");
        let mut listed: Vec<(NodeId, BTreeSet<u64>)> = Vec::with_capacity(answers.len());
        for (node, answer) in answers {
            match answer {
                Ok(slots) if slots.iter().all(|slot| (first..=last).contains(slot)) => {
                    listed.push((node, slots.into_iter().collect()));
                }
                Ok(_) => self.complain(node, "lists blocks that were not asked for"),
                Err(refusal) => error = refusal,
            }
        }
        if listed.is_empty() {
            return Err(error);
        }
        let slots: BTreeSet<u64> = listed.iter().flat_map(|(_, slots)| slots).copied().collect();
        let mut lacking = Vec::new();
        for (node, own) in &listed {
            let newest = own.last().copied().unwrap_or(first);
            let left_out = slots.range(..newest).filter(|slot| !own.contains(slot));
            lacking.extend(left_out.map(|slot| (*slot, *node)).take(LACKING_MAX));
        }
        Ok(Listing { slots: slots.into_iter().collect(), lacking })
    }

    /// A block was proved to be part of the chain: who left it out has lost it.
    pub fn complain_of_lost(&self, slot: u64, listing: &Listing) {
        for (_, node) in listing.lacking.iter().filter(|(lacking, _)| *lacking == slot) {
            self.complain(*node, "lost a block that others have");
        }
    }

    pub async fn block(&self, slot: u64) -> Result<Found<Block>, RpcError> {
        let decoded = |json: BlockJson| decode::block(slot, json);
        self.ask("getBlock", (slot, block_options("full")), decoded).await
    }

    pub async fn header(&self, slot: u64) -> Result<Found<Header>, RpcError> {
        let decoded = |json: HeaderJson| decode::header(slot, json);
        self.ask("getBlock", (slot, block_options("none")), decoded).await
    }

    /// What each node that answers at all says of the block in a slot.
    pub async fn header_of_each(
        &self,
        slot: u64,
    ) -> Result<Vec<(NodeId, Found<Header>)>, RpcError> {
        let params = (slot, block_options("none"));
        let answers = self.nodes.json_rpc_each::<Option<HeaderJson>>("getBlock", params).await;
        let mut error = unavailable("no node answers");
        let mut told = Vec::with_capacity(answers.len());
        for (node, answer) in answers {
            match self.found(node, answer, &|json| decode::header(slot, json)) {
                Ok(found) => told.push((node, found)),
                Err(refusal) => error = refusal,
            }
        }
        if told.is_empty() { Err(error) } else { Ok(told) }
    }

    pub async fn transaction(&self, tx_hash: &str) -> Result<Found<Included>, RpcError> {
        let options = json!({
            "encoding": "json",
            "commitment": "finalized",
            "maxSupportedTransactionVersion": TRANSACTION_VERSION_MAX,
        });
        let decoded = |json: FoundTransactionJson| {
            let FoundTransactionJson { slot, signature, arrivals } = json;
            if signature.is_none_or(|signature| signature != tx_hash) {
                return Err(Malformed("another transaction than the one asked for"));
            }
            Ok(Included { slot, arrivals: arrivals? })
        };
        self.ask("getTransaction", (tx_hash, options), decoded).await
    }

    /// One page of the transactions that name an address, newest first.
    pub async fn signatures(
        &self,
        address: &str,
        before: Option<&str>,
        limit: usize,
    ) -> Result<Vec<SignatureJson>, RpcError> {
        let mut options = json!({"commitment": "finalized", "limit": limit});
        if let (Some(before), Value::Object(options)) = (before, &mut options) {
            options.insert("before".to_owned(), before.into());
        }
        self.nodes.json_rpc("getSignaturesForAddress", (address, options)).await
    }

    pub fn complain(&self, node: NodeId, what: &str) {
        self.nodes.complain(node, what);
    }

    /// Asks one node, and all of them if that one has nothing that can be used.
    async fn ask<J: DeserializeOwned, T>(
        &self,
        method: &str,
        params: impl Serialize + Clone,
        decoded: impl Fn(J) -> Result<T, Malformed>,
    ) -> Result<Found<T>, RpcError> {
        match self.nodes.json_rpc::<Option<J>>(method, params.clone()).await {
            Ok(Some(json)) => {
                if let Ok(told) = decoded(json) {
                    return Ok(Found::Here(told));
                }
            }
            Ok(None) | Err(RpcError::Refused { .. }) => {}
            Err(RpcError::Unavailable(why)) => return Err(RpcError::Unavailable(why)),
        }
        let answers = self.nodes.json_rpc_each::<Option<J>>(method, params).await;
        let mut error = unavailable("no node answers");
        let mut best = None;
        for (node, answer) in answers {
            match self.found(node, answer, &decoded) {
                Ok(Found::Here(told)) => return Ok(Found::Here(told)),
                Ok(found) => best = Some(found.or_worse(best)),
                Err(refusal) => error = refusal,
            }
        }
        best.ok_or(error)
    }

    fn found<J, T>(
        &self,
        node: NodeId,
        answer: Result<Option<J>, RpcError>,
        decoded: &impl Fn(J) -> Result<T, Malformed>,
    ) -> Result<Found<T>, RpcError> {
        match answer {
            Ok(Some(json)) => decoded(json).map(Found::Here).map_err(|Malformed(why)| {
                self.nodes.complain(node, why);
                unavailable(why)
            }),
            Ok(None) => Ok(Found::Absent),
            Err(RpcError::Refused { code, .. }) if FORGOTTEN.contains(&code) => {
                self.nodes.complain(node, "forgot a block");
                Ok(Found::Forgotten)
            }
            Err(RpcError::Refused { code, .. }) if SKIPPED.contains(&code) => Ok(Found::Absent),
            Err(RpcError::Refused { code, .. }) if NOT_YET.contains(&code) => Ok(Found::NotYet),
            Err(refusal) => Err(refusal),
        }
    }
}

impl<T> Found<T> {
    /// Of two nodes that have nothing, the one that leaves more doubt decides.
    fn or_worse(self, other: Option<Found<T>>) -> Found<T> {
        match (self, other) {
            (Found::Forgotten, _) | (_, Some(Found::Forgotten)) => Found::Forgotten,
            (Found::NotYet, _) | (_, Some(Found::NotYet)) => Found::NotYet,
            (found, _) => found,
        }
    }
}

/// JSON-RPC wants a list even where there is nothing to say.
const NONE: [u8; 0] = [];

fn block_options(details: &str) -> Value {
    json!({
        "encoding": "json",
        "transactionDetails": details,
        "rewards": false,
        "maxSupportedTransactionVersion": TRANSACTION_VERSION_MAX,
        "commitment": "finalized",
    })
}

fn unavailable(why: &str) -> RpcError {
    RpcError::Unavailable(why.to_owned())
}
