//! A product as somebody asks for it, and the bounds of every field of it.
//!
//! The same draft comes out of a request, of a line of an import and of the demo catalogs, and is
//! checked here once. A change in part begins with the draft of what is there.
//!
//! Invariant: whatever passes `check` fits a row, and its prices are whole cents.

use std::collections::BTreeMap;

use url::Url;

use super::{Condition, HandlingDays, Offer, Product, Specific, Variant};
use crate::ids::OfferId;
use crate::money::Usd;
use crate::refusal::Refusal;

pub const PRODUCT_ID_MAX: usize = 128;
pub const TITLE_MAX: usize = 500;
pub const DESCRIPTION_MAX: usize = 20_000;
pub const NAME_MAX: usize = 120;
pub const LINE_MAX: usize = 1_000;
pub const URL_BYTES_MAX: usize = 2_048;
pub const CATEGORIES_MAX: usize = 20;
pub const IMAGES_MAX: usize = 20;
pub const BULLETS_MAX: usize = 30;
pub const ATTRIBUTES_MAX: usize = 100;
pub const SPECIFICS_MAX: usize = 10;
pub const VARIANTS_MAX: usize = 100;
pub const OFFERS_MAX: usize = 20;
pub const HANDLING_DAYS_ASKED_MAX: u16 = 365;
pub const STOCK_MAX: i64 = 1_000_000_000;
/// In hundredths of a star.
pub const RATING_MAX: u16 = 500;
/// All of a product's text together.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;

/// What stands where a product's number stands in a path, and means something else there.
const RESERVED_IDS: [&str; 4] = ["import", "export", ".", ".."];

const PRICE_MIN: Usd = Usd(10_000);
const PRICE_MAX: Usd = Usd(1_000_000_000_000);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductDraft {
    pub title: String,
    pub description: Option<String>,
    pub brand: Option<String>,
    pub categories: Vec<String>,
    pub images: Vec<String>,
    pub url: Option<String>,
    pub bullets: Vec<String>,
    pub attributes: BTreeMap<String, String>,
    /// In hundredths of a star.
    pub rating: Option<u16>,
    pub review_count: u32,
    pub parent_id: Option<String>,
    pub specifics: Vec<Specific>,
    pub variants: Vec<Variant>,
    pub offers: Vec<OfferDraft>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferDraft {
    /// Which of the product's offers this is; none: the one of the same seller and condition, or a
    /// new one.
    pub id: Option<OfferId>,
    pub seller_id: Option<String>,
    pub seller_name: String,
    pub price: Usd,
    pub shipping: Usd,
    pub condition: Condition,
    pub handling_days: HandlingDays,
    pub is_international: bool,
    pub stock: StockAsk,
}

/// How many pieces an offer is to have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StockAsk {
    /// As before; of a new offer: not counted.
    #[default]
    Unsaid,
    Uncounted,
    Pieces(i64),
}

impl ProductDraft {
    /// What is there, to be changed in part.
    pub fn of(product: &Product) -> ProductDraft {
        ProductDraft {
            title: product.title.clone(),
            description: product.description.clone(),
            brand: product.brand.clone(),
            categories: product.categories.clone(),
            images: product.images.clone(),
            url: product.url.clone(),
            bullets: product.bullets.clone(),
            attributes: product.attributes.clone(),
            rating: product.rating,
            review_count: product.review_count,
            parent_id: product.parent_id.clone(),
            specifics: product.specifics.clone(),
            variants: product.variants.clone(),
            offers: product.offers.iter().map(OfferDraft::of).collect(),
        }
    }

    /// Refuses what is out of bounds and rounds prices to whole cents.
    pub fn check(mut self) -> Result<ProductDraft, Refusal> {
        text("title", &self.title, TITLE_MAX, Lines::One)?;
        if let Some(description) = &self.description {
            text("description", description, DESCRIPTION_MAX, Lines::Many)?;
        }
        if let Some(brand) = &self.brand {
            text("brand", brand, NAME_MAX, Lines::One)?;
        }
        texts("categories", &self.categories, CATEGORIES_MAX, NAME_MAX)?;
        texts("bullets", &self.bullets, BULLETS_MAX, LINE_MAX)?;
        count("images", self.images.len(), IMAGES_MAX)?;
        self.images.iter().try_for_each(|image| https("images", image))?;
        self.url.iter().try_for_each(|url| https("url", url))?;
        count("attributes", self.attributes.len(), ATTRIBUTES_MAX)?;
        for (name, value) in &self.attributes {
            text("attributes", name, NAME_MAX, Lines::One)?;
            text("attributes", value, LINE_MAX, Lines::One)?;
        }
        if self.rating.is_some_and(|rating| rating > RATING_MAX) {
            return Err(Refusal::invalid("rating", "must be from 0 to 5"));
        }
        self.parent_id.iter().try_for_each(|id| check_product_id("parentId", id))?;
        specifics("variantSpecifics", &self.specifics)?;
        count("variants", self.variants.len(), VARIANTS_MAX)?;
        for variant in &self.variants {
            check_product_id("variants", &variant.product_id)?;
            specifics("variants", &variant.specifics)?;
        }
        count("offers", self.offers.len(), OFFERS_MAX)?;
        self.offers = self.offers.into_iter().map(OfferDraft::check).collect::<Result<_, _>>()?;
        if self.text_bytes() > TEXT_BYTES_MAX {
            let message = format!("has more than {TEXT_BYTES_MAX} bytes of text in all its fields");
            return Err(Refusal::invalid("product", message));
        }
        Ok(self)
    }

