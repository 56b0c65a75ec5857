//! What a merchant adds to prices: shipping, tax and fees, as a table he sets.
//!
//! The rules are the domain's; here are the names in JSON. What a PUT leaves out stays.

use axum::extract::State;
use domain::commerce_rates::{CommerceRates, RatesAsk, RatesView, ShippingRate, TaxRate};
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::member::Role;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Enveloped;
use crate::app::{App, Shared};
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, usd};

/// The parts to set, each as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CommerceRatesRequest)]
pub struct PutRates {
    /// The first that serves an address is taken unless another is asked for.
    #[schema(min_items = 1, max_items = 50)]
    pub shipping: Option<Vec<ShippingBody>>,
    /// A state's rate takes the place of its country's.
    #[schema(max_items = 500)]
    pub tax: Option<Vec<TaxBody>>,
    pub fees: Option<FeesBody>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceShippingRateRequest)]
pub struct ShippingBody {
    /// The merchant's own name for it, which checkouts choose it by.
    #[schema(pattern = "^[A-Za-z0-9_.-]{1,64}$")]
    pub id: String,
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    #[schema(value_type = f64, minimum = 0, maximum = 10_000)]
    pub price: Box<RawValue>,
    /// Nothing is charged from this subtotal on.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1_000_000)]
    pub free_from: Option<Box<RawValue>>,
    #[schema(minimum = 0, maximum = 365)]
    pub estimated_days: u16,
    /// Two letters of ISO 3166-1 each; none: everywhere.
    #[serde(default)]
    #[schema(max_items = 250)]
    pub countries: Vec<String>,
    /// Of the one country; none: all of it.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub states: Vec<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceTaxRateRequest)]
pub struct TaxBody {
    /// Two letters of ISO 3166-1.
    pub country: String,
    /// A state's letters, like CA.
    pub state: Option<String>,
    /// Hundredths of a percent.
    #[schema(minimum = 0, maximum = 10_000)]
    pub bps: i64,
    #[serde(default)]
    pub taxes_shipping: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CommerceFeeRatesRequest)]
pub struct FeesBody {
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 1_000)]
    pub fixed: Option<Box<RawValue>>,
    /// Of the subtotal, in hundredths of a percent.
    #[schema(minimum = 0, maximum = 10_000)]
    pub bps: Option<i64>,
}

impl PutRates {
    fn into_ask(self) -> Result<RatesAsk, ApiError> {
        let shipping = self.shipping.map(|rates| {
            let rates = rates.into_iter().enumerate();
            rates.map(|(at, rate)| rate.into_rate(at)).collect::<Result<Vec<_>, ApiError>>()
        });
        let tax = self.tax.map(|rates| {
            let rate = |rate: TaxBody| TaxRate {
                country: rate.country,
                state: rate.state,
                bps: rate.bps,
                taxes_shipping: rate.taxes_shipping,
            };
            rates.into_iter().map(rate).collect()
        });
        let fixed = self.fees.as_ref().and_then(|fees| fees.fixed.as_deref());
        Ok(RatesAsk {
            shipping: shipping.transpose()?,
            tax,
            fee_fixed: fixed.map(|raw| usd("fees.fixed", raw)).transpose()?,
            fee_bps: self.fees.and_then(|fees| fees.bps),
        })
    }
}

impl ShippingBody {
    fn into_rate(self, at: usize) -> Result<ShippingRate, ApiError> {
        let number = |field: &str, raw: &RawValue| {
            usd("shipping", raw).map_err(|error| {
                let why = error.message.strip_prefix("shipping ").unwrap_or_default();
                ApiError::invalid(format!("shipping[{at}].{field}"), why)
            })
        };
        Ok(ShippingRate {
            price: number("price", &self.price)?,
            free_from: self.free_from.map(|raw| number("freeFrom", &raw)).transpose()?,
            id: self.id,
            name: self.name,
            estimated_days: self.estimated_days,
            countries: self.countries,
            states: self.states,
        })
    }
}

/// Get shipping, tax and fees
#[utoipa::path(get, path = "/api/commerce/merchant/rates",
    tag = "Commerce - General", operation_id = "getCommerceRates",
    params(EnvironmentQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<RatesView>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn retrieve(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let rates = rates_of(&app, (caller.merchant_id, environment)).await?;
    Ok(Answer::ok(&Enveloped::of(rates.view())))
}

/// Set shipping, tax and fees
///
/// Each part that is there is replaced whole; what is left out stays.
#[utoipa::path(put, path = "/api/commerce/merchant/rates",
    tag = "Commerce - General", operation_id = "setCommerceRates",
    params(EnvironmentQuery), request_body = PutRates,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<RatesView>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn set(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<PutRates>,
) -> Result<Answer, ApiError> {
    caller.require_role(Role::Developer)?;
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let ask = body.into_ask()?;
    app.decide(async || -> Result<_, ApiError> {
        let mut fresh = app.fresh();
        let rates = rates_of(&app, whose).await?.change(ask.clone(), fresh.now())?;
        let mut changes = rates.save();
        let object = environment.as_str();
        changes.insert(caller.audit("commerce_rates.changed", object, &mut fresh));
        Ok((changes, Answer::ok(&Enveloped::of(rates.view()))))
    })
    .await
}

/// A merchant's rates, or those of one who set nothing.
pub async fn rates_of(
    app: &App,
    (merchant_id, environment): (MerchantId, Environment),
) -> Result<CommerceRates, ApiError> {
    let key = CommerceRates::row_key(merchant_id, environment);
    let rates = app.store.get::<CommerceRates>(key).await?;
    Ok(rates.unwrap_or_else(|| CommerceRates::default_of(merchant_id, environment)))
}
