//! Invoices over HTTP: making, reading, listing and ending them.
//!
//! Commerce keys read commerce invoices only: for them a standard invoice does not exist.

mod create;
mod filter;
mod lifecycle;
mod list;
mod payments;
mod read;
mod totals;

pub use create::*;
pub use lifecycle::*;
pub use list::*;
pub use read::*;
pub use totals::*;

use domain::environment::Environment;
use domain::ids::InvoiceId;
use domain::invoice::{Invoice, InvoiceType};
use domain::session::Session;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;

/// The invoice of that id, if this caller may see it.
pub(super) async fn visible(
    app: &App,
    caller: &Caller,
    environment: Environment,
    id: InvoiceId,
) -> Result<Invoice, ApiError> {
    let invoice = app.store.get::<Invoice>(id.key()).await?;
    let is_visible = |invoice: &Invoice| {
        invoice.merchant_id == caller.merchant_id
            && invoice.environment == environment
            && (!caller.is_commerce_only() || invoice.invoice_type == InvoiceType::Commerce)
    };
    invoice.filter(is_visible).ok_or_else(|| ApiError::not_found("invoice"))
}

/// Where the payor pays, and the credentials of his session.
#[derive(Serialize, ToSchema)]
pub struct InvoiceAccess {
    pub invoice_id: InvoiceId,
    /// The hosted payment page, opened for this payor.
    pub payment_url: String,
    /// The pay-by time, in epoch seconds.
    pub expires_at: i64,
    pub session_token: String,
    pub signature: String,
    pub payment_session_headers: PaymentSessionHeaders,
}

/// Ready-made headers for the payor routes.
#[derive(Serialize, ToSchema)]
pub struct PaymentSessionHeaders {
    #[serde(rename = "x-session-token")]
    pub session_token: String,
    #[serde(rename = "x-signature")]
    pub signature: String,
}

impl InvoiceAccess {
    fn new(app: &App, invoice: &Invoice, session: &Session) -> InvoiceAccess {
        let credentials = session.credentials(&app.keys);
        let payment_url = app.payment_url(&credentials);
        InvoiceAccess {
            invoice_id: invoice.id,
            payment_url,
            expires_at: invoice.expires_at.seconds(),
            session_token: credentials.session_token.clone(),
            signature: credentials.signature.clone(),
            payment_session_headers: PaymentSessionHeaders {
                session_token: credentials.session_token,
                signature: credentials.signature,
            },
        }
    }
}
