//! Following the masterchain: every block commits the shards' transactions, in order, for good.
//!
//! A scan reads a bounded number of blocks, several at a time, and keeps only what brought coins
//! or jettons. If a block fails, what lies before it is told and the next scan asks again.
//!
//! Invariant: a block is told when all its transactions were seen, and none is passed over.

use domain::chain::BlockRef;
use futures_util::stream::{self, StreamExt as _};

use super::Ton;
use super::cursor::Cursor;
use super::decode::Arrival;
use super::transfers::Wanted;
use crate::chain::{ChainError, Head, Ours, Scan};

/// Blocks asked for at the same time.
const CONCURRENT_BLOCKS: usize = 4;
/// Arrivals after which a scan stops early: they are held until all are told.
const ARRIVALS_MAX: usize = 20_000;

impl Ton {
    pub(super) async fn scan_from(
        &self,
        from: Option<&str>,
        ours: &dyn Ours,
    ) -> Result<Scan, ChainError> {
        let head = self.client.head().await?;
        let mut cursor = match from {
            Some(text) => Cursor::parse(text)?,
            None => self.start(head).await?,
        };
        // A node that lags behind the cursor has nothing to tell, and the cursor does not go back.
        if head.number <= cursor.last().seqno {
            return Ok(told(head, &cursor, None));
        }
        let reverted_from = self.go_back_to_what_stands(&mut cursor).await?;
        let blocks = match self.read_blocks(&cursor, head).await {
            Ok(blocks) => blocks,
            // A rollback is told even if nothing can be told again yet.
            Err(_) if reverted_from.is_some() => Vec::new(),
            Err(error) => return Err(error),
        };
        let mut arrivals = Vec::new();
        for (block, arrived) in &blocks {
            arrivals.extend(arrived.iter().map(|arrival| (block, arrival.clone())));
            cursor.advance(block);
        }
        let transfers = self.transfers(&arrivals, Wanted::Ours(ours)).await?;
        Ok(Scan { transfers, ..told(head, &cursor, reverted_from) })
    }

    /// Stands right below a block, so that the next scan tells it.
    pub(super) async fn stand_below(&self, first: u64) -> Result<Scan, ChainError> {
        let head = self.client.head().await?;
        let number = first.saturating_sub(1).min(head.number).max(1);
        let cursor = Cursor::at(&self.client.block(number).await?);
        Ok(told(head, &cursor, None))
    }

    async fn start(&self, head: Head) -> Result<Cursor, ChainError> {
        let number = head.number.saturating_sub(self.settings.start_depth_blocks);
        // The masterchain's blocks count from 1: its zero state has no transactions.
        Ok(Cursor::at(&self.client.block(number.max(1)).await?))
    }

    /// Checks that the last block told is still there. If it is not, most nodes must agree on what
    /// is there instead, for on this chain a replaced block is a lie before it is a fact.
    async fn go_back_to_what_stands(&self, cursor: &mut Cursor) -> Result<Option<u64>, ChainError> {
        let last = cursor.last().clone();
        if self.client.block(last.seqno).await?.hash == last.hash {
            return Ok(None);
        }
        for remembered in cursor.remembered().to_vec() {
            let block = self.client.block_of_most(remembered.seqno).await?;
            if block.hash == remembered.hash {
                cursor.back_to(remembered.seqno);
                return Ok((remembered.seqno < last.seqno).then_some(remembered.seqno + 1));
            }
        }
        Err(ChainError::Disputed("none of the blocks told before is in this chain".to_owned()))
    }

    async fn read_blocks(
        &self,
        cursor: &Cursor,
        head: Head,
    ) -> Result<Vec<(BlockRef, Vec<Arrival>)>, ChainError> {
        let first = cursor.last().seqno.saturating_add(1);
        let range = self.settings.blocks_per_scan_max.max(1);
        let last = head.number.min(first.saturating_add(range - 1));
        let reads = (first..=last).map(|number| self.client.block_with_transactions(number));
        let mut reads = stream::iter(reads).buffered(CONCURRENT_BLOCKS);
        let mut blocks = Vec::new();
        let mut held = 0;
        while let Some(read) = reads.next().await {
            let (block, mut arrivals) = match read {
                Ok(read) => read,
                Err(_) if !blocks.is_empty() => break,
                Err(error) => return Err(error),
            };
            arrivals.retain(|arrival| arrival.coins.is_some() || arrival.jettons.is_some());
            held += arrivals.len();
            blocks.push((block, arrivals));
            if held >= ARRIVALS_MAX {
                break;
            }
        }
        Ok(blocks)
    }
}

fn told(head: Head, cursor: &Cursor, reverted_from: Option<u64>) -> Scan {
    Scan {
        transfers: Vec::new(),
        reverted_from,
        head,
        scanned: cursor.last().block(),
        next: cursor.written(),
        is_caught_up: cursor.last().seqno >= head.number,
    }
}
