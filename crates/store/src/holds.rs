//! Holds as rows: found by their id, and by the worker that ends those whose time is over.
//!
//! The hold is JSON. `due_at` is null once it is closed, and for a hold that has no end of its own,
//! so the worker's index holds only what waits for it.

use domain::changes::Noun;
use domain::ledger::{Hold, HoldStatus};
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 4] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("object", Kind::Key),
    // Null once it is closed.
    mutable("due_at", Kind::Int).or_null(),
];

impl Row for Hold {
    const TABLE: Table =
        Table { noun: Noun::Hold, name: "holds", key_origin: KeyOrigin::Fresh, columns: &COLUMNS };

    fn encode(self) -> Vec<Value> {
        let due_at = match self.status {
            HoldStatus::Open => self.expires_at,
            HoldStatus::Captured { .. } | HoldStatus::Released | HoldStatus::Expired => None,
        };
        let (body, merchant_id) = (Value::json(&self), self.merchant_id());
        vec![body, merchant_id.into(), self.object.into(), due_at.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Hold, StoreError> {
        Ok(Hold { version: cells.version, ..cells.body(Hold::key)? })
    }
}

impl Store {
    /// Open holds whose time is over, the longest over first.
    pub async fn holds_due(&self, now: Timestamp, limit: i64) -> Result<Vec<Hold>, StoreError> {
        List::due(now).limit(limit).read(self).await
    }
}