    fn text_bytes(&self) -> usize {
        let some = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let all = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
        let pairs = |pairs: &[Specific]| {
            pairs.iter().map(|pair| pair.dimension.len() + pair.value.len()).sum::<usize>()
        };
        let variants = self.variants.iter();
        let offers = self.offers.iter();
        self.title.len()
            + some(&self.description)
            + some(&self.brand)
            + all(&self.categories)
            + all(&self.images)
            + some(&self.url)
            + all(&self.bullets)
            + self.attributes.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
            + pairs(&self.specifics)
            + variants.map(|one| one.product_id.len() + pairs(&one.specifics)).sum::<usize>()
            + offers.map(|one| one.seller_name.len() + some(&one.seller_id)).sum::<usize>()
    }
}

impl OfferDraft {
    pub fn of(offer: &Offer) -> OfferDraft {
        OfferDraft {
            id: Some(offer.id),
            seller_id: offer.seller_id.clone(),
            seller_name: offer.seller_name.clone(),
            price: offer.price,
            shipping: offer.shipping,
            condition: offer.condition,
            handling_days: offer.handling_days,
            is_international: offer.is_international,
            stock: StockAsk::Unsaid,
        }
    }

    pub fn check(self) -> Result<OfferDraft, Refusal> {
        if let Some(id) = &self.seller_id {
            text("offers.sellerId", id, PRODUCT_ID_MAX, Lines::One)?;
        }
        text("offers.sellerName", &self.seller_name, NAME_MAX, Lines::One)?;
        let (price, shipping) = (self.price.to_cents(), self.shipping.to_cents());
        if !(PRICE_MIN..=PRICE_MAX).contains(&price) {
            return Err(Refusal::invalid("offers.price", "must be from 0.01 to 1000000"));
        }
        if !(Usd::ZERO..=PRICE_MAX).contains(&shipping) {
            return Err(Refusal::invalid("offers.shipping", "must be from 0 to 1000000"));
        }
        let HandlingDays { min, max } = self.handling_days;
        if min > max || max > HANDLING_DAYS_ASKED_MAX {
            let message = format!("must be min to max, at most {HANDLING_DAYS_ASKED_MAX}");
            return Err(Refusal::invalid("offers.handlingDays", message));
        }
        match self.stock {
            StockAsk::Pieces(pieces) => check_stock("offers.stock", pieces)?,
            StockAsk::Unsaid | StockAsk::Uncounted => {}
        }
        Ok(OfferDraft { price, shipping, ..self })
    }
}

pub fn check_stock(param: &'static str, pieces: i64) -> Result<(), Refusal> {
    match (0..=STOCK_MAX).contains(&pieces) {
        true => Ok(()),
        false => Err(Refusal::invalid(param, format!("must be from 0 to {STOCK_MAX}"))),
    }
}

/// The number a merchant gives a product stands in paths, lists and files.
pub fn check_product_id(param: &'static str, id: &str) -> Result<(), Refusal> {
    let is_printable = |letter: char| !letter.is_control() && !letter.is_whitespace();
    if RESERVED_IDS.contains(&id) {
        return Err(Refusal::invalid(param, format!("must not be {id}: that path is taken")));
    }
    match (1..=PRODUCT_ID_MAX).contains(&id.len()) && id.chars().all(is_printable) {
        true => Ok(()),
        false => {
            let message = "must be 1 to 128 bytes, without spaces and control characters";
            Err(Refusal::invalid(param, message))
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

fn text(param: &'static str, text: &str, most: usize, lines: Lines) -> Result<(), Refusal> {
    let is_wrong = |letter: char| {
        letter.is_control() && !(lines == Lines::Many && matches!(letter, '\n' | '\r' | '\t'))
    };
    let is_short = text.len() <= most || text.chars().count() <= most;
    if text.trim().is_empty() || !is_short || text.chars().any(is_wrong) {
        let message = format!("must be 1 to {most} characters, none of them a control character");
        return Err(Refusal::invalid(param, message));
    }
    Ok(())
}

fn texts(param: &'static str, list: &[String], most: usize, each: usize) -> Result<(), Refusal> {
    count(param, list.len(), most)?;
    list.iter().try_for_each(|one| text(param, one, each, Lines::One))
}

fn specifics(param: &'static str, list: &[Specific]) -> Result<(), Refusal> {
    count(param, list.len(), SPECIFICS_MAX)?;
    list.iter().try_for_each(|one| {
        text(param, &one.dimension, NAME_MAX, Lines::One)?;
        text(param, &one.value, NAME_MAX, Lines::One)
    })
}

fn count(param: &'static str, found: usize, most: usize) -> Result<(), Refusal> {
    match found <= most {
        true => Ok(()),
        false => Err(Refusal::invalid(param, format!("must be at most {most}"))),
    }
}

fn https(param: &'static str, text: &str) -> Result<(), Refusal> {
    let is_plain = text.len() <= URL_BYTES_MAX
        && !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    let is_https = |url: Url| {
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        url.scheme() == "https" && url.has_host() && is_anonymous
    };
    match is_plain && Url::parse(text).is_ok_and(is_https) {
        true => Ok(()),
        false => Err(Refusal::invalid(param, "must be an https URL of at most 2048 bytes")),
    }
}
