//! Products as lines of a table: the columns of import and export, and what their cells mean.
//!
//! A product is one line; its further offers are lines right after it with the same `productId`,
//! of which only the offer's columns are read. Lists stand in one cell, parted by `|`, pairs as
//! `name=value`; `\` before one of these signs makes it plain text. Variants are JSON.
//! Invariant: what is exported can be imported as it is, and changes nothing.

use std::collections::BTreeMap;

use domain::ids::OfferId;
use domain::money::{AmountError, Usd, UsdNumber};
use domain::product::change::Stocks;
use domain::product::draft::{OfferDraft, ProductDraft, StockAsk};
use domain::product::view::{parse_stars, stars};
use domain::product::{Condition, HandlingDays, Offer, Product, Specific};

use crate::http::error::ApiError;
use crate::http::merchant::ledger::csv::push_line;

/// Prices are read as fine as requests have them.
const PRICE_PLACES: u32 = 3;
const HANDLING_DAYS: HandlingDays = HandlingDays { min: 0, max: 3 };

macro_rules! columns {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum Column { $($variant),+ }

        const COLUMNS: &[(Column, &str)] = &[$((Column::$variant, $name)),+];
    };
}

columns! {
    ProductId = "productId",
    Title = "title",
    Description = "description",
    Brand = "brand",
    Categories = "categories",
    Images = "images",
    Url = "url",
    Bullets = "bullets",
    Attributes = "attributes",
    Rating = "rating",
    ReviewCount = "reviewCount",
    ParentId = "parentId",
    VariantSpecifics = "variantSpecifics",
    Variants = "variants",
    OfferId = "offerId",
    SellerId = "sellerId",
    SellerName = "sellerName",
    Price = "price",
    Shipping = "shipping",
    Condition = "condition",
    HandlingDaysMin = "handlingDaysMin",
    HandlingDaysMax = "handlingDaysMax",
    International = "international",
    Stock = "stock",
}

/// Which cell of a line is which column.
pub struct Header {
    places: [Option<usize>; COLUMNS.len()],
}

impl Header {
    /// Reads the first line; columns of other names are passed over.
    pub fn read(cells: &[String]) -> Result<Header, ApiError> {
        let place = |name: &str| cells.iter().position(|cell| cell.trim() == name);
        let mut places = [None; COLUMNS.len()];
        for (to, (_, name)) in places.iter_mut().zip(COLUMNS) {
            *to = place(name);
        }
        let header = Header { places };
        for (column, name) in [(Column::ProductId, "productId"), (Column::Title, "title")] {
            if header.places[column as usize].is_none() {
                let message = "is required as a column of the first line";
                return Err(ApiError::invalid(name, message));
            }
        }
        Ok(header)
    }

