//! Where a watcher of Cardano is: the newest block told, and enough older ones to find a fork.
//!
//! Every one of the last 64 blocks is remembered, below that fewer, down to 2,160 blocks, which is
//! how deep the protocol lets a rollback go. About eighty hashes, whatever the chain does.
//!
//! Invariant: numbers ascend and there is at least one block.

use domain::chain::BlockRef;
use domain::network::Network;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chain::ChainError;
use crate::hashes::parse_transaction_hash;

/// Cardano's security parameter: no node follows a chain that forks off deeper.
pub(super) const ROLLBACK_BLOCKS_MAX: u64 = 2_160;
const DENSE_BLOCKS: u64 = 64;
const MEDIUM_BLOCKS: u64 = 512;
const MEDIUM_STEP: u64 = 64;
const SPARSE_STEP: u64 = 256;
const BLOCKS_MAX: usize = 1_024;

/// A block whose transfers are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known(pub u64, pub String);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// When the newest of the blocks was made.
    time: i64,
    blocks: Vec<Known>,
}

impl Cursor {
    pub(super) fn at(block: &BlockRef) -> Cursor {
        let blocks = vec![Known(block.number, block.hash.clone())];
        Cursor { time: block.time.0, blocks }
    }

    pub(super) fn parse(text: &str) -> Result<Cursor, ChainError> {
        let cursor: Cursor = serde_json::from_str(text)
            .map_err(|error| ChainError::UnreadableCursor(error.to_string()))?;
        let is_hash = |known: &Known| {
            parse_transaction_hash(Network::Cardano, &known.1).as_ref() == Some(&known.1)
        };
        let is_whole = (1..=BLOCKS_MAX).contains(&cursor.blocks.len())
            && cursor.blocks.is_sorted_by(|one, next| one.0 < next.0)
            && cursor.blocks.iter().all(is_hash);
        let unreadable = || ChainError::UnreadableCursor("its blocks make no chain".to_owned());
        if is_whole { Ok(cursor) } else { Err(unreadable()) }
    }

    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).expect("numbers and hashes are always JSON")
    }

    pub(super) fn tip(&self) -> BlockRef {
        let Known(number, hash) = self.blocks.last().expect("a cursor has at least one block");
        BlockRef { number: *number, hash: hash.clone(), time: Timestamp(self.time) }
    }

    /// The remembered blocks, oldest first.
    pub(super) fn blocks(&self) -> &[Known] {
        &self.blocks
    }

    /// Puts blocks below the oldest one, as far as they are lower than it.
    pub(super) fn prepend(&mut self, older: Vec<Known>) {
        let lowest = self.blocks.first().map_or(0, |oldest| oldest.0);
        let mut blocks: Vec<Known> = older.into_iter().filter(|known| known.0 < lowest).collect();
        blocks.append(&mut self.blocks);
        self.blocks = blocks;
    }

    /// Goes on to the next block.
    pub(super) fn advance(&mut self, block: &BlockRef) {
        self.blocks.push(Known(block.number, block.hash.clone()));
        self.time = block.time.0;
        let tip = block.number;
        self.blocks.retain(|known| {
            let depth = tip.saturating_sub(known.0);
            match depth {
                0..DENSE_BLOCKS => true,
                DENSE_BLOCKS..MEDIUM_BLOCKS => known.0 % MEDIUM_STEP == 0,
                MEDIUM_BLOCKS.. => {
                    known.0 % SPARSE_STEP == 0 && depth <= ROLLBACK_BLOCKS_MAX + SPARSE_STEP
                }
            }
        });
    }

    /// Goes back to a block all others are forgotten above of.
    pub(super) fn go_back(&mut self, block: &BlockRef) {
        self.blocks.retain(|known| known.0 < block.number);
        self.blocks.push(Known(block.number, block.hash.clone()));
        self.time = block.time.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> BlockRef {
        BlockRef { number, hash: format!("{number:064x}"), time: Timestamp(number as i64) }
    }

    fn grown(last: u64) -> Cursor {
        let mut cursor = Cursor::at(&block(10));
        for number in 11..=last {
            cursor.advance(&block(number));
        }
        cursor
    }

    #[test]
    fn a_cursor_stays_small_and_reaches_as_deep_as_a_rollback() {
        let cursor = grown(20_000);
        let known: Vec<u64> = cursor.blocks().iter().map(|known| known.0).collect();
        assert!(known.len() < 90, "{}", known.len());
        assert!(known[0] <= 20_000 - ROLLBACK_BLOCKS_MAX, "{known:?}");
        assert!((19_937..=20_000).all(|number| known.contains(&number)));
        assert!(cursor.written().len() < 8_192);
        assert_eq!(Cursor::parse(&cursor.written()), Ok(cursor));
    }

    #[test]
    fn going_back_forgets_what_was_above() {
        let mut cursor = grown(100);
        let other = BlockRef { hash: "f".repeat(64), ..block(90) };
        cursor.go_back(&other);
        assert_eq!(cursor.tip(), other);
        assert_eq!(cursor.blocks()[cursor.blocks().len() - 2].0, 89);
        cursor.go_back(&block(5));
        assert_eq!(cursor, Cursor::at(&block(5)));
    }

    #[test]
    fn older_blocks_are_put_below() {
        let mut cursor = Cursor::at(&block(10));
        cursor.prepend(vec![Known(8, "a".repeat(64)), Known(9, "b".repeat(64))]);
        let known: Vec<u64> = cursor.blocks().iter().map(|known| known.0).collect();
        assert_eq!(known, [8, 9, 10]);
        assert_eq!(Cursor::parse(&cursor.written()), Ok(cursor));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let (one, two) = ("a".repeat(64), "b".repeat(64));
        for text in [
            String::new(),
            "{}".to_owned(),
            r#"{"time":1,"blocks":[]}"#.to_owned(),
            r#"{"time":1,"blocks":[[1,"abc"]]}"#.to_owned(),
            format!(r#"{{"time":1,"blocks":[[-1,"{one}"]]}}"#),
            format!(r#"{{"time":1,"blocks":[[2,"{one}"],[1,"{two}"]]}}"#),
            format!(r#"{{"time":1,"blocks":[[1,"{one}"],[1,"{two}"]]}}"#),
        ] {
            let outcome = Cursor::parse(&text);
            assert!(matches!(outcome, Err(ChainError::UnreadableCursor(_))), "{text}");
        }
    }
}
