//! A product of a catalog, with its variants and the offers it can be bought by.
//!
//! The merchant's own products are rows, found by the number the merchant gave them; those of the
//! large shops come from outside and are never kept. How much of an offer is left is a counter of
//! its own, so that two buyers of the last piece meet at the commit and not in the product's row.
//!
//! Invariant: what is on sale was checked here, whether it came by request or by import.

pub mod change;
pub mod draft;
pub mod view;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::changes::counter_key;
use crate::environment::Environment;
use crate::ids::{MerchantId, OfferId, RowKey, Version};
use crate::money::Usd;
use crate::retailer::Retailer;
use crate::time::Timestamp;

/// What takes longer to leave the shop is not sold here.
pub const HANDLING_DAYS_MAX: u16 = 10;
/// What is counted at the end of a number: a hundred products, or a thousand with letters.
const NUMBER_END_BYTES: usize = 2;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub retailer: Retailer,
    /// The merchant's own number, or the shop's.
    pub product_id: String,
    pub title: String,
    pub description: Option<String>,
    pub brand: Option<String>,
    pub categories: Vec<String>,
    /// The first one is shown in lists.
    pub images: Vec<String>,
    pub url: Option<String>,
    pub bullets: Vec<String>,
    pub attributes: BTreeMap<String, String>,
    /// In hundredths of a star.
    pub rating: Option<u16>,
    pub review_count: u32,
    pub parent_id: Option<String>,
    /// What makes it this variant: size, colour.
    pub specifics: Vec<Specific>,
    pub variants: Vec<Variant>,
    pub offers: Vec<Offer>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Taken out of the catalog; the row stays for its number.
    #[serde(default)]
    pub removed_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

/// One property that variants differ in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Specific {
    pub dimension: String,
    pub value: String,
}

/// Another product that is the same thing in another size or colour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    pub product_id: String,
    pub specifics: Vec<Specific>,
}

/// One way to buy a product: a seller, a price, a stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    pub id: OfferId,
    pub seller_id: Option<String>,
    pub seller_name: String,
    pub price: Usd,
    pub shipping: Usd,
    pub condition: Condition,
    pub handling_days: HandlingDays,
    pub is_international: bool,
    /// Whether its pieces are counted; otherwise there is always one more.
    pub is_counted: bool,
    /// The number of pieces that was said last, of which some may be sold by now; none: no number
    /// was ever said, and the counter has none.
    #[serde(default)]
    pub declared: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HandlingDays {
    pub min: u16,
    pub max: u16,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    #[default]
    New,
    Refurbished,
    Used,
}

impl Product {
    pub fn key(&self) -> RowKey {
        product_key((self.merchant_id, self.environment), self.retailer, &self.product_id)
    }

    pub fn is_removed(&self) -> bool {
        self.removed_at.is_some()
    }

    pub fn image(&self) -> Option<&str> {
        self.images.first().map(String::as_str)
    }
}

/// What a merchant's product is found by. Numbers that differ in their end only are neighbours.
pub fn product_key(
    (merchant_id, environment): (MerchantId, Environment),
    retailer: Retailer,
    product_id: &str,
) -> RowKey {
    let place = [merchant_id.0, environment.code(), retailer.code()].map(i64::to_be_bytes);
    let beginning = product_id.len().saturating_sub(NUMBER_END_BYTES);
    RowKey::beside("product", place.as_flattened(), product_id, beginning)
}

impl Offer {
    pub fn total(&self) -> Usd {
        self.price.plus(self.shipping)
    }

    /// Whether its counter may hold pieces, be they counted at present or not.
    pub fn has_counter(&self) -> bool {
        self.is_counted || self.declared.is_some()
    }

    pub fn arrives_in_time(&self) -> bool {
        self.handling_days.max <= HANDLING_DAYS_MAX
    }
}

/// The name of the counter that says how many pieces of an offer are left.
pub fn stock_name(offer: OfferId) -> String {
    format!("stock.{offer}")
}

pub fn stock_key(merchant_id: MerchantId, offer: OfferId) -> RowKey {
    counter_key(merchant_id, &stock_name(offer))
}
