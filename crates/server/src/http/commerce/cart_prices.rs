//! What a cart comes to now: whether each thing can still be had at its price, and the totals for a
//! ZIP code.
//!
//! Both only look. What is paid is decided by the estimate.

use axum::extract::State;
use domain::cart::{Cart, CartItem};
use domain::commerce_rates::{Bought, Destination, FeesView};
use domain::environment::Environment;
use domain::estimate::{self, EstimateLine, Looked, Wanted};
use domain::ids::CartItemId;
use domain::money::{Usd, UsdNumber};
use domain::shipping_address::us_state_of;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Enveloped;
use super::carts::{cart_of, empty};
use super::estimates::found;
use super::rates::rates_of;
use super::shopper::{Identity, IdentityQuery, Place, named};
use crate::app::{App, Shared};
use crate::catalog::Listed;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Query, RawBody};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;

/// A cart beside what its items cost now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceCartValidation)]
pub struct CartValidation {
    /// Always true: the cart was looked at.
    pub success: bool,
    /// Everything can be had, at the prices the cart has.
    pub valid: bool,
    pub items: Vec<ValidatedItem>,
    pub summary: ValidationSummary,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartValidationItem)]
pub struct ValidatedItem {
    pub item_id: CartItemId,
    /// Its offers have as many as the cart, and come in time.
    pub available: bool,
    /// Of one piece; null if nobody offers it.
    pub current_price: Option<UsdNumber>,
    pub saved_price: UsdNumber,
    pub price_changed: bool,
    /// Why it is not available.
    pub error: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartValidationSummary)]
pub struct ValidationSummary {
    pub item_count: usize,
    pub available_count: usize,
    pub unavailable_count: usize,
    pub price_changed_count: usize,
    /// At the prices the cart has.
    pub saved_subtotal: UsdNumber,
    /// What is available, at the prices it has now.
    pub current_subtotal: UsdNumber,
}

/// What a cart comes to with all that is added.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceCartTotals)]
pub struct CartTotals {
    /// At the prices the cart has.
    pub subtotal: UsdNumber,
    pub shipping: UsdNumber,
    /// Of the ZIP code's state; zero without one.
    pub tax: UsdNumber,
    pub fees: FeesView,
    pub total: UsdNumber,
    pub item_count: usize,
    pub zip_code: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct TotalsQuery {
    /// The merchant's own number of the customer; or both of the wallet's fields.
    #[param(max_length = 255)]
    pub customer_id: Option<String>,
    pub wallet_address: Option<String>,
    /// One of the ten networks.
    pub wallet_network: Option<String>,
    /// Of the US: which state's tax and which ways of shipping count.
    pub zip_code: Option<String>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
}

/// Validate a customer's cart
///
/// Says which items can be had, and which cost something else now. Nothing is changed.
#[utoipa::path(post, path = "/api/commerce/merchant/carts/validate",
    tag = "Commerce - Merchant Cart", operation_id = "validateMerchantCart",
    params(EnvironmentQuery), request_body = Identity,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = CartValidation),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn validate(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    RawBody(body): RawBody,
) -> Result<Answer, ApiError> {
    let (place, _): (_, Identity) = named(&app, &caller, query.environment, &body).await?;
    let cart = cart_of(&app, &place).await?.unwrap_or_else(|| empty(&app, &place));
    let listed = listed(&app, &place, &cart).await?;
    let mut current_subtotal = Usd::ZERO;
    let items: Vec<ValidatedItem> = cart
        .items
        .iter()
        .zip(&listed)
        .map(|(item, listed)| {
            let line = line_of(item, listed.as_ref());
            if let Ok(line) = &line {
                current_subtotal = current_subtotal.plus(line.total());
            }
            let shown = listed.as_ref().there().and_then(|listed| listed.offers.first());
            let shown = shown.map(|listed| listed.offer.price.to_cents());
            let price = line.as_ref().ok().map(|line| line.price).or(shown);
            ValidatedItem {
                item_id: item.id,
                available: line.is_ok(),
                current_price: price.map(Usd::number),
                saved_price: item.price.number(),
                price_changed: price.is_some_and(|price| price != item.price),
                error: line.err().map(|line| line.error),
            }
        })
        .collect();
    let count = |is_it: fn(&ValidatedItem) -> bool| items.iter().filter(|item| is_it(item)).count();
    let available_count = count(|item| item.available);
    let price_changed_count = count(|item| item.price_changed);
    let summary = ValidationSummary {
        item_count: items.len(),
        available_count,
        unavailable_count: items.len() - available_count,
        price_changed_count,
        saved_subtotal: cart.subtotal().number(),
        current_subtotal: current_subtotal.number(),
    };
    let valid = available_count == items.len() && price_changed_count == 0;
    Ok(Answer::ok(&CartValidation { success: true, valid, items, summary }))
}

/// Get the totals of a customer's cart
#[utoipa::path(get, path = "/api/commerce/merchant/carts/totals",
    tag = "Commerce - Merchant Cart", operation_id = "getMerchantCartTotals",
    params(TotalsQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<CartTotals>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn totals(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<TotalsQuery>,
) -> Result<Answer, ApiError> {
    let TotalsQuery { customer_id, wallet_address, wallet_network, zip_code, environment } = query;
    let identity = IdentityQuery { customer_id, wallet_address, wallet_network, environment };
    let place = identity.place(&app, &caller).await?;
    let unknown = || ApiError::invalid("zip_code", "must be a ZIP code of the US");
    let state = zip_code.as_deref().map(|zip| us_state_of(zip).ok_or_else(unknown)).transpose()?;
    let to = state.map(|state| Destination { country: "US", state: Some(state) });
    let cart = cart_of(&app, &place).await?.unwrap_or_else(|| empty(&app, &place));
    let (rates, listed) = (rates_of(&app, place.whose).await?, listed(&app, &place, &cart).await?);
    let bought = |(item, listed): (&CartItem, &Looked<Listed>)| {
        let line = line_of(item, listed.as_ref());
        let shipping = line.map_or(Usd::ZERO, |line| line.shipping);
        Bought { price: item.price, quantity: item.quantity, shipping }
    };
    let lines: Vec<Bought> = cart.items.iter().zip(&listed).map(bought).collect();
    let option = rates.options(to).next();
    if option.is_none() && !lines.is_empty() {
        return Err(ApiError::invalid("zip_code", "is where nothing is shipped to"));
    }
    let pricing = rates.price(&lines, option, to);
    Ok(Answer::ok(&Enveloped::of(CartTotals {
        subtotal: pricing.subtotal.number(),
        shipping: pricing.shipping.number(),
        tax: pricing.tax.number(),
        fees: pricing.fees_view(),
        total: pricing.total.number(),
        item_count: cart.items.len(),
        zip_code,
    })))
}

/// What the catalog has of each item, in their order.
async fn listed(app: &App, place: &Place, cart: &Cart) -> Result<Vec<Looked<Listed>>, ApiError> {
    let named = |item: &CartItem| (item.retailer, item.product_id.clone());
    let ids: Vec<_> = cart.items.iter().map(named).collect();
    match ids.is_empty() {
        true => Ok(Vec::new()),
        false => Ok(app.listed(place.whose, &ids).await?),
    }
}

/// The line an item would be bought by.
fn line_of(
    item: &CartItem,
    listed: Looked<&Listed>,
) -> Result<EstimateLine, estimate::InvalidLine> {
    let wanted = Wanted {
        product_id: item.product_id.clone(),
        retailer: item.retailer,
        quantity: item.quantity,
    };
    estimate::line(&wanted, listed.map(found).as_ref())
}
