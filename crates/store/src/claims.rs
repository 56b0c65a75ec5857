//! Claims as rows: a business key and the row that holds it, nothing more.
//!
//! Their keys are hashes, so that a page of their index holds rows of every age. Two keys a row
//! keep that index small.

use domain::changes::Noun;
use domain::claim::Claim;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

/// A key that is held stays held; only a wallet's claim moves, to the member who links it next.
const COLUMNS: [Column; 1] = [mutable("target", Kind::Key)];

impl Row for Claim {
    const TABLE: Table = Table {
        noun: Noun::Claim,
        name: "claims",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![self.target.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Claim, StoreError> {
        Ok(Claim { key: cells.key, version: cells.version, target: cells.key()? })
    }
}
