//! Where a scan goes on: the last block told, and the hashes of blocks below it.
//!
//! The masterchain does not reorganize, but a node may lie and a test network may be rolled back.
//! The hashes, dense near the end and sparser below, find the last block that still stands.
//!
//! Invariant: hashes descend from the last block told and are at most `REMEMBERED_MAX`.

use domain::chain::BlockRef;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::chain::ChainError;

const DENSE: usize = 8;
const REMEMBERED_MAX: usize = 40;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Newest first, never empty.
    blocks: Vec<Remembered>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    pub seqno: u64,
    pub hash: String,
    /// Unix seconds.
    pub time: i64,
}

impl Cursor {
    pub(super) fn at(block: &BlockRef) -> Cursor {
        Cursor { blocks: vec![Remembered::of(block)] }
    }

    pub(super) fn parse(text: &str) -> Result<Cursor, ChainError> {
        let unreadable = |why: String| ChainError::UnreadableCursor(why);
        let cursor: Cursor =
            serde_json::from_str(text).map_err(|error| unreadable(error.to_string()))?;
        let descends = cursor.blocks.windows(2).all(|pair| match pair {
            [newer, older] => newer.seqno > older.seqno,
            _ => true,
        });
        if cursor.blocks.is_empty() || cursor.blocks.len() > REMEMBERED_MAX || !descends {
            return Err(unreadable("its blocks are not in order".to_owned()));
        }
        Ok(cursor)
    }

    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).expect("numbers and texts are always JSON")
    }

    /// The last block told.
    pub(super) fn last(&self) -> &Remembered {
        self.blocks.first().expect("a cursor is never empty")
    }

    pub(super) fn remembered(&self) -> &[Remembered] {
        &self.blocks
    }

    /// Goes on to the next block, and forgets of the older ones all but ever fewer.
    pub(super) fn advance(&mut self, block: &BlockRef) {
        self.blocks.insert(0, Remembered::of(block));
        // Of each stretch that doubles with its distance the oldest block stays, so that some grow
        // old enough for the next stretch.
        let stretch = |seqno: u64| block.number.saturating_sub(seqno).checked_ilog2();
        let older: Vec<Option<u32>> = self.blocks[1..].iter().map(|it| stretch(it.seqno)).collect();
        let mut place = 0;
        self.blocks.retain(|remembered| {
            let is_oldest = older.get(place) != Some(&stretch(remembered.seqno));
            place += 1;
            place <= DENSE || is_oldest
        });
        self.blocks.truncate(REMEMBERED_MAX);
    }

    /// Drops blocks above a number that is remembered.
    pub(super) fn back_to(&mut self, seqno: u64) {
        self.blocks.retain(|remembered| remembered.seqno <= seqno);
    }
}

impl Remembered {
    fn of(block: &BlockRef) -> Remembered {
        let BlockRef { number, hash, time } = block;
        Remembered { seqno: *number, hash: hash.clone(), time: time.seconds() }
    }

    pub(super) fn block(&self) -> BlockRef {
        BlockRef {
            number: self.seqno,
            hash: self.hash.clone(),
            time: Timestamp::from_seconds(self.time),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> BlockRef {
        BlockRef { number, hash: format!("{number:064x}"), time: Timestamp::from_seconds(1) }
    }

    #[test]
    fn a_long_way_is_remembered_in_few_blocks_and_reads_back() {
        let mut cursor = Cursor::at(&block(1_000));
        for number in 1_001..=100_000 {
            cursor.advance(&block(number));
        }
        let seqnos: Vec<u64> = cursor.remembered().iter().map(|one| one.seqno).collect();
        assert!(seqnos.len() <= REMEMBERED_MAX, "{seqnos:?}");
        assert_eq!(seqnos[..4], [100_000, 99_999, 99_998, 99_997]);
        assert!(seqnos.last().is_some_and(|oldest| *oldest < 60_000), "{seqnos:?}");
        assert_eq!(Cursor::parse(&cursor.written()), Ok(cursor.clone()));
        let oldest = *seqnos.last().unwrap();
        cursor.back_to(oldest);
        assert_eq!(cursor.last().block(), block(oldest));
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let one = r#"{"seqno":1,"hash":"a","time":1}"#;
        for text in [
            "".to_owned(),
            "{}".to_owned(),
            r#"{"blocks":[]}"#.to_owned(),
            format!(r#"{{"blocks":[{one},{one}]}}"#),
            format!(r#"{{"blocks":[{}]}}"#, vec![one; 100].join(",")),
        ] {
            let refused = Cursor::parse(&text);
            assert!(matches!(refused, Err(ChainError::UnreadableCursor(_))), "{text}");
        }
    }
}
