//! Idempotency rows: the sealed answer under the key of its request, kept for a day.

use domain::changes::Noun;
use domain::idempotency::IdempotencyRow;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen};

const COLUMNS: [Column; 5] = [
    frozen("merchant_id", Kind::Int),
    frozen("fingerprint", Kind::Bytes),
    frozen("status", Kind::Int),
    frozen("sealed_body", Kind::Bytes),
    frozen("created_at", Kind::Int),
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
