//! Pauses of networks as rows: found by environment and network, or all there are.

use domain::changes::Noun;
use domain::environment::Environment;
use domain::network::Network;
use domain::network_pause::NetworkPause;

use crate::error::StoreError;
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

impl Store {
    /// What the operator said of every network he ever paused.
    pub async fn network_pauses(&self) -> Result<Vec<NetworkPause>, StoreError> {
        let of =
            |environment| Network::ALL.map(|network| NetworkPause::row_key(environment, network));
        let keys = Environment::ALL.into_iter().flat_map(of).collect();
        Ok(self.get_many(keys).await?.into_iter().flatten().collect())
    }
}
