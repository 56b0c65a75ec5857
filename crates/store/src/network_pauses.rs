//! Pauses of networks as rows: found by environment and network, or all there are.

use domain::changes::Noun;
use domain::network_pause::NetworkPause;

use crate::error::StoreError;
use crate::lists::List;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};
use crate::store::Store;

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for NetworkPause {
    const TABLE: Table = Table {
        noun: Noun::NetworkPause,
        name: "network_pauses",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<NetworkPause, StoreError> {
        Ok(NetworkPause { version: cells.version, ..cells.body(NetworkPause::key)? })
    }
}

/// A row per environment and network at most.
pub(crate) fn all() -> List<NetworkPause> {
    List::new(" ORDER BY key")
}

impl Store {
    /// What the operator said of every network he ever paused.
    pub async fn network_pauses(&self) -> Result<Vec<NetworkPause>, StoreError> {
        all().limit(100).read(self).await
    }
}
