//! What an outside retailer sells: searched, looked at, and offered.
//!
//! A source reports; what may be bought is decided elsewhere. Every answer is within the bounds of
//! a product of our own. Invariant: an answer that did not come, or makes no sense, is an error,
//! and never an empty shelf.

pub mod http;
mod wire;

use std::pin::Pin;

use domain::money::Usd;
use domain::product::draft::{OfferDraft, ProductDraft};

use crate::ramp::ProviderError;

pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SourceError>> + Send + 'a>>;

/// Why a retailer could not be asked. The words are ours: his stay here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error("the retailer cannot be reached")]
    Unreachable,
    #[error("the retailer did not answer in time")]
    TimedOut,
    #[error("the retailer asks to be left alone for a while")]
    Busy,
    #[error("the retailer does not take our key")]
    Unauthorized,
    #[error("the retailer's answer makes no sense")]
    Malformed,
}

impl From<ProviderError> for SourceError {
    fn from(error: ProviderError) -> SourceError {
        match error {
            ProviderError::Unreachable => SourceError::Unreachable,
            ProviderError::TimedOut => SourceError::TimedOut,
            ProviderError::Busy => SourceError::Busy,
            ProviderError::Unauthorized => SourceError::Unauthorized,
            ProviderError::Malformed | ProviderError::TooMany | ProviderError::Unsupported => {
                SourceError::Malformed
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CatalogOrder {
    Relevance,
    PriceAscending,
    PriceDescending,
    Rating,
    Newest,
}

/// What is searched for: the first `limit` results.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CatalogQuery {
    pub text: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub price_min: Option<Usd>,
    pub price_max: Option<Usd>,
    pub order: CatalogOrder,
    pub limit: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideFound {
    pub products: Vec<OutsideRow>,
    pub total: u64,
}

/// A product as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideRow {
    pub product_id: String,
    pub title: String,
    pub price: Usd,
    pub image: Option<String>,
    /// In hundredths of a star.
    pub rating: Option<u16>,
    pub review_count: u32,
    pub url: Option<String>,
    pub brand: Option<String>,
    pub categories: Vec<String>,
    pub is_available: bool,
}

/// A product in full, without its offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideProduct {
    pub draft: ProductDraft,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideOffer {
    /// The retailer's own number of it.
    pub offer_id: String,
    pub draft: OfferDraft,
    pub is_available: bool,
}

pub trait CatalogSource: Send + Sync {
    fn search<'a>(&'a self, query: &'a CatalogQuery) -> Answer<'a, OutsideFound>;

    /// None: the retailer has no such product.
    fn product<'a>(&'a self, id: &'a str) -> Answer<'a, Option<OutsideProduct>>;

    /// As sent to a place, if one is named.
    fn offers<'a>(
        &'a self,
        id: &'a str,
        zip_code: Option<&'a str>,
    ) -> Answer<'a, Vec<OutsideOffer>>;
}
