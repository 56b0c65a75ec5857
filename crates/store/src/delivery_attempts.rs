//! Attempts to deliver, as rows: written once, found by their delivery's key.
//!
//! The key is the delivery's with the attempt's number in its last byte, so those of a delivery lie
//! together and need no index of their own.

use domain::changes::Noun;
use domain::delivery::{Attempt, AttemptOutcome, Delivery};
use domain::ids::RowKey;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen};
use crate::store::Store;

const COLUMNS: [Column; 4] = [
    frozen("started_at", Kind::Int),
    frozen("duration_ms", Kind::Int),
    frozen("response_status", Kind::Int).or_null(),
    // The answer, or why there was none.
    frozen("response_text", Kind::Text),
];

impl Row for Attempt {
    const TABLE: Table = Table {
        noun: Noun::Attempt,
        name: "delivery_attempts",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        let (status, text) = match self.outcome {
            AttemptOutcome::Answered { status, body } => (Some(i64::from(status)), body),
            AttemptOutcome::Unanswered { error } => (None, error),
        };
        vec![self.started_at.into(), self.duration_ms.into(), status.into(), text.into()]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Attempt, StoreError> {
        let started_at = cells.time()?;
        let duration_ms = cells.int()?;
        let status = cells.maybe_int()?;
        let status = status.map(u16::try_from).transpose().map_err(|_| cells.corrupt())?;
        let text = cells.text()?;
        let outcome = match status {
            Some(status) => AttemptOutcome::Answered { status, body: text },
            None => AttemptOutcome::Unanswered { error: text },
        };
        Ok(Attempt { key: cells.key, version: cells.version, started_at, duration_ms, outcome })
    }
}

pub(crate) fn between(after: RowKey, up_to: RowKey) -> List<Attempt> {
    List::new("").bind(" WHERE key > ", after).bind(" AND key <= ", up_to).push(" ORDER BY key")
}

impl Store {
    /// Every attempt of a delivery, the oldest first; there are at most 255.
    pub async fn attempts_of_delivery(
        &self,
        delivery: &Delivery,
    ) -> Result<Vec<Attempt>, StoreError> {
        let (after, up_to) = delivery.attempt_keys();
        between(after, up_to).read(self).await
    }
}
