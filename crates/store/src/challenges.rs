//! Wallet challenges as rows: found by key, used once.
//!
//! Nothing lists them, so the whole challenge is JSON. The commit that signs a member in writes
//! when it was used.

use domain::challenge::WalletChallenge;
use domain::changes::Noun;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for WalletChallenge {
    const TABLE: Table = Table {
        noun: Noun::WalletChallenge,
        name: "wallet_challenges",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<WalletChallenge, StoreError> {
        Ok(WalletChallenge { version: cells.version, ..cells.body(WalletChallenge::key)? })
    }
}
