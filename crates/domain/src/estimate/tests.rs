//! What is wanted, what can be had of it, and where it goes.

use super::wanted::of_items;
use super::*;
use crate::cart::{Cart, ItemAsk};
use crate::commerce_rates::{CommerceRates, ShippingRate, TaxRate};
use crate::ids::Fresh;
use crate::product::{Condition, HandlingDays, Offer, Product};
use crate::refusal::Refusal;
use crate::shipping_address::{PostalAddress, ShippingAddress};

const WHOSE: (MerchantId, Environment) = (MerchantId(1), Environment::Devnet);
const NOW: Timestamp = Timestamp(1_766_320_496_000);

fn fresh() -> Fresh {
    Fresh::new(NOW, [5; 16])
}

fn shopper() -> Shopper {
    Shopper::Customer("c".to_owned())
}

fn cents(cents: i64) -> Usd {
    Usd(cents * 10_000)
}

fn wanted(product_id: &str, quantity: u32) -> Wanted {
    Wanted { product_id: product_id.to_owned(), retailer: Retailer::Other, quantity }
}

fn offer(price: i64, days: u16) -> Offer {
    Offer {
        id: OfferId::fresh(&mut fresh()),
        seller_id: None,
        seller_name: format!("seller at {price}"),
        price: cents(price),
        shipping: cents(50),
        condition: Condition::New,
        handling_days: HandlingDays { min: 1, max: days },
        is_international: false,
        is_counted: true,
        declared: None,
    }
}

fn product() -> Product {
    let product = serde_json::json!({
        "merchant_id": WHOSE.0,
        "environment": WHOSE.1,
        "retailer": "other",
        "product_id": "mug",
        "title": "A mug",
        "categories": [],
        "images": ["https://shop.example/mug.png"],
        "bullets": [],
        "attributes": {},
        "review_count": 0,
        "specifics": [],
        "variants": [],
        "offers": [],
        "created_at": NOW,
        "updated_at": NOW,
    });
    serde_json::from_value(product).expect("a product")
}

