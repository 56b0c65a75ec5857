//! Payouts as rows: paged for their merchant or one user, and the due ones for the worker.
//!
//! The payout is JSON. `due_at` is null once nothing more can happen by itself, so the worker's
//! index holds only what it has to look at; the state is a filter of the pages.

use domain::changes::Noun;
use domain::payout::{Payout, PayoutStatus};
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::{List, Page};
use crate::ramp_filter::RampFilter;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 6] = [
    mutable("body", Kind::Text),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("user_id", Kind::Key),
    mutable("status", Kind::Int),
    // Null once nothing is left to do.
    mutable("due_at", Kind::Int).or_null(),
];

impl Row for Payout {
    const TABLE: Table = Table {
        noun: Noun::Payout,
        name: "payouts",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            Value::json(&self),
            self.merchant_id.into(),
            self.environment.into(),
            self.user_id.key().into(),
            self.status.code().into(),
            self.next_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Payout, StoreError> {
        Ok(Payout { version: cells.version, ..cells.body(Payout::key)? })
    }
}

/// Which payouts a page is of.
pub type PayoutFilter = RampFilter<PayoutStatus>;

pub(crate) fn of(filter: PayoutFilter, page: Page, limit: i64) -> List<Payout> {
    filter.list(PayoutStatus::code, page, limit)
}

impl Store {
    /// A page of payouts, newest first.
    pub async fn payouts(
        &self,
        filter: PayoutFilter,
        page: Page,
        limit: i64,
    ) -> Result<Vec<Payout>, StoreError> {
        of(filter, page, limit).read(self).await
    }

    /// Payouts somebody has to look at, the longest due first.
    pub async fn payouts_due(&self, now: Timestamp, limit: i64) -> Result<Vec<Payout>, StoreError> {
        List::due(now).limit(limit).read(self).await
    }
}
