//! A merchant's rates and the parts of a price, as JSON shows them.
//!
//! Rates are exact: basis points, and amounts as decimal numbers.

use serde::Serialize;
use utoipa::ToSchema;

use super::{CommerceRates, Pricing};
use crate::environment::Environment;
use crate::money::{Usd, UsdNumber};

/// What a merchant adds to prices.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceRates)]
pub struct RatesView {
    pub network_environment: Environment,
    /// The first that serves an address is taken unless another is asked for.
    pub shipping: Vec<ShippingRateView>,
    pub tax: Vec<TaxRateView>,
    pub fees: FeeRatesView,
    /// Epoch seconds; null while nothing was set.
    pub updated_at: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceShippingRate)]
pub struct ShippingRateView {
    pub id: String,
    pub name: String,
    pub price: UsdNumber,
    /// Nothing is charged from this subtotal on.
    pub free_from: Option<UsdNumber>,
    pub estimated_days: u16,
    /// Two letters of ISO 3166-1 each; none: everywhere.
    pub countries: Vec<String>,
    /// Of the one country; none: all of it.
    pub states: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceTaxRate)]
pub struct TaxRateView {
    pub country: String,
    /// Null: all of the country but the states that have rates of their own.
    pub state: Option<String>,
    /// Hundredths of a percent.
    pub bps: i64,
    pub taxes_shipping: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = CommerceFeeRates)]
pub struct FeeRatesView {
    pub fixed: UsdNumber,
    /// Of the subtotal, in hundredths of a percent.
    pub bps: i64,
}

/// The fees of one purchase.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceFees)]
pub struct FeesView {
    pub fixed: UsdNumber,
    /// In percent of the subtotal.
    pub percentage: UsdNumber,
    /// What the percentage comes to.
    pub percentage_amount: UsdNumber,
    pub total: UsdNumber,
}

impl CommerceRates {
    pub fn view(&self) -> RatesView {
        let shipping = self.shipping.iter().map(|rate| ShippingRateView {
            id: rate.id.clone(),
            name: rate.name.clone(),
            price: rate.price.number(),
            free_from: rate.free_from.map(Usd::number),
            estimated_days: rate.estimated_days,
            countries: rate.countries.clone(),
            states: rate.states.clone(),
        });
        let tax = self.tax.iter().map(|rate| TaxRateView {
            country: rate.country.clone(),
            state: rate.state.clone(),
            bps: rate.bps,
            taxes_shipping: rate.taxes_shipping,
        });
        RatesView {
            network_environment: self.environment,
            shipping: shipping.collect(),
            tax: tax.collect(),
            fees: FeeRatesView { fixed: self.fee_fixed.number(), bps: self.fee_bps },
            updated_at: (self.updated_at.0 > 0).then(|| self.updated_at.seconds()),
        }
    }
}

impl Pricing {
    pub fn fees_view(&self) -> FeesView {
        FeesView {
            fixed: self.fee_fixed.number(),
            // A basis point is a hundredth of a percent as a cent is one of a dollar.
            percentage: Usd(self.fee_bps * 10_000).number(),
            percentage_amount: self.fee_share.number(),
            total: self.fees().number(),
        }
    }
}
