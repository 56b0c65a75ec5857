//! Following the network by its final blocks: in order, each proved to continue the one before.
//!
//! Slots without a block are normal. What tells them from a block that the nodes lost is the next
//! block's parent: it must be the block told last. A final block is replaced only when a network is
//! begun anew, so a break is believed only if most nodes deny what was told before.
//!
//! Invariant: the cursor moves to a block only after every block since the last one was told.

use std::collections::HashMap;

use domain::chain::{BlockRef, ChainTransfer};
use futures_util::{StreamExt as _, stream};

use super::SolanaSettings;
use super::block_time::FinalHead;
use super::client::{Client, Found, Listing};
use super::cursor::{Cursor, Remembered};
use super::decode::{Arrival, Block, Header};
use crate::chain::{ChainError, Head, Ours, Scan};

/// How far one listing of blocks may reach: the most that nodes answer.
const LISTED_SLOTS_MAX: u64 = 500_000;
/// Where following goes on when a network was begun anew: an hour below its head.
const ANEW_DEPTH_SLOTS: u64 = 9_000;
/// A block that holds more than this ends the scan, so that answers stay small.
const TRANSFERS_MAX: usize = 10_000;
/// Addresses that are asked about at once.
const ADDRESSES_MAX: usize = 5_000;

pub struct Follower<'a> {
    pub client: &'a Client,
    pub settings: &'a SolanaSettings,
    pub ours: &'a dyn Ours,
}

/// What became of a block that was told.
enum Standing {
    Stands,
    Replaced,
    Unknown,
}

