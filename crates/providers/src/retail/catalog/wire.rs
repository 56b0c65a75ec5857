//! The documented JSON of an outside retailer's catalog, and what becomes of it.
//!
//! One product or offer of a list that is out of bounds is left out; the others count. A product
//! asked for by its number that is out of bounds makes no sense as a whole.

use std::collections::BTreeMap;

use domain::money::Usd;
use domain::product::draft::{OfferDraft, ProductDraft, StockAsk, check_product_id};
use domain::product::view::parse_stars;
use domain::product::{Condition, HandlingDays, Specific, Variant};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{OutsideFound, OutsideOffer, OutsideProduct, OutsideRow, SourceError};

/// Prices come in as fine as this and are rounded to cents.
const PLACES: u32 = 6;
/// Nobody sells more.
const TOTAL_MAX: u64 = 1_000_000_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchAnswer {
    products: Vec<Box<RawValue>>,
    total_results: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    product_id: String,
    title: String,
    price: Box<RawValue>,
    image: Option<String>,
    stars: Option<Box<RawValue>>,
    #[serde(default)]
    num_reviews: u32,
    url: Option<String>,
    brand: Option<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default = "yes")]
    available: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductAnswer {
    title: String,
    description: Option<String>,
    brand: Option<String>,
    #[serde(default)]
    categories: Vec<String>,
    #[serde(default)]
    images: Vec<String>,
    url: Option<String>,
    #[serde(default)]
    bullets: Vec<String>,
    #[serde(default)]
    product_details: Vec<Detail>,
    rating: Option<Box<RawValue>>,
    #[serde(default)]
    review_count: u32,
    parent_id: Option<String>,
    #[serde(default)]
    variant_specifics: Vec<Specific>,
    #[serde(default)]
    variants: Vec<OutsideVariant>,
}

#[derive(Deserialize)]
struct Detail {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutsideVariant {
    product_id: String,
    #[serde(default)]
    variant_specifics: Vec<Specific>,
}

#[derive(Deserialize)]
pub struct OffersAnswer {
    offers: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfferRow {
    offer_id: String,
    seller_id: Option<String>,
    seller_name: String,
    price: Box<RawValue>,
    shipping: Option<Box<RawValue>>,
    #[serde(default)]
    condition: Condition,
    handling_days: HandlingDays,
    #[serde(default)]
    international: bool,
    #[serde(default = "yes")]
    available: bool,
}

fn yes() -> bool {
    true
}

fn price(raw: &RawValue) -> Option<Usd> {
    Usd::parse(raw.get(), PLACES).ok().map(Usd::to_cents)
}

fn rating(raw: Option<Box<RawValue>>) -> Option<u16> {
    parse_stars(raw?.get())
}

/// How many there are, told as a number of any kind or as a text; nonsense is as if left out.
fn total(raw: Option<Box<RawValue>>) -> Option<u64> {
    let raw = raw?;
    let whole = raw.get().trim_matches('"').split('.').next()?;
    whole.parse().ok().map(|total: u64| total.min(TOTAL_MAX))
}

impl SearchAnswer {
    pub fn read(self) -> OutsideFound {
        let rows = self.products.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok());
        let products: Vec<OutsideRow> = rows.filter_map(Row::read).collect();
        let told = u64::try_from(products.len()).unwrap_or(u64::MAX);
        OutsideFound { products, total: total(self.total_results).unwrap_or(told) }
    }
}

impl Row {
    fn read(self) -> Option<OutsideRow> {
        let price = price(&self.price).filter(|price| *price > Usd::ZERO)?;
        let draft = ProductDraft {
            title: self.title,
            brand: self.brand,
            categories: self.categories,
            images: self.image.into_iter().collect(),
            url: self.url,
            rating: rating(self.stars),
            review_count: self.num_reviews,
            ..ProductDraft::default()
        };
        check_product_id("productId", &self.product_id).ok()?;
        let draft = draft.check().ok()?;
        Some(OutsideRow {
            product_id: self.product_id,
            title: draft.title,
            price,
            image: draft.images.into_iter().next(),
            rating: draft.rating,
            review_count: draft.review_count,
            url: draft.url,
            brand: draft.brand,
            categories: draft.categories,
            is_available: self.available,
        })
    }
}

impl ProductAnswer {
    pub fn read(self) -> Result<OutsideProduct, SourceError> {
        let details = self.product_details.into_iter().map(|one| (one.name, one.value));
        let variants = self
            .variants
            .into_iter()
            .map(|one| Variant { product_id: one.product_id, specifics: one.variant_specifics });
        let draft = ProductDraft {
            title: self.title,
            description: self.description.filter(|text| !text.is_empty()),
            brand: self.brand.filter(|text| !text.is_empty()),
            categories: self.categories,
            images: self.images,
            url: self.url,
            bullets: self.bullets,
            attributes: details.collect::<BTreeMap<_, _>>(),
            rating: rating(self.rating),
            review_count: self.review_count,
            parent_id: self.parent_id,
            specifics: self.variant_specifics,
            variants: variants.collect(),
            offers: Vec::new(),
        };
        let draft = draft.check().map_err(|_| SourceError::Malformed)?;
        Ok(OutsideProduct { draft })
    }
}

impl OffersAnswer {
    pub fn read(self) -> Vec<OutsideOffer> {
        let rows = self.offers.iter().filter_map(|raw| serde_json::from_str(raw.get()).ok());
        rows.filter_map(OfferRow::read).collect()
    }
}

impl OfferRow {
    fn read(self) -> Option<OutsideOffer> {
        check_product_id("offerId", &self.offer_id).ok()?;
        let draft = OfferDraft {
            id: None,
            seller_id: self.seller_id,
            seller_name: self.seller_name,
            price: price(&self.price)?,
            shipping: self.shipping.as_deref().map_or(Some(Usd::ZERO), price)?,
            condition: self.condition,
            handling_days: self.handling_days,
            is_international: self.international,
            stock: StockAsk::Unsaid,
        };
        let draft = draft.check().ok()?;
        Some(OutsideOffer { offer_id: self.offer_id, draft, is_available: self.available })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(total: &str, expected: u64) {
        let row = r#"{"productId":"a","title":"A","price":1}"#;
        let text = format!(r#"{{"products":[{row}],"totalResults":{total}}}"#);
        let answer: SearchAnswer = serde_json::from_str(&text).expect("an answer");
        let found = answer.read();
        assert_eq!((found.products.len(), found.total), (1, expected), "{total}");
    }

    #[test]
    fn a_total_costs_no_answer() {
        check("40", 40);
        check("40.0", 40);
        check("\"40\"", 40);
        check("18446744073709551615", TOTAL_MAX);
        for nonsense in ["null", "-1", "\"many\"", "99999999999999999999", "[1]", "{}", "1e3"] {
            check(nonsense, 1);
        }
    }
}
