//! A merchant's shop, and its customers: each has a cart, and comes back for another order.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::caller::Caller;
use crate::client::Target;
use crate::fresh;
use crate::histogram::Histogram;

use super::catalogue::{Catalogue, Dice, MERCHANT, Words};
use super::load::{self, Taken, Turn};

/// Lines of one file: what is larger is sent in parts, so that the bench holds little of it.
const FILE_LINES: u64 = 50_000;
const FOUND_WITHIN: Duration = Duration::from_secs(600);
const POLL: Duration = Duration::from_millis(50);
/// Customers of one connection, in turn; a cart takes a hundred different things.
const CUSTOMERS: u64 = 200;
const ORDERS_PAGE: u64 = 100;

#[derive(Clone)]
pub struct Shop {
    target: Target,
    catalogue: Arc<Catalogue>,
    products: u64,
}

impl Shop {
    pub fn new(target: Target, catalogue: Catalogue, products: u64) -> Shop {
        Shop { target, catalogue: Arc::new(catalogue), products }
    }

    /// Sends all products, and answers how many went in a second.
    pub async fn import(&self) -> Result<f64> {
        let mut caller = Caller::open(&self.target).await?;
        let (mut from, mut took) = (0, Duration::ZERO);
        while from < self.products {
            let until = self.products.min(from + FILE_LINES);
            let lines = (from..until).map(|number| self.catalogue.line(MERCHANT, number));
            let file: String = lines.collect();
            let began = fresh::now();
            let answer = caller.import(&file).await?;
            took += began.elapsed();
            let last = answer.lines().last().context("an import tells nothing")?;
            let done: Value = serde_json::from_str(last)?;
            ensure!(done["type"] == "done" && done["created"] == until - from, "{last}");
            from = until;
        }
        Ok(self.products as f64 / took.as_secs_f64())
    }

    /// Until the product that was sent last is found, and with it all before it.
    pub async fn wait_until_found(&self) -> Result<Duration> {
        let mut caller = Caller::open(&self.target).await?;
        let began = fresh::now();
        let last: Value = serde_json::from_str(&self.catalogue.line(MERCHANT, self.products - 1))?;
        let title = last["title"].as_str().context("a title")?;
        let path = format!("/api/commerce/search?limit=100&q={}", in_query(title));
        loop {
            let found = caller.get(&path).await?;
            let products = found["data"]["products"].as_array().context("products")?;
            if products.iter().any(|product| product["productId"] == last["productId"]) {
                return Ok(began.elapsed());
            }
            ensure!(began.elapsed() < FOUND_WITHIN, "the last product is not found");
            tokio::time::sleep(POLL).await;
        }
    }

    pub async fn search(&self, connections: usize, measured: Duration) -> Result<Taken> {
        load::run(&self.target, connections, measured, Searches(self.clone())).await
    }

    /// So many a second, each counted from when it was due.
    pub async fn search_paced(&self, per_second: u64, measured: Duration) -> Result<Taken> {
        const CONNECTIONS: u32 = 32;
        let gap = Duration::from_secs(u64::from(CONNECTIONS)) / u32::try_from(per_second)?;
        let began = fresh::now();
        let mut loops = JoinSet::new();
        for number in 0..CONNECTIONS {
            let mut caller = Caller::open(&self.target).await?;
            let shop = self.clone();
            loops.spawn(async move {
                let (mut dice, mut latencies) =
                    (Dice::new(900 + u64::from(number)), Histogram::new());
                let mut due = began + gap * number / CONNECTIONS;
                while due < began + measured {
                    tokio::time::sleep_until(due.into()).await;
                    caller.get_text(&shop.searched(&mut dice)).await?;
                    latencies.record(due.elapsed());
                    due += gap;
                }
                anyhow::Ok(latencies)
            });
        }
        let mut all = Histogram::new();
        while let Some(latencies) = loops.join_next().await {
            all.add(&latencies??);
        }
        let turns = all.count();
        Ok(Taken::new(all, turns, measured))
    }

    fn searched(&self, dice: &mut Dice) -> String {
        let kind = Words::mixed(dice);
        let text = kind.text(&self.catalogue, (MERCHANT, self.products), dice);
        format!("/api/commerce/search?q={}", in_query(&text))
    }

