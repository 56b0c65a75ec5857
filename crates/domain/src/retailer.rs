//! Where a product is sold: one of the large shops, or the merchant's own catalog (`other`).
//!
//! A retailer's code is stored in rows, so variants are only ever appended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Retailer {
    Amazon,
    Walmart,
    Target,
    Ebay,
    Bestbuy,
    /// The merchant's own catalog.
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

    pub fn code(self) -> i64 {
        self as i64
    }

    pub fn from_code(code: i64) -> Option<Retailer> {
        usize::try_from(code).ok().and_then(|at| Retailer::ALL.get(at).copied())
    }
}
