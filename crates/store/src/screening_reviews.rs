//! Hits on screening lists as rows: the open ones wait for the operator, of all merchants.
//!
//! `is_open` is written with the decision, so that what waits is read from an index of its own.

use domain::changes::Noun;
use domain::screening_review::{ReviewState, ReviewStatus, ScreeningReview};

use crate::error::StoreError;
use crate::lists::{KeyRange, List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};
use crate::store::Store;

const COLUMNS: [Column; 2] = [mutable("body", Kind::Text), mutable("is_open", Kind::Int)];

impl Row for ScreeningReview {
    const TABLE: Table = Table {
        noun: Noun::ScreeningReview,
        name: "screening_reviews",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self), (self.status == ReviewStatus::Open).into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<ScreeningReview, StoreError> {
        Ok(ScreeningReview { version: cells.version, ..cells.body(ScreeningReview::key)? })
    }
}

pub(crate) fn of_state(state: ReviewState, page: Page, limit: i64) -> List<ScreeningReview> {
    let is_open = state == ReviewState::Open;
    let list = List::new("").bind(" WHERE is_open = ", is_open);
    list.within(KeyRange::of_page(page)).page(page, limit)
}

impl Store {
    /// A page of hits, of all merchants, newest first.
    pub async fn screening_reviews(
        &self,
        state: ReviewState,
        page: Page,
        limit: i64,
    ) -> Result<Vec<ScreeningReview>, StoreError> {
        of_state(state, page, limit).read(self).await
    }
}
