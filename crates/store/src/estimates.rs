//! Estimates as rows: found by id, written again by their address and their order.

use domain::changes::Noun;
use domain::estimate::Estimate;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for Estimate {
    const TABLE: Table = Table {
        noun: Noun::Estimate,
        name: "estimates",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Estimate, StoreError> {
        Ok(Estimate { version: cells.version, ..cells.body(Estimate::key)? })
    }
}
