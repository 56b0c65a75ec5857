//! The payor's routes: one invoice, opened by browser-safe session credentials.
//!
//! The extractor `Payor` has checked who asks; handlers read the invoice anew where they decide,
//! so that a decision is never made on what an earlier request saw.

pub mod addresses;
pub mod forms;
mod give_out;
pub mod payment_links;
pub mod session;
pub mod simulate;
pub mod solana_transaction;
pub mod verification;

use domain::ids::InvoiceId;
use domain::invoice::Invoice;
use serde::Deserialize;

use crate::app::App;
use crate::http::error::ApiError;

/// Some clients repeat the invoice they mean; the session alone decides.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct InvoiceQuery {
    /// Must be the invoice of the session, if it is given.
    pub invoice_id: Option<String>,
}

impl InvoiceQuery {
    fn check(&self, invoice: &Invoice) -> Result<(), ApiError> {
        match &self.invoice_id {
            Some(text) => check_is(invoice, text),
            None => Ok(()),
        }
    }
}

/// To a session, no other invoice exists.
fn check_is(invoice: &Invoice, text: &str) -> Result<(), ApiError> {
    match InvoiceId::parse(text) {
        Some(id) if id == invoice.id => Ok(()),
        Some(_) | None => Err(ApiError::not_found("invoice")),
    }
}

/// The invoice as it is now.
async fn read_invoice(app: &App, id: InvoiceId) -> Result<Invoice, ApiError> {
    let invoice = app.store.get::<Invoice>(id.key()).await?;
    invoice.ok_or_else(|| ApiError::not_found("invoice"))
}
