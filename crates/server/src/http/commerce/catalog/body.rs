//! A product as it comes in: in a request, in a line of an import, in the demo catalogs.
//!
//! Prices are read from the decimal text of their JSON numbers, never through a float. What is
//! shown of a product can be sent back: fields that only we write are passed over.

use std::collections::BTreeMap;

use domain::ids::OfferId;
use domain::money::Usd;
use domain::product::draft::{OfferDraft, ProductDraft, StockAsk};
use domain::product::view::parse_stars;
use domain::product::{Condition, HandlingDays, Specific, Variant};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::http::error::ApiError;
use crate::http::extract::given;
use crate::http::merchant::usd;

/// What an offer says of handling that says nothing.
const HANDLING_DAYS: HandlingDays = HandlingDays { min: 0, max: 3 };

/// A product of your catalog.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductBody {
    /// Your own number of it: 1 to 128 bytes without spaces.
    pub product_id: Option<String>,
    #[schema(min_length = 1, max_length = 500, example = "Stoneware mug, 350 ml")]
    pub title: String,
    #[schema(max_length = 20_000)]
    pub description: Option<String>,
    #[schema(max_length = 120)]
    pub brand: Option<String>,
    #[serde(default)]
    #[schema(max_items = 20)]
    pub categories: Vec<String>,
    /// HTTPS; the first one is shown in lists.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub images: Vec<String>,
    /// Its page in your shop; HTTPS.
    pub url: Option<String>,
    #[serde(default)]
    #[schema(max_items = 30)]
    pub bullets: Vec<String>,
    #[serde(default)]
    #[schema(value_type = std::collections::HashMap<String, String>)]
    pub attributes: BTreeMap<String, String>,
    /// In stars, 0 to 5, at most two decimals.
    #[schema(value_type = Option<f64>, minimum = 0, maximum = 5)]
    // float: a JSON number's schema
    pub rating: Option<Box<RawValue>>,
    #[serde(default)]
    pub review_count: u32,
    pub parent_id: Option<String>,
    /// What makes it this variant: size, colour.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub variant_specifics: Vec<Specific>,
    #[serde(default)]
    #[schema(max_items = 100)]
    pub variants: Vec<Variant>,
    /// The ways to buy it; without one it is not found by shoppers.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub offers: Vec<OfferBody>,
}

/// One way to buy it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferBody {
    /// Which of its offers; left out: that of the same seller and condition, or a new one.
    pub offer_id: Option<OfferId>,
    #[schema(max_length = 128)]
    pub seller_id: Option<String>,
    /// Your company's name if left out.
    #[schema(max_length = 120)]
    pub seller_name: Option<String>,
    /// In USD, rounded to cents.
    #[schema(value_type = f64, minimum = 0.01, maximum = 1_000_000)]
    // float: a JSON number's schema
    pub price: Box<RawValue>,
    /// What sending it costs, in USD; 0 if left out.
    #[schema(value_type = Option<f64>, minimum = 0)] // float: a JSON number's schema
    pub shipping: Option<Box<RawValue>>,
    #[serde(default)]
    pub condition: Condition,
    /// Until it leaves the shop; 0 to 3 days if left out. Above 10 days it is not sold here.
    pub handling_days: Option<HandlingDays>,
    #[serde(default)]
    pub international: bool,
    /// How many pieces there are; null: they are not counted; left out: as before.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>, minimum = 0)]
    pub stock: Option<Option<i64>>,
}

impl ProductBody {
    /// The draft; `company` sells what nobody else is said to sell.
    pub fn draft(self, company: &str) -> Result<ProductDraft, ApiError> {
        let offers = self.offers.into_iter().map(|offer| offer.draft(company));
        Ok(ProductDraft {
            title: self.title,
            description: self.description,
            brand: self.brand,
            categories: self.categories,
            images: self.images,
            url: self.url,
            bullets: self.bullets,
            attributes: self.attributes,
            rating: self.rating.as_deref().map(stars).transpose()?,
            review_count: self.review_count,
            parent_id: self.parent_id,
            specifics: self.variant_specifics,
            variants: self.variants,
            offers: offers.collect::<Result<_, _>>()?,
        })
    }
}

impl OfferBody {
    pub fn draft(self, company: &str) -> Result<OfferDraft, ApiError> {
        let shipping = self.shipping.as_deref();
        Ok(OfferDraft {
            id: self.offer_id,
            seller_id: self.seller_id,
            seller_name: self.seller_name.unwrap_or_else(|| company.to_owned()),
            price: usd("offers.price", &self.price)?,
            shipping: shipping.map_or(Ok(Usd::ZERO), |raw| usd("offers.shipping", raw))?,
            condition: self.condition,
            handling_days: self.handling_days.unwrap_or(HANDLING_DAYS),
            is_international: self.international,
            stock: stock(self.stock),
        })
    }
}

