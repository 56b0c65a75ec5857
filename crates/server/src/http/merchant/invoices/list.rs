//! Lists and totals of invoices, by everything they can be narrowed by.

use axum::extract::State;
use domain::address::Address;
use domain::environment::Environment;
use domain::invoice::{InvoiceStatus, InvoiceType, InvoiceView};
use domain::money::Usd;
use domain::network::Network;
use domain::time::{SECOND_MS, Timestamp};
use serde::{Deserialize, Serialize};
use store::InvoiceFilter;
use utoipa::{IntoParams, ToSchema};

use super::ExpandQuery;
use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller};
use crate::http::error::ApiError;
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::openapi::ErrorBody;
use crate::http::page::{List, PageQuery};

const CUSTOMER_ID_MAX: usize = 255;

/// What narrows a list of invoices, besides the customer.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct NarrowQuery {
    /// Any of `unpaid`, `underpaid`, `paid`, `expired`, `canceled`, with commas.
    pub status: Option<String>,
    /// `standard`, `commerce`, or both with a comma.
    pub invoice_type: Option<String>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
    /// Epoch seconds or RFC 3339, itself included.
    pub created_gte: Option<String>,
    /// Epoch seconds or RFC 3339, itself included.
    pub created_lte: Option<String>,
}

/// Whose invoices.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CustomerQuery {
    /// Your own id of the customer.
    pub customer_id: Option<String>,
}

/// Which payor's invoices, to look up a receipt.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PayerQuery {
    /// The wallet that paid; needs `payer_wallet_network`.
    pub payer_wallet_address: Option<String>,
    #[param(inline)]
    pub payer_wallet_network: Option<Network>,
}

/// A page of invoices, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceList {
    pub object: &'static str,
    pub data: Vec<InvoiceView<'static>>,
    pub has_more: bool,
}

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

impl NarrowQuery {
    /// Nothing if no invoice that this caller may see can be meant.
    fn filter(
        &self,
        caller: &Caller,
        environment: Environment,
    ) -> Result<Option<InvoiceFilter>, ApiError> {
        let statuses = words("status", self.status.as_deref(), InvoiceStatus::parse)?;
        let mut types = words("invoice_type", self.invoice_type.as_deref(), InvoiceType::parse)?;
        let created_from = moment("created_gte", self.created_gte.as_deref())?;
        let created_to = moment("created_lte", self.created_lte.as_deref())?.map(end_of_second);
        if caller.is_commerce_only() {
            if !types.is_empty() && !types.contains(&InvoiceType::Commerce) {
                return Ok(None);
            }
            types = vec![InvoiceType::Commerce];
        }
        Ok(Some(InvoiceFilter {
            environment: Some(environment),
            statuses,
            types,
            created_from,
            created_to,
            ..InvoiceFilter::of(caller.merchant_id)
        }))
    }
}

impl PayerQuery {
    fn apply(
        &self,
        filter: &mut InvoiceFilter,
        environment: Environment,
    ) -> Result<(), ApiError> {
        filter.payer_network = self.payer_wallet_network;
        let Some(text) = &self.payer_wallet_address else { return Ok(()) };
        let network = self.payer_wallet_network.ok_or_else(|| {
            ApiError::invalid("payer_wallet_network", "is required with payer_wallet_address")
        })?;
        let address = Address::parse(network, environment, text)
            .map_err(|error| ApiError::invalid("payer_wallet_address", format!(": {error}")))?;
        filter.payer_wallet = Some(address.as_str().to_owned());
        Ok(())
    }
}

/// Words of a closed set, with commas between them.
fn words<T>(
    param: &'static str,
    csv: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, ApiError> {
    let words = csv.into_iter().flat_map(|csv| csv.split(','));
    let parse = |word: &str| {
        parse(word.trim())
            .ok_or_else(|| ApiError::invalid(param, format!("does not know {word:?}")))
    };
    words.map(parse).collect()
}

fn moment(param: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, ApiError> {
    let wrong = || ApiError::invalid(param, "must be epoch seconds or an RFC 3339 time");
    text.map(|text| Timestamp::parse(text).ok_or_else(wrong)).transpose()
}

/// Objects show whole seconds, so a bound in whole seconds includes all of its second.
fn end_of_second(at: Timestamp) -> Timestamp {
    if at.0 % SECOND_MS == 0 { at.plus_ms(SECOND_MS - 1) } else { at }
}

/// A customer's id in a query or a path.
fn customer(param: &'static str, id: String) -> Result<String, ApiError> {
    let length = id.chars().count();
    if !(1..=CUSTOMER_ID_MAX).contains(&length) || id.contains('\0') {
        return Err(ApiError::invalid(param, "must have 1 to 255 characters"));
    }
    Ok(id)
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
    let customer_id = wanted.customer.customer_id;
    let customer_id = customer_id.map(|id| customer("customer_id", id)).transpose()?;
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
    Query(whose): Query<CustomerQuery>,
) -> Result<Answer, ApiError> {
    let customer_id = whose.customer_id.map(|id| customer("customer_id", id)).transpose()?;
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
