//! How far a network has been followed: the block told last, and some before it.
//!
//! Final blocks are not replaced while the network lives, but test networks are begun anew, and a
//! node may lie. Remembering blocks, dense at the end and ever sparser before, lets a scan find
//! what still stands; the genesis tells a new network from a node that lags.
//!
//! Invariant: slots fall strictly from the newest remembered block to the oldest, and there is one.

use domain::chain::BlockRef;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chain::ChainError;

/// Every distance below this is remembered in full.
const DENSE_SLOTS: u64 = 4;
/// One block for every doubling of the distance, which 64 bits bound by themselves.
const BLOCKS_MAX: usize = 80;
const TEXT_BYTES_MAX: usize = 64 * 1024;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub genesis: String,
    /// The time of the newest block, in Unix milliseconds.
    time: Timestamp,
    /// Newest first.
    blocks: Vec<Remembered>,
}

/// A block that was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    pub slot: u64,
    pub hash: String,
}

impl Cursor {
    pub fn begin(genesis: String, block: &BlockRef) -> Cursor {
        let first = Remembered { slot: block.number, hash: block.hash.clone() };
        Cursor { genesis, time: block.time, blocks: vec![first] }
    }

    pub fn parse(text: &str) -> Result<Cursor, ChainError> {
        let unreadable = |why: &str| ChainError::UnreadableCursor(why.to_owned());
        if text.len() > TEXT_BYTES_MAX {
            return Err(unreadable("too long"));
        }
        let cursor: Cursor =
            serde_json::from_str(text).map_err(|error| unreadable(&error.to_string()))?;
        let falls = cursor.blocks.is_sorted_by(|newer, older| newer.slot > older.slot);
        if cursor.blocks.is_empty() || cursor.blocks.len() > BLOCKS_MAX || !falls {
            return Err(unreadable("its blocks are out of order"));
        }
        Ok(cursor)
    }

    pub fn written(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always JSON")
    }

    pub fn newest(&self) -> &Remembered {
        self.blocks.first().expect("a cursor remembers at least one block")
    }

    /// From the newest to the oldest.
    pub fn remembered(&self) -> &[Remembered] {
        &self.blocks
    }

    pub fn block_ref(&self) -> BlockRef {
        let newest = self.newest();
        BlockRef { number: newest.slot, hash: newest.hash.clone(), time: self.time }
    }

    /// Goes on to a block above the newest.
    pub fn advance(&mut self, block: &BlockRef) {
        debug_assert!(block.number > self.newest().slot);
        self.time = block.time;
        self.blocks.insert(0, Remembered { slot: block.number, hash: block.hash.clone() });
        self.thin_out();
    }

    /// Goes back to a remembered block, whose time is not known any more. An earlier one is safe:
    /// whoever waits for a time to be passed waits longer.
    pub fn back_to(&mut self, slot: u64, time: Timestamp) {
        self.blocks.retain(|block| block.slot <= slot);
        self.time = time;
    }

    /// Keeps the oldest block of every doubling of the distance. What it keeps moves on to the
    /// next doubling as the head goes on, so that each has a block again and again.
    fn thin_out(&mut self) {
        let newest = self.newest().slot;
        let doubling = |block: &Remembered| {
            let distance = newest.saturating_sub(block.slot);
            // Every distance below `DENSE_SLOTS` counts as a doubling of its own.
            if distance < DENSE_SLOTS { (0, distance) } else { (1, u64::from(distance.ilog2())) }
        };
        let doublings: Vec<(u64, u64)> = self.blocks.iter().map(doubling).collect();
        let mut at = 0;
        self.blocks.retain(|_| {
            at += 1;
            doublings.get(at) != doublings.get(at - 1)
        });
        self.blocks.truncate(BLOCKS_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> BlockRef {
        BlockRef { number, hash: format!("hash {number}"), time: Timestamp(number as i64) }
    }

    fn at(slots: impl IntoIterator<Item = u64>) -> Cursor {
        let mut slots = slots.into_iter();
        let mut cursor = Cursor::begin("genesis".to_owned(), &block(slots.next().unwrap()));
        slots.for_each(|slot| cursor.advance(&block(slot)));
        cursor
    }

    #[test]
    fn a_written_cursor_is_read_again() {
        let cursor = at([5, 6, 9, 100]);
        assert_eq!(Cursor::parse(&cursor.written()), Ok(cursor.clone()));
        assert_eq!(cursor.block_ref(), block(100));
    }

    #[test]
    fn every_doubling_of_the_distance_has_a_block_and_the_text_stays_short() {
        let cursor = at(7..100_007);
        let newest = cursor.newest().slot;
        let distances: Vec<u64> =
            cursor.remembered().iter().map(|block| newest - block.slot).collect();
        assert_eq!(distances[..4], [0, 1, 2, 3]);
        assert_eq!(*distances.last().unwrap(), 99_999, "the first block is never forgotten");
        for pair in distances[4..].windows(2) {
            assert!(pair[1] <= pair[0] * 4, "{distances:?}");
        }
        assert!(cursor.written().len() < 4_000, "{}", cursor.written().len());
    }

    #[test]
    fn going_back_forgets_what_is_above() {
        let mut cursor = at([10, 20, 21, 22]);
        cursor.back_to(20, Timestamp(3));
        assert_eq!(cursor.block_ref(), BlockRef { time: Timestamp(3), ..block(20) });
        cursor.advance(&block(23));
        assert_eq!(cursor.newest().slot, 23);
    }

    #[test]
    fn foreign_texts_are_unreadable() {
        let good = at([5, 6, 7]).written();
        let swapped = good.replace(r#""slot":7"#, r#""slot":1"#);
        let huge = " ".repeat(TEXT_BYTES_MAX) + &good;
        let none = r#"{"genesis":"g","time":0,"blocks":[]}"#;
        for text in ["", "{}", "17", "null", none, &swapped, &huge, &good[..good.len() - 1]] {
            let outcome = Cursor::parse(text);
            assert!(matches!(outcome, Err(ChainError::UnreadableCursor(_))), "{text:.40}");
        }
    }
}