fn stock(asked: Option<Option<i64>>) -> StockAsk {
    match asked {
        None => StockAsk::Unsaid,
        Some(None) => StockAsk::Uncounted,
        Some(Some(pieces)) => StockAsk::Pieces(pieces),
    }
}

fn stars(raw: &RawValue) -> Result<u16, ApiError> {
    let wrong = || ApiError::invalid("rating", "must be 0 to 5 with at most two decimals");
    parse_stars(raw.get()).ok_or_else(wrong)
}

/// The fields to change; absent ones stay as they are, null clears what may be missing.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductPatch {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    title: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    brand: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, required = false)]
    categories: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, required = false)]
    images: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, required = false)]
    bullets: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = std::collections::HashMap<String, String>, required = false)]
    attributes: Option<BTreeMap<String, String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<f64>)] // float: a JSON number's schema
    rating: Option<Option<Box<RawValue>>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = u32, required = false)]
    review_count: Option<u32>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    parent_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Specific>, required = false)]
    variant_specifics: Option<Vec<Specific>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Variant>, required = false)]
    variants: Option<Vec<Variant>>,
    /// In place of all before: an offer that is not named any more is gone.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<OfferBody>, required = false)]
    offers: Option<Vec<OfferBody>>,
}

impl ProductPatch {
    /// A change that parsed, to be laid over what is there as often as it must be decided.
    pub fn parse(self, company: &str) -> Result<ParsedPatch, ApiError> {
        let rating = match self.rating {
            None => None,
            Some(None) => Some(None),
            Some(Some(raw)) => Some(Some(stars(&raw)?)),
        };
        let offers = self.offers.map(|offers| {
            offers.into_iter().map(|offer| offer.draft(company)).collect::<Result<Vec<_>, _>>()
        });
        Ok(ParsedPatch {
            offers: offers.transpose()?,
            rating,
            rest: ProductPatch { rating: None, offers: None, ..self },
        })
    }
}

/// A change without anything that could still be misread.
#[derive(Debug)]
pub struct ParsedPatch {
    offers: Option<Vec<OfferDraft>>,
    rating: Option<Option<u16>>,
    rest: ProductPatch,
}

impl ParsedPatch {
    pub fn over(&self, draft: ProductDraft) -> ProductDraft {
        let ProductPatch { title, description, brand, categories, images, url, .. } = &self.rest;
        let ProductPatch { bullets, attributes, review_count, parent_id, .. } = &self.rest;
        let ProductPatch { variant_specifics, variants, .. } = &self.rest;
        ProductDraft {
            title: title.clone().unwrap_or(draft.title),
            description: description.clone().unwrap_or(draft.description),
            brand: brand.clone().unwrap_or(draft.brand),
            categories: categories.clone().unwrap_or(draft.categories),
            images: images.clone().unwrap_or(draft.images),
            url: url.clone().unwrap_or(draft.url),
            bullets: bullets.clone().unwrap_or(draft.bullets),
            attributes: attributes.clone().unwrap_or(draft.attributes),
            rating: self.rating.unwrap_or(draft.rating),
            review_count: review_count.unwrap_or(draft.review_count),
            parent_id: parent_id.clone().unwrap_or(draft.parent_id),
            specifics: variant_specifics.clone().unwrap_or(draft.specifics),
            variants: variants.clone().unwrap_or(draft.variants),
            offers: self.offers.clone().unwrap_or(draft.offers),
        }
    }
}

/// The fields of one offer to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferPatch {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    seller_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    seller_name: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = f64, required = false)] // float: a JSON number's schema
    price: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = f64, required = false)] // float: a JSON number's schema
    shipping: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Condition, required = false)]
    condition: Option<Condition>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = HandlingDays, required = false)]
    handling_days: Option<HandlingDays>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = bool, required = false)]
    international: Option<bool>,
    /// Null: its pieces are not counted any more.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<i64>)]
    stock: Option<Option<i64>>,
}

impl OfferPatch {
    pub fn over(&self, draft: OfferDraft) -> Result<OfferDraft, ApiError> {
        let amount = |param, raw: &Option<Box<RawValue>>, before| match raw {
            Some(raw) => usd(param, raw),
            None => Ok(before),
        };
        Ok(OfferDraft {
            id: draft.id,
            seller_id: self.seller_id.clone().unwrap_or(draft.seller_id),
            seller_name: self.seller_name.clone().unwrap_or(draft.seller_name),
            price: amount("offers.price", &self.price, draft.price)?,
            shipping: amount("offers.shipping", &self.shipping, draft.shipping)?,
            condition: self.condition.unwrap_or(draft.condition),
            handling_days: self.handling_days.unwrap_or(draft.handling_days),
            is_international: self.international.unwrap_or(draft.is_international),
            stock: stock(self.stock),
        })
    }
}
