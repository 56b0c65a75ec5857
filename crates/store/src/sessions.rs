//! Payor sessions as rows: narrow, in order of issue, never looked up by their token.
//!
//! A token leads to its row's key by a permutation, so no index holds tokens. The one index holds
//! sessions that are not revoked: an invoice has one of those, or few.

use domain::changes::Noun;
use domain::ids::{InvoiceId, SessionId};
use domain::session::Session;

use crate::error::StoreError;
use crate::lists::{List, NEWEST_FIRST};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen, mutable};
use crate::store::Store;

const COLUMNS: [Column; 5] = [
    frozen("invoice_id", Kind::Key),
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("issued_at", Kind::Int),
    mutable("revoked_at", Kind::Int).or_null(),
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
            self.revoked_at.into(),
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
            revoked_at: cells.maybe_time()?,
        })
    }
}

pub(crate) fn of_invoice(invoice_id: InvoiceId) -> List<Session> {
    let list = List::new("").bind(" WHERE invoice_id = ", invoice_id);
    list.push(" AND revoked_at IS NULL").push(NEWEST_FIRST)
}

impl Store {
    /// The sessions of an invoice that are not revoked, newest first.
    ///
    /// Each new session revokes the others, so there are never many.
    pub async fn sessions_of_invoice(
        &self,
        invoice_id: InvoiceId,
    ) -> Result<Vec<Session>, StoreError> {
        of_invoice(invoice_id).read(self).await
    }
}