    fn cell<'a>(&self, cells: &'a [String], column: Column) -> Option<&'a str> {
        let cell = cells.get(self.places[column as usize]?)?.trim();
        (!cell.is_empty()).then(|| unguarded(cell))
    }

    pub fn product_id<'a>(&self, cells: &'a [String]) -> Option<&'a str> {
        self.cell(cells, Column::ProductId)
    }

    /// The product of a line, with the offer that stands in it.
    pub fn draft(&self, cells: &[String], company: &str) -> Result<ProductDraft, ApiError> {
        let text = |column| self.cell(cells, column).map(str::to_owned);
        let list = |column| self.cell(cells, column).map_or(Vec::new(), |cell| split(cell, '|'));
        let title = text(Column::Title).ok_or_else(|| ApiError::invalid("title", "is required"))?;
        let rating = self.cell(cells, Column::Rating).map(|cell| {
            let wrong = || ApiError::invalid("rating", "must be 0 to 5 with at most two decimals");
            parse_stars(cell).ok_or_else(wrong)
        });
        let variants = self.cell(cells, Column::Variants).map(|cell| {
            let wrong = "must be a JSON list of {productId, specifics}";
            serde_json::from_str(cell).map_err(|_| ApiError::invalid("variants", wrong))
        });
        let pairs = |column| match self.cell(cells, column) {
            Some(cell) => raw_parts(cell, '|').into_iter().map(pair).collect(),
            None => Ok(Vec::new()),
        };
        let attributes = pairs(Column::Attributes)
            .map_err(|()| ApiError::invalid("attributes", "must be name=value|name=value"))?;
        let specifics = pairs(Column::VariantSpecifics).map_err(|()| {
            ApiError::invalid("variantSpecifics", "must be dimension=value|dimension=value")
        })?;
        Ok(ProductDraft {
            title,
            description: text(Column::Description),
            brand: text(Column::Brand),
            categories: list(Column::Categories),
            images: list(Column::Images),
            url: text(Column::Url),
            bullets: list(Column::Bullets),
            attributes: attributes.into_iter().collect::<BTreeMap<_, _>>(),
            rating: rating.transpose()?,
            review_count: self.number(cells, Column::ReviewCount, "reviewCount")?.unwrap_or(0),
            parent_id: text(Column::ParentId),
            specifics: specifics
                .into_iter()
                .map(|(dimension, value)| Specific { dimension, value })
                .collect(),
            variants: variants.transpose()?.unwrap_or_default(),
            offers: self.offer(cells, company)?.into_iter().collect(),
        })
    }

    /// The offer of a line: none without a price.
    pub fn offer(&self, cells: &[String], company: &str) -> Result<Option<OfferDraft>, ApiError> {
        let Some(price) = self.amount(cells, Column::Price, "price")? else { return Ok(None) };
        let text = |column| self.cell(cells, column).map(str::to_owned);
        let id = self.cell(cells, Column::OfferId).map(|cell| {
            let wrong = || ApiError::invalid("offerId", "must be an id of ours");
            OfferId::parse(cell).ok_or_else(wrong)
        });
        let condition = match self.cell(cells, Column::Condition) {
            None | Some("new") => Condition::New,
            Some("refurbished") => Condition::Refurbished,
            Some("used") => Condition::Used,
            Some(_) => {
                let message = "must be new, refurbished or used";
                return Err(ApiError::invalid("condition", message));
            }
        };
        let is_international = match self.cell(cells, Column::International) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(ApiError::invalid("international", "must be true or false")),
        };
        let min = self.number(cells, Column::HandlingDaysMin, "handlingDaysMin")?;
        let max = self.number(cells, Column::HandlingDaysMax, "handlingDaysMax")?;
        let handling_days = match (min, max) {
            (None, None) => HANDLING_DAYS,
            (min, max) => {
                let most = max.or(min).unwrap_or(HANDLING_DAYS.max);
                HandlingDays { min: min.unwrap_or(0), max: most }
            }
        };
        let stock = match self.cell(cells, Column::Stock) {
            None => StockAsk::Unsaid,
            Some("uncounted") => StockAsk::Uncounted,
            Some(_) => {
                let pieces = self.number(cells, Column::Stock, "stock")?;
                pieces.map_or(StockAsk::Unsaid, StockAsk::Pieces)
            }
        };
        Ok(Some(OfferDraft {
            id: id.transpose()?,
            seller_id: text(Column::SellerId),
            seller_name: text(Column::SellerName).unwrap_or_else(|| company.to_owned()),
            price,
            shipping: self.amount(cells, Column::Shipping, "shipping")?.unwrap_or(Usd::ZERO),
            condition,
            handling_days,
            is_international,
            stock,
        }))
    }

    fn amount(
        &self,
        cells: &[String],
        column: Column,
        name: &'static str,
    ) -> Result<Option<Usd>, ApiError> {
        let Some(cell) = self.cell(cells, column) else { return Ok(None) };
        let read = Usd::parse(cell, PRICE_PLACES).map_err(|error| match error {
            AmountError::NotANumber => "must be an amount of USD like 49.99",
            AmountError::TooPrecise => "must not have more than three decimals",
            AmountError::TooLarge => "is too large",
        });
        read.map(Some).map_err(|why| ApiError::invalid(name, why))
    }

    fn number<T: std::str::FromStr>(
        &self,
        cells: &[String],
        column: Column,
        name: &'static str,
    ) -> Result<Option<T>, ApiError> {
        let Some(cell) = self.cell(cells, column) else { return Ok(None) };
        let wrong = || ApiError::invalid(name, "must be a whole number, and not below zero");
        cell.parse().map(Some).map_err(|_| wrong())
    }
}

/// The first line of an export.
pub fn push_header(out: &mut String) {
    push_line(out, COLUMNS.iter().map(|(_, name)| *name));
}

/// A product's lines: one for each of its offers, and one if it has none.
pub fn push_product(out: &mut String, product: &Product, stocks: &Stocks) {
    for at in 0..product.offers.len().max(1) {
        let offer = product.offers.get(at);
        let cells = COLUMNS.iter().map(|(column, _)| {
            let of_product = || if at == 0 { product_cell(product, *column) } else { None };
            let id = || (*column == Column::ProductId).then(|| product.product_id.clone());
            let of_offer = || offer.and_then(|offer| offer_cell(offer, stocks, *column));
            id().or_else(of_product).or_else(of_offer).unwrap_or_default()
        });
        let cells: Vec<String> = cells.collect();
        push_line(out, cells.iter().map(String::as_str));
    }
}

