//! What is asked of the index.
//!
//! Invariant: every query is answered in bounded work; numbers beyond a bound are brought back to
//! it here, so that nothing behind this file has to distrust them.

use domain::money::Usd;

use crate::document::{NAME_BYTES_MAX, Retailer, Scope, cut};

/// Bytes of text that are read; the rest is as if it had not been typed.
pub const QUERY_BYTES_MAX: usize = 512;
/// Words that must be found; further ones are as if they had not been typed.
pub const QUERY_WORDS_MAX: usize = 12;
/// Scopes one query may name; further ones are not searched.
pub const SCOPES_MAX: usize = 8;
pub const LIMIT_MAX: usize = 100;
pub const OFFSET_MAX: usize = 1_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sort {
    /// Without text: the best rated, then the newest.
    #[default]
    Relevance,
    PriceAsc,
    PriceDesc,
    Rating,
    Newest,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stock {
    #[default]
    Any,
    InStockOnly,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FacetWish {
    #[default]
    Not,
    Wanted,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HighlightWish {
    #[default]
    Not,
    Wanted,
}

/// A search. Empty text browses: everything in the scopes that passes the filters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Query {
    pub scopes: Vec<Scope>,
    pub text: String,
    pub retailer: Option<Retailer>,
    /// Compared folded: `beyonce` finds `Beyoncé`.
    pub brand: Option<String>,
    pub category: Option<String>,
    /// Inclusive.
    pub price_min: Option<Usd>,
    /// Inclusive.
    pub price_max: Option<Usd>,
    pub rating_min_hundredths: Option<i64>,
    pub stock: Stock,
    pub sort: Sort,
    pub offset: usize,
    pub limit: usize,
    pub facets: FacetWish,
    pub highlight: HighlightWish,
}

impl Query {
    /// The first twenty of what the text finds in a scope, and nothing else asked.
    pub fn new(scope: Scope, text: impl Into<String>) -> Query {
        Query {
            scopes: vec![scope],
            text: text.into(),
            retailer: None,
            brand: None,
            category: None,
            price_min: None,
            price_max: None,
            rating_min_hundredths: None,
            stock: Stock::Any,
            sort: Sort::Relevance,
            offset: 0,
            limit: 20,
            facets: FacetWish::Not,
            highlight: HighlightWish::Not,
        }
    }

    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let mut scopes: Vec<Scope> = Vec::new();
        for scope in &self.scopes {
            if scopes.len() < SCOPES_MAX && !scopes.contains(scope) {
                scopes.push(*scope);
            }
        }
        scopes
    }

    pub(crate) fn text(&self) -> &str {
        cut(&self.text, QUERY_BYTES_MAX)
    }

    pub(crate) fn brand(&self) -> Option<&str> {
        self.brand.as_deref().map(|brand| cut(brand, NAME_BYTES_MAX))
    }

    pub(crate) fn category(&self) -> Option<&str> {
        self.category.as_deref().map(|category| cut(category, NAME_BYTES_MAX))
    }

    pub(crate) fn offset(&self) -> usize {
        self.offset.min(OFFSET_MAX)
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.min(LIMIT_MAX)
    }
}
