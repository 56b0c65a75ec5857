//! What is asked of Blockfrost: typed requests over all the nodes of the network.
//!
//! One node lags, another forgot a block: what a node does not know is asked of the others before
//! it counts as unknown, and a block counts as replaced only if most of the nodes say so.
//!
//! Invariant: every list is read to its end or not at all, in a bounded number of pages.

use std::collections::HashSet;

use domain::chain::BlockRef;
use serde::de::DeserializeOwned;

use super::answers::{
    Block, Hash, HistoryEntry, Moves, PAGE_ITEMS_MAX, Page, TouchedAddress, Transaction,
};
use super::cursor::ROLLBACK_BLOCKS_MAX;
use crate::chain::{ChainError, Head, NodeHealth};
use crate::rpc::{NodeId, Nodes};

/// A block of 90 KiB can neither touch as many addresses as these pages hold, nor hold as many
/// transactions.
const PAGES_MAX: usize = 100;

pub(super) struct Client {
    nodes: Nodes,
}

/// The newest blocks of all nodes, and the one they agree on.
pub(super) struct Tips {
    pub agreed: BlockRef,
    by_node: Vec<(NodeId, u64)>,
}

/// A list, and the nodes that told its pages.
pub(super) struct Listed<T> {
    pub items: Vec<T>,
    pub by: HashSet<NodeId>,
}

/// What has become of a block that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Stands,
    Replaced,
}

impl Tips {
    /// A rollback deeper than the security parameter is none the protocol allows.
    pub(super) fn head(&self) -> Head {
        let BlockRef { number, time, .. } = self.agreed;
        Head { number, time, finalized: number.checked_sub(ROLLBACK_BLOCKS_MAX) }
    }

    fn is_behind(&self, node: NodeId) -> bool {
        let head = self.by_node.iter().find(|(known, _)| *known == node);
        head.is_none_or(|(_, number)| *number < self.agreed.number)
    }
}

impl Client {
    pub(super) fn new(nodes: Nodes) -> Client {
        Client { nodes }
    }

    pub(super) fn health(&self) -> Vec<NodeHealth> {
        self.nodes.health()
    }

    pub(super) async fn tips(&self) -> Result<Tips, ChainError> {
        let mut by_node = Vec::new();
        let mut blocks = Vec::new();
        let mut failure = "no node tells its newest block".to_owned();
        for (node, answer) in self.nodes.get_each::<Block>("/blocks/latest").await {
            match answer {
                Ok(block) => match block.and_then(numbered) {
                    Some(block) => {
                        by_node.push((node, block.number));
                        blocks.push(block);
                    }
                    None => self.nodes.complain(node, "it tells no newest block"),
                },
                Err(error) => failure = error.to_string(),
            }
        }
        let agreed = self.nodes.agree_on_head(&by_node);
        let reached = |number: u64| blocks.into_iter().filter(move |block| block.number >= number);
        let agreed = agreed.and_then(|number| reached(number).min_by_key(|block| block.number));
        match agreed {
            Some(agreed) => Ok(Tips { agreed, by_node }),
            None => Err(ChainError::Unavailable(failure)),
        }
    }

    /// The block of this height, if there is one yet.
    pub(super) async fn block_at(&self, number: u64) -> Result<Option<BlockRef>, ChainError> {
        let is_it = |block: &Block| block.number == Some(number);
        let block = self.known(&format!("/blocks/{number}"), is_it).await?;
        Ok(block.and_then(numbered))
    }

    /// The hash most of the nodes that have a block of this height tell; none if nobody has one.
    pub(super) async fn canonical(&self, number: u64) -> Result<Option<String>, ChainError> {
        let (mut hashes, mut failure) = (Vec::new(), None);
        let mut is_answered = false;
        for (node, answer) in self.nodes.get_each::<Block>(&format!("/blocks/{number}")).await {
            match answer {
                Ok(Some(block)) if block.number == Some(number) => hashes.push(block.hash),
                Ok(Some(_)) => {
                    let what = "it answers another block than the one asked for";
                    self.nodes.complain(node, what);
                    failure = Some(ChainError::Unavailable(what.to_owned()));
                }
                Ok(None) => is_answered = true,
                Err(error) => failure = Some(error.into()),
            }
        }
        let backers = |hash: &String| hashes.iter().filter(|one| *one == hash).count();
        match (hashes.iter().max_by_key(|hash| backers(hash)), failure) {
            (Some(hash), _) if backers(hash) * 2 > hashes.len() => Ok(Some(hash.clone())),
            (Some(_), _) => {
                let text = format!("nodes have different blocks of height {number}");
                Err(ChainError::Disputed(text))
            }
            // Who could not be asked may have it.
            (None, Some(failure)) => Err(failure),
            (None, None) if is_answered => Ok(None),
            (None, None) => Err(nobody_knows(number)),
        }
    }

