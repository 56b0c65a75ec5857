//! Payments beside their invoices, for the reads that ask for them.
//!
//! An invoice that no payment was ever seen on is answered without asking for any.

use std::collections::HashMap;

use domain::environment::Environment;
use domain::ids::InvoiceId;
use domain::invoice::{Invoice, InvoiceView};
use domain::payment::{Payment, PaymentView};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::http::error::ApiError;
use crate::http::page::bounded;

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ExpandQuery {
    /// `latest_payment`, `payments`, or both with a comma.
    pub expand: Option<String>,
    /// How many payments per invoice, newest first.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 10)]
    pub payments_limit: Option<String>,
}

/// Which payments a read wants with each invoice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expand {
    latest: bool,
    /// How many of all payments.
    payments: Option<i64>,
}

impl ExpandQuery {
    pub fn parse(&self) -> Result<Expand, ApiError> {
        let limit = bounded("payments_limit", self.payments_limit.as_deref(), 10, 100)?;
        let mut expand = Expand::default();
        for word in self.expand.as_deref().into_iter().flat_map(|csv| csv.split(',')) {
            match word.trim() {
                "latest_payment" => expand.latest = true,
                "payments" => expand.payments = Some(limit),
                _ => return Err(ApiError::invalid("expand", "knows latest_payment and payments")),
            }
        }
        Ok(expand)
    }
}

/// The payments of some invoices, newest first.
pub struct PaymentsByInvoice(HashMap<InvoiceId, Vec<Payment>>);

impl Expand {
    pub async fn read(
        self,
        app: &App,
        invoices: &[Invoice],
    ) -> Result<PaymentsByInvoice, ApiError> {
        let paid_on = invoices.iter().filter(|invoice| invoice.payments_seen > 0);
        let ids: Vec<InvoiceId> = paid_on.map(|invoice| invoice.id).collect();
        let rows = match (ids.is_empty(), self.payments) {
            (true, _) => Vec::new(),
            (false, Some(limit)) => app.store.payments_of_invoices(ids, limit).await?,
            (false, None) if self.latest => app.store.latest_payments(ids).await?,
            (false, None) => Vec::new(),
        };
        let mut payments: HashMap<InvoiceId, Vec<Payment>> = HashMap::new();
        for payment in rows {
            payments.entry(payment.invoice_id).or_default().push(payment);
        }
        Ok(PaymentsByInvoice(payments))
    }

    /// The invoice's view with what was asked for.
    pub fn view<'a>(
        self,
        app: &App,
        invoice: &'a Invoice,
        payments: &PaymentsByInvoice,
    ) -> InvoiceView<'a> {
        let payments = payments.0.get(&invoice.id).map_or(&[][..], Vec::as_slice);
        let show = |payment: &Payment| payment_view(app, invoice.environment, payment);
        let mut view = invoice.view();
        if self.latest {
            view.latest_payment = Some(payments.first().map(show));
        }
        if self.payments.is_some() {
            view.payments = Some(payments.iter().map(show).collect());
        }
        view
    }
}

pub fn payment_view(app: &App, environment: Environment, payment: &Payment) -> PaymentView {
    payment.view(app.head(environment, payment.network))
}
