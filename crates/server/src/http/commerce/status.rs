//! Whether commerce can be used now, and what it offers.

use axum::extract::State;
use domain::cart::{LINES_MAX, QUANTITY_MAX};
use domain::commerce_rates::CommerceRates;
use domain::environment::Environment;
use domain::estimate;
use domain::ids::MerchantId;
use domain::money::UsdNumber;
use domain::order::INVOICE_LIVES_MS;
use domain::product::HANDLING_DAYS_MAX;
use domain::retailer::Retailer;
use domain::time::SECOND_MS;
use serde::Serialize;
use utoipa::ToSchema;

use super::Enveloped;
use crate::app::Shared;
use crate::escrow::Escrow;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommerceStatus {
    /// `available`, or `limited` while no order of outside products can be made.
    pub status: &'static str,
    /// What is kept back for orders, in USD.
    pub escrow_balance: UsdNumber,
    /// Below it no order of outside products can be made.
    pub minimum_required: UsdNumber,
    pub features: Features,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceFeatures)]
pub struct Features {
    pub search: bool,
    pub cart: bool,
    pub checkout: bool,
    pub orders: bool,
}

impl Features {
    fn with_checkout(checkout: bool) -> Features {
        Features { search: true, cart: true, checkout, orders: true }
    }
}

/// Check commerce
#[utoipa::path(get, path = "/api/commerce/status", tag = "Commerce - General",
    operation_id = "getCommerceStatus", params(EnvironmentQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<CommerceStatus>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn status(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let escrow = Escrow::of(&app, (caller.merchant_id, environment)).await?;
    let is_open = escrow.is_enough();
    Ok(Answer::ok(&Enveloped::of(CommerceStatus {
        status: if is_open { "available" } else { "limited" },
        escrow_balance: escrow.balance.to_cents().number(),
        minimum_required: escrow.minimum.number(),
        features: Features::with_checkout(is_open),
    })))
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommerceInfo {
    pub merchant_id: MerchantId,
    pub network_environment: Environment,
    /// Those whose products can be had here.
    pub retailers: Vec<Retailer>,
    pub features: Features,
    pub limits: Limits,
    pub fees: FeeStructure,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceLimits)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    pub quantity_max: u32,
    pub cart_items_max: usize,
    /// Offers that take longer are not sold.
    pub delivery_days_max: u16,
    pub estimate_seconds: i64,
    pub invoice_seconds: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceFeeStructure)]
#[serde(rename_all = "camelCase")]
pub struct FeeStructure {
    /// Of each order, in USD.
    pub fixed: UsdNumber,
    /// Of the subtotal, in basis points.
    pub percentage_bps: i64,
}

/// What commerce offers
#[utoipa::path(get, path = "/api/commerce/info", tag = "Commerce - General",
    operation_id = "getCommerceInfo", params(EnvironmentQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<CommerceInfo>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn info(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let (merchant_id, whose) = (caller.merchant_id, (caller.merchant_id, environment));
    let key = CommerceRates::row_key(merchant_id, environment);
    let rates = app.store.get::<CommerceRates>(key).await?;
    let rates = rates.unwrap_or_else(|| CommerceRates::default_of(merchant_id, environment));
    let is_open = Escrow::of(&app, whose).await?.is_enough();
    Ok(Answer::ok(&Enveloped::of(CommerceInfo {
        merchant_id,
        network_environment: environment,
        retailers: app.catalog.retailers(environment),
        features: Features::with_checkout(is_open),
        limits: Limits {
            quantity_max: QUANTITY_MAX,
            cart_items_max: LINES_MAX,
            delivery_days_max: HANDLING_DAYS_MAX,
            estimate_seconds: estimate::HELD_MS / SECOND_MS,
            invoice_seconds: INVOICE_LIVES_MS / SECOND_MS,
        },
        fees: FeeStructure { fixed: rates.fee_fixed.number(), percentage_bps: rates.fee_bps },
    })))
}
