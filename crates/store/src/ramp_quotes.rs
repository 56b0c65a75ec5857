//! Quotes of ramps as rows: found by id, and written by the one payout that takes them.

use domain::changes::Noun;
use domain::ramp_quote::RampQuote;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for RampQuote {
    const TABLE: Table = Table {
        noun: Noun::RampQuote,
        name: "ramp_quotes",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<RampQuote, StoreError> {
        Ok(RampQuote { version: cells.version, ..cells.body(RampQuote::key)? })
    }
}
