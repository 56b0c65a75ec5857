//! Lists of invoices: newest first, by cursor, with the payments that are asked for.

use axum::extract::State;
use domain::invoice::InvoiceView;
use serde::Serialize;
use store::InvoiceFilter;
use utoipa::ToSchema;

use super::filter::{CustomerQuery, NarrowQuery, PayerQuery};
use super::payments::ExpandQuery;
use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::page::{List, PageQuery};

/// A page of invoices, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceList {
    pub object: &'static str,
    pub data: Vec<InvoiceView<'static>>,
    pub has_more: bool,
}

/// List invoices
///
/// Newest first, by cursor, narrowed by any combination of the filters.
#[utoipa::path(
    get,
    path = "/api/v1/invoices",
    tag = "Invoices",
    operation_id = "listInvoices",
    params(PageQuery, NarrowQuery, CustomerQuery, PayerQuery, ExpandQuery),
    responses(
        (status = 200, description = "A page of invoices", body = InvoiceList),
        (status = 400, description = "A bad cursor, limit or filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(page): Query<PageQuery>,
    Query(narrow): Query<NarrowQuery>,
    Query(customer): Query<CustomerQuery>,
    Query(payer): Query<PayerQuery>,
    Query(expand): Query<ExpandQuery>,
) -> Result<Answer, ApiError> {
    page_of(&app, &caller, Wanted { page, narrow, customer, payer, expand }).await
}

/// List a customer's invoices
#[utoipa::path(
    get,
    path = "/api/v1/invoices/customer/{customer_id}",
    tag = "Invoices",
    operation_id = "listInvoicesByCustomer",
    params(
        ("customer_id" = String, Path, description = "Your own id of the customer."),
        PageQuery, NarrowQuery, PayerQuery, ExpandQuery,
    ),
    responses(
        (status = 200, description = "A page of invoices", body = InvoiceList),
        (status = 400, description = "A bad cursor, limit or filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("commerceApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list_by_customer(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(customer_id): Path<String>,
    Query(page): Query<PageQuery>,
    Query(narrow): Query<NarrowQuery>,
    Query(payer): Query<PayerQuery>,
    Query(expand): Query<ExpandQuery>,
) -> Result<Answer, ApiError> {
    let customer = CustomerQuery { customer_id: Some(customer_id) };
    page_of(&app, &caller, Wanted { page, narrow, customer, payer, expand }).await
}

struct Wanted {
    page: PageQuery,
    narrow: NarrowQuery,
    customer: CustomerQuery,
    payer: PayerQuery,
    expand: ExpandQuery,
}

async fn page_of(app: &App, caller: &Caller, wanted: Wanted) -> Result<Answer, ApiError> {
    let (limit, page) = (wanted.page.limit()?, wanted.page.page()?);
    let expand = wanted.expand.parse()?;
    let customer_id = wanted.customer.check()?;
    let environment = caller.environment(app, wanted.narrow.environment).await?;
    let filter = wanted.narrow.filter(caller, environment)?;
    let mut filter = filter.map(|filter| InvoiceFilter { customer_id, ..filter });
    if let Some(filter) = &mut filter {
        wanted.payer.apply(filter, environment)?;
    }
    let rows = match filter {
        Some(filter) => app.store.invoices(&filter, page, limit + 1).await?,
        None => Vec::new(),
    };
    let invoices = List::of(rows, limit, page);
    let payments = expand.read(app, &invoices.data).await?;
    let views = invoices.data.iter().map(|invoice| expand.view(app, invoice, &payments));
    let (object, has_more) = (invoices.object, invoices.has_more);
    Ok(Answer::ok(&List { object, data: views.collect(), has_more }))
}