fn product_cell(product: &Product, column: Column) -> Option<String> {
    let list = |list: &[String]| join(list.iter().map(|one| escaped(one, &['|'])));
    let pairs = |pairs: Vec<(&String, &String)>| {
        join(pairs.into_iter().map(|(name, value)| {
            format!("{}={}", escaped(name, &['|', '=']), escaped(value, &['|', '=']))
        }))
    };
    match column {
        Column::ProductId => Some(product.product_id.clone()),
        // A second line of an offer has no title: a cell that is empty says so.
        Column::Title => Some(product.title.clone()),
        Column::Description => product.description.clone(),
        Column::Brand => product.brand.clone(),
        Column::Categories => Some(list(&product.categories)),
        Column::Images => Some(list(&product.images)),
        Column::Url => product.url.clone(),
        Column::Bullets => Some(list(&product.bullets)),
        Column::Attributes => Some(pairs(product.attributes.iter().collect())),
        Column::Rating => product.rating.map(|rating| number(stars(rating))),
        Column::ReviewCount => Some(product.review_count.to_string()),
        Column::ParentId => product.parent_id.clone(),
        Column::VariantSpecifics => {
            let specifics = product.specifics.iter();
            Some(pairs(specifics.map(|one| (&one.dimension, &one.value)).collect()))
        }
        Column::Variants if product.variants.is_empty() => None,
        Column::Variants => {
            Some(serde_json::to_string(&product.variants).expect("variants serialize"))
        }
        Column::OfferId
        | Column::SellerId
        | Column::SellerName
        | Column::Price
        | Column::Shipping
        | Column::Condition
        | Column::HandlingDaysMin
        | Column::HandlingDaysMax
        | Column::International
        | Column::Stock => None,
    }
}

fn offer_cell(offer: &Offer, stocks: &Stocks, column: Column) -> Option<String> {
    let condition = match offer.condition {
        Condition::New => "new",
        Condition::Refurbished => "refurbished",
        Condition::Used => "used",
    };
    match column {
        Column::OfferId => Some(offer.id.to_string()),
        Column::SellerId => offer.seller_id.clone(),
        Column::SellerName => Some(offer.seller_name.clone()),
        Column::Price => Some(number(offer.price.number())),
        Column::Shipping => Some(number(offer.shipping.number())),
        Column::Condition => Some(condition.to_owned()),
        Column::HandlingDaysMin => Some(offer.handling_days.min.to_string()),
        Column::HandlingDaysMax => Some(offer.handling_days.max.to_string()),
        Column::International => Some(offer.is_international.to_string()),
        Column::Stock if offer.is_counted => {
            Some(stocks.get(&offer.id).copied().unwrap_or(0).to_string())
        }
        Column::Stock => Some("uncounted".to_owned()),
        Column::ProductId
        | Column::Title
        | Column::Description
        | Column::Brand
        | Column::Categories
        | Column::Images
        | Column::Url
        | Column::Bullets
        | Column::Attributes
        | Column::Rating
        | Column::ReviewCount
        | Column::ParentId
        | Column::VariantSpecifics
        | Column::Variants => None,
    }
}

fn number(amount: UsdNumber) -> String {
    serde_json::to_string(&amount).expect("numbers serialize")
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("|")
}

fn escaped(text: &str, signs: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter == '\\' || signs.contains(&letter) {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

fn pair(part: &str) -> Result<(String, String), ()> {
    match raw_parts(part, '=')[..] {
        [name, value] => Ok((plain(name), plain(value))),
        _ => Err(()),
    }
}

/// The parts between the signs that are not marked as plain text.
fn split(text: &str, sign: char) -> Vec<String> {
    raw_parts(text, sign).iter().map(|part| plain(part)).collect()
}

fn raw_parts(text: &str, sign: char) -> Vec<&str> {
    let (mut parts, mut from, mut is_marked) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        if letter == sign && !is_marked {
            parts.push(&text[from..at]);
            from = at + letter.len_utf8();
        }
        is_marked = letter == '\\' && !is_marked;
    }
    parts.push(&text[from..]);
    parts
}

fn plain(text: &str) -> String {
    let (mut out, mut is_marked) = (String::with_capacity(text.len()), false);
    for letter in text.chars() {
        if letter == '\\' && !is_marked {
            is_marked = true;
            continue;
        }
        out.push(letter);
        is_marked = false;
    }
    out.trim().to_owned()
}

/// An export guards a cell that a spreadsheet would take for a formula by an apostrophe.
fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        Some(_) | None => cell,
    }
}
