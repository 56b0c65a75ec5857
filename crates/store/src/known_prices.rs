//! Known prices as rows: one for each symbol that sources are asked for.
//!
//! A handful of small rows that change every minute and are read by key only.

use domain::changes::Noun;
use domain::known_price::KnownPrice;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for KnownPrice {
    const TABLE: Table = Table {
        noun: Noun::KnownPrice,
        name: "known_prices",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<KnownPrice, StoreError> {
        Ok(KnownPrice { version: cells.version, ..cells.body(KnownPrice::key)? })
    }
}
