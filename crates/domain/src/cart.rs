//! A shopper's cart: one row, so that every call on it reads and writes once.
//!
//! A line keeps the price it was put in with, for the shopper to be told when it changed; what is
//! paid is decided by the estimate. Checkout reads a cart and never touches it.
//!
//! Invariant: a product is in a cart once, and a cart has a bound in lines and in bytes.

mod view;

pub use view::{CartItemView, CartView, OwnCartItemView, OwnCartView};

use serde::{Deserialize, Serialize};

use crate::changes::{Changes, Noun};
use crate::environment::Environment;
use crate::ids::{CartItemId, Fresh, MerchantId, RowKey, Version};
use crate::money::{AmountError, Rate, Usd};
use crate::refusal::Refusal;
use crate::retailer::Retailer;
use crate::shopper::Shopper;
use crate::time::Timestamp;

pub const LINES_MAX: usize = 100;
pub const QUANTITY_MAX: u32 = 99;
pub const PRODUCT_ID_MAX: usize = 255;
const TITLE_MAX: usize = 500;
const URL_MAX: usize = 2_048;
/// Of all texts of a cart: it is written whole at every change.
const TEXT_BYTES_MAX: usize = 192 * 1_024;
const PRICE_MIN: Usd = Usd(10_000);
const PRICE_MAX: Usd = Usd(1_000_000_000_000);
const RATING_MAX: u16 = 500;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub shopper: Shopper,
    pub items: Vec<CartItem>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartItem {
    pub id: CartItemId,
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    /// What it cost when it was put in.
    pub price: Usd,
    pub quantity: u32,
    pub image_url: Option<String>,
    pub product_url: Option<String>,
    pub review_count: Option<u32>,
    /// In hundredths of a star.
    pub rating: Option<u16>,
    pub added_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What somebody wants to put into a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemAsk {
    pub product_id: String,
    pub retailer: Retailer,
    pub title: String,
    pub price: Usd,
    pub quantity: u32,
    pub image_url: Option<String>,
    pub product_url: Option<String>,
    pub review_count: Option<u32>,
    /// In hundredths of a star.
    pub rating: Option<u16>,
}

/// What became of an item that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    pub id: CartItemId,
    pub quantity: u32,
    pub way: AddedAs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddedAs {
    NewLine,
    /// More of what was in the cart already.
    MoreOfOne,
}

impl Cart {
    pub fn key(&self) -> RowKey {
        cart_key((self.merchant_id, self.environment), &self.shopper)
    }

    /// A cart nobody has put anything into.
    pub fn new(
        (merchant_id, environment): (MerchantId, Environment),
        shopper: Shopper,
        now: Timestamp,
    ) -> Cart {
        Cart {
            merchant_id,
            environment,
            shopper,
            items: Vec::new(),
            created_at: now,
            updated_at: now,
            version: 0,
        }
    }

    /// Puts an item in, or more of it. Its words and price are then the newest ones.
    pub fn add(mut self, ask: ItemAsk, fresh: &mut Fresh) -> Result<(Cart, Added), Refusal> {
        let ask = ask.checked()?;
        let now = fresh.now();
        let same = |item: &&mut CartItem| {
            item.retailer == ask.retailer && item.product_id == ask.product_id
        };
        let added = match self.items.iter_mut().find(same) {
            Some(item) => {
                item.quantity = more(item.quantity, ask.quantity)?;
                item.price = ask.price;
                item.title = ask.title;
                item.image_url = ask.image_url.or(item.image_url.take());
                item.product_url = ask.product_url.or(item.product_url.take());
                item.review_count = ask.review_count.or(item.review_count);
                item.rating = ask.rating.or(item.rating);
                item.updated_at = now;
                Added { id: item.id, quantity: item.quantity, way: AddedAs::MoreOfOne }
            }
            None => {
                if self.items.len() >= LINES_MAX {
                    return Err(Refusal::CartFull);
                }
                let item = ask.into_item(fresh);
                let added = Added { id: item.id, quantity: item.quantity, way: AddedAs::NewLine };
                self.items.push(item);
                added
            }
        };
        self.updated_at = now;
        match self.text_bytes() > TEXT_BYTES_MAX {
            true => Err(Refusal::CartFull),
            false => Ok((self, added)),
        }
    }

    /// Sets how many of a line; zero takes it out. None: it is not in the cart.
    pub fn set_quantity(
        mut self,
        id: CartItemId,
        quantity: u32,
        now: Timestamp,
    ) -> Result<Option<Cart>, Refusal> {
        if quantity > QUANTITY_MAX {
            return Err(Refusal::invalid("quantity", "must be a number from 0 to 99"));
        }
        if quantity == 0 {
            return Ok(self.remove(id, now).map(|(cart, _)| cart));
        }
        let Some(item) = self.items.iter_mut().find(|item| item.id == id) else { return Ok(None) };
        item.quantity = quantity;
        item.updated_at = now;
        self.updated_at = now;
        Ok(Some(self))
    }

    /// Takes a line out. None: it is not in the cart.
    pub fn remove(mut self, id: CartItemId, now: Timestamp) -> Option<(Cart, CartItem)> {
        let at = self.items.iter().position(|item| item.id == id)?;
        let item = self.items.remove(at);
        self.updated_at = now;
        Some((self, item))
    }

    /// Takes everything out, and says how many lines that was.
    pub fn clear(mut self, now: Timestamp) -> (Cart, usize) {
        let removed = std::mem::take(&mut self.items).len();
        self.updated_at = now;
        (self, removed)
    }

    /// Writes the cart. A new one meets another new one of the same shopper as a Conflict, so that
    /// whoever was second decides again, and nothing he put in is lost.
    pub fn save(&self) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        if self.version == 0 {
            changes.guard(Noun::Cart, self.key(), 0);
            changes.insert(self.clone());
        } else {
            changes.update(self.clone());
        }
        changes
    }

    pub fn subtotal(&self) -> Usd {
        self.items.iter().fold(Usd::ZERO, |sum, item| sum.plus(item.subtotal()))
    }

    /// How many pieces of all lines.
    pub fn pieces(&self) -> u32 {
        self.items.iter().map(|item| item.quantity).sum()
    }

    fn text_bytes(&self) -> usize {
        let url = |url: &Option<String>| url.as_ref().map_or(0, String::len);
        let of = |item: &CartItem| {
            item.product_id.len() + item.title.len() + url(&item.image_url) + url(&item.product_url)
        };
        self.items.iter().map(of).sum()
    }
}

