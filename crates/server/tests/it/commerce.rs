//! Commerce from the outside: catalogs, searches and whole files of products.
//!
//! The search index moves only when a test lets it hear of what was committed.

mod catalog;
mod files;
mod retailers;
mod search;

use serde_json::{Value, json};
use server::workers::search::Indexer;
use server::workers::{Progress, Worker};

use crate::house::{House, Reply};

const PRODUCTS: &str = "/api/commerce/merchant/catalog/products";

impl House {
    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("PUT", path).header("x-api-key", &self.key).json(&body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Reply {
        self.send(self.request("PATCH", path).header("x-api-key", &self.key).json(&body)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(self.request("DELETE", path).header("x-api-key", &self.key)).await
    }
}

/// Lets the index hear of everything that was committed.
async fn hear(house: &House, indexer: &mut Indexer) {
    while indexer.step(&house.app).await.expect("the index follows") == Progress::More {}
}

/// A product with one offer of ten counted pieces.
fn mug(id: &str) -> Value {
    json!({
        "productId": id,
        "title": "Stoneware mug, 350 ml",
        "brand": "Clayhouse",
        "categories": ["Home", "Kitchen"],
        "images": ["https://images.example.com/mug.jpg"],
        "rating": 4.25,
        "reviewCount": 12,
        "offers": [{ "price": 18.5, "shipping": 4, "stock": 10 }],
    })
}
