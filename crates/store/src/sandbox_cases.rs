//! What was given to the ramp sandbox, as rows: found by what it was given for.

use domain::changes::Noun;
use domain::sandbox::SandboxCase;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for SandboxCase {
    const TABLE: Table = Table {
        noun: Noun::SandboxCase,
        name: "sandbox_cases",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<SandboxCase, StoreError> {
        Ok(SandboxCase { version: cells.version, ..cells.body(SandboxCase::key)? })
    }
}