impl CartItem {
    pub fn subtotal(&self) -> Usd {
        Usd(self.price.0.saturating_mul(self.quantity.into()))
    }
}

impl ItemAsk {
    fn checked(mut self) -> Result<ItemAsk, Refusal> {
        self.product_id = check_product_id("productId", &self.product_id)?;
        self.title = text("title", &self.title, TITLE_MAX)?;
        if !(PRICE_MIN..=PRICE_MAX).contains(&self.price) {
            return Err(Refusal::invalid("price", "must be from 0.01 to 1000000"));
        }
        self.price = self.price.to_cents();
        if !(1..=QUANTITY_MAX).contains(&self.quantity) {
            return Err(Refusal::invalid("quantity", "must be a number from 1 to 99"));
        }
        if self.rating.is_some_and(|rating| rating > RATING_MAX) {
            return Err(Refusal::invalid("rating", "must be a number from 0 to 5"));
        }
        check_url("imageUrl", self.image_url.as_deref())?;
        check_url("productUrl", self.product_url.as_deref())?;
        Ok(self)
    }

    fn into_item(self, fresh: &mut Fresh) -> CartItem {
        CartItem {
            id: CartItemId::fresh(fresh),
            product_id: self.product_id,
            retailer: self.retailer,
            title: self.title,
            price: self.price,
            quantity: self.quantity,
            image_url: self.image_url,
            product_url: self.product_url,
            review_count: self.review_count,
            rating: self.rating,
            added_at: fresh.now(),
            updated_at: fresh.now(),
        }
    }
}

