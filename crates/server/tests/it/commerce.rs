//! Commerce from the outside: catalogs, searches, carts, and a checkout up to the order's end.
//!
//! Some tests put products into the database as rows, so that each says exactly what is on sale.
//! The search index moves only when a test lets it hear of what was committed.

mod addresses;
mod carts;
mod catalog;
mod checkout_invoice;
mod estimates;
mod files;
mod order_refunds;
mod orders;
mod own_cart;
mod paid_orders;
mod placing;
mod rates;
mod reference;
mod retailers;
mod search;
mod shop;
mod simulate;

use domain::changes::{Changes, CounterMove};
use domain::environment::Environment;
use domain::ids::OfferId;
use domain::product::{Offer, Product, product_key, stock_name};
use domain::retailer::Retailer;
use serde_json::{Value, json};
use server::workers::search::Indexer;
use server::workers::{Progress, Worker};

use crate::house::{House, Reply, START};

pub const CARTS: &str = "/api/commerce/merchant/carts";
pub const ITEMS: &str = "/api/commerce/merchant/carts/items";
pub const RATES: &str = "/api/commerce/merchant/rates";
pub const ESTIMATE: &str = "/api/commerce/merchant/checkout/estimate";
pub const ADDRESS: &str = "/api/commerce/merchant/checkout/address";

/// An offer of a product on sale, as tests write it.
#[derive(Clone, Copy, Debug)]
pub struct OnSale {
    pub cents: i64,
    pub shipping_cents: i64,
    pub handling_days: u16,
    /// None: not counted.
    pub left: Option<i64>,
}

pub const OFFER: OnSale = OnSale { cents: 1_000, shipping_cents: 0, handling_days: 3, left: None };

/// Changes every offer of a product, as the merchant would.
pub async fn change_offers(house: &House, product_id: &str, change: impl Fn(&mut Offer)) {
    let whose = (house.merchant_id, Environment::Devnet);
    let key = product_key(whose, Retailer::Other, product_id);
    let mut product = house.app.store.get::<Product>(key).await.expect("reads").expect("is sold");
    product.offers.iter_mut().for_each(change);
    let mut changes = Changes::of(house.merchant_id);
    changes.update(product);
    house.app.store.commit(changes).await.expect("commits");
}

/// Puts a product of the merchant's own on sale.
pub async fn sell(house: &House, product_id: &str, offers: &[OnSale]) -> Product {
    let mut fresh = house.app.fresh();
    let mut changes = Changes::of(house.merchant_id);
    let mut rows = Vec::new();
    for offer in offers {
        let id = OfferId::fresh(&mut fresh);
        if let Some(left) = offer.left {
            changes.counters.push(CounterMove {
                merchant_id: house.merchant_id,
                name: stock_name(id),
                by: left,
                floor: Some(0),
                ceiling: None,
            });
        }
        rows.push(json!({
            "id": id,
            "seller_name": "Mugs & Co",
            "price": offer.cents * 10_000,
            "shipping": offer.shipping_cents * 10_000,
            "condition": "new",
            "handling_days": { "min": 1, "max": offer.handling_days },
            "is_international": false,
            "is_counted": offer.left.is_some(),
        }));
    }
    let product = json!({
        "merchant_id": house.merchant_id,
        "environment": Environment::Devnet,
        "retailer": "other",
        "product_id": product_id,
        "title": format!("The {product_id}"),
        "categories": [],
        "images": [format!("https://shop.example/{product_id}.png")],
        "bullets": [],
        "attributes": {},
        "review_count": 0,
        "specifics": [],
        "variants": [],
        "offers": rows,
        "created_at": START,
        "updated_at": START,
    });
    let product: Product = serde_json::from_value(product).expect("a product");
    changes.insert(product.clone());
    house.app.store.commit(changes).await.expect("a new product");
    product
}

/// An item as it is put into a cart of the customer `c`.
pub fn item(product_id: &str, quantity: u32) -> Value {
    json!({
        "customer_id": "c",
        "productId": product_id,
        "retailer": "other",
        "title": "What the front end said",
        "price": 10,
        "quantity": quantity,
    })
}

pub async fn put(house: &House, path: &str, body: Value) -> Reply {
    house.send(house.request("PUT", path).header("x-api-key", &house.key).json(&body)).await
}

pub async fn delete(house: &House, path: &str) -> Reply {
    house.send(house.request("DELETE", path).header("x-api-key", &house.key)).await
}

/// The cart of the customer `c`.
pub async fn cart(house: &House) -> Value {
    house.get(&format!("{CARTS}?customer_id=c")).await.ok()["data"].clone()
}

/// An estimate of one product for the customer `c`.
pub async fn estimate(house: &House, product_id: &str, quantity: u32) -> Value {
    let wanted = json!({ "productId": product_id, "retailer": "other", "quantity": quantity });
    let body = json!({ "customer_id": "c", "items": [wanted] });
    house.post(ESTIMATE, body).await.ok()["data"].clone()
}

/// Somewhere in California.
pub fn in_california() -> Value {
    json!({
        "first_name": "Ada",
        "last_name": "Lovelace",
        "street_address": "1  Main St",
        "address_line2": null,
        "city": "san francisco",
        "state": "california",
        "zip_code": "94105",
        "country": "us",
        "phone": "+1 (415) 555-0123",
        "email": "Ada@Example.com",
    })
}

/// Shipping for 1 within the US and for 5 elsewhere, 7.25 % in California, a fee of 3.
pub async fn set_rates(house: &House) -> Value {
    let body = json!({
        "shipping": [
            { "id": "us", "name": "Post", "price": 1, "estimatedDays": 4, "countries": ["US"] },
            { "id": "fast", "name": "Courier", "price": 9.5, "freeFrom": 50, "estimatedDays": 1,
              "countries": ["US"], "states": ["ca"] },
            { "id": "eu", "name": "Post", "price": 5, "estimatedDays": 9,
              "countries": ["DE", "FR"] },
        ],
        "tax": [
            { "country": "US", "state": "CA", "bps": 725 },
            { "country": "DE", "bps": 1900, "taxesShipping": true },
        ],
        "fees": { "fixed": 3, "bps": 0 },
    });
    put(house, RATES, body).await.ok()["data"].clone()
}

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
