//! Idempotency rows: the sealed answer under the key of its request, kept for a day.
//!
//! The key is a hash, so the wide body lies in insertion order beside an index of the keys. A key
//! that is used again after its day overwrites its row.

use domain::changes::Noun;
use domain::idempotency::IdempotencyRow;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};

/// A key that is used again after its day is answered anew, in the same row.
const COLUMNS: [Column; 5] = [
    frozen("merchant_id", Kind::Int),
    mutable("fingerprint", Kind::Bytes),
    mutable("status", Kind::Int),
    mutable("sealed_body", Kind::Bytes),
    mutable("created_at", Kind::Int),
];

impl Row for IdempotencyRow {
    const TABLE: Table = Table {
        noun: Noun::Idempotency,
        name: "idempotency",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            self.merchant_id.into(),
            self.fingerprint.to_vec().into(),
            self.status.into(),
            self.sealed_body.into(),
            self.created_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<IdempotencyRow, StoreError> {
        Ok(IdempotencyRow {
            key: cells.key,
            version: cells.version,
            merchant_id: cells.merchant_id()?,
            fingerprint: cells.fixed_bytes()?,
            status: cells.int()?,
            sealed_body: cells.bytes()?,
            created_at: cells.time()?,
        })
    }
}