impl Follower<'_> {
    pub async fn scan(&self, from: Option<&str>) -> Result<Scan, ChainError> {
        let cursor = from.map(Cursor::parse).transpose()?;
        let head = self.client.head().await?;
        let Some(cursor) = cursor else {
            let depth = self.settings.start_depth_slots.min(LISTED_SLOTS_MAX);
            return self.begin(head, head.slot.saturating_sub(depth), head.slot).await;
        };
        if head.slot < cursor.newest().slot {
            return self.lag_or_reset(head, cursor).await;
        }
        let listing = self.slots_after(cursor.newest().slot, head.slot).await?;
        self.follow(head, cursor, &listing).await
    }

    /// The first block from a slot on is taken as given.
    pub async fn scan_anew(&self, first: u64) -> Result<Scan, ChainError> {
        let head = self.client.head().await?;
        let below = first.min(head.slot).saturating_sub(1);
        let listing = self.slots_after(below, head.slot).await?;
        let slot = listing.slots.first().copied().unwrap_or(head.slot);
        self.begin(head, slot, slot).await
    }

    /// Without a cursor: the first block of these slots is taken as given.
    async fn begin(&self, head: FinalHead, first: u64, last: u64) -> Result<Scan, ChainError> {
        let slots = self.client.slots_with_blocks(first, last).await?.slots;
        let (Some(slot), Some(genesis)) = (slots.first(), self.client.genesis().await?.pop())
        else {
            return Err(ChainError::Unavailable(format!("no blocks from slot {first} on")));
        };
        let Found::Here(block) = self.client.block(*slot).await? else {
            return Err(ChainError::Unavailable(format!("no node has the block of slot {slot}")));
        };
        let mut transfers = Vec::new();
        let block_ref = self.tell(head, block, &mut transfers).await?;
        let cursor = Cursor::begin(genesis, &block_ref);
        Ok(answer(head, &cursor, transfers))
    }

    /// The next slots that have blocks, looking further and further across a long stretch without.
    async fn slots_after(&self, slot: u64, head_slot: u64) -> Result<Listing, ChainError> {
        let blocks_max = self.settings.blocks_per_scan.max(1);
        let mut reach = u64::try_from(blocks_max).unwrap_or(LISTED_SLOTS_MAX);
        loop {
            reach = reach.saturating_mul(2).min(LISTED_SLOTS_MAX);
            let last = slot.saturating_add(reach).min(head_slot);
            if last <= slot {
                return Ok(Listing::default());
            }
            let mut listing = self.client.slots_with_blocks(slot + 1, last).await?;
            listing.slots.truncate(blocks_max);
            if !listing.slots.is_empty() || last == head_slot {
                return Ok(listing);
            }
            if reach == LISTED_SLOTS_MAX {
                let missing = format!("no node lists a block between slots {slot} and {last}");
                return Err(ChainError::Unavailable(missing));
            }
        }
    }

    /// Tells blocks one after the other. What goes wrong after the first leaves what was told.
    async fn follow(
        &self,
        head: FinalHead,
        mut cursor: Cursor,
        listing: &Listing,
    ) -> Result<Scan, ChainError> {
        let began_at = cursor.newest().slot;
        let first_listed = listing.slots.first().copied();
        let mut transfers = Vec::new();
        let at_once = self.settings.blocks_at_once.max(1);
        let blocks = stream::iter(listing.slots.iter().copied()).map(|slot| async move {
            let block = self.client.block(slot).await;
            (slot, block)
        });
        let mut blocks = std::pin::pin!(blocks.buffered(at_once));
        while let Some((slot, block)) = blocks.next().await {
            let is_first = cursor.newest().slot == began_at;
            let outcome = match block {
                Ok(Found::Here(block)) if block.header.continues(cursor.newest()) => {
                    self.tell(head, block, &mut transfers).await
                }
                Ok(Found::Here(block)) if is_first => {
                    return self.broken(head, cursor, &block).await;
                }
                Ok(Found::Here(_)) => Err(missing("the blocks before", slot)),
                // Whether it was skipped or lost is told by the next block's parent.
                Ok(Found::Absent) => continue,
                Ok(Found::NotYet) => Err(missing("no node has yet the block", slot)),
                Ok(Found::Forgotten) => Err(missing("every node forgot the block", slot)),
                Err(error) => Err(error.into()),
            };
            match outcome {
                Ok(block_ref) => {
                    cursor.advance(&block_ref);
                    self.client.complain_of_lost(slot, listing);
                }
                Err(error) if is_first => return Err(error),
                Err(error) => {
                    tracing::debug!(slot, %error, "a scan ends before its last block");
                    break;
                }
            }
            if transfers.len() >= TRANSFERS_MAX {
                break;
            }
        }
        match first_listed {
            Some(slot) if cursor.newest().slot == began_at => {
                Err(missing("no node has the block", slot))
            }
            Some(_) | None => Ok(answer(head, &cursor, transfers)),
        }
    }

    /// Adds a block's transfers to addresses of ours.
    async fn tell(
        &self,
        head: FinalHead,
        block: Block,
        transfers: &mut Vec<ChainTransfer>,
    ) -> Result<BlockRef, ChainError> {
        let Block { header, arrivals } = block;
        let time = head.time_of(header.slot, header.told_time);
        let block_ref = BlockRef { number: header.slot, hash: header.hash, time };
        let mut is_ours: HashMap<&str, bool> = HashMap::with_capacity(arrivals.len());
        for arrival in &arrivals {
            is_ours.insert(&arrival.to, false);
        }
        let receivers: Vec<String> = is_ours.keys().map(|&to| to.to_owned()).collect();
        for asked in receivers.chunks(ADDRESSES_MAX) {
            let answers = self.ours.among(asked).await?;
            for (receiver, answer) in asked.iter().zip(answers) {
                if let Some(is_ours) = is_ours.get_mut(receiver.as_str()) {
                    *is_ours = answer;
                }
            }
        }
        let are_ours: Vec<bool> = arrivals
            .iter()
            .map(|arrival| is_ours.get(arrival.to.as_str()) == Some(&true))
            .collect();
        let arrivals = arrivals.into_iter().zip(are_ours).filter(|(_, is_ours)| *is_ours);
        let told: Result<Vec<ChainTransfer>, ChainError> =
            arrivals.map(|(arrival, _)| told(arrival, self.settings, &block_ref)).collect();
        transfers.extend(told?);
        Ok(block_ref)
    }

    /// The head is below what was told: nodes that lag, unless the network was begun anew.
    async fn lag_or_reset(&self, head: FinalHead, cursor: Cursor) -> Result<Scan, ChainError> {
        let below = cursor.remembered().iter().find(|block| block.slot <= head.slot);
        let is_replaced = match below {
            Some(block) => matches!(self.standing(block).await?, Standing::Replaced),
            None => false,
        };
        let is_anew = is_replaced || !self.client.genesis().await?.contains(&cursor.genesis);
        if is_anew {
            return self.go_back(head, cursor).await;
        }
        Ok(answer(head, &cursor, Vec::new()))
    }

    /// The next block does not continue the last one that was told.
    async fn broken(
        &self,
        head: FinalHead,
        cursor: Cursor,
        next: &Block,
    ) -> Result<Scan, ChainError> {
        let newest = cursor.newest();
        if next.header.parent_slot > newest.slot {
            return Err(missing("no node has the block", next.header.parent_slot));
        }
        match self.standing(newest).await? {
            Standing::Replaced => self.go_back(head, cursor).await,
            Standing::Stands | Standing::Unknown => Err(ChainError::Disputed(format!(
                "the block of slot {} does not continue that of slot {}, which was final",
                next.header.slot, newest.slot
            ))),
        }
    }

    /// Goes back to the newest block that still stands, or begins anew if none does.
    async fn go_back(&self, head: FinalHead, mut cursor: Cursor) -> Result<Scan, ChainError> {
        let mut standing = None;
        for block in cursor.remembered() {
            if block.slot > head.slot {
                continue;
            }
            if let Standing::Stands = self.standing(block).await? {
                standing = Some(block.slot);
                break;
            }
        }
        let Some(slot) = standing else {
            let oldest = cursor.remembered().last().map_or(0, |block| block.slot);
            tracing::warn!(
                slot = oldest,
                "the network was begun anew; it is followed from the last hour on"
            );
            let first = head.slot.saturating_sub(ANEW_DEPTH_SLOTS);
            let anew = self.begin(head, first, head.slot).await?;
            return Ok(Scan { reverted_from: Some(0), is_caught_up: false, ..anew });
        };
        tracing::warn!(slot, "final blocks were replaced from here on");
        let Found::Here(header) = self.client.header(slot).await? else {
            return Err(missing("no node has the block", slot));
        };
        cursor.back_to(slot, head.time_of(slot, header.told_time));
        let scan = answer(head, &cursor, Vec::new());
        Ok(Scan { reverted_from: Some(slot.saturating_add(1)), is_caught_up: false, ..scan })
    }

    /// Half of the nodes that say anything of a block are enough for it to stand. The others are
    /// reported, so that they are asked last from now on.
    async fn standing(&self, block: &Remembered) -> Result<Standing, ChainError> {
        let (mut keep, mut deny) = (Vec::new(), Vec::new());
        for (node, found) in self.client.header_of_each(block.slot).await? {
            match found {
                Found::Here(header) if header.hash == block.hash => keep.push(node),
                Found::Here(_) | Found::Absent => deny.push(node),
                // These know nothing of it either way.
                Found::NotYet | Found::Forgotten => {}
            }
        }
        let (standing, wrong) = match (keep.len(), deny.len()) {
            (0, 0) => return Ok(Standing::Unknown),
            (0, _) => return Ok(Standing::Replaced),
            (keeping, denying) if keeping >= denying => (Standing::Stands, deny),
            (_, _) => (Standing::Replaced, keep),
        };
        for node in wrong {
            self.client.complain(node, "tells of a final block what most others deny");
        }
        Ok(standing)
    }
}

fn answer(head: FinalHead, cursor: &Cursor, transfers: Vec<ChainTransfer>) -> Scan {
    Scan {
        transfers,
        reverted_from: None,
        head: Head { number: head.slot, time: head.time, finalized: Some(head.slot) },
        scanned: cursor.block_ref(),
        next: cursor.written(),
        is_caught_up: cursor.newest().slot >= head.slot,
    }
}

impl Header {
    fn continues(&self, block: &Remembered) -> bool {
        self.parent_slot == block.slot && self.parent_hash == block.hash
    }
}

fn missing(what: &str, slot: u64) -> ChainError {
    ChainError::Unavailable(format!("{what} of slot {slot}"))
}

/// The transfer that an arrival is.
pub fn told(
    arrival: Arrival,
    settings: &SolanaSettings,
    block: &BlockRef,
) -> Result<ChainTransfer, ChainError> {
    let slot = block.number;
    let told = arrival.told(settings.environment, block);
    told.map_err(|malformed| ChainError::Disputed(format!("slot {slot}: {}", malformed.0)))
}