    /// Puts things into carts; afterwards every one is there.
    pub async fn fill_carts(&self, connections: usize, measured: Duration) -> Result<Taken> {
        let added = load::run(&self.target, connections, measured, Items(self.clone())).await?;
        let mut caller = Caller::open(&self.target).await?;
        let mut there = 0;
        for connection in 0..connections {
            for customer in 0..CUSTOMERS {
                let customer = name(connection, customer);
                let path = format!("/api/commerce/merchant/carts?customer_id={customer}");
                let cart = caller.get(&path).await?;
                there += cart["data"]["totalQuantity"].as_u64().context("a quantity")?;
            }
        }
        ensure!(there == added.turns, "{} were added, and {there} are there", added.turns);
        Ok(added)
    }

    /// Three steps each; afterwards every one is an order, and no stock is missing.
    pub async fn check_out(&self, connections: usize, measured: Duration) -> Result<Taken> {
        let done = load::run(&self.target, connections, measured, Checkouts(self.clone())).await?;
        let mut caller = Caller::open(&self.target).await?;
        let path = format!("/api/commerce/merchant/orders?limit={ORDERS_PAGE}");
        let page = caller.get(&path).await?;
        let total = page["data"]["pagination"]["total"].as_u64();
        if let Some(total) = total {
            ensure!(total == done.turns, "{} checkouts, and {total} orders", done.turns);
        }
        Ok(done)
    }

    fn product(&self, dice: &mut Dice) -> String {
        format!("B{MERCHANT:07X}{:08X}", dice.below(self.products))
    }
}

fn name(connection: usize, turn: u64) -> String {
    format!("c{connection}-{}", turn % CUSTOMERS)
}

/// As it stands in an address.
fn in_query(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[derive(Clone)]
struct Searches(Shop);

impl Turn for Searches {
    async fn take(&self, caller: &mut Caller, dice: &mut Dice, _: (usize, u64)) -> Result<()> {
        caller.get_text(&self.0.searched(dice)).await.map(drop)
    }
}

#[derive(Clone)]
struct Items(Shop);

impl Turn for Items {
    async fn take(
        &self,
        caller: &mut Caller,
        dice: &mut Dice,
        (connection, turn): (usize, u64),
    ) -> Result<()> {
        // Few different things, so that a cart is never full.
        let product = format!("B{MERCHANT:07X}{:08X}", dice.below(self.0.products.min(50)));
        let item = json!({
            "customer_id": name(connection, turn), "productId": product, "retailer": "other",
            "title": "A thing", "price": 9.99, "quantity": 1,
        });
        let path = "/api/commerce/merchant/carts/items";
        caller.post_text(path, &item.to_string()).await.map(drop)
    }
}

#[derive(Clone)]
struct Checkouts(Shop);

impl Turn for Checkouts {
    async fn take(
        &self,
        caller: &mut Caller,
        dice: &mut Dice,
        (connection, turn): (usize, u64),
    ) -> Result<()> {
        let customer = name(connection, turn);
        let path = |step: &str| format!("/api/commerce/merchant/checkout/{step}");
        let estimate = loop {
            let item =
                json!({ "productId": self.0.product(dice), "retailer": "other", "quantity": 1 });
            let wanted = json!({ "customer_id": customer, "items": [item] });
            let made = caller.post_text(&path("estimate"), &wanted.to_string()).await?;
            // One in ten is sold out, and nobody goes on with it.
            if made.contains("\"invalidItems\":[]") {
                break field(&made, "estimateId")?;
            }
        };
        let address = json!({
            "customer_id": customer,
            "estimateId": estimate,
            "address": {
                "first_name": "Ada", "last_name": "Lovelace", "street_address": "1 Main St",
                "city": "San Francisco", "state": "CA", "zip_code": "94105", "country": "US",
                "phone": "+14155550123", "email": "ada@example.com",
            },
        });
        let placed = caller.post_text(&path("address"), &address.to_string()).await?;
        let invoice = json!({
            "customer_id": customer, "estimateId": estimate,
            "addressId": field(&placed, "addressId")?,
        });
        let made = caller.post_text(&path("invoice"), &invoice.to_string()).await?;
        ensure!(made.contains("\"orderId\""), "no order: {made}");
        Ok(())
    }
}

/// The text of a field, without reading all of an answer.
fn field(answer: &str, name: &str) -> Result<String> {
    let start = format!("\"{name}\":\"");
    let rest = answer.split_once(&start).map(|(_, rest)| rest);
    let text = rest.and_then(|rest| rest.split_once('"')).map(|(text, _)| text.to_owned());
    text.with_context(|| format!("no {name}: {answer}"))
}
