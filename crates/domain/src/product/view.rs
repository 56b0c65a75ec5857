//! A product as the merchant reads and exports it: every field that can be asked for, and stock.
//!
//! Invariant: what is shown here can be sent back as it is, and changes nothing.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::change::Stocks;
use super::{Condition, HandlingDays, Offer, Product, Specific, Variant};
use crate::ids::OfferId;
use crate::money::{Usd, UsdNumber};
use crate::retailer::Retailer;

/// Hundredths of a star as micro-dollars, whose JSON numbers are exact.
const MICROS_PER_HUNDREDTH: i64 = 10_000;

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductView {
    /// Your own number of it.
    pub product_id: String,
    /// Always `other`: your own catalog.
    pub retailer: Retailer,
    pub title: String,
    pub description: Option<String>,
    pub brand: Option<String>,
    pub categories: Vec<String>,
    pub images: Vec<String>,
    pub url: Option<String>,
    pub bullets: Vec<String>,
    pub attributes: BTreeMap<String, String>,
    /// In stars, 0 to 5.
    pub rating: Option<UsdNumber>,
    pub review_count: u32,
    pub parent_id: Option<String>,
    /// What makes it this variant: size, colour.
    pub variant_specifics: Vec<Specific>,
    pub variants: Vec<Variant>,
    pub offers: Vec<OwnOfferView>,
    /// Epoch seconds.
    pub created_at: i64,
    /// Epoch seconds.
    pub updated_at: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnOfferView {
    pub offer_id: OfferId,
    pub seller_id: Option<String>,
    pub seller_name: String,
    /// Of one piece, in USD.
    pub price: UsdNumber,
    /// What sending it costs, in USD.
    pub shipping: UsdNumber,
    pub condition: Condition,
    pub handling_days: HandlingDays,
    pub international: bool,
    /// How many pieces are left; null: they are not counted.
    pub stock: Option<i64>,
}

impl Product {
    pub fn view(&self, stocks: &Stocks) -> ProductView {
        ProductView {
            product_id: self.product_id.clone(),
            retailer: self.retailer,
            title: self.title.clone(),
            description: self.description.clone(),
            brand: self.brand.clone(),
            categories: self.categories.clone(),
            images: self.images.clone(),
            url: self.url.clone(),
            bullets: self.bullets.clone(),
            attributes: self.attributes.clone(),
            rating: self.rating.map(stars),
            review_count: self.review_count,
            parent_id: self.parent_id.clone(),
            variant_specifics: self.specifics.clone(),
            variants: self.variants.clone(),
            offers: self.offers.iter().map(|offer| offer.view(stocks)).collect(),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}

impl Offer {
    pub fn view(&self, stocks: &Stocks) -> OwnOfferView {
        let stock = self.is_counted.then(|| stocks.get(&self.id).copied().unwrap_or(0));
        OwnOfferView {
            offer_id: self.id,
            seller_id: self.seller_id.clone(),
            seller_name: self.seller_name.clone(),
            price: self.price.number(),
            shipping: self.shipping.number(),
            condition: self.condition,
            handling_days: self.handling_days,
            international: self.is_international,
            stock,
        }
    }
}

/// A rating as a JSON number of stars.
pub fn stars(hundredths: u16) -> UsdNumber {
    Usd(i64::from(hundredths) * MICROS_PER_HUNDREDTH).number()
}

/// A JSON number of stars, of its decimal text, with at most two decimals.
pub fn parse_stars(text: &str) -> Option<u16> {
    let micros = Usd::parse(text, 2).ok()?.0;
    u16::try_from(micros / MICROS_PER_HUNDREDTH).ok()
}
