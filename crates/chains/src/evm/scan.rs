//! Following an EVM chain: from a cursor, a range of blocks, checked link by link.
//!
//! Blocks and logs of a range are asked for side by side, perhaps of different nodes; a range that
//! does not fit together, or that the nodes find too wide, is asked for again or in part.
//!
//! Invariant: a block counts as told only after all of it was seen; whatever a node cannot or does
//! not want to tell makes the scan fail or end before it.

use super::Evm;
use super::answers::{Block, Header};
use super::client::Heads;
use super::cursor::{Cursor, wanted_numbers};
use super::decode::{self, Arrival, Spelling};
use super::payments::{self, NotKnown, Receivers};
use super::range::{self, Range, Trouble};
use super::{arrived, fork};
use crate::chain::{ChainError, Head, Ours, Scan};

/// Ranges tried in one scan; halving the widest down to one block takes twelve.
const TRIES_MAX: u32 = 24;
/// A range that does not fit together is asked for so often before the nodes are said to disagree.
const TORN_MAX: u32 = 3;
/// Reorgs handled in one scan; each takes the cursor lower.
const REORGS_MAX: u32 = 3;
/// Transactions and logs of a range above which the next one is narrower, for memory's sake.
const ENTRIES_MAX: usize = 50_000;

pub async fn scan(evm: &Evm, from: Option<&str>, ours: &dyn Ours) -> Result<Scan, ChainError> {
    let cursor = from.map(Cursor::parse).transpose()?;
    let heads = evm.client.heads().await?;
    let Some(cursor) = cursor else {
        let number = heads.number.saturating_sub(evm.settings.start_depth_blocks);
        return begin(evm, &heads, number).await;
    };
    let mut follow = Follow { evm, heads, cursor, reverted_from: None, reorgs: 0 };
    if follow.heads.number < follow.cursor.number {
        // A node that lags has nothing to tell, and neither has a chain that was cut back: what is
        // gone will be told when other blocks have taken its place.
        return Ok(follow.nothing_new());
    }
    if follow.heads.number == follow.cursor.number {
        if follow.is_tip_known().await? {
            return Ok(follow.nothing_new());
        }
        follow.rewind().await?;
    }
    follow.one_range(ours).await
}

/// Stands right below a block, so that the next scan tells it.
pub async fn scan_anew(evm: &Evm, first: u64) -> Result<Scan, ChainError> {
    let heads = evm.client.heads().await?;
    begin(evm, &heads, first.saturating_sub(1).min(heads.number)).await
}

/// Begins at a block, with a memory of the blocks before: a reorg may come at once.
async fn begin(evm: &Evm, heads: &Heads, number: u64) -> Result<Scan, ChainError> {
    let mut wanted = vec![number];
    wanted.extend(wanted_numbers(number));
    let headers = evm.client.headers(&wanted).await?;
    let mut known = wanted
        .iter()
        .zip(headers)
        .filter_map(|(number, header)| header.filter(|header| header.number.0 == *number));
    let tip = known.next().filter(|tip| tip.number.0 == number);
    let Some(tip) = tip else {
        return Err(ChainError::Unavailable(format!("no node has block {number}")));
    };
    let before: Vec<Header> = known.collect();
    let head = head(heads);
    Ok(Scan {
        transfers: Vec::new(),
        reverted_from: None,
        head,
        scanned: decode::block_ref(&tip),
        next: Cursor::at(&tip, &before).written(),
        is_caught_up: tip.number.0 >= head.number,
    })
}

/// One scan under way.
struct Follow<'a> {
    evm: &'a Evm,
    heads: Heads,
    cursor: Cursor,
    reverted_from: Option<u64>,
    reorgs: u32,
}

