//! A range of blocks and their token logs, fetched side by side and checked to be of one chain.
//!
//! Invariant: what leaves here is complete and consistent: every block asked for, each linked to
//! the one before, logs of exactly these blocks only, and none missing that a block's own bloom
//! filter speaks of without the node having been asked for it twice.

use std::collections::{HashMap, HashSet};
use std::ops::RangeInclusive;

use futures_util::future::try_join;

use super::answers::{Block, Log};
use super::bloom::Marks;
use super::client::{Client, LogFilter, LogPlace};
use super::decode::TRANSFER;
use super::width::is_too_wide;
use super::wire::{Account, Hash};
use crate::rpc::RpcError;

/// Contracts one question may name.
const CONTRACTS_PER_QUESTION: usize = 64;

/// The token contracts a network looks for.
pub struct Contracts {
    accounts: Vec<Account>,
    marks: Vec<Marks>,
    transfer: Marks,
}

/// A range that fits together.
#[derive(Debug)]
pub struct Range {
    pub blocks: Vec<Block>,
    /// Logs of listed contracts in these blocks.
    pub logs: Vec<Log>,
}

/// Why there is no range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A smaller one would do.
    TooWide(String),
    /// The nodes do not answer, or refuse for a reason of their own.
    NoAnswer(String),
    /// A block below the head that the node does not have (any more).
    Gone(u64),
    /// The parts are of different forks: asked again, they will fit.
    Torn(String),
}

impl From<RpcError> for Trouble {
    fn from(error: RpcError) -> Trouble {
        if is_too_wide(&error) {
            Trouble::TooWide(error.to_string())
        } else {
            Trouble::NoAnswer(error.to_string())
        }
    }
}

impl Contracts {
    pub fn new(accounts: impl Iterator<Item = Account>) -> Contracts {
        let mut accounts: Vec<Account> = accounts.collect();
        accounts.sort_unstable();
        accounts.dedup();
        let marks = accounts.iter().map(|account| Marks::of_contract(*account)).collect();
        Contracts { accounts, marks, transfer: Marks::of_topic(TRANSFER) }
    }

    pub fn contains(&self, contract: Account) -> bool {
        self.accounts.binary_search(&contract).is_ok()
    }

    /// Questions for the listed contracts' logs. Without contracts there is none: an empty list
    /// would ask for everybody's.
    pub fn questions(&self, place: LogPlace, to: Option<Account>) -> Vec<LogFilter> {
        let lists = self.accounts.chunks(CONTRACTS_PER_QUESTION);
        lists.map(|list| LogFilter { place, contracts: list.to_vec(), to }).collect()
    }

    /// Whether the block says of itself that it may hold transfers of listed tokens.
    fn may_be_in(&self, block: &Block) -> bool {
        let Some(bloom) = &block.logs_bloom else { return false };
        // A chain that does not keep the filter fills it with ones.
        bloom.0.iter().any(|&byte| byte != 0xff)
            && self.transfer.are_in(bloom)
            && self.marks.iter().any(|marks| marks.are_in(bloom))
    }
}

/// Fetches a range of blocks that are all at or below the head.
pub async fn fetch(
    client: &Client,
    contracts: &Contracts,
    numbers: RangeInclusive<u64>,
) -> Result<Range, Trouble> {
    let place = LogPlace::Blocks { first: *numbers.start(), last: *numbers.end() };
    let questions = contracts.questions(place, None);
    let (blocks, logs) =
        try_join(client.blocks(numbers.clone()), client.logs_of(&questions)).await?;
    let blocks = linked(numbers, blocks)?;
    complete(client, contracts, blocks, logs.into_iter().flatten().collect()).await
}

/// The range of one block that came from elsewhere.
pub async fn of_block(
    client: &Client,
    contracts: &Contracts,
    block: Block,
) -> Result<Range, Trouble> {
    let logs = client.logs_of(&contracts.questions(LogPlace::Block(block.hash), None)).await?;
    complete(client, contracts, vec![block], logs.into_iter().flatten().collect()).await
}

