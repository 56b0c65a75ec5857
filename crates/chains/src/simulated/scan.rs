//! Following a simulated chain: from a cursor, a range of blocks, told with what was reorganized.
//!
//! `plan_scan` says which blocks' rows are needed and `ScanPlan::answer` makes the scan of them,
//! so that loading lies between two pure steps. Blocks without rows cost nothing.
//!
//! Invariant: a transaction is told although its row is committed after its block was scanned. A
//! submit puts it into the next block, and that block may come before the commit does; blocks
//! therefore stay under watch for `SETTLING_MS` and are told again when they have become fuller.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use domain::chain::ChainTransfer;
use domain::simulated::{SimulatedChain, SimulatedTransaction};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::blocks::{block_ref, genesis_number, number_at};
use super::reads;
use crate::chain::{ChainError, Head, Scan};

const RANGE_BLOCKS_MAX: u64 = 5_000;
const OVERLAP_BLOCKS: u64 = 16;
/// How much later than its block a transaction's row may be committed: enough for a commit that
/// waits until a lost database connection is back.
const SETTLING_MS: i64 = 30_000;
/// Settling blocks a cursor remembers; older ones are told again each time until they settle.
const SETTLING_BLOCKS_MAX: usize = 512;

/// What a cursor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    /// Blocks up to here are told.
    number: u64,
    /// The newest fork they were told of: blocks of newer forks replaced them.
    fork: u32,
    /// Blocks up to here could no longer become fuller when they were looked at last.
    settled: u64,
    /// How many transactions were in the told blocks after those.
    settling: Vec<(u64, u64)>,
}

/// One scan that knows its blocks and waits for their transactions.
#[derive(Clone, Debug)]
pub struct ScanPlan {
    now: Timestamp,
    head: Head,
    reverted_from: Option<u64>,
    /// Blocks up to here are told, unless they became fuller.
    told: u64,
    settled: u64,
    settling: BTreeMap<u64, u64>,
    blocks: RangeInclusive<u64>,
}

/// Begins a scan. Without a cursor it starts with the chain, if the chain is young, since a
/// simulated chain begins with its deployment and its first payments must not be missed.
pub fn plan_scan(
    chain: &SimulatedChain,
    from: Option<&str>,
    now: Timestamp,
) -> Result<ScanPlan, ChainError> {
    let head = reads::head(chain, now)?;
    let position = match from {
        Some(cursor) => Position::parse(cursor)?,
        None => Position::start(chain, head),
    };
    Ok(plan(chain, head, position, now))
}

/// Begins a scan whose first block is this one, whatever was told before.
pub fn plan_scan_anew(
    chain: &SimulatedChain,
    first: u64,
    now: Timestamp,
) -> Result<ScanPlan, ChainError> {
    let head = reads::head(chain, now)?;
    let number = first.saturating_sub(1).min(head.number);
    let fork = newest_fork(chain);
    let position = Position { number, fork, settled: number, settling: Vec::new() };
    Ok(plan(chain, head, position, now))
}

fn plan(chain: &SimulatedChain, head: Head, position: Position, now: Timestamp) -> ScanPlan {
    // Told even above the cursor: a watcher that died before it saved a newer cursor may hold
    // transfers from there.
    let reverted_from = position.fork_point(chain);
    let kept = reverted_from.map_or(u64::MAX, |number| number.saturating_sub(1));
    let told = position.number.min(kept);
    // A node that lags behind the cursor has nothing to tell, and the cursor does not go back.
    let last = head.number.min(told.saturating_add(RANGE_BLOCKS_MAX)).max(told);
    let overlap = if reads::is_duplicating(chain, now) { OVERLAP_BLOCKS } else { 0 };
    let told = told.saturating_sub(overlap);
    let settled = settled_number(chain, now).unwrap_or(0).max(position.settled);
    ScanPlan {
        now,
        head,
        reverted_from,
        told,
        settled,
        blocks: told.min(position.settled).saturating_add(1)..=last,
        settling: position.settling.into_iter().collect(),
    }
}

