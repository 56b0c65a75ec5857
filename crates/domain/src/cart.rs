//! A shopper's cart: one row, so that every call on it reads and writes once.
//!
//! A line keeps the price it was put in with, for the shopper to be told when it changed; what is
//! paid is decided by the estimate. Checkout reads a cart and never touches it.

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::ids::{CartItemId, MerchantId, RowKey, Version};
use crate::money::Usd;
use crate::retailer::Retailer;
use crate::shopper::Shopper;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub shopper: Shopper,
    pub items: Vec<CartItem>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartItem {
    pub id: CartItemId,
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    /// What it cost when it was put in.
    pub price: Usd,
    pub quantity: u32,
    pub image_url: Option<String>,
    pub product_url: Option<String>,
    pub review_count: Option<u32>,
    /// In hundredths of a star.
    pub rating: Option<u16>,
    pub added_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Cart {
    pub fn key(&self) -> RowKey {
        cart_key((self.merchant_id, self.environment), &self.shopper)
    }
}

pub fn cart_key(whose: (MerchantId, Environment), shopper: &Shopper) -> RowKey {
    shopper.key("cart", whose)
}
