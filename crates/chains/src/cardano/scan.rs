//! Following the chain from a cursor: the next blocks, or where the chain forked off.
//!
//! A rollback shows when the node no longer knows the newest told block and another one has its
//! height. Until a node has come as far again, it lags or is still rolling, and nothing is said:
//! by the protocol's own rule no shorter chain replaces a longer one.
//!
//! Invariant: a block counts as told only with all its addresses read and all its payments to
//! ours decoded; each of its transactions touches a listed address or makes no output. What fails
//! in the middle of a range ends the range before that block.

use std::collections::{BTreeMap, BTreeSet};

use domain::chain::{BlockRef, ChainTransfer};
use futures_util::{StreamExt as _, stream};

use super::Cardano;
use super::answers::{Block, Hash, Moves, PAGE_ITEMS_MAX, TouchedAddress, Transaction};
use super::client::{Standing, Tips, nobody_knows, numbered};
use super::cursor::{Cursor, Known, ROLLBACK_BLOCKS_MAX};
use crate::chain::{ChainError, Ours, Scan};

pub(super) const CONCURRENT_REQUESTS: usize = 8;
const ADDRESSES_ASKED_MAX: usize = 10_000;

/// What comes after the newest told block.
enum Following {
    Blocks(Vec<Next>),
    Forked,
}

/// A block to tell.
struct Next {
    block: BlockRef,
    transactions: u64,
}

/// A transaction to fetch: one that touches addresses of ours in the block of this place.
struct Touch {
    place: usize,
    tx_hash: String,
}

pub(super) async fn scan(
    cardano: &Cardano,
    from: Option<&str>,
    ours: &dyn Ours,
) -> Result<Scan, ChainError> {
    let tips = cardano.client.tips().await?;
    let mut cursor = match from {
        Some(text) => Cursor::parse(text)?,
        None => {
            let depth = cardano.settings.start_depth_blocks;
            begin(cardano, &tips, tips.agreed.number.saturating_sub(depth)).await?
        }
    };
    let mut reverted_from = None;
    let (transfers, told) = match following(cardano, &cursor, &tips).await? {
        Following::Blocks(blocks) => tell(cardano, blocks, ours).await?,
        Following::Forked => {
            let kept = fork_point(cardano, &cursor).await?;
            cursor.go_back(&kept);
            reverted_from = Some(kept.number.saturating_add(1));
            // That blocks are gone is worth telling even if what replaced them cannot be read yet.
            match following(cardano, &cursor, &tips).await {
                Ok(Following::Blocks(blocks)) => {
                    tell(cardano, blocks, ours).await.unwrap_or_default()
                }
                Ok(Following::Forked) | Err(_) => (Vec::new(), Vec::new()),
            }
        }
    };
    for block in &told {
        cursor.advance(block);
    }
    let (head, scanned) = (tips.head(), cursor.tip());
    Ok(Scan {
        transfers,
        reverted_from,
        head,
        is_caught_up: scanned.number >= head.number,
        scanned,
        next: cursor.written(),
    })
}

/// Stands right below a block, so that the next scan tells it.
pub(super) async fn stand_below(cardano: &Cardano, first: u64) -> Result<Scan, ChainError> {
    let tips = cardano.client.tips().await?;
    let start = first.saturating_sub(1).min(tips.agreed.number);
    let cursor = begin(cardano, &tips, start).await?;
    let (head, scanned) = (tips.head(), cursor.tip());
    Ok(Scan {
        transfers: Vec::new(),
        reverted_from: None,
        head,
        is_caught_up: scanned.number >= head.number,
        scanned,
        next: cursor.written(),
    })
}

