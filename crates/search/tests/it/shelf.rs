//! A shelf of products in a temporary directory: what every test begins with.

use domain::environment::Environment;
use domain::money::Usd;
use search::{Change, Cursor, Document, Found, Index, Query, Retailer, Scope};
use tempfile::TempDir;

pub const SCOPE: Scope = Scope { merchant_id: 1, environment: Environment::Devnet };

pub struct Shelf {
    pub index: Index,
    pub directory: TempDir,
}

impl Shelf {
    pub fn of(documents: impl IntoIterator<Item = Document>) -> Shelf {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let index = Index::open(directory.path()).expect("a new index").index;
        let changes: Vec<Change> = documents.into_iter().map(Change::Put).collect();
        index.apply(&changes, Cursor(1)).expect("the first batch");
        Shelf { index, directory }
    }

    /// Products that have nothing but a title; their ids are `p0`, `p1` and so on.
    pub fn titled(titles: &[&str]) -> Shelf {
        Shelf::of(titles.iter().enumerate().map(|(number, title)| product(number as u8, title)))
    }

    pub fn search(&self, query: &Query) -> Found {
        let found = self.index.search(query).expect("an answer");
        assert!(found.hits.len() <= found.total, "{found:?}");
        found
    }

    /// The ids that a text finds, in order.
    pub fn find(&self, text: &str) -> Vec<String> {
        ids(&self.search(&Query::new(SCOPE, text)))
    }

    /// The ids that a text finds, in order of ids.
    pub fn find_sorted(&self, text: &str) -> Vec<String> {
        let mut ids = self.find(text);
        ids.sort();
        ids
    }
}

pub fn ids(found: &Found) -> Vec<String> {
    found.hits.iter().map(|hit| hit.product_id.clone()).collect()
}

pub fn key(number: u8) -> [u8; 16] {
    let mut key = [7; 16];
    key[0] = number;
    key
}

pub fn product(number: u8, title: &str) -> Document {
    Document {
        key: key(number),
        scope: SCOPE,
        product_id: format!("p{number}"),
        retailer: Retailer::Other,
        title: title.to_owned(),
        description: String::new(),
        brand: None,
        categories: Vec::new(),
        price: Usd(10_000_000),
        rating_hundredths: None,
        review_count: 0,
        in_stock: true,
        updated_at_ms: 1_000,
    }
}