    /// The blocks after one, oldest first, and who says so; none if the block is not known.
    pub(super) async fn blocks_after(
        &self,
        hash: &str,
        count: u64,
    ) -> Result<(NodeId, Option<Vec<Block>>), ChainError> {
        let path = format!("/blocks/{hash}/next?count={count}&page=1");
        let (node, page) = self.nodes.get_told::<Page<Block>>(&path).await?;
        Ok((node, page.map(|page| page.0)))
    }

    /// Notes that what a node said does not fit what it said before.
    pub(super) fn complain(&self, node: NodeId, what: &str) {
        self.nodes.complain(node, what);
    }

    /// The same as the node tells it that has the most of them.
    pub(super) async fn most_blocks_after(&self, hash: &str, count: u64) -> Option<Vec<Block>> {
        let path = format!("/blocks/{hash}/next?count={count}&page=1");
        let answers = self.nodes.get_each::<Page<Block>>(&path).await;
        let pages = answers.into_iter().filter_map(|(_, answer)| answer.ok().flatten());
        pages.map(|page| page.0).max_by_key(Vec::len)
    }

    /// The hundred blocks before one.
    pub(super) async fn blocks_before(&self, hash: &str) -> Result<Vec<Block>, ChainError> {
        let path = format!("/blocks/{hash}/previous?count={PAGE_ITEMS_MAX}&page=1");
        let page = self.known::<Page<Block>>(&path, |_| true).await?;
        Ok(page.map(|page| page.0).unwrap_or_default())
    }

    /// Whether a block that was told is still the one of its height.
    pub(super) async fn standing(
        &self,
        told: &BlockRef,
        tips: &Tips,
    ) -> Result<Standing, ChainError> {
        let number = told.number;
        let (mut stands, mut replaced) = (Vec::new(), Vec::new());
        for (node, answer) in self.nodes.get_each::<Block>(&format!("/blocks/{number}")).await {
            // What a node says that has not caught up yet is yesterday's news.
            if tips.is_behind(node) {
                continue;
            }
            match answer.map(|block| block.and_then(numbered)) {
                Ok(Some(block)) if block.number != number => {
                    self.nodes.complain(node, "it answers another block than the one asked for");
                }
                Ok(Some(block)) if block.hash == told.hash => stands.push(node),
                Ok(Some(_)) => replaced.push(node),
                Ok(None) => self.nodes.complain(node, &format!("it does not know block {number}")),
                // The pool has taken note.
                Err(_) => {}
            }
        }
        let (standing, minority) = match stands.len().cmp(&replaced.len()) {
            std::cmp::Ordering::Greater => (Standing::Stands, replaced),
            std::cmp::Ordering::Less => (Standing::Replaced, stands),
            std::cmp::Ordering::Equal if stands.is_empty() => return Err(nobody_knows(number)),
            std::cmp::Ordering::Equal => {
                let text = format!("nodes have different blocks of height {number}");
                return Err(ChainError::Disputed(text));
            }
        };
        for node in minority {
            self.nodes.complain(node, &format!("it has another block {number} than most"));
        }
        Ok(standing)
    }

    /// Every address a block touches, each with the transactions that do, and who says so.
    pub(super) async fn touched(
        &self,
        block: &BlockRef,
    ) -> Result<Listed<TouchedAddress>, ChainError> {
        self.listed(block, "addresses").await
    }

    /// The hash of every transaction of a block, and who says so.
    pub(super) async fn transactions_of(
        &self,
        block: &BlockRef,
    ) -> Result<Listed<Hash>, ChainError> {
        self.listed(block, "txs").await
    }

