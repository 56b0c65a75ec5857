//! What a merchant adds to the price of things: shipping, tax, fees. A table the merchant sets.
//!
//! One row per merchant and environment; without it nothing is added.

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, Version};
use crate::money::Usd;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommerceRates {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    /// The first that serves an address is the one taken unless another is asked for.
    pub shipping: Vec<ShippingRate>,
    pub tax: Vec<TaxRate>,
    pub fee_fixed: Usd,
    pub fee_bps: i64,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// One way to ship, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingRate {
    pub id: String,
    pub name: String,
    pub price: Usd,
    /// Nothing is charged from this subtotal on.
    pub free_from: Option<Usd>,
    pub estimated_days: u16,
    /// Alpha-2 codes; none: everywhere.
    pub countries: Vec<String>,
    pub states: Vec<String>,
}

/// What a country, or one state of it, takes of a price.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRate {
    pub country: String,
    pub state: Option<String>,
    pub bps: i64,
    pub taxes_shipping: bool,
}

impl CommerceRates {
    /// What holds for a merchant who set nothing.
    pub fn default_of(merchant_id: MerchantId, environment: Environment) -> CommerceRates {
        CommerceRates {
            merchant_id,
            environment,
            shipping: vec![ShippingRate {
                id: "standard".to_owned(),
                name: "Standard".to_owned(),
                price: Usd::ZERO,
                free_from: None,
                estimated_days: 5,
                countries: Vec::new(),
                states: Vec::new(),
            }],
            tax: Vec::new(),
            fee_fixed: Usd::ZERO,
            fee_bps: 0,
            updated_at: Timestamp(0),
            version: 0,
        }
    }

    pub fn key(&self) -> RowKey {
        CommerceRates::row_key(self.merchant_id, self.environment)
    }

    pub fn row_key(merchant_id: MerchantId, environment: Environment) -> RowKey {
        let place = [merchant_id.0, environment.code()].map(i64::to_be_bytes);
        RowKey::of("commerce_rates", &[place.as_flattened()])
    }
}

/// What a purchase costs, part by part. `total` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pricing {
    pub subtotal: Usd,
    pub shipping: Usd,
    pub tax: Usd,
    pub fee_fixed: Usd,
    /// The share of the subtotal that is a fee, and what it comes to.
    pub fee_bps: i64,
    pub fee_share: Usd,
    pub total: Usd,
}

impl Pricing {
    pub fn fees(&self) -> Usd {
        self.fee_fixed.plus(self.fee_share)
    }
}
