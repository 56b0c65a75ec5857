//! Where a watcher stands on an EVM chain, and the blocks it came by.
//!
//! The newest blocks are all remembered, older ones ever more sparsely, so that a cursor is small
//! and still finds where a reorg of any depth branched off, a little too low at worst: what is
//! told again is recognised as the same.
//!
//! Invariant: a remembered block keeps being remembered until it is too old, or rarer ones around
//! it serve; how far back the memory reaches never depends on how the ranges were cut.

use domain::chain::BlockRef;
use serde::{Deserialize, Serialize};

use super::answers::Header;
use super::decode;
use super::wire::{Hash, Quantity};
use crate::chain::ChainError;

/// Every block of so many is remembered.
pub const DENSE_BLOCKS: u64 = 64;
/// Nothing older is remembered: the longest way to finality is hours of a fast chain.
pub const REACH_BLOCKS: u64 = 16_384;
const BYTES_MAX: usize = 64 * 1024;
/// Half a hash tells two blocks apart and halves the cursor.
const HASH_DIGITS: usize = 2 + 32;

/// What a cursor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Blocks up to here are told.
    pub number: u64,
    pub hash: Hash,
    /// When that block was made, in Unix seconds.
    time: u64,
    /// Blocks below that: number and the beginning of the hash, the newest first.
    recent: Vec<(u64, String)>,
}

impl Cursor {
    pub fn parse(text: &str) -> Result<Cursor, ChainError> {
        if text.len() > BYTES_MAX {
            return Err(ChainError::UnreadableCursor("it is too long".to_owned()));
        }
        let cursor: Cursor = serde_json::from_str(text)
            .map_err(|error| ChainError::UnreadableCursor(error.to_string()))?;
        let numbers = cursor.recent.iter().map(|(number, _)| *number);
        let descends = std::iter::once(cursor.number).chain(numbers).is_sorted_by(|a, b| a > b);
        if !descends {
            let what = "the blocks it remembers are not in order";
            return Err(ChainError::UnreadableCursor(what.to_owned()));
        }
        Ok(cursor)
    }

    pub fn written(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are always JSON")
    }

    /// Stands on a block and remembers those before it, which may come in any order.
    pub fn at(tip: &Header, before: &[Header]) -> Cursor {
        let mut recent: Vec<_> = before.iter().map(remembered).collect();
        recent.sort_by(|(a, _), (b, _)| b.cmp(a));
        recent.dedup_by_key(|(number, _)| *number);
        recent.retain(|(number, _)| *number < tip.number.0);
        Cursor::of(tip, recent).thinned()
    }

    /// The cursor after further blocks were told; they follow it in order.
    pub fn after(&self, blocks: &[Header]) -> Cursor {
        let Some((tip, before)) = blocks.split_last() else { return self.clone() };
        let mut recent: Vec<_> = before.iter().rev().map(remembered).collect();
        recent.push((self.number, beginning(self.hash)));
        recent.extend(self.recent.iter().cloned());
        Cursor::of(tip, recent).thinned()
    }

    /// The cursor taken back to a block it remembers, or lower.
    pub fn back_to(&self, kept: &Header) -> Cursor {
        let below = self.recent.iter().filter(|(number, _)| *number < kept.number.0);
        Cursor::of(kept, below.cloned().collect())
    }

    fn of(tip: &Header, recent: Vec<(u64, String)>) -> Cursor {
        Cursor { number: tip.number.0, hash: tip.hash, time: tip.timestamp.0, recent }
    }

    /// The block the cursor stands on.
    pub fn block(&self) -> BlockRef {
        let time = decode::time(Quantity(self.time));
        BlockRef { number: self.number, hash: self.hash.to_string(), time }
    }

    /// The numbers of the blocks below the cursor that it can recognise, the newest first.
    pub fn remembered_numbers(&self) -> impl Iterator<Item = u64> {
        self.recent.iter().map(|(number, _)| *number)
    }

    pub fn recognises(&self, header: &Header) -> bool {
        if header.number.0 == self.number {
            return header.hash == self.hash;
        }
        let beginning = beginning(header.hash);
        let number = header.number.0;
        self.recent.iter().any(|(known, hash)| *known == number && *hash == beginning)
    }