/// A cursor at a block, which knows enough of its ancestors to notice a rollback.
async fn begin(cardano: &Cardano, tips: &Tips, start: u64) -> Result<Cursor, ChainError> {
    let head = &tips.agreed;
    let start = if start == head.number {
        head.clone()
    } else {
        let block = cardano.client.block_at(start).await?;
        block.ok_or_else(|| nobody_knows(start))?
    };
    let mut cursor = Cursor::at(&start);
    let mut older = cardano.client.blocks_before(&start.hash).await?;
    older.sort_by_key(|block| block.number);
    let mut known: Vec<Known> = Vec::new();
    for block in older.into_iter().filter_map(numbered) {
        if known.last().is_none_or(|last| last.0 < block.number) {
            known.push(Known(block.number, block.hash));
        }
    }
    cursor.prepend(known);
    Ok(cursor)
}

async fn following(
    cardano: &Cardano,
    cursor: &Cursor,
    tips: &Tips,
) -> Result<Following, ChainError> {
    let (tip, head) = (cursor.tip(), &tips.agreed);
    if head.number < tip.number || *head == tip {
        return Ok(Following::Blocks(Vec::new()));
    }
    if head.number == tip.number {
        return match cardano.client.standing(&tip, tips).await? {
            Standing::Stands => Ok(Following::Blocks(Vec::new())),
            Standing::Replaced => Ok(Following::Forked),
        };
    }
    let count = cardano.settings.range_blocks_max.clamp(1, PAGE_ITEMS_MAX as u64);
    let (node, listed) = cardano.client.blocks_after(&tip.hash, count).await?;
    let listed = match listed {
        // A node that lags a little is not asked last; others have what it does not have yet.
        Some(listed) if listed.is_empty() => {
            cardano.client.most_blocks_after(&tip.hash, count).await.unwrap_or_default()
        }
        Some(listed) => listed,
        None => match cardano.client.standing(&tip, tips).await? {
            Standing::Replaced => return Ok(Following::Forked),
            Standing::Stands => {
                let listed = cardano.client.most_blocks_after(&tip.hash, count).await;
                listed.ok_or_else(|| nobody_knows(tip.number))?
            }
        },
    };
    // Whoever is complained about is asked last next time.
    let mut blocks = linked(&tip, listed).inspect_err(|_| {
        cardano.client.complain(node, "the blocks it lists do not link to the one before");
    })?;
    blocks.retain(|next| next.block.number <= head.number);
    if blocks.is_empty() {
        let text = format!("no block is listed after {}, though there are some", tip.number);
        return Err(ChainError::Unavailable(text));
    }
    Ok(Following::Blocks(blocks))
}

/// The blocks that follow one another without a gap. Byron's epoch boundaries are links only.
fn linked(tip: &BlockRef, listed: Vec<Block>) -> Result<Vec<Next>, ChainError> {
    let mut blocks: Vec<Next> = Vec::new();
    let (mut parent, mut number) = (tip.hash.clone(), tip.number);
    for block in listed {
        let is_boundary = block.number.is_none() && block.transactions == 0;
        let is_next = block.number == number.checked_add(1);
        if block.previous_hash.as_ref() != Some(&parent) || !(is_boundary || is_next) {
            if blocks.is_empty() {
                let text = format!("what is listed after block {number} does not link to it");
                return Err(ChainError::Disputed(text));
            }
            break;
        }
        parent.clone_from(&block.hash);
        let transactions = block.transactions;
        if let Some(block) = numbered(block) {
            number = block.number;
            blocks.push(Next { block, transactions });
        }
    }
    Ok(blocks)
}

/// The newest told block that is still there, by halving what is remembered.
async fn fork_point(cardano: &Cardano, cursor: &Cursor) -> Result<BlockRef, ChainError> {
    let block_at = async |number: u64| {
        let block = cardano.client.block_at(number).await?;
        block.ok_or_else(|| nobody_knows(number))
    };
    // Everything before `rest` is still there; its last is not.
    let mut rest = cursor.blocks();
    let mut kept = None;
    while rest.len() > 1 {
        let (older, newer) = rest.split_at(rest.len() / 2);
        let Some(Known(number, hash)) = older.last() else { break };
        let block = block_at(*number).await?;
        if block.hash == *hash {
            kept = Some(block);
            rest = newer;
        } else {
            rest = older;
        }
    }
    if let Some(kept) = kept {
        return Ok(kept);
    }
    let oldest = cursor.blocks().first().map_or(0, |oldest| oldest.0);
    let is_too_deep = cursor.tip().number.saturating_sub(oldest) >= ROLLBACK_BLOCKS_MAX;
    match oldest.checked_sub(1) {
        // A watcher that is younger than the fork knows nothing from below it.
        Some(number) if !is_too_deep => block_at(number).await,
        Some(_) | None => {
            let text = "no block that was told is still there: this is another chain";
            Err(ChainError::Disputed(text.to_owned()))
        }
    }
}