/// Checks that the blocks are those asked for and that each follows from the one before.
fn linked(numbers: RangeInclusive<u64>, blocks: Vec<Option<Block>>) -> Result<Vec<Block>, Trouble> {
    let mut linked: Vec<Block> = Vec::with_capacity(blocks.len());
    for (number, block) in numbers.zip(blocks) {
        let block = block.ok_or(Trouble::Gone(number))?;
        if block.number.0 != number {
            let what = format!("asked for block {number} a node told of {}", block.number.0);
            return Err(Trouble::Torn(what));
        }
        if linked.last().is_some_and(|parent| parent.hash != block.parent_hash) {
            return Err(Trouble::Torn(format!("block {number} does not follow from its parent")));
        }
        linked.push(block);
    }
    Ok(linked)
}

async fn complete(
    client: &Client,
    contracts: &Contracts,
    blocks: Vec<Block>,
    logs: Vec<Log>,
) -> Result<Range, Trouble> {
    let mut logs = of_these(&blocks, contracts, logs)?;
    let told: HashSet<Hash> = logs.iter().map(|log| log.block_hash).collect();
    let silent: Vec<Hash> = blocks
        .iter()
        .filter(|block| !told.contains(&block.hash) && contracts.may_be_in(block))
        .map(|block| block.hash)
        .collect();
    if !silent.is_empty() {
        // By its hash a block's logs are there, or the node says that it does not know the block.
        let questions: Vec<LogFilter> = silent
            .iter()
            .flat_map(|hash| contracts.questions(LogPlace::Block(*hash), None))
            .collect();
        let found = client.logs_of(&questions).await?.into_iter().flatten().collect();
        logs.extend(of_these(&blocks, contracts, found)?);
    }
    Ok(Range { blocks, logs })
}

fn of_these(
    blocks: &[Block],
    contracts: &Contracts,
    mut logs: Vec<Log>,
) -> Result<Vec<Log>, Trouble> {
    let hashes: HashMap<u64, Hash> =
        blocks.iter().map(|block| (block.number.0, block.hash)).collect();
    let stray = logs
        .iter()
        .find(|log| log.removed || hashes.get(&log.block_number.0) != Some(&log.block_hash));
    if let Some(log) = stray {
        let number = log.block_number.0;
        return Err(Trouble::Torn(format!("logs of another block {number} than the one seen")));
    }
    logs.retain(|log| contracts.contains(log.address));
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::answers::Coins;
    use crate::evm::wire::{Fixed, Quantity};

    fn block(number: u64, hash: u8, parent: u8) -> Option<Block> {
        Some(Block {
            number: Quantity(number),
            hash: Fixed([hash; 32]),
            parent_hash: Fixed([parent; 32]),
            timestamp: Quantity(number),
            logs_bloom: None,
            transactions: Coins::default(),
        })
    }

    #[test]
    fn blocks_that_do_not_link_are_no_range() {
        assert!(linked(5..=6, vec![block(5, 5, 4), block(6, 6, 5)]).is_ok());
        let torn = linked(5..=6, vec![block(5, 5, 4), block(6, 6, 9)]);
        assert!(matches!(torn, Err(Trouble::Torn(_))), "{torn:?}");
        let other = linked(5..=6, vec![block(5, 5, 4), block(7, 6, 5)]);
        assert!(matches!(other, Err(Trouble::Torn(_))), "{other:?}");
        let gone = linked(5..=6, vec![block(5, 5, 4), None]);
        assert_eq!(gone, Err(Trouble::Gone(6)));
    }

    #[test]
    fn without_contracts_nothing_is_asked() {
        let none = Contracts::new(std::iter::empty());
        assert!(none.questions(LogPlace::Blocks { first: 0, last: 9 }, None).is_empty());
        let many = Contracts::new((0..=200).map(|of| Fixed([of; 20])));
        assert_eq!(many.questions(LogPlace::Blocks { first: 0, last: 9 }, None).len(), 4);
    }
}
