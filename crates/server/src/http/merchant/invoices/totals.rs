//! Totals of invoices: what was asked for and how often, by state.

use axum::extract::State;
use domain::invoice::InvoiceStatus;
use domain::money::Usd;
use serde::Serialize;
use store::InvoiceFilter;
use utoipa::ToSchema;

use super::filter::{CustomerQuery, NarrowQuery};
use crate::app::Shared;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::idempotency::Answer;

/// What was asked for and how often, by state.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceTotals {
    pub object: &'static str,
    pub currency: &'static str,
    pub amount_unit: &'static str,
    pub totals: TotalsByStatus,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TotalsByStatus {
    pub all: Total,
    pub paid: Total,
    pub unpaid: Total,
    pub underpaid: Total,
    pub expired: Total,
    pub canceled: Total,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Total {
    /// In thousandths of a dollar.
    pub amount: i64,
    pub amount_decimal: String,
    /// How many invoices.
    pub count: i64,
}

/// Sum up invoices
///
/// How many invoices are in each state and what was asked for with them.
#[utoipa::path(
    get,
    path = "/api/v1/invoices/totals",
    tag = "Invoices",
    operation_id = "getInvoiceTotals",
    params(NarrowQuery, CustomerQuery),
    responses(
        (status = 200, description = "The totals", body = InvoiceTotals),
        (status = 400, description = "A bad filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn totals(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(narrow): Query<NarrowQuery>,
    Query(customer): Query<CustomerQuery>,
) -> Result<Answer, ApiError> {
    let customer_id = customer.check()?;
    let environment = caller.environment(&app, narrow.environment).await?;
    let rows = match narrow.filter(&caller, environment)? {
        Some(filter) => {
            let filter = InvoiceFilter { customer_id, ..filter };
            app.store.invoice_totals(&filter).await?
        }
        None => Vec::new(),
    };
    Ok(Answer::ok(&InvoiceTotals {
        object: "invoice_totals",
        currency: "usd",
        amount_unit: "usd_millis",
        totals: TotalsByStatus {
            all: sum(&rows, |_| true),
            paid: sum(&rows, |status| status == InvoiceStatus::Paid),
            unpaid: sum(&rows, |status| status == InvoiceStatus::Unpaid),
            underpaid: sum(&rows, |status| status == InvoiceStatus::Underpaid),
            expired: sum(&rows, |status| status == InvoiceStatus::Expired),
            canceled: sum(&rows, |status| status == InvoiceStatus::Canceled),
        },
    }))
}

fn sum(rows: &[(InvoiceStatus, i64, Usd)], is_meant: impl Fn(InvoiceStatus) -> bool) -> Total {
    let meant = || rows.iter().filter(|(status, _, _)| is_meant(*status));
    let amount = meant().fold(Usd::ZERO, |sum, (_, _, amount)| sum.plus(*amount));
    Total {
        amount: amount.millis(),
        amount_decimal: amount.decimal(),
        count: meant().map(|(_, count, _)| count).sum(),
    }
}
