//! A shop for a test: products with a stock, and estimates that are ready to become orders.
//!
//! What the first two steps of a checkout leave behind is written straight into the store, so that
//! these tests are about what comes after.

use domain::changes::{Changes, CounterMove};
use domain::commerce_rates::Pricing;
use domain::environment::Environment;
use domain::estimate::{Chosen, Estimate, EstimateLine, HELD_MS};
use domain::ids::{EstimateId, MerchantId, OfferId, ShippingAddressId};
use domain::money::Usd;
use domain::product::{Condition, HandlingDays, Offer, Product, stock_key, stock_name};
use domain::retailer::Retailer;
use domain::shipping_address::{PostalAddress, ShippingAddress};
use domain::shopper::Shopper;
use domain::time::Timestamp;
use serde_json::{Value, json};
use server::config::Config;

use crate::house::{House, Reply};

/// What the customer buys, in dollars; with shipping of one and a fee of three 13.99.
pub const PRICE_CENTS: i64 = 999;
pub const BSC: &str = "0x0000000000000000000000000000000000000001";
pub const CUSTOMER: &str = "cust_123456";

/// Something on the shelf.
pub struct Goods {
    pub product_id: String,
    pub offer_id: OfferId,
    pub retailer: Retailer,
}

/// What step 3 is asked with.
#[derive(Clone, Debug)]
pub struct Ready {
    pub estimate_id: EstimateId,
    pub address_id: ShippingAddressId,
    pub customer: String,
}

impl Ready {
    pub fn body(&self) -> Value {
        json!({
            "customer_id": self.customer,
            "estimateId": self.estimate_id,
            "addressId": self.address_id,
        })
    }
}

fn product(whose: (MerchantId, Environment), goods: &Goods, now: Timestamp) -> Product {
    let offer = Offer {
        id: goods.offer_id,
        seller_id: None,
        seller_name: "Coffee & Co".into(),
        price: Usd(PRICE_CENTS * 10_000),
        shipping: Usd::ZERO,
        condition: Condition::New,
        handling_days: HandlingDays { min: 1, max: 2 },
        is_international: false,
        is_counted: true,
        declared: None,
    };
    Product {
        merchant_id: whose.0,
        environment: whose.1,
        retailer: goods.retailer,
        product_id: goods.product_id.clone(),
        title: "Cup".into(),
        description: None,
        brand: None,
        categories: Vec::new(),
        images: vec!["https://example.com/cup.png".into()],
        url: None,
        bullets: Vec::new(),
        attributes: Default::default(),
        rating: None,
        review_count: 0,
        parent_id: None,
        specifics: Vec::new(),
        variants: Vec::new(),
        offers: vec![offer],
        created_at: now,
        updated_at: now,
        removed_at: None,
        version: 0,
    }
}

/// Puts a product with so many pieces on the shelf.
pub async fn stock(house: &House, pieces: i64) -> Goods {
    stock_in(house, Environment::Devnet, pieces).await
}

pub async fn stock_in(house: &House, environment: Environment, pieces: i64) -> Goods {
    let mut fresh = house.app.fresh();
    let offer_id = OfferId::fresh(&mut fresh);
    let product_id = format!("cup-{offer_id}");
    let goods = Goods { product_id, offer_id, retailer: Retailer::Other };
    let mut changes = Changes::of(house.merchant_id);
    changes.insert(product((house.merchant_id, environment), &goods, house.app.now()));
    changes.counters.push(CounterMove {
        merchant_id: house.merchant_id,
        name: stock_name(offer_id),
        by: pieces,
        floor: Some(0),
        ceiling: None,
    });
    house.app.store.commit(changes).await.expect("stocked");
    goods
}

pub async fn left(house: &House, goods: &Goods) -> i64 {
    let key = stock_key(house.merchant_id, goods.offer_id);
    house.app.store.counter(key).await.expect("reads")
}

/// Takes the product out of the catalog's offers.
pub async fn withdraw(house: &House, goods: &Goods) {
    let whose = (house.merchant_id, Environment::Devnet);
    let key = domain::product::product_key(whose, goods.retailer, &goods.product_id);
    let mut known = house.app.store.get::<Product>(key).await.expect("reads").expect("is there");
    known.offers.clear();
    let mut changes = Changes::of(house.merchant_id);
    changes.update(known);
    house.app.store.commit(changes).await.expect("withdrawn");
}

pub fn own(goods: &Goods) -> Chosen {
    Chosen::Own { offer_id: goods.offer_id, is_counted: true }
}

/// An estimate of so many pieces, with its address.
pub async fn ready(house: &House, customer: &str, goods: &Goods, quantity: u32) -> Ready {
    ready_by(house, customer, goods, (quantity, own(goods))).await
}

pub async fn ready_by(
    house: &House,
    customer: &str,
    goods: &Goods,
    (quantity, offer): (u32, Chosen),
) -> Ready {
    ready_in(house, Environment::Devnet, customer, (goods, quantity, offer)).await
}

