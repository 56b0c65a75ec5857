//! Slots as rows: who holds a share of a kind of work, and until when.
//!
//! Small rows that change every few seconds and are read by key only. Their version is what leased
//! work is fenced with.

use domain::changes::Noun;
use domain::slot::Slot;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 2] = [mutable("owner", Kind::Key), mutable("leased_until", Kind::Int)];

impl Row for Slot {
    const TABLE: Table = Table {
        noun: Noun::Slot,
        name: "slots",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![self.owner.into(), self.until.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Slot, StoreError> {
        Ok(Slot {
            key: cells.key,
            version: cells.version,
            owner: cells.key()?,
            until: cells.time()?,
        })
    }
}
