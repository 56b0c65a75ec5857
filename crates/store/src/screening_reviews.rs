//! Hits on screening lists as rows: the open ones wait for the operator, of all merchants.
//!
//! `is_open` is written with the decision, so that the list of what waits is read from an index
//! that holds nothing else.

use domain::changes::Noun;
use domain::ids::RowKey;
use domain::screening_review::{ReviewStatus, ScreeningReview};

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

pub(crate) fn open(page: Page, limit: i64) -> List<ScreeningReview> {
    let list = List::new(" WHERE is_open = 1");
    list.within(KeyRange::of_page(page)).page(page, limit)
}

pub(crate) fn any(page: Page, limit: i64) -> List<ScreeningReview> {
    let list = List::new("").bind(" WHERE key > ", RowKey([0; 16]));
    list.within(KeyRange::of_page(page)).page(page, limit)
}

impl Store {
    /// A page of what waits for the operator, newest first.
    pub async fn screening_reviews_open(
        &self,
        page: Page,
        limit: i64,
    ) -> Result<Vec<ScreeningReview>, StoreError> {
        open(page, limit).read(self).await
    }

    /// A page of all hits there ever were, newest first.
    pub async fn screening_reviews(
        &self,
        page: Page,
        limit: i64,
    ) -> Result<Vec<ScreeningReview>, StoreError> {
        any(page, limit).read(self).await
    }
}