impl ScanPlan {
    /// The blocks whose transactions `answer` must be given, all of them; it may be empty.
    pub fn blocks(&self) -> RangeInclusive<u64> {
        self.blocks.clone()
    }

    /// A plan that ends earlier, for a range with more rows than the caller wants to hold. It
    /// keeps at least one block that is not told yet, or it would never come further.
    pub fn until(self, number: u64) -> ScanPlan {
        let last = number.max(self.told.saturating_add(OVERLAP_BLOCKS + 1));
        let last = last.min(*self.blocks.end());
        ScanPlan { blocks: *self.blocks.start()..=last, ..self }
    }

    /// The scan, made of the transactions in its blocks. Rows of other blocks are ignored.
    pub fn answer(&self, chain: &SimulatedChain, rows: &[SimulatedTransaction]) -> Scan {
        let mut by_block: BTreeMap<u64, Vec<&SimulatedTransaction>> = BTreeMap::new();
        for row in rows {
            if !row.is_dropped && self.blocks.contains(&row.block_number) {
                by_block.entry(row.block_number).or_default().push(row);
            }
        }
        let mut transfers: Vec<ChainTransfer> = Vec::new();
        for (number, rows) in &mut by_block {
            if self.is_to_be_told(*number, rows.len() as u64) {
                rows.sort_by_key(|row| row.id);
                transfers.extend(rows.iter().filter_map(|row| reads::transfer(chain, row)));
            }
        }
        let scanned = *self.blocks.end();
        let settling = by_block.range(self.settled.saturating_add(1)..).rev();
        let settling = settling.map(|(number, rows)| (*number, rows.len() as u64));
        let next = Position {
            number: scanned,
            fork: newest_fork(chain),
            settled: self.settled,
            settling: settling.take(SETTLING_BLOCKS_MAX).collect(),
        };
        Scan {
            transfers: reads::copies(transfers, chain, self.now),
            reverted_from: self.reverted_from,
            head: self.head,
            scanned: block_ref(chain, scanned),
            next: next.written(),
            is_caught_up: scanned >= self.head.number,
        }
    }

    fn is_to_be_told(&self, number: u64, transactions: u64) -> bool {
        number > self.told || self.settling.get(&number) != Some(&transactions)
    }
}

impl Position {
    fn start(chain: &SimulatedChain, head: Head) -> Position {
        let number = head.number.saturating_sub(RANGE_BLOCKS_MAX);
        let number = number.max(genesis_number(chain.network)).min(head.number);
        Position { number, fork: newest_fork(chain), settled: number, settling: Vec::new() }
    }

    fn parse(cursor: &str) -> Result<Position, ChainError> {
        serde_json::from_str(cursor)
            .map_err(|error| ChainError::UnreadableCursor(error.to_string()))
    }

    fn written(&self) -> String {
        serde_json::to_string(self).expect("numbers are always JSON")
    }

    /// The lowest block that was replaced since. Forks that are no longer listed began above one
    /// that is newer, so the lowest of the listed ones is the lowest of all.
    fn fork_point(&self, chain: &SimulatedChain) -> Option<u64> {
        let newer = chain.forks.iter().filter(|fork| fork.id > self.fork);
        newer.map(|fork| fork.from_number).min()
    }
}

fn newest_fork(chain: &SimulatedChain) -> u32 {
    chain.forks.last().map_or(0, |fork| fork.id)
}

/// Blocks up to this number can no longer become fuller. Unknown where the stretches that are kept
/// do not reach back that far; then what was settled before is all that is.
fn settled_number(chain: &SimulatedChain, now: Timestamp) -> Option<u64> {
    let long_ago = now.plus_ms(-SETTLING_MS);
    let is_known = chain.stretches.first().is_some_and(|oldest| oldest.from_time <= long_ago);
    is_known.then(|| number_at(chain, long_ago))
}