/// The transfers to ours in these blocks, as many of which as could be told from the first on.
async fn tell(
    cardano: &Cardano,
    mut blocks: Vec<Next>,
    ours: &dyn Ours,
) -> Result<(Vec<ChainTransfer>, Vec<BlockRef>), ChainError> {
    let touched = touched(cardano, &mut blocks).await?;
    let wanted = among(cardano, &touched, ours).await?;
    let touches = touches(cardano, &touched, &wanted);
    let found = details(cardano, &touches, &mut blocks).await?;
    let mut found: Vec<_> = found.into_iter().filter(|(place, ..)| *place < blocks.len()).collect();
    found.sort_by_key(|(place, transaction, _)| (*place, transaction.index));
    let transfers = found.iter().flat_map(|(_, transaction, moves)| {
        cardano.decoder.transfers(transaction, moves, |to| wanted.contains(to))
    });
    let transfers = transfers.collect();
    Ok((transfers, blocks.into_iter().map(|next| next.block).collect()))
}

/// The addresses of each block. Blocks from the first that cannot be read on are cut off.
async fn touched(
    cardano: &Cardano,
    blocks: &mut Vec<Next>,
) -> Result<Vec<Vec<TouchedAddress>>, ChainError> {
    let mut touched = Vec::new();
    let mut failure = None;
    {
        let mut asked = Vec::new();
        for next in blocks.iter() {
            asked.push(addresses_of(cardano, next));
        }
        let mut answers = stream::iter(asked).buffered(CONCURRENT_REQUESTS);
        while let Some(answer) = answers.next().await {
            match answer {
                Ok(addresses) => touched.push(addresses),
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            }
        }
    }
    cut(blocks, touched.len(), failure)?;
    Ok(touched)
}

async fn addresses_of(cardano: &Cardano, next: &Next) -> Result<Vec<TouchedAddress>, ChainError> {
    if next.transactions == 0 {
        return Ok(Vec::new());
    }
    let listed = cardano.client.touched(&next.block).await?;
    let hashes = listed.items.iter().flat_map(|address| &address.transactions);
    let named: BTreeSet<&Hash> = hashes.map(|touching| &touching.tx_hash).collect();
    let is_whole = match (named.len() as u64).cmp(&next.transactions) {
        std::cmp::Ordering::Equal => true,
        std::cmp::Ordering::Greater => false,
        std::cmp::Ordering::Less => are_idle(cardano, next, &named).await?,
    };
    if is_whole {
        return Ok(listed.items);
    }
    let number = next.block.number;
    let what = format!("its addresses of block {number} do not fit the block's transactions");
    cardano.client.complain_of_list(&listed, &what);
    Err(ChainError::Unavailable(format!("a node leaves out addresses of block {number}")))
}