    fn thinned(mut self) -> Cursor {
        let tip = self.number;
        self.recent.retain(|(number, _)| is_kept(*number, tip));
        self
    }
}

/// The numbers a cursor at this block would like to remember, the newest first.
pub fn wanted_numbers(tip: u64) -> Vec<u64> {
    let lowest = tip.saturating_sub(REACH_BLOCKS);
    (lowest..tip).rev().filter(|number| is_kept(*number, tip)).collect()
}

/// Of older blocks every 16th is kept, then every 32nd, and so on: what is kept at one age was
/// kept at every smaller one, for a multiple of 32 is one of 16.
fn is_kept(number: u64, tip: u64) -> bool {
    let age = tip.saturating_sub(number);
    if age <= DENSE_BLOCKS {
        return true;
    }
    let gap = (age / 4).next_power_of_two();
    age <= REACH_BLOCKS && number.is_multiple_of(gap)
}

fn remembered(header: &Header) -> (u64, String) {
    (header.number.0, beginning(header.hash))
}

fn beginning(hash: Hash) -> String {
    let mut text = hash.to_string();
    text.truncate(HASH_DIGITS);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::wire::Fixed;

    fn header(number: u64, fork: u8) -> Header {
        let mut hash = [fork; 32];
        hash[..8].copy_from_slice(&number.to_be_bytes());
        let hash = Fixed(hash);
        Header { number: Quantity(number), hash, parent_hash: hash, timestamp: Quantity(number) }
    }

    fn followed(to: u64, range: usize) -> Cursor {
        let blocks: Vec<Header> = (1..=to).map(|number| header(number, 1)).collect();
        blocks.chunks(range).fold(Cursor::at(&header(0, 1), &[]), |cursor, blocks| {
            let cursor = cursor.after(blocks);
            Cursor::parse(&cursor.written()).unwrap()
        })
    }

    #[test]
    fn the_memory_is_the_same_however_the_ranges_were_cut() {
        let one_by_one = followed(9_000, 1);
        assert_eq!(one_by_one, followed(9_000, 700));
        assert_eq!(one_by_one.remembered_numbers().collect::<Vec<_>>(), wanted_numbers(9_000));
    }

    #[test]
    fn a_branch_is_found_at_any_depth_at_most_as_far_again_below() {
        let cursor = followed(20_000, 500);
        for depth in [1, 2, 63, 64, 65, 100, 500, 4_096, 8_000] {
            let branch = 20_000 - depth;
            let kept = cursor.remembered_numbers().find(|number| *number <= branch).unwrap();
            assert!(branch - kept <= depth, "{depth}: {kept}");
            assert!(depth > DENSE_BLOCKS || kept == branch, "{depth}: {kept}");
        }
    }

    #[test]
    fn a_cursor_stays_small() {
        let size = followed(100_000, 1_000).written().len();
        assert!(size < 6_000, "{size}");
    }

    #[test]
    fn blocks_of_another_fork_are_not_recognised() {
        let cursor = followed(100, 10);
        assert!(cursor.recognises(&header(100, 1)) && cursor.recognises(&header(50, 1)));
        assert!(!cursor.recognises(&header(100, 2)) && !cursor.recognises(&header(50, 2)));
        assert!(!cursor.recognises(&header(101, 1)));
        let back = cursor.back_to(&header(50, 1));
        assert_eq!((back.number, back.remembered_numbers().next()), (50, Some(49)));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let hash = Fixed::<32>([0; 32]);
        for text in [
            String::new(),
            "{}".to_owned(),
            "x".repeat(BYTES_MAX + 1),
            format!(r#"{{"number":5,"hash":"{hash}","time":0,"recent":[[5,"0x00"]]}}"#),
            format!(r#"{{"number":5,"hash":"{hash}","time":0,"recent":[[3,"0x00"],[4,"0x00"]]}}"#),
            format!(r#"{{"number":-5,"hash":"{hash}","time":0,"recent":[]}}"#),
        ] {
            assert!(matches!(Cursor::parse(&text), Err(ChainError::UnreadableCursor(_))));
        }
    }
}
