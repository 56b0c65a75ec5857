//! Password resets as rows; the hash of a mailed token leads to its row through a claim.
//!
//! Nothing lists them, so the whole reset is JSON. The commit that sets the password writes when it
//! was used.

use domain::changes::Noun;
use domain::password::PasswordReset;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, mutable};

const COLUMNS: [Column; 1] = [mutable("body", Kind::Text)];

impl Row for PasswordReset {
    const TABLE: Table = Table {
        noun: Noun::PasswordReset,
        name: "password_resets",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![Value::json(&self)]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<PasswordReset, StoreError> {
        Ok(PasswordReset { version: cells.version, ..cells.body(PasswordReset::key)? })
    }
}
