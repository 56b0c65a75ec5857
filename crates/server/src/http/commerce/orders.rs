//! Orders as merchants read, find and cancel them.
//!
//! The snapshot is the very text that `commerce.order.*` events carry as their object.

use axum::extract::State;
use axum::response::Response;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{InvoiceId, OrderId};
use domain::invoice::{self, Invoice};
use domain::money::UsdNumber;
use domain::network::Network;
use domain::order::{
    Actions, CancelAsk, InvoiceThen, Order, OrderStatus, OrderView, RefundPart, ShipmentsSummary,
    Substatus,
};
use domain::retailer::Retailer;
use domain::shopper::{Shopper, ShopperAsk};
use serde::{Deserialize, Serialize};
use store::OrderFilter;
use utoipa::{IntoParams, ToSchema};

use super::Enveloped;
use super::addresses::offset;
use super::payments::PaymentState;
use super::refund_destination::DestinationFields;
use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{LIMIT_MAX, bounded, end_of_second, moment};
use crate::ordering;

const LIMIT_DEFAULT: i64 = 20;
/// Further back a list is narrowed by time, or walked no more.

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, rename_all = "camelCase")]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct OrdersQuery {
    /// The shopper's wallet; with `walletNetwork`.
    pub wallet: Option<String>,
    /// One of the ten networks; required with `wallet`.
    pub wallet_network: Option<String>,
    #[serde(rename = "customer_id")]
    #[param(rename = "customer_id")]
    pub customer_id: Option<String>,
    #[param(value_type = Option<OrderStatus>)]
    pub status: Option<String>,
    #[param(value_type = Option<Retailer>)]
    pub retailer: Option<String>,
    /// Epoch seconds or RFC 3339; included.
    #[param(value_type = Option<i64>)]
    pub created_from: Option<String>,
    #[param(value_type = Option<i64>)]
    pub created_to: Option<String>,
    /// 1 to 100; 20 if left out.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100)]
    pub limit: Option<String>,
    /// How many newer ones are passed over, up to 10000.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 10000)]
    pub offset: Option<String>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceOrderPage)]
pub struct OrderPage {
    pub orders: Vec<OrderRow>,
    pub pagination: Pagination,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceOrderPagination)]
pub struct Pagination {
    pub limit: i64,
    pub offset: i64,
    /// How many are on this page.
    pub count: usize,
}

/// An order in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceOrderRow)]
#[serde(rename_all = "camelCase")]
pub struct OrderRow {
    pub order_id: OrderId,
    pub invoice_id: InvoiceId,
    pub network_environment: Environment,
    pub status: OrderStatus,
    pub substatus: Option<Substatus>,
    pub actions: Actions,
    pub shipments_summary: ShipmentsSummary,
    pub retailer: Retailer,
    pub wallet_address: Option<String>,
    pub wallet_network: Option<Network>,
    pub customer_id: Option<String>,
    /// In USD.
    pub total: UsdNumber,
    pub created_at: i64,
    pub updated_at: i64,
    /// Pieces of all lines.
    pub item_count: u64,
}

impl OrderRow {
    fn of(order: &Order) -> OrderRow {
        OrderRow {
            order_id: order.id,
            invoice_id: order.invoice_id,
            network_environment: order.environment,
            status: order.status,
            substatus: order.substatus,
            actions: order.actions(),
            shipments_summary: order.shipments_summary(),
            retailer: order.retailer(),
            wallet_address: order.shopper.wallet_address().map(str::to_owned),
            wallet_network: order.shopper.wallet_network(),
            customer_id: order.shopper.customer_id().map(str::to_owned),
            total: order.pricing.total.number(),
            created_at: order.created_at.seconds(),
            updated_at: order.updated_at.seconds(),
            item_count: order.lines.iter().map(|line| u64::from(line.quantity)).sum(),
        }
    }
}

