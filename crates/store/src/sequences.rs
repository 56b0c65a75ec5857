//! Sequences as rows: the next number of each.
//!
//! A handful of rows that change often and are read by key only. Their keys are hashes of what the
//! numbers are for.

use domain::changes::Noun;
use domain::sequence::Sequence;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

/// Not called `next`, which is a word of SQL.
const COLUMNS: [Column; 1] = [mutable("next_number", Kind::Int)];

impl Row for Sequence {
    const TABLE: Table = Table {
        noun: Noun::Sequence,
        name: "sequences",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![self.next.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Sequence, StoreError> {
        Ok(Sequence { key: cells.key, version: cells.version, next: cells.int()? })
    }
}
