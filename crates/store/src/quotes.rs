//! Quotes as rows: written once, never changed.
//!
//! Narrow and in order of creation, so they are kept in the index of their keys. A merchant's own
//! quote belongs to no invoice and costs no second index.

use domain::changes::Noun;
use domain::ids::{InvoiceId, QuoteId};
use domain::quote::Quote;
use domain::token::TokenId;

use crate::error::StoreError;
use crate::lists::{List, Page};
use crate::row::{Cells, Column, KeyOrigin, Kind, Row, Table, Value, frozen};
use crate::store::Store;

const COLUMNS: [Column; 10] = [
    frozen("merchant_id", Kind::Int),
    frozen("environment", Kind::Int),
    frozen("invoice_id", Kind::Key).or_null(),
    frozen("network", Kind::Int),
    frozen("token_id", Kind::Int),
    frozen("amount_usd", Kind::Int),
    frozen("token_amount", Kind::Bytes),
    frozen("exchange_rate", Kind::Text),
    frozen("created_at", Kind::Int),
    frozen("valid_until", Kind::Int),
];

impl Row for Quote {
    const TABLE: Table = Table {
        noun: Noun::Quote,
        name: "quotes",
        key_origin: KeyOrigin::Fresh,
        columns: &COLUMNS,
    };

    fn encode(self) -> Vec<Value> {
        vec![
            self.merchant_id.into(),
            self.environment.into(),
            self.invoice_id.into(),
            self.network.into(),
            self.token_id.into(),
            self.amount_usd.into(),
            self.token_amount.into(),
            self.exchange_rate.into(),
            self.created_at.into(),
            self.valid_until.into(),
        ]
    }

    fn decode(cells: &mut Cells<'_>) -> Result<Quote, StoreError> {
        Ok(Quote {
            id: QuoteId::from(cells.key),
            version: cells.version,
            merchant_id: cells.merchant_id()?,
            environment: cells.environment()?,
            invoice_id: cells.maybe_key()?.map(InvoiceId::from),
            network: cells.network()?,
            token_id: cells.int().map(TokenId)?,
            amount_usd: cells.usd()?,
            token_amount: cells.token_amount()?,
            exchange_rate: cells.text()?,
            created_at: cells.time()?,
            valid_until: cells.time()?,
        })
    }
}

pub(crate) fn of_invoice(invoice_id: InvoiceId, newest: i64) -> List<Quote> {
    List::new("").bind(" WHERE invoice_id = ", invoice_id).page(Page::First, newest)
}

impl Store {
    /// The newest quotes of an invoice, newest first.
    pub async fn quotes_of_invoice(
        &self,
        invoice_id: InvoiceId,
        newest: i64,
    ) -> Result<Vec<Quote>, StoreError> {
        of_invoice(invoice_id, newest).read(self).await
    }
}
