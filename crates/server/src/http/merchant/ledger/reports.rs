//! Reports by day: JSON for programs, CSV for spreadsheets.
//!
//! Made of the ledger's own days; the newest transfers join theirs within a second. The report of
//! invoices is made of counters that are written with them.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::invoice::counter_range;
use domain::ledger::Day;
use domain::report::{
    InvoiceReport, InvoiceReportLine, REPORT_DAYS_MAX, Report, ReportKind, ReportLine,
    invoice_report, report as made,
};
use domain::time::{DAY_MS, Timestamp};
use serde::Deserialize;
use store::LedgerFilter;
use utoipa::{IntoParams, ToSchema};

use super::csv::push_line;
use super::transactions::LedgerQuery;
use crate::app::{App, Shared};
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;

/// Without times: the last thirty days.
const DAYS_DEFAULT: i64 = 30;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportFormat {
    #[default]
    Json,
    Csv,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// `json` if left out.
    #[param(inline)]
    pub format: ReportFormat,
}

/// Report by day
///
/// What was paid, settled, refunded, charged or paid out, by day of UTC, asset and status. The
/// totals are the ledger's own. At most 366 days; the last thirty if no times are given.
#[utoipa::path(
    get,
    path = "/api/v1/reports/{report}",
    tag = "Ledger",
    operation_id = "getReport",
    params(
        ("report" = ReportKind, Path, description = "What it is about"),
        ReportQuery,
        LedgerQuery,
    ),
    responses(
        (status = 200, description = "The report",
            content((Report = "application/json"), (String = "text/csv"))),
        (status = 400, description = "A bad filter, or more than 366 days", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such report", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn report(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(kind): Path<String>,
    Query(format): Query<ReportQuery>,
    Query(query): Query<LedgerQuery>,
) -> Result<Response, ApiError> {
    let kind = ReportKind::parse(&kind).ok_or_else(|| ApiError::not_found("report"))?;
    let filter = query.filter(&app, &caller).await?;
    let (first, last) = span(&app, filter)?;
    let whose = (filter.merchant_id, filter.environment);
    let days = app.store.ledger_days(whose, (first, last.next())).await?;
    let (lines, totals) = made(kind, &days);
    if format.format == ReportFormat::Csv {
        return Ok(csv(&lines));
    }
    let (from, to) = (first.date(), last.date());
    Ok(Answer::ok(&Report { object: "report", report: kind, from, to, lines, totals })
        .into_response())
}

/// The days that are asked for.
fn span(app: &App, filter: LedgerFilter) -> Result<(Day, Day), ApiError> {
    let last = Day::of(filter.created_to.unwrap_or(app.now()));
    let back = |days: i64| Timestamp(last.start().0.saturating_sub((days - 1) * DAY_MS));
    let first = Day::of(filter.created_from.unwrap_or(back(DAYS_DEFAULT)));
    if last.0.saturating_sub(first.0) >= REPORT_DAYS_MAX || last < first {
        let message = format!("must be 1 to {REPORT_DAYS_MAX} days up to created_lte");
        return Err(ApiError::invalid("created_gte", message));
    }
    Ok((first, last))
}

/// Report invoices by day
///
/// How many invoices came to be in each status, by day of UTC, network and token, what they ask
/// for and what was paid. An invoice is counted on each day on which its status changes. What was
/// paid is what the report `payments` tells of the same days. At most 366 days; the last thirty if
/// no times are given.
#[utoipa::path(
    get,
    path = "/api/v1/reports/invoices",
    tag = "Ledger",
    operation_id = "getInvoiceReport",
    params(ReportQuery, LedgerQuery),
    responses(
        (status = 200, description = "The report",
            content((InvoiceReport = "application/json"), (String = "text/csv"))),
        (status = 400, description = "A bad filter, or more than 366 days", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn invoices(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(format): Query<ReportQuery>,
    Query(query): Query<LedgerQuery>,
) -> Result<Response, ApiError> {
    let filter = query.filter(&app, &caller).await?;
    let (first, last) = span(&app, filter)?;
    let whose = (filter.merchant_id, filter.environment);
    let counters = app.store.counters_between(counter_range(whose, (first, last.next()))).await?;
    let report = invoice_report(first, last, &counters);
    if format.format == ReportFormat::Csv {
        return Ok(invoices_csv(&report.lines));
    }
    Ok(Answer::ok(&report).into_response())
}

const INVOICE_COLUMNS: [&str; 9] = [
    "date",
    "status",
    "network",
    "token_id",
    "symbol",
    "count",
    "amount_usd",
    "amount_paid",
    "amount_paid_base",
];

fn invoices_csv(lines: &[InvoiceReportLine]) -> Response {
    let mut text = String::new();
    push_line(&mut text, INVOICE_COLUMNS);
    for line in lines {
        let cells = [
            line.date.clone().unwrap_or_default(),
            line.status.as_str().to_owned(),
            line.network.map(|network| network.as_str().to_owned()).unwrap_or_default(),
            line.token_id.map(|id| id.to_string()).unwrap_or_default(),
            line.symbol.unwrap_or_default().to_owned(),
            line.count.to_string(),
            line.amount_usd.clone(),
            line.amount_paid.clone().unwrap_or_default(),
            line.amount_paid_base.clone().unwrap_or_default(),
        ];
        push_line(&mut text, cells.iter().map(String::as_str));
    }
    as_csv(text)
}

const COLUMNS: [&str; 9] =
    ["date", "type", "status", "network", "token_id", "symbol", "count", "amount", "amount_base"];

fn csv(lines: &[ReportLine]) -> Response {
    let mut text = String::new();
    push_line(&mut text, COLUMNS);
    for line in lines {
        let cells = [
            line.date.clone().unwrap_or_default(),
            line.kind.as_str().to_owned(),
            line.status.as_str().to_owned(),
            line.network.map(|network| network.as_str().to_owned()).unwrap_or_default(),
            line.token_id.map(|id| id.to_string()).unwrap_or_default(),
            line.symbol.unwrap_or_default().to_owned(),
            line.count.to_string(),
            line.amount.clone(),
            line.amount_base.clone(),
        ];
        push_line(&mut text, cells.iter().map(String::as_str));
    }
    as_csv(text)
}

fn as_csv(text: String) -> Response {
    let mut response = text.into_response();
    let content_type = HeaderValue::from_static("text/csv; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
