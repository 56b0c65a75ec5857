//! Sessions of ramp users as rows: found by their id, and swept once they are over.
//!
//! The row never changes: what revokes a session is written in its user's row.

use domain::changes::Noun;
use domain::ramp_session::RampSession;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen};

const COLUMNS: [Column; 1] = [frozen("body", Kind::Text)];

impl Row for RampSession {
    const TABLE: Table = Table {
        noun: Noun::RampSession,
        name: "ramp_sessions",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<RampSession, StoreError> {
        Ok(RampSession { version: cells.version, ..cells.body(RampSession::key)? })
    }
}
