//! The audit log as rows: added, listed, never changed.
//!
//! An entry is kept as JSON beside its merchant. Every column is frozen: what was done stays done.

use domain::audit::AuditEntry;
use domain::changes::Noun;
use domain::ids::MerchantId;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen};
use crate::store::Store;

const COLUMNS: [Column; 2] = [frozen("body", Kind::Text), frozen("merchant_id", Kind::Int)];

impl Row for AuditEntry {
    const TABLE: Table = Table {
        noun: Noun::AuditEntry,
        name: "audit_entries",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), self.merchant_id.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<AuditEntry, StoreError> {
        Ok(AuditEntry { version: cells.version, ..cells.body(AuditEntry::key)? })
    }
}

pub(crate) fn of_merchant(merchant_id: MerchantId, page: Page, limit: i64) -> List<AuditEntry> {
    List::new("")
        .bind(" WHERE merchant_id = ", merchant_id)
        .within(KeyRange::of_page(page))
        .page(page, limit)
}

impl Store {
    /// A page of what was done for a merchant, newest first.
    pub async fn audit_entries(
        &self,
        merchant_id: MerchantId,
        page: Page,
        limit: i64,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        of_merchant(merchant_id, page, limit).read(self).await
    }
}
