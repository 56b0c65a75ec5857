//! What a search answers.
//!
//! Invariant: nothing here is rendered. A highlight is the title and places in it, so that whoever
//! shows it decides how to mark and how to escape.

use std::ops::Range;

use domain::money::Usd;

use crate::document::Retailer;
use crate::query::{FacetWish, Query};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many there are, exactly, of which the hits are a page.
    pub total: usize,
    pub hits: Vec<Hit>,
    /// Only if they were asked for.
    pub facets: Option<Facets>,
    /// Words that no product has, not even misspelt: the others alone were searched for.
    pub left_out: Vec<String>,
}

impl Found {
    /// The answer to a query that nothing can match: what was asked for is there, and empty.
    pub(crate) fn nothing(query: &Query) -> Found {
        let facets = match query.facets {
            FacetWish::Wanted => Some(Facets::default()),
            FacetWish::Not => None,
        };
        Found { facets, ..Found::default() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub key: [u8; 16],
    pub product_id: String,
    /// What it was ordered by; comparable within one answer only.
    pub score: u64,
    /// Only if it was asked for.
    pub highlight: Option<Highlight>,
}

/// A title and the bytes of it that were searched for, in order and apart from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    pub title: String,
    pub marks: Vec<Range<usize>>,
}

/// How many of all found products there are of each kind, the most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    pub brands: Vec<FacetCount>,
    pub categories: Vec<FacetCount>,
    /// Exact, always.
    pub retailers: Vec<(Retailer, usize)>,
    /// Exact, always; cheapest first, empty ranges left out.
    pub prices: Vec<(PriceRange, usize)>,
    /// Whether brands and categories were counted over a sample and scaled.
    pub estimated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetCount {
    /// As one of its products writes it.
    pub name: String,
    pub count: usize,
}

/// From `from`, inclusive, to `below`, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRange {
    pub from: Usd,
    pub below: Option<Usd>,
}

const DOLLARS: i64 = 1_000_000;

/// Where one range of prices ends and the next begins; part of the index's format.
const PRICE_STEPS: [i64; 7] = [
    25 * DOLLARS,
    50 * DOLLARS,
    100 * DOLLARS,
    200 * DOLLARS,
    500 * DOLLARS,
    1_000 * DOLLARS,
    2_000 * DOLLARS,
];

impl PriceRange {
    pub(crate) const COUNT: usize = PRICE_STEPS.len() + 1;

    /// Which range a price is in, below `COUNT`.
    pub(crate) fn code(price: Usd) -> u64 {
        PRICE_STEPS.partition_point(|step| *step <= price.0) as u64
    }

    pub(crate) fn of_code(code: usize) -> PriceRange {
        let from = code.checked_sub(1).map_or(0, |before| PRICE_STEPS[before]);
        PriceRange { from: Usd(from), below: PRICE_STEPS.get(code).copied().map(Usd) }
    }
}
