//! What is put into the index: a product, as plain data, and the scope it is found in.
//!
//! The index knows nothing of rows or of the store; the key is the only way back to them.
//! Invariant: a document of any size is taken. What goes beyond a bound is cut, never refused,
//! because a follower that refuses an entry stands still.

use domain::environment::Environment;
use domain::money::Usd;

/// Characters of a title that are searched; the title itself is kept whole up to twice that.
pub(crate) const TITLE_BYTES_MAX: usize = 1_024;
pub(crate) const DESCRIPTION_BYTES_MAX: usize = 4_096;
pub(crate) const NAME_BYTES_MAX: usize = 128;
pub(crate) const CATEGORIES_MAX: usize = 16;

/// Whose products these are: nobody is ever answered a product of a scope he did not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    pub merchant_id: i64,
    pub environment: Environment,
}

/// Where a product is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Retailer {
    Amazon,
    Walmart,
    Target,
    Ebay,
    Bestbuy,
    Other,
}

impl Retailer {
    pub const ALL: [Retailer; 6] = [
        Retailer::Amazon,
        Retailer::Walmart,
        Retailer::Target,
        Retailer::Ebay,
        Retailer::Bestbuy,
        Retailer::Other,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Retailer::Amazon => "amazon",
            Retailer::Walmart => "walmart",
            Retailer::Target => "target",
            Retailer::Ebay => "ebay",
            Retailer::Bestbuy => "bestbuy",
            Retailer::Other => "other",
        }
    }

    pub fn parse(text: &str) -> Option<Retailer> {
        Retailer::ALL.into_iter().find(|retailer| retailer.as_str() == text)
    }

    /// Three bits in the column of facts; part of the index's format.
    pub(crate) fn code(self) -> u64 {
        match self {
            Retailer::Amazon => 0,
            Retailer::Walmart => 1,
            Retailer::Target => 2,
            Retailer::Ebay => 3,
            Retailer::Bestbuy => 4,
            Retailer::Other => 5,
        }
    }
}

/// A product as it is searched.
///
/// Searched of it: 1,024 bytes of title, 4,096 of description, 128 of brand and of each category,
/// 16 categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The key of its row: putting it again replaces it.
    pub key: [u8; 16],
    pub scope: Scope,
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    pub description: String,
    pub brand: Option<String>,
    pub categories: Vec<String>,
    pub price: Usd,
    /// Hundredths of a star, 0 to 500.
    pub rating_hundredths: Option<i64>,
    pub review_count: i64,
    pub in_stock: bool,
    pub updated_at_ms: i64,
}

/// One step of the follower.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put(Document),
    Delete([u8; 16]),
}

impl Change {
    pub(crate) fn key(&self) -> &[u8; 16] {
        match self {
            Change::Put(document) => &document.key,
            Change::Delete(key) => key,
        }
    }
}

/// The beginning of a text, at most so many bytes, never through a character.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}
