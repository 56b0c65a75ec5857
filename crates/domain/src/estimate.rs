//! An estimate: the first step of a checkout. What can be had, at prices that are held still for a
//! quarter of an hour, and what cannot, and why.
//!
//! The second step gives it an address, which decides tax and shipping; the third makes an order.
//!
//! Invariant: the order that an estimate becomes writes the estimate's row, so that step 3 called
//! twice makes one order and both callers read the same.

mod create;
mod lifecycle;
mod looked;
mod view;
mod wanted;

pub use create::{EstimateAsk, Found, OnOffer, create, line};
pub use looked::Looked;
pub use view::{EstimateView, FeeBreakdown, LineView, PricingView, ShippingChoiceView};
pub use wanted::{Basket, BasketAsk, Override, Wanted, of_cart};

use serde::{Deserialize, Serialize};

use crate::commerce_rates::{Bought, Pricing};
use crate::environment::Environment;
use crate::ids::{EstimateId, MerchantId, OfferId, OrderId, RowKey, ShippingAddressId, Version};
use crate::money::Usd;
use crate::retailer::Retailer;
use crate::shopper::Shopper;
use crate::time::{MINUTE_MS, Timestamp};

pub const HELD_MS: i64 = 15 * MINUTE_MS;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    pub id: EstimateId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub shopper: Shopper,
    pub valid: Vec<EstimateLine>,
    pub invalid: Vec<InvalidLine>,
    pub pricing: Pricing,
    /// Of step 2; the pricing is then that of its country and state.
    pub address_id: Option<ShippingAddressId>,
    pub shipping_option: Option<String>,
    /// Of step 3.
    pub order_id: Option<OrderId>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// A thing that can be had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EstimateLine {
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    pub image: Option<String>,
    pub quantity: u32,
    /// Of one piece, as the chosen offer has it now.
    pub price: Usd,
    /// What the seller takes for sending it.
    pub shipping: Usd,
    pub seller_name: String,
    pub offer: Chosen,
}

/// The offer a line is bought by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chosen {
    /// The merchant's own; its pieces are counted if it says so.
    Own { offer_id: OfferId, is_counted: bool },
    /// A shop's, by the shop's own number of the offer.
    Outside { offer_id: String },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InvalidLine {
    pub product_id: String,
    pub retailer: Retailer,
    pub error: String,
}

impl Estimate {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// Whether this is a shopper's own.
    pub fn is_of(&self, whose: (MerchantId, Environment), shopper: &Shopper) -> bool {
        (self.merchant_id, self.environment) == whose && self.shopper == *shopper
    }

    fn bought(&self) -> Vec<Bought> {
        self.valid.iter().map(EstimateLine::bought).collect()
    }
}

impl EstimateLine {
    pub fn total(&self) -> Usd {
        Usd(self.price.0.saturating_mul(self.quantity.into()))
    }

    fn bought(&self) -> Bought {
        Bought { price: self.price, quantity: self.quantity, shipping: self.shipping }
    }
}

#[cfg(test)]
mod tests;