pub fn cart_key(whose: (MerchantId, Environment), shopper: &Shopper) -> RowKey {
    shopper.key("cart", whose)
}

/// A product's number as a request names it.
pub fn check_product_id(param: &'static str, product_id: &str) -> Result<String, Refusal> {
    text(param, product_id, PRODUCT_ID_MAX)
}

/// Stars in hundredths, out of the decimal text of a JSON number. What is finer is nobody's
/// opinion.
pub fn rating(text: &str) -> Result<u16, Refusal> {
    let micros = match Usd::parse(text, 6) {
        Err(AmountError::TooPrecise) => Rate::parse_cut(text).map(|rate| rate.0 / 1_000_000),
        exact => exact.map(|stars| u128::from(stars.0.unsigned_abs())),
    };
    let hundredths = micros.ok().and_then(|micros| u16::try_from((micros + 5_000) / 10_000).ok());
    let stars = hundredths.filter(|stars| *stars <= RATING_MAX);
    stars.ok_or_else(|| Refusal::invalid("rating", "must be a number from 0 to 5"))
}

fn more(had: u32, by: u32) -> Result<u32, Refusal> {
    let sum = had.saturating_add(by);
    if sum > QUANTITY_MAX {
        let message = format!("would make {sum} of it, and a cart holds at most 99 of a thing");
        return Err(Refusal::invalid("quantity", message));
    }
    Ok(sum)
}

fn text(param: &'static str, text: &str, chars_max: usize) -> Result<String, Refusal> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=chars_max).contains(&length) && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    let message = format!("must have 1 to {chars_max} printable characters");
    Err(Refusal::invalid(param, message))
}

