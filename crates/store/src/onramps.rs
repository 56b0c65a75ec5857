//! On-ramps as rows: paged for their merchant or one user, and the due ones for the worker.
//!
//! The on-ramp is JSON. `due_at` is null once nothing more can happen by itself, so the worker's
//! index holds only what it has to look at; the state is a filter of the pages.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::ids::{MerchantId, RampUserId};
use domain::onramp::{Onramp, OnrampStatus};
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
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

impl Row for Onramp {
    const TABLE: Table = Table {
        noun: Noun::Onramp,
        name: "onramps",
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

    fn decode(cells: &mut Cells<'_>) -> Result<Onramp, StoreError> {
        Ok(Onramp { version: cells.version, ..cells.body(Onramp::key)? })
    }
}

/// Which onramps a page is of.
#[derive(Clone, Copy, Debug)]
pub struct OnrampFilter {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub user_id: Option<RampUserId>,
    pub status: Option<OnrampStatus>,
}

impl OnrampFilter {
    /// A user's page walks his own index: merchant and environment are then only filters.
    pub(crate) fn list(self, page: Page, limit: i64) -> List<Onramp> {
        let list = match self.user_id {
            Some(user_id) => List::new("").bind(" WHERE user_id = ", user_id.key()),
            None => List::new("")
                .bind(" WHERE merchant_id = ", self.merchant_id)
                .bind(" AND environment = ", self.environment),
        };
        let list = list.within(KeyRange::of_page(page));
        let list = match self.user_id {
            Some(_) => list
                .bind(" AND merchant_id = ", self.merchant_id)
                .bind(" AND environment = ", self.environment),
            None => list,
        };
        list.bind_some(" AND status = ", self.status.map(OnrampStatus::code)).page(page, limit)
    }
}

pub(crate) fn due(now: Timestamp) -> List<Onramp> {
    let list = List::new(" WHERE due_at IS NOT NULL").bind(" AND due_at <= ", now);
    list.push(" ORDER BY due_at")
}

impl Store {
    /// A page of onramps, newest first.
    pub async fn onramps(
        &self,
        filter: OnrampFilter,
        page: Page,
        limit: i64,
    ) -> Result<Vec<Onramp>, StoreError> {
        filter.list(page, limit).read(self).await
    }

    /// On-ramps somebody has to look at, the longest due first.
    pub async fn onramps_due(&self, now: Timestamp, limit: i64) -> Result<Vec<Onramp>, StoreError> {
        due(now).limit(limit).read(self).await
    }
}