pub async fn ready_in(
    house: &House,
    environment: Environment,
    customer: &str,
    (goods, quantity, offer): (&Goods, u32, Chosen),
) -> Ready {
    let (mut fresh, now) = (house.app.fresh(), house.app.now());
    let shopper = Shopper::Customer(customer.to_owned());
    let address = ShippingAddress {
        id: ShippingAddressId::fresh(&mut fresh),
        merchant_id: house.merchant_id,
        environment,
        shopper: shopper.clone(),
        postal: PostalAddress {
            first_name: "Ada".into(),
            last_name: "Lovelace".into(),
            street_address: "1 Main St".into(),
            city: "Springfield".into(),
            state: Some("IL".into()),
            zip_code: "62701".into(),
            country: "US".into(),
            email: Some("ada@example.com".into()),
            ..PostalAddress::default()
        },
        validated_at: Some(now),
        removed_at: None,
        created_at: now,
        version: 0,
    };
    let price = Usd(PRICE_CENTS * 10_000);
    let subtotal = Usd(price.0 * i64::from(quantity));
    let (shipping, fee_fixed) = (Usd::from_dollars(1), Usd::from_dollars(3));
    let estimate = Estimate {
        id: EstimateId::fresh(&mut fresh),
        merchant_id: house.merchant_id,
        environment,
        shopper,
        valid: vec![EstimateLine {
            product_id: goods.product_id.clone(),
            retailer: goods.retailer,
            title: "Cup".into(),
            image: Some("https://example.com/cup.png".into()),
            quantity,
            price,
            shipping: Usd::ZERO,
            seller_name: "Coffee & Co".into(),
            offer,
        }],
        invalid: Vec::new(),
        pricing: Pricing {
            subtotal,
            shipping,
            fee_fixed,
            total: subtotal.plus(shipping).plus(fee_fixed),
            ..Pricing::default()
        },
        address_id: Some(address.id),
        shipping_option: None,
        order_id: None,
        created_at: now,
        expires_at: now.plus_ms(HELD_MS),
        version: 0,
    };
    let (estimate_id, address_id) = (estimate.id, address.id);
    let mut changes = Changes::of(house.merchant_id);
    changes.insert(address);
    changes.insert(estimate);
    house.app.store.commit(changes).await.expect("is new");
    Ready { estimate_id, address_id, customer: customer.to_owned() }
}

/// Step 3, with a commerce key.
pub async fn step_three(house: &House, body: &Value) -> Reply {
    let request = house.request("POST", "/api/commerce/merchant/checkout/invoice");
    house.send(request.header("x-commerce-api-key", &house.commerce_key).json(body)).await
}

/// A fresh order of one piece out of plenty; what step 3 answered.
pub async fn order(house: &House) -> Value {
    let goods = stock(house, 100).await;
    order_of(house, &goods, 1).await
}

pub async fn order_of(house: &House, goods: &Goods, quantity: u32) -> Value {
    let ready = ready(house, CUSTOMER, goods, quantity).await;
    step_three(house, &ready.body()).await.ok()["data"].clone()
}

/// The credentials of its payor, as the house's calls take them.
pub fn payor(placed: &Value) -> Value {
    json!({
        "invoice_id": placed["invoiceId"],
        "session_token": placed["session"],
        "signature": placed["signature"],
    })
}

/// Sends an amount of a token to the order's invoice.
pub async fn send(house: &House, placed: &Value, (network, symbol): (&str, &str), amount: &str) {
    let allocation = house.allocate(&payor(placed), network, symbol).await;
    let to = allocation["temp_address"].as_str().expect("an address");
    house.transfer(network, symbol, to, amount).await;
}

/// Pays the order exactly, on Ethereum in USDC, and lets everybody see it.
pub async fn pay(house: &House, placed: &Value) {
    let amount = placed["amount"].to_string();
    send(house, placed, ("ethereum", "USDC"), &amount).await;
    house.settle().await;
}

pub fn id(placed: &Value) -> &str {
    placed["orderId"].as_str().expect("an id")
}

pub async fn call(house: &House, method: &str, path: &str, body: Value) -> Reply {
    let request = house.request(method, path).header("x-commerce-api-key", &house.commerce_key);
    let request = if body.is_null() { request } else { request.json(&body) };
    house.send(request).await
}

pub async fn snapshot(house: &House, placed: &Value) -> Value {
    let path = format!("/api/commerce/merchant/orders/{}", id(placed));
    call(house, "GET", &path, Value::Null).await.ok()["data"].clone()
}

/// Status, substatus, cancellation and refund of an order.
pub async fn state(house: &House, placed: &Value) -> [String; 4] {
    let snapshot = snapshot(house, placed).await;
    let text = |name: &str| snapshot[name].as_str().unwrap_or("-").to_owned();
    [text("status"), text("substatus"), text("cancellationStatus"), text("refundStatus")]
}

pub async fn cancel(house: &House, placed: &Value, key: &str, body: Value) -> Reply {
    let path = format!("/api/commerce/merchant/orders/{}/cancel", id(placed));
    let request = house.request("POST", &path).header("x-commerce-api-key", &house.commerce_key);
    house.send(request.header("idempotency-key", key).json(&body)).await
}

pub fn messages(snapshot: &Value) -> Vec<String> {
    let moments = snapshot["timeline"].as_array().expect("a timeline");
    moments.iter().map(|one| one["message"].as_str().expect("text").to_owned()).collect()
}

/// The events of an order, oldest first.
pub async fn events(house: &House, placed: &Value) -> Vec<Value> {
    let path = format!("/api/v1/events?type=commerce.order.*&limit=100&order_id={}", id(placed));
    let events = house.get(&path).await.ok();
    let mut events = events["data"]["data"].as_array().expect("events").clone();
    events.reverse();
    events
}

/// Ledger, log and rows agree.
pub async fn check(house: &House) {
    assert_eq!(house.app.store.check().await.expect("reads"), vec![]);
}

pub async fn with(configure: impl FnOnce(&mut Config)) -> House {
    House::with(configure).await
}
