//! Receipts that are mailed, as rows: found by their invoice, and the due ones by the worker.
//!
//! The mail is JSON. `due_at` is null while it is only wished for and once nothing is left to do,
//! so the worker's index holds only mails that wait.

use domain::changes::Noun;
use domain::receipt_mail::ReceiptMail;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] = [
    mutable("body", Kind::Text),
    // Null while there is nothing to do.
    mutable("due_at", Kind::Int).or_null(),
];

impl Row for ReceiptMail {
    const TABLE: Table = Table {
        noun: Noun::ReceiptMail,
        name: "receipt_mails",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.due_at().into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<ReceiptMail, StoreError> {
        Ok(ReceiptMail { version: cells.version, ..cells.body(ReceiptMail::key)? })
    }
}

impl Store {
    /// Mails there is something to do about by now, the longest due first.
    pub async fn receipt_mails_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<ReceiptMail>, StoreError> {
        List::due(now).limit(limit).read(self).await
    }
}
