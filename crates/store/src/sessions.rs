//! Payor sessions as rows: narrow, in order of issue, never looked up by their token.
//!
//! A token leads to its row's key by a permutation, so no index holds tokens; the invoice says
//! from when on its sessions count, so none is needed to revoke them either. The session an
//! invoice is made with is not among these rows: the invoice's own row tells all of it.

use domain::changes::Noun;
use domain::ids::SessionId;
use domain::session::Session;

use crate::error::StoreError;
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen};

const COLUMNS: [Column; 4] = [
    frozen("invoice_id", Kind::Key),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("issued_at", Kind::Int),
];

impl Row for Session {
    const TABLE: Table = Table {
        noun: Noun::Session,
        name: "sessions",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            self.invoice_id.into(),
            self.merchant_id.into(),
            self.environment.into(),
            self.issued_at.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Session, StoreError> {
        Ok(Session {
            id: SessionId::from(cells.key),
            version: cells.version,
            invoice_id: cells.key()?.into(),
            merchant_id: cells.merchant_id()?,
            environment: cells.environment()?,
            issued_at: cells.time()?,
        })
    }
}