impl Follow<'_> {
    /// Whether the nodes' newest block is the one the cursor stands on.
    async fn is_tip_known(&self) -> Result<bool, ChainError> {
        let is_known = |header: &Header| {
            header.number.0 == self.cursor.number && self.cursor.recognises(header)
        };
        if self.heads.tips.iter().any(|(_, header)| is_known(header)) {
            return Ok(true);
        }
        let headers = self.evm.client.headers(&[self.cursor.number]).await?;
        Ok(headers.iter().flatten().any(is_known))
    }

    async fn rewind(&mut self) -> Result<(), ChainError> {
        self.reorgs += 1;
        if self.reorgs > REORGS_MAX {
            let what = "the chain changes faster than it can be read";
            return Err(ChainError::Disputed(what.to_owned()));
        }
        self.cursor = fork::rewind(&self.evm.client, &self.cursor, &self.heads).await?;
        let gone = self.cursor.number + 1;
        self.reverted_from = Some(self.reverted_from.map_or(gone, |before| before.min(gone)));
        Ok(())
    }

    async fn one_range(mut self, ours: &dyn Ours) -> Result<Scan, ChainError> {
        let mut receivers = Receivers::new(ours);
        let mut spelling = self.evm.spelling();
        let mut width = self.evm.width.blocks();
        let mut torn = 0;
        for _ in 0..TRIES_MAX {
            let first = self.cursor.number.saturating_add(1);
            let last = self.heads.number.min(self.cursor.number.saturating_add(width));
            if first > last {
                return Ok(self.nothing_new());
            }
            let blocks = last - first + 1;
            let fetched = self.fetch(first, last, torn).await;
            let trouble = match fetched {
                Ok(range) if !self.follows(&range) => {
                    self.rewind().await?;
                    continue;
                }
                Ok(range) => {
                    let client = &self.evm.client;
                    match payments::of_range(client, &range, &mut receivers, &mut spelling).await {
                        Ok(arrivals) => {
                            self.evm.width.accept(range.blocks.len() as u64);
                            return self.told(&range, arrivals, &mut spelling).await;
                        }
                        Err(NotKnown::Failed(error)) => return Err(error),
                        Err(NotKnown::Trouble(trouble)) => trouble,
                    }
                }
                Err(trouble) => trouble,
            };
            match trouble {
                Trouble::TooWide(_) if blocks > 1 => {
                    self.evm.width.refuse(blocks);
                    width = (blocks / 2).max(1);
                }
                // What lies before the block that is gone can still be told.
                Trouble::Gone(number) if number > first => width = number - first,
                Trouble::NoAnswer(_) if blocks > 1 => width = (blocks / 4).max(1),
                Trouble::Torn(why) => {
                    torn += 1;
                    if torn >= TORN_MAX {
                        return Err(ChainError::Disputed(why));
                    }
                }
                Trouble::TooWide(why) | Trouble::NoAnswer(why) => {
                    return Err(ChainError::Unavailable(format!("block {first}: {why}")));
                }
                Trouble::Gone(number) => {
                    let what = format!("no node has block {number} (any more)");
                    return Err(ChainError::Unavailable(what));
                }
            }
        }
        Err(ChainError::Unavailable("the nodes refused every range".to_owned()))
    }

    /// Fetches a range. A first block the pool's choice of node does not have is asked of all.
    async fn fetch(&self, first: u64, last: u64, torn: u32) -> Result<Range, Trouble> {
        let (client, contracts) = (&self.evm.client, &self.evm.contracts);
        // Nodes that disagree agree most likely on little.
        let last = if torn > 0 { last.min(first + (last - first) / 8) } else { last };
        match range::fetch(client, contracts, first..=last).await {
            Err(Trouble::Gone(number)) if number == first => {
                let block = self.block_of_any(number).await.ok_or(Trouble::Gone(number))?;
                range::of_block(client, contracts, block).await
            }
            fetched => fetched,
        }
    }

    /// Asks every node for a block, and notes which of them should have it and do not.
    async fn block_of_any(&self, number: u64) -> Option<Block> {
        let mut found = None;
        for (node, block) in self.evm.client.block_of_each(number).await {
            match block {
                Some(block) if block.number.0 == number => found = found.or(Some(block)),
                Some(_) => self.evm.client.complain(node, "it tells of other blocks than asked"),
                None => {
                    self.evm.client.complain(node, &format!("it does not have block {number}"));
                }
            }
        }
        found
    }

    fn follows(&self, range: &Range) -> bool {
        range.blocks.first().is_some_and(|block| block.parent_hash == self.cursor.hash)
    }

    async fn told(
        self,
        range: &Range,
        mut arrivals: Vec<Arrival>,
        spelling: &mut Spelling,
    ) -> Result<Scan, ChainError> {
        let payments: usize = range.blocks.iter().map(|block| block.transactions.0.len()).sum();
        if payments + range.logs.len() > ENTRIES_MAX {
            self.evm.width.refuse(range.blocks.len() as u64);
        }
        payments::leave_out_excess(&mut arrivals, &self.evm.contracts);
        let (client, listed) = (&self.evm.client, &self.evm.settings.contracts);
        arrived::measure(client, listed, self.heads.number, &mut arrivals).await?;
        decode::order(&mut arrivals);
        let headers: Vec<Header> = range.blocks.iter().map(Block::header).collect();
        let next = self.cursor.after(&headers);
        let scanned = headers.last().expect("a range that follows has a first block");
        Ok(Scan {
            transfers: arrivals.iter().map(|arrival| spelling.transfer(arrival)).collect(),
            reverted_from: self.reverted_from,
            head: head(&self.heads),
            scanned: decode::block_ref(scanned),
            next: next.written(),
            is_caught_up: next.number >= self.heads.number,
        })
    }

    /// The answer where no block follows the cursor.
    fn nothing_new(self) -> Scan {
        Scan {
            transfers: Vec::new(),
            reverted_from: self.reverted_from,
            head: head(&self.heads),
            scanned: self.cursor.block(),
            next: self.cursor.written(),
            is_caught_up: self.cursor.number >= self.heads.number,
        }
    }
}

pub fn head(heads: &Heads) -> Head {
    let time = decode::time(heads.header.timestamp);
    Head { number: heads.number, time, finalized: heads.finalized }
}
