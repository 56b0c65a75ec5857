//! What merchants add to prices, as rows: one per merchant and environment.

use domain::changes::Noun;
use domain::commerce_rates::CommerceRates;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for CommerceRates {
    const TABLE: Table = Table {
        noun: Noun::CommerceRates,
        name: "commerce_rates",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<CommerceRates, StoreError> {
        Ok(CommerceRates { version: cells.version, ..cells.body(CommerceRates::key)? })
    }
}