/// List orders
///
/// Newest first.
#[utoipa::path(get, path = "/api/commerce/merchant/orders", tag = "Orders",
    operation_id = "listMerchantOrders", params(OrdersQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<OrderPage>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<OrdersQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let limit = bounded("limit", query.limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)?;
    let offset = offset(query.offset.as_deref())?;
    let filter = filter(&caller, environment, &query)?;
    let orders = app.store.orders(&filter, (limit, offset)).await?;
    let pagination = Pagination { limit, offset, count: orders.len() };
    let orders = orders.iter().map(OrderRow::of).collect();
    Ok(Answer::ok(&Enveloped::of(OrderPage { orders, pagination })))
}

fn filter(
    caller: &Caller,
    environment: Environment,
    query: &OrdersQuery,
) -> Result<OrderFilter, ApiError> {
    let whose = (caller.merchant_id, environment);
    let one_of = |param: &'static str| move || ApiError::invalid(param, "is none of those listed");
    let status = query.status.as_deref();
    let status = status.map(|text| OrderStatus::parse(text).ok_or_else(one_of("status")));
    let retailer = query.retailer.as_deref();
    let retailer = retailer.map(|text| Retailer::parse(text).ok_or_else(one_of("retailer")));
    let to = moment("createdTo", query.created_to.as_deref())?;
    Ok(OrderFilter {
        merchant_id: whose.0,
        environment,
        shopper: shopper(environment, query)?.map(|shopper| shopper.list_key(whose)),
        status: status.transpose()?,
        retailer: retailer.transpose()?,
        created_from: moment("createdFrom", query.created_from.as_deref())?,
        created_to: to.map(end_of_second),
    })
}

fn shopper(environment: Environment, query: &OrdersQuery) -> Result<Option<Shopper>, ApiError> {
    let ask = ShopperAsk {
        customer_id: query.customer_id.as_deref(),
        wallet_address: query.wallet.as_deref(),
        wallet_network: query.wallet_network.as_deref(),
    };
    let names_nobody = ask.customer_id.or(ask.wallet_address).or(ask.wallet_network).is_none();
    if names_nobody {
        return Ok(None);
    }
    let named = Shopper::parse(ask, environment).map_err(ApiError::from);
    named.map(Some).map_err(|error| match error.param.as_deref() {
        // As the fields are called here.
        Some("wallet_address") => {
            ApiError::invalid("wallet", "must be an address of walletNetwork")
        }
        Some("wallet_network") => {
            ApiError::invalid("walletNetwork", "must be one of the ten networks, with wallet")
        }
        Some(_) | None => error,
    })
}

/// Retrieve an order
///
/// The canonical snapshot: what every `commerce.order.*` event carries.
#[utoipa::path(get, path = "/api/commerce/merchant/orders/{orderId}", tag = "Orders",
    operation_id = "getMerchantOrder",
    params(("orderId" = OrderId, Path), EnvironmentQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<OrderView<'static>>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn retrieve(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<OrderId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let order = ordering::visible(&app, (caller.merchant_id, environment), id).await?;
    Ok(Answer::ok(&Enveloped::of(order.view())))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceCanceledOrder)]
#[serde(rename_all = "camelCase")]
pub struct CanceledOrder<'a> {
    pub order_id: OrderId,
    pub status: OrderStatus,
    pub substatus: Option<Substatus>,
    pub customer_id: Option<&'a str>,
    /// What goes back, where to, and how far that is.
    pub refund_quote: RefundPart<'a>,
}

/// Cancel an order
///
/// From `pending_payment`, `processing` and `placed`. What was paid goes back to the destination
/// named here or at checkout; while none is known the refund stays `QUOTED`, and another call with
/// one completes it.
#[utoipa::path(post, path = "/api/commerce/merchant/orders/{orderId}/cancel", tag = "Orders",
    operation_id = "cancelMerchantOrder",
    params(("orderId" = OrderId, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 characters."),
        EnvironmentQuery),
    request_body(content = Option<DestinationFields>),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<CanceledOrder<'static>>),
        (status = 400, body = ErrorBody,
            description = "ORDER_NOT_CANCELABLE, IDEMPOTENCY_KEY_MISSING or a wrong field"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "The key was used for another request")))]