fn check_url(param: &'static str, text: Option<&str>) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    let is_https = url::Url::parse(text).is_ok_and(|url| url.scheme() == "https");
    if is_https && text.len() <= URL_MAX && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Refusal::invalid(param, "must be an https URL of at most 2048 characters"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOSE: (MerchantId, Environment) = (MerchantId(1), Environment::Devnet);
    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    fn fresh() -> Fresh {
        Fresh::new(NOW, [3; 16])
    }

    fn cart() -> Cart {
        Cart::new(WHOSE, Shopper::Customer("c".to_owned()), NOW)
    }

    fn ask(product_id: &str, quantity: u32) -> ItemAsk {
        ItemAsk {
            product_id: product_id.to_owned(),
            retailer: Retailer::Other,
            title: "A mug".to_owned(),
            price: Usd(9_990_000),
            quantity,
            image_url: None,
            product_url: None,
            review_count: None,
            rating: None,
        }
    }

    #[track_caller]
    fn check(ask: ItemAsk, param: &'static str) {
        match cart().add(ask, &mut fresh()) {
            Err(Refusal::Invalid { param: named, .. }) => assert_eq!(named, param),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_put_in_has_bounds() {
        let long = |length| "x".repeat(length);
        let http = Some("http://shop.example/a.png".to_owned());
        check(ask("", 1), "productId");
        check(ask(&long(256), 1), "productId");
        check(ask("a\u{7}", 1), "productId");
        check(ask("a", 0), "quantity");
        check(ask("a", 100), "quantity");
        check(ItemAsk { title: " ".to_owned(), ..ask("a", 1) }, "title");
        check(ItemAsk { title: long(501), ..ask("a", 1) }, "title");
        check(ItemAsk { price: Usd(9_999), ..ask("a", 1) }, "price");
        check(ItemAsk { price: Usd(1_000_000_000_001), ..ask("a", 1) }, "price");
        check(ItemAsk { rating: Some(501), ..ask("a", 1) }, "rating");
        check(ItemAsk { image_url: http.clone(), ..ask("a", 1) }, "imageUrl");
        check(ItemAsk { product_url: http, ..ask("a", 1) }, "productUrl");
    }

    #[test]
    fn a_rating_is_read_to_a_hundredth() {
        for (text, stars) in [
            ("0", Some(0)),
            ("4.5", Some(450)),
            ("4.555", Some(456)),
            ("4.333333333333333", Some(433)),
            ("5", Some(500)),
            ("5.01", None),
            ("1e9", None),
            ("-1", None),
            ("null", None),
        ] {
            assert_eq!(rating(text).ok(), stars, "{text}");
        }
    }

    #[test]
    fn a_cart_has_a_bound_in_lines_and_in_bytes() {
        let fill = |title: &str, lines: usize| {
            (0..lines).try_fold(cart(), |cart, number| {
                let ask = ItemAsk { title: title.to_owned(), ..ask(&format!("p{number}"), 1) };
                cart.add(ask, &mut fresh()).map(|(cart, _)| cart)
            })
        };
        let full = fill("A mug", LINES_MAX).expect("fits");
        assert_eq!(full.clone().add(ask("one more", 1), &mut fresh()), Err(Refusal::CartFull));
        assert!(full.add(ask("p7", 1), &mut fresh()).is_ok(), "more of a line is no new line");
        assert_eq!(fill(&"\u{1F50A}".repeat(500), LINES_MAX), Err(Refusal::CartFull));
    }

    #[test]
    fn a_product_is_in_a_cart_once_and_its_newest_words_count() {
        let (cart, first) = cart().add(ask("a", 2), &mut fresh()).expect("fits");
        let again = ItemAsk { price: Usd(5_000_000), ..ask("a", 97) };
        let (cart, second) = cart.add(again, &mut fresh()).expect("fits");
        assert_eq!((first.way, second.way), (AddedAs::NewLine, AddedAs::MoreOfOne));
        assert_eq!((first.id, second.quantity), (second.id, 99));
        assert_eq!((cart.items.len(), cart.items[0].price), (1, Usd(5_000_000)));
        let other_shop = ItemAsk { retailer: Retailer::Ebay, ..ask("a", 1) };
        let (cart, third) = cart.add(other_shop, &mut fresh()).expect("fits");
        assert_eq!((cart.items.len(), third.way), (2, AddedAs::NewLine));
        assert!(matches!(
            cart.add(ask("a", 1), &mut fresh()),
            Err(Refusal::Invalid { param: "quantity", .. })
        ));
    }

    proptest! {
        #[test]
        fn whatever_is_done_a_cart_adds_up(
            steps in prop::collection::vec((0_u8..6, 0_u32..120), 1..60),
        ) {
            let mut fresh = fresh();
            let mut cart = cart();
            for (number, quantity) in steps {
                let before = cart.clone();
                let id = cart.items.get(usize::from(number)).map(|item| item.id);
                let done = match (number % 3, id) {
                    (0, Some(id)) => cart.set_quantity(id, quantity, NOW).map(Option::unwrap),
                    (1, Some(id)) => Ok(cart.remove(id, NOW).map(|(cart, _)| cart).unwrap()),
                    (_, _) => {
                        let ask = ask(&number.to_string(), quantity);
                        cart.add(ask, &mut fresh).map(|(cart, _)| cart)
                    }
                };
                cart = done.unwrap_or(before);
                prop_assert!(cart.items.iter().all(|item| (1..=99).contains(&item.quantity)));
                let line = |item: &CartItem| item.price.0 * i64::from(item.quantity);
                let sum: i64 = cart.items.iter().map(line).sum();
                prop_assert_eq!(cart.subtotal(), Usd(sum));
            }
        }
    }
}