    async fn listed<T: DeserializeOwned>(
        &self,
        block: &BlockRef,
        what: &str,
    ) -> Result<Listed<T>, ChainError> {
        let mut listed = Listed { items: Vec::new(), by: HashSet::new() };
        for page in 1..=PAGES_MAX {
            let path = format!("/blocks/{}/{what}?count={PAGE_ITEMS_MAX}&page={page}", block.hash);
            let answer = self.known_told::<Page<T>>(&path, |_| true).await?;
            let (node, Page(mut items)) = answer.ok_or_else(|| nobody_knows(block.number))?;
            let is_last = items.len() < PAGE_ITEMS_MAX;
            listed.items.append(&mut items);
            listed.by.insert(node);
            if is_last {
                return Ok(listed);
            }
        }
        let text = format!("the {what} of block {} are more than a block's can be", block.number);
        Err(ChainError::Unavailable(text))
    }

    /// Notes that a list cannot be whole.
    pub(super) fn complain_of_list<T>(&self, listed: &Listed<T>, what: &str) {
        for node in &listed.by {
            self.nodes.complain(*node, what);
        }
    }

    /// A transaction and, if it was valid, what it moved; none if no node knows it.
    pub(super) async fn transaction(
        &self,
        hash: &str,
    ) -> Result<Option<(Transaction, Moves)>, ChainError> {
        let is_it = |transaction: &Transaction| transaction.hash == hash;
        let Some(transaction) = self.known(&format!("/txs/{hash}"), is_it).await? else {
            return Ok(None);
        };
        if !transaction.is_valid {
            let nothing = Moves { hash: hash.to_owned(), inputs: Vec::new(), outputs: Vec::new() };
            return Ok(Some((transaction, nothing)));
        }
        let is_it = |moves: &Moves| moves.hash == hash;
        match self.known(&format!("/txs/{hash}/utxos"), is_it).await? {
            Some(moves) => Ok(Some((transaction, moves))),
            None => {
                let text = format!("no node knows what transaction {hash} moved");
                Err(ChainError::Unavailable(text))
            }
        }
    }

    /// A page of an address's transactions, newest first; empty if it was never used.
    pub(super) async fn history(
        &self,
        address: &str,
        page: usize,
    ) -> Result<Vec<HistoryEntry>, ChainError> {
        let path = format!(
            "/addresses/{address}/transactions?order=desc&count={PAGE_ITEMS_MAX}&page={page}"
        );
        let page = self.known::<Page<HistoryEntry>>(&path, |_| true).await?;
        Ok(page.map(|page| page.0).unwrap_or_default())
    }

    async fn known<T: DeserializeOwned>(
        &self,
        path: &str,
        is_it: impl Fn(&T) -> bool,
    ) -> Result<Option<T>, ChainError> {
        Ok(self.known_told(path, is_it).await?.map(|(_, answer)| answer))
    }

    /// An answer to what was asked, and whose. It counts as unknown only if every node says so:
    /// one that fails may be the one that knows.
    async fn known_told<T: DeserializeOwned>(
        &self,
        path: &str,
        is_it: impl Fn(&T) -> bool,
    ) -> Result<Option<(NodeId, T)>, ChainError> {
        const SOMETHING_ELSE: &str = "it answers something else than it was asked for";
        let (node, answer) = self.nodes.get_told::<T>(path).await?;
        let was_told = answer.is_some();
        if let Some(answer) = answer.filter(&is_it) {
            return Ok(Some((node, answer)));
        }
        if was_told {
            self.complain(node, SOMETHING_ELSE);
        }
        let mut failure = None;
        for (node, answer) in self.nodes.get_each::<T>(path).await {
            match answer {
                Ok(Some(answer)) if is_it(&answer) => return Ok(Some((node, answer))),
                Ok(Some(_)) => self.complain(node, SOMETHING_ELSE),
                Ok(None) => {}
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            None if was_told => {
                let text = "a node answers something else than it was asked for, others nothing";
                Err(ChainError::Unavailable(text.to_owned()))
            }
            None => Ok(None),
            Some(failure) => {
                let text = format!("not every node says whether it knows this: {failure}");
                Err(ChainError::Unavailable(text))
            }
        }
    }
}

pub(super) fn nobody_knows(number: u64) -> ChainError {
    ChainError::Unavailable(format!("no node knows block {number}"))
}

/// Byron's epoch boundaries have no height, and nobody needs to refer to them.
pub(super) fn numbered(block: Block) -> Option<BlockRef> {
    let number = block.number?;
    Some(BlockRef { number, hash: block.hash, time: block.time })
}
