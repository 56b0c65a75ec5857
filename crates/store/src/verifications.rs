//! Verification jobs as rows: the due ones for the worker, the latest for the payor.
//!
//! The job is JSON. `due_at` is null once nothing is left to do, so the worker's index holds only
//! jobs that wait.

use domain::changes::Noun;
use domain::ids::InvoiceId;
use domain::time::Timestamp;
use domain::verification::{Verification, VerificationStatus};

use crate::error::StoreError;
use crate::lists::{List, NEWEST_FIRST};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 3] = [
    mutable("body", Kind::Text),
    frozen("invoice_id", Kind::Key),
    // Null once nothing is left to do.
    mutable("due_at", Kind::Int).or_null(),
];

impl Row for Verification {
    const TABLE: Table = Table {
        noun: Noun::Verification,
        name: "verifications",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let due_at = match self.status {
            VerificationStatus::Pending => Some(self.next_attempt_at),
            VerificationStatus::Completed | VerificationStatus::Failed => None,
        };
        vec![Value::json(&self), self.invoice_id.into(), due_at.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Verification, StoreError> {
        Ok(Verification { version: cells.version, ..cells.body(Verification::key)? })
    }
}

pub(crate) fn of_invoice(invoice_id: InvoiceId) -> List<Verification> {
    List::new("").bind(" WHERE invoice_id = ", invoice_id).push(NEWEST_FIRST)
}

impl Store {
    /// Jobs whose next attempt has come, the longest due first.
    pub async fn verifications_due(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<Verification>, StoreError> {
        List::due(now).limit(limit).read(self).await
    }

    /// The newest job of an invoice.
    pub async fn latest_verification(
        &self,
        invoice_id: InvoiceId,
    ) -> Result<Option<Verification>, StoreError> {
        of_invoice(invoice_id).read_one(self).await
    }
}
