//! Watch cursors as rows: one for each environment and network that is watched.
//!
//! The cursor is JSON; the position inside it belongs to the chain and is opaque here. There are so
//! few that all are read at once.

use domain::changes::Noun;
use domain::watch::WatchCursor;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};
use crate::store::Store;

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for WatchCursor {
    const TABLE: Table = Table {
        noun: Noun::WatchCursor,
        name: "watch_cursors",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<WatchCursor, StoreError> {
        Ok(WatchCursor { version: cells.version, ..cells.body(WatchCursor::key)? })
    }
}

pub(crate) fn all() -> List<WatchCursor> {
    List::new(" ORDER BY key")
}

impl Store {
    /// Every cursor: two environments of ten networks at most.
    pub async fn watch_cursors(&self) -> Result<Vec<WatchCursor>, StoreError> {
        all().read(self).await
    }
}