pub async fn cancel(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<OrderId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let once = write.once(whose)?.required()?;
    let body: DestinationFields = match write.body.is_empty() {
        true => DestinationFields::default(),
        false => parse_json(&write.body)?,
    };
    let destination = body.parse(&app, environment).await?;
    let origin = caller.origin(once.key_text());
    let ask = CancelAsk { by: caller.actor(), destination };
    once.answer(&app, async || {
        let order = ordering::visible(&app, whose, id).await?;
        let (changes, after) = canceled(&app, &order, (&ask, &origin)).await?;
        Ok((changes, answer(&after)))
    })
    .await
}

fn answer(order: &Order) -> Answer {
    Answer::ok(&Enveloped::of(CanceledOrder {
        order_id: order.id,
        status: order.status,
        substatus: order.substatus,
        customer_id: order.shopper.customer_id(),
        refund_quote: order.refund_part(),
    }))
}

/// The order is brought up to date with its invoice first, so that what was paid a moment ago is
/// given back and not forgotten.
async fn canceled(
    app: &App,
    order: &Order,
    (ask, origin): (&CancelAsk, &Origin),
) -> Result<(Changes, Order), ApiError> {
    let now = app.now();
    let mut changes = Changes::of(order.merchant_id);
    let standing = ordering::standing(app, order).await?;
    let current = standing.bring_up_to_date(order, &mut changes, now);
    let canceling = current.clone().cancel(ask.clone(), &standing.invoice, &mut changes, now);
    let (after, then) = canceling?;
    match then {
        InvoiceThen::Canceled => {
            let canceling = invoice::cancel(&standing.invoice, origin.clone(), now);
            changes.append(canceling?.1);
        }
        InvoiceThen::Kept => {}
    }
    after.clone().record(&current, &mut changes, origin.clone());
    Ok((changes, after))
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceInvoiceStatus)]
#[serde(rename_all = "camelCase")]
pub struct InvoiceOrder<'a> {
    pub invoice_id: InvoiceId,
    pub order_id: OrderId,
    pub payment: PaymentState<'a>,
    pub order: OrderBrief<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceOrderBrief)]
#[serde(rename_all = "camelCase")]
pub struct OrderBrief<'a> {
    pub order_id: OrderId,
    pub status: OrderStatus,
    pub substatus: Option<Substatus>,
    pub customer_id: Option<&'a str>,
    pub actions: Actions,
}

/// Look up an order by its invoice
#[utoipa::path(get, path = "/api/commerce/merchant/invoices/{invoiceId}/status", tag = "Orders",
    operation_id = "getMerchantInvoiceStatus",
    params(("invoiceId" = InvoiceId, Path), EnvironmentQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<InvoiceOrder<'static>>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn of_invoice(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<InvoiceId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let missing = || ApiError::not_found("invoice");
    let invoice = app.store.get::<Invoice>(id.key()).await?;
    let order_key = invoice.as_ref().and_then(|invoice| invoice.commerce_order_id);
    let (invoice, order_key) = invoice.zip(order_key).ok_or_else(missing)?;
    let order = app.store.get::<Order>(order_key).await?;
    let is_his = |order: &Order| order.is_of(caller.merchant_id, environment);
    let order = order.filter(is_his).ok_or_else(missing)?;
    Ok(Answer::ok(&Enveloped::of(InvoiceOrder {
        invoice_id: id,
        order_id: order.id,
        payment: PaymentState::of(&order, &invoice),
        order: OrderBrief {
            order_id: order.id,
            status: order.status,
            substatus: order.substatus,
            customer_id: order.shopper.customer_id(),
            actions: order.actions(),
        },
    })))
}
