//! Settlement rules as rows: one per merchant and environment, found by both.

use domain::changes::Noun;
use domain::settlement_rule::SettlementRule;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for SettlementRule {
    const TABLE: Table = Table {
        noun: Noun::SettlementRule,
        name: "settlement_rules",
        key_origin: KeyOrigin::Business,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<SettlementRule, StoreError> {
        Ok(SettlementRule { version: cells.version, ..cells.body(SettlementRule::key)? })
    }
}