/// Whether the transactions of a block that touch no listed address make no outputs: a failed
/// script's do not, and the interface does not promise to list what its collateral touches.
async fn are_idle(
    cardano: &Cardano,
    next: &Next,
    named: &BTreeSet<&Hash>,
) -> Result<bool, ChainError> {
    let number = next.block.number;
    let all = cardano.client.transactions_of(&next.block).await?;
    let distinct: BTreeSet<&Hash> = all.items.iter().collect();
    if distinct.len() as u64 != next.transactions || !named.is_subset(&distinct) {
        cardano.client.complain_of_list(&all, &format!("its list of block {number} is not whole"));
        let text = format!("a node leaves out transactions of block {number}");
        return Err(ChainError::Unavailable(text));
    }
    for Hash(hash) in distinct.difference(named).copied() {
        let Some((_, moves)) = cardano.client.transaction(hash).await? else {
            return Err(ChainError::Unavailable(format!("no node knows transaction {hash}")));
        };
        if !moves.outputs.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Ends a range where something failed, unless nothing would be left of it.
fn cut(
    blocks: &mut Vec<Next>,
    whole: usize,
    failure: Option<ChainError>,
) -> Result<(), ChainError> {
    match failure {
        Some(failure) if whole == 0 => Err(failure),
        Some(_) => {
            blocks.truncate(whole);
            Ok(())
        }
        None => Ok(()),
    }
}

async fn among(
    cardano: &Cardano,
    touched: &[Vec<TouchedAddress>],
    ours: &dyn Ours,
) -> Result<BTreeSet<String>, ChainError> {
    let all = touched.iter().flatten();
    let met = all.filter_map(|touched| cardano.decoder.canonical(&touched.address));
    let met: Vec<String> = met.collect::<BTreeSet<_>>().into_iter().collect();
    let mut wanted = BTreeSet::new();
    for some in met.chunks(ADDRESSES_ASKED_MAX) {
        let answers = ours.among(some).await?;
        let mine = some.iter().zip(answers).filter(|(_, is_ours)| *is_ours);
        wanted.extend(mine.map(|(address, _)| address.clone()));
    }
    Ok(wanted)
}

/// The transactions that touch addresses of ours, each once.
fn touches(
    cardano: &Cardano,
    touched: &[Vec<TouchedAddress>],
    wanted: &BTreeSet<String>,
) -> Vec<Touch> {
    let mut touches: BTreeMap<(usize, &str), Touch> = BTreeMap::new();
    for (place, addresses) in touched.iter().enumerate() {
        let is_wanted = |one: &&TouchedAddress| {
            cardano.decoder.canonical(&one.address).is_some_and(|address| wanted.contains(&address))
        };
        for touching in addresses.iter().filter(is_wanted).flat_map(|one| &one.transactions) {
            let tx_hash = touching.tx_hash.0.as_str();
            touches
                .entry((place, tx_hash))
                .or_insert_with(|| Touch { place, tx_hash: tx_hash.to_owned() });
        }
    }
    touches.into_values().collect()
}

/// The transactions themselves. A block whose transactions cannot be had ends the range.
async fn details(
    cardano: &Cardano,
    touches: &[Touch],
    blocks: &mut Vec<Next>,
) -> Result<Vec<(usize, Transaction, Moves)>, ChainError> {
    let mut found = Vec::new();
    let mut failure = None;
    let mut whole = blocks.len();
    {
        let mut asked = Vec::new();
        for touch in touches {
            let Some(next) = blocks.get(touch.place) else { continue };
            asked.push(detail(cardano, touch, &next.block));
        }
        let mut answers = stream::iter(asked).buffered(CONCURRENT_REQUESTS);
        while let Some((place, answer)) = answers.next().await {
            match answer {
                Ok((transaction, moves)) => found.push((place, transaction, moves)),
                Err(error) => {
                    (failure, whole) = (Some(error), place);
                    break;
                }
            }
        }
    }
    cut(blocks, whole, failure)?;
    Ok(found)
}

async fn detail(
    cardano: &Cardano,
    touch: &Touch,
    block: &BlockRef,
) -> (usize, Result<(Transaction, Moves), ChainError>) {
    let answer = match cardano.client.transaction(&touch.tx_hash).await {
        Ok(Some((transaction, _)))
            if (&transaction.block_hash, transaction.block_number)
                != (&block.hash, block.number) =>
        {
            let text = format!("transaction {} moved to another block", touch.tx_hash);
            Err(ChainError::Disputed(text))
        }
        Ok(Some(found)) => Ok(found),
        Ok(None) => {
            let text = format!("no node knows transaction {}", touch.tx_hash);
            Err(ChainError::Unavailable(text))
        }
        Err(error) => Err(error),
    };
    (touch.place, answer)
}

#[cfg(test)]
mod tests;