/// The offers of a mug, each with what is left of it.
fn with_offers<T>(offers: &[(Offer, Option<i64>)], then: impl Fn(&Found<'_>) -> T) -> T {
    let product = product();
    let chosen = |(offer, _): &(Offer, _)| Chosen::Own { offer_id: offer.id, is_counted: true };
    let chosen: Vec<Chosen> = offers.iter().map(chosen).collect();
    let offers = offers.iter().zip(&chosen);
    let offers = offers.map(|((offer, left), chosen)| OnOffer { offer, chosen, left: *left });
    then(&Found { product: &product, offers: offers.collect() })
}

#[track_caller]
fn check(offers: &[(Offer, Option<i64>)], quantity: u32, expected: Result<i64, &str>) {
    let line = with_offers(offers, |found| line(&wanted("mug", quantity), Looked::There(found)));
    let found = line.map(|line| line.price).map_err(|line| line.error);
    assert_eq!(found, expected.map(cents).map_err(str::to_owned));
}

#[test]
fn a_thing_is_bought_by_the_best_offer_that_has_enough_and_comes_in_time() {
    let (cheap, dear, slow) = (offer(900, 3), offer(1_000, 10), offer(500, 11));
    check(&[(cheap.clone(), Some(3)), (dear.clone(), None)], 3, Ok(900));
    check(&[(cheap.clone(), Some(3)), (dear.clone(), None)], 4, Ok(1_000));
    check(&[(slow.clone(), None), (dear, None)], 1, Ok(1_000));
    check(&[(cheap.clone(), Some(3))], 4, Err("Only 3 left"));
    check(&[(cheap.clone(), Some(0))], 1, Err("It is out of stock"));
    check(&[(cheap, Some(0)), (slow.clone(), None)], 1, Err("It is out of stock"));
    check(&[(slow, None)], 1, Err("No offer can be delivered within 10 days"));
    check(&[], 1, Err("Nobody offers it at present"));
    let nothing = line(&wanted("mug", 1), Looked::NotThere).expect_err("there is none");
    assert_eq!(nothing.error, "There is no such product");
    let silent = line(&wanted("mug", 1), Looked::Silent).expect_err("nobody tells");
    assert_eq!(silent.error, "other cannot be asked at present; try again shortly");
}

#[track_caller]
fn refused<T: std::fmt::Debug>(found: Result<T, Refusal>, param: &'static str) {
    match found {
        Err(Refusal::Invalid { param: named, .. }) => assert_eq!(named, param),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_product_is_wanted_once_and_within_bounds() {
    let twice = of_items(vec![wanted("a", 50), wanted("b", 1), wanted(" a ", 49)]);
    assert_eq!(twice, Ok(vec![wanted("a", 99), wanted("b", 1)]));
    refused(of_items(vec![]), "items");
    refused(of_items(vec![wanted("a", 0)]), "items");
    refused(of_items(vec![wanted("a", u32::MAX)]), "items");
    refused(of_items(vec![wanted("a", 50), wanted("a", 50)]), "items");
    refused(of_items(vec![wanted("", 1)]), "items");
    refused(of_items((0..101).map(|number| wanted(&number.to_string(), 1)).collect()), "items");
}

#[test]
fn a_basket_is_a_list_or_the_cart() {
    let ask = |items: Option<Vec<Wanted>>, use_cart, overrides: Option<usize>| {
        let nobody = Override { item_id: None, product_id: None, retailer: None, quantity: 1 };
        let overrides = overrides.map(|count| vec![nobody; count]);
        BasketAsk { items, use_cart, overrides }.basket()
    };
    let list = || Some(vec![wanted("a", 1)]);
    assert_eq!(ask(list(), None, None), Ok(Basket::Items(vec![wanted("a", 1)])));
    assert_eq!(ask(list(), Some(false), Some(0)), Ok(Basket::Items(vec![wanted("a", 1)])));
    assert_eq!(ask(Some(vec![]), Some(true), None), Ok(Basket::Cart(vec![])));
    let Ok(Basket::Cart(overrides)) = ask(None, Some(true), Some(1)) else { panic!() };
    assert_eq!(overrides.len(), 1);
    refused(ask(list(), Some(true), None), "items");
    refused(ask(None, None, None), "items");
    refused(ask(Some(vec![]), Some(false), None), "items");
    refused(ask(list(), None, Some(1)), "itemOverrides");
}

fn cart(products: &[(&str, u32)]) -> Cart {
    let (mut fresh, empty) = (fresh(), Cart::new(WHOSE, shopper(), NOW));
    let add = |cart: Cart, &(product_id, quantity): &(&str, u32)| {
        let ask = ItemAsk {
            product_id: product_id.to_owned(),
            retailer: Retailer::Other,
            title: "A thing".to_owned(),
            price: cents(100),
            quantity,
            image_url: None,
            product_url: None,
            review_count: None,
            rating: None,
        };
        cart.add(ask, &mut fresh).expect("fits").0
    };
    products.iter().fold(empty, add)
}

#[test]
fn a_cart_is_wanted_but_for_this_attempt_s_exceptions() {
    let cart = cart(&[("a", 2), ("b", 3)]);
    let of = |product_id: &str, quantity| Override {
        item_id: None,
        product_id: Some(product_id.to_owned()),
        retailer: None,
        quantity,
    };
    let nobody = Override { item_id: None, product_id: None, retailer: None, quantity: 1 };
    let wanting = |overrides: &[Override]| of_cart(Some(&cart), overrides);
    assert_eq!(wanting(&[]), Ok(vec![wanted("a", 2), wanted("b", 3)]));
    assert_eq!(wanting(&[of("a", 0)]), Ok(vec![wanted("b", 3)]));
    assert_eq!(wanting(&[of("a", 7)]), Ok(vec![wanted("a", 7), wanted("b", 3)]));
    let by_id = Override { item_id: Some(cart.items[1].id), product_id: None, ..of("", 0) };
    assert_eq!(wanting(&[by_id]), Ok(vec![wanted("a", 2)]));
    refused(wanting(&[of("a", 0), of("b", 0)]), "itemOverrides");
    refused(wanting(&[of("a", 100)]), "itemOverrides");
    refused(wanting(&[of("c", 0)]), "itemOverrides");
    refused(wanting(&[nobody]), "itemOverrides");
    refused(wanting(&vec![of("a", 1); 101]), "itemOverrides");
    refused(of_cart(None, &[]), "useCart");
}

fn rates() -> CommerceRates {
    let standard = CommerceRates::default_of(WHOSE.0, WHOSE.1);
    let one = |id: &str, price, countries: &[&str]| ShippingRate {
        id: id.to_owned(),
        price: cents(price),
        countries: countries.iter().map(|&one| one.to_owned()).collect(),
        ..standard.shipping[0].clone()
    };
    let tax = TaxRate { country: "DE".to_owned(), state: None, bps: 1_900, taxes_shipping: false };
    CommerceRates {
        shipping: vec![one("us", 100, &["US"]), one("de", 400, &["DE"]), one("fast", 900, &["DE"])],
        tax: vec![tax],
        ..standard
    }
}

fn estimate(price: i64, quantity: u32) -> Result<Estimate, Refusal> {
    with_offers(&[(offer(price, 3), None)], |found| {
        let ask = EstimateAsk {
            merchant_id: WHOSE.0,
            environment: WHOSE.1,
            shopper: shopper(),
            rates: &rates(),
            wanted: vec![
                (wanted("mug", quantity), Looked::There(found.clone())),
                (wanted("gone", 1), Looked::NotThere),
            ],
        };
        create(ask, &mut fresh())
    })
}

fn address(country: &str) -> ShippingAddress {
    let postal = PostalAddress { country: country.to_owned(), ..PostalAddress::default() };
    ShippingAddress {
        id: ShippingAddressId::fresh(&mut fresh()),
        merchant_id: WHOSE.0,
        environment: WHOSE.1,
        shopper: shopper(),
        postal,
        validated_at: None,
        removed_at: None,
        created_at: NOW,
        version: 0,
    }
}

#[test]
fn an_estimate_holds_prices_and_says_what_cannot_be_had() {
    let estimate = estimate(1_000, 2).expect("in bounds");
    assert_eq!((estimate.valid.len(), estimate.invalid.len()), (1, 1));
    assert_eq!(estimate.pricing.subtotal, cents(2_000));
    assert_eq!(estimate.pricing.shipping, cents(150));
    assert_eq!((estimate.pricing.tax, estimate.pricing.total), (Usd::ZERO, cents(2_150)));
    assert_eq!(estimate.expires_at, NOW.plus_ms(15 * 60_000));
    refused(estimate_of_a_million(), "items");
}

fn estimate_of_a_million() -> Result<Estimate, Refusal> {
    estimate(99_999_999, 2)
}

#[test]
fn an_address_brings_its_tax_and_its_shipping() {
    let (rates, estimate) = (rates(), estimate(1_000, 2).expect("in bounds"));
    let german = address("DE");
    let sent = estimate.clone().send_to(&german, None, &rates, NOW).expect("is open");
    assert_eq!((sent.address_id, sent.shipping_option.as_deref()), (Some(german.id), Some("de")));
    assert_eq!((sent.pricing.shipping, sent.pricing.tax), (cents(450), cents(380)));
    let fast = sent.send_to(&german, Some("fast"), &rates, NOW).expect("is open still");
    assert_eq!((fast.pricing.shipping, fast.pricing.total), (cents(950), cents(3_330)));
    let choices = fast.choices(&german, &rates);
    assert_eq!(choices.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["de", "fast"]);
    let us = estimate.clone().send_to(&german, Some("us"), &rates, NOW);
    refused(us, "shippingOptionId");
    refused(estimate.send_to(&address("FR"), None, &rates, NOW), "address");
}

#[test]
fn an_estimate_that_is_over_takes_no_address() {
    let (rates, estimate) = (rates(), estimate(1_000, 1).expect("in bounds"));
    let send = |estimate: &Estimate, now| {
        estimate.clone().send_to(&address("DE"), None, &rates, now).map(drop)
    };
    assert_eq!(send(&estimate, NOW.plus_ms(HELD_MS - 1)), Ok(()));
    assert_eq!(send(&estimate, NOW.plus_ms(HELD_MS)), Err(Refusal::EstimateExpired));
    let nothing = Estimate { valid: Vec::new(), ..estimate.clone() };
    assert_eq!(send(&nothing, NOW), Err(Refusal::NothingToBuy));
    let ordered = Estimate { order_id: Some(OrderId::fresh(&mut fresh())), ..estimate };
    let late = send(&ordered, NOW.plus_ms(HELD_MS));
    assert!(matches!(late, Err(Refusal::OrderStep { .. })), "{late:?}");
}
