//! The whole of the merchant's catalog as a file: CSV, or one JSON object a line.
//!
//! It is read and sent a page at a time, so that neither side holds more than a page; a reader that
//! leaves ends it. Invariant: what is exported can be imported as it is, and changes nothing.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::product::Product;
use futures_util::{TryStreamExt as _, stream};
use serde::Deserialize;
use store::Page;
use utoipa::{IntoParams, ToSchema};

use super::Whose;
use super::columns::{push_header, push_product};
use crate::app::Shared;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::merchant::EnvironmentQuery;

const PAGE_ROWS: i64 = 500;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CatalogFormat {
    #[default]
    Csv,
    Jsonl,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CatalogFormatQuery {
    /// `csv` if left out.
    #[param(inline)]
    pub format: CatalogFormat,
}

/// Export your catalog
///
/// CSV with a line for each offer, or one JSON object a line: what the import takes.
#[utoipa::path(
    get,
    path = "/api/commerce/merchant/catalog/products/export",
    tag = "Commerce - Catalog",
    operation_id = "exportCatalog",
    params(CatalogFormatQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "The catalog", body = String, content_type = "text/csv"),
        (status = 400, description = "No such format", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn export(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(format): Query<CatalogFormatQuery>,
    Query(environment): Query<EnvironmentQuery>,
) -> Result<Response, ApiError> {
    let environment = caller.environment(&app, environment.environment).await?;
    let (whose, format) = ((caller.merchant_id, environment), format.format);
    let pages = stream::try_unfold((app, Next::Page(Page::First)), move |(app, next)| async move {
        let Next::Page(page) = next else { return Ok(None) };
        let (text, next) = page_text(&app, whose, page, format).await?;
        Ok::<_, ApiError>(Some((text, (app, next))))
    });
    let pages = pages.map_err(|error| std::io::Error::other(error.message));
    let (content_type, disposition) = match format {
        CatalogFormat::Csv => ("text/csv; charset=utf-8", "attachment; filename=\"products.csv\""),
        CatalogFormat::Jsonl => ("application/x-ndjson", "attachment; filename=\"products.jsonl\""),
    };
    let mut response = Response::new(Body::from_stream(pages));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    Ok(response)
}

enum Next {
    Page(Page),
    End,
}

async fn page_text(
    app: &Shared,
    whose: Whose,
    page: Page,
    format: CatalogFormat,
) -> Result<(String, Next), ApiError> {
    let rows = app.store.products(whose, page, PAGE_ROWS).await?;
    let stocks = app.stocks(whose.0, &rows).await?;
    let mut text = String::new();
    if page == Page::First && format == CatalogFormat::Csv {
        push_header(&mut text);
    }
    for row in &rows {
        match format {
            CatalogFormat::Csv => push_product(&mut text, row, &stocks),
            CatalogFormat::Jsonl => {
                let view = row.view(&stocks);
                text.push_str(&serde_json::to_string(&view).expect("views serialize"));
                text.push('\n');
            }
        }
    }
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == PAGE_ROWS);
    let last = rows.last().filter(|_| is_full).map(Product::key);
    Ok((text, last.map_or(Next::End, |key| Next::Page(Page::After(key)))))
}
