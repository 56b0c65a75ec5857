//! The whole ledger of a span of time, as CSV or JSON Lines.
//!
//! It is read and sent a page at a time, newest first, so that neither side holds more than a page;
//! a reader that leaves ends it. No read transaction outlives a page.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::ledger::BalanceTransactionView;
use futures_util::stream;
use serde::Deserialize;
use store::{LedgerFilter, Page};
use utoipa::{IntoParams, ToSchema};

use super::csv::push_line;
use super::transactions::{LedgerQuery, view};
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;

const PAGE_ROWS: i64 = 500;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExportFormat {
    #[default]
    Csv,
    Jsonl,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct FormatQuery {
    /// `csv` if left out.
    #[param(inline)]
    pub format: ExportFormat,
}

const COLUMNS: [&str; 17] = [
    "id",
    "created_at",
    "type",
    "phase",
    "network",
    "token_id",
    "symbol",
    "amount",
    "amount_base",
    "debit_account",
    "debit_user_id",
    "debit_balance_after",
    "credit_account",
    "credit_user_id",
    "credit_balance_after",
    "source",
    "position",
];

/// Export balance transactions
///
/// All postings of a span of time, newest first, as CSV or as one JSON object a line.
#[utoipa::path(
    get,
    path = "/api/v1/balance_transactions/export",
    tag = "Ledger",
    operation_id = "exportBalanceTransactions",
    params(FormatQuery, LedgerQuery),
    responses(
        (status = 200, description = "The postings",
            content((String = "text/csv"), (String = "application/x-ndjson"))),
        (status = 400, description = "A bad filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn export(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(format): Query<FormatQuery>,
    Query(query): Query<LedgerQuery>,
) -> Result<Response, ApiError> {
    let filter = query.filter(&app, &caller).await?;
    let (format, start) = (format.format, Next::Page(Page::First));
    let pages = stream::try_unfold((app, filter, start), move |(app, filter, next)| async move {
        let Next::Page(page) = next else { return Ok(None) };
        let (text, next) = page_text(&app, filter, page, format).await?;
        Ok::<_, ApiError>(Some((text, (app, filter, next))))
    });
    let pages =
        futures_util::TryStreamExt::map_err(pages, |error| std::io::Error::other(error.message));
    let (content_type, name) = match format {
        ExportFormat::Csv => ("text/csv; charset=utf-8", "balance_transactions.csv"),
        ExportFormat::Jsonl => ("application/x-ndjson", "balance_transactions.jsonl"),
    };
    let mut response = Response::new(Body::from_stream(pages));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

enum Next {
    Page(Page),
    End,
}

async fn page_text(
    app: &Shared,
    filter: LedgerFilter,
    page: Page,
    format: ExportFormat,
) -> Result<(String, Next), ApiError> {
    let rows = app.store.balance_transactions(filter, page, PAGE_ROWS).await?;
    let accounts = app.store.accounts_of(&rows).await?;
    let mut text = String::new();
    if page == Page::First && format == ExportFormat::Csv {
        push_line(&mut text, COLUMNS);
    }
    for row in &rows {
        let view = view(row, &accounts);
        match format {
            ExportFormat::Csv => push_row(&mut text, &view),
            ExportFormat::Jsonl => {
                text.push_str(&serde_json::to_string(&view).expect("views serialize"));
                text.push('\n');
            }
        }
    }
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE_ROWS);
    let next = rows.last().filter(|_| is_full).map(|last| Next::Page(Page::After(last.id.key())));
    Ok((text, next.unwrap_or(Next::End)))
}

fn push_row(out: &mut String, view: &BalanceTransactionView) {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        view.id.to_string(),
        view.created_at.to_string(),
        view.kind.as_str().to_owned(),
        view.phase.as_str().to_owned(),
        view.network.map(|network| network.as_str().to_owned()).unwrap_or_default(),
        number(view.token_id.map(|id| id.0)),
        view.symbol.unwrap_or_default().to_owned(),
        view.amount.clone(),
        view.amount_base.clone(),
        view.debit.account.as_str().to_owned(),
        text(&view.debit.user_id),
        view.debit.balance_after.clone(),
        view.credit.account.as_str().to_owned(),
        text(&view.credit.user_id),
        view.credit.balance_after.clone(),
        view.source.clone(),
        view.position.to_string(),
    ];
    push_line(out, cells.iter().map(String::as_str));
}
