//! What narrows a search: retailer, brand, category, price, rating, stock.

use domain::money::Usd;
use search::{Document, Query, Retailer, Stock};

use crate::shelf::{SCOPE, Shelf, product};

fn shelf() -> Shelf {
    let documents = (0..8_u8).map(|number| Document {
        retailer: if number % 2 == 0 { Retailer::Amazon } else { Retailer::Walmart },
        brand: (number != 7).then(|| if number < 4 { "Sony" } else { "Beyoncé Co." }.to_owned()),
        categories: vec![format!("Group {}", number % 3), "Everything".to_owned()],
        price: Usd(i64::from(number) * 10_000_000),
        rating_hundredths: (number > 0).then_some(i64::from(number) * 60),
        in_stock: number != 5,
        ..product(number, "Lamp")
    });
    Shelf::of(documents)
}

#[track_caller]
fn check(change: impl Fn(&mut Query), wanted: &[&str]) {
    let shelf = shelf();
    // With a word and without one, the filters pass the same.
    for text in ["lamp", ""] {
        let mut query = Query::new(SCOPE, text);
        change(&mut query);
        let found = shelf.search(&query);
        let mut ids = crate::shelf::ids(&found);
        ids.sort();
        assert_eq!(ids, wanted, "{query:?}");
        assert_eq!(found.total, wanted.len());
    }
}

#[test]
fn by_retailer_brand_and_category() {
    check(|query| query.retailer = Some(Retailer::Walmart), &["p1", "p3", "p5", "p7"]);
    check(|query| query.retailer = Some(Retailer::Ebay), &[]);
    check(|query| query.brand = Some("SONY".to_owned()), &["p0", "p1", "p2", "p3"]);
    check(|query| query.brand = Some("beyonce co".to_owned()), &["p4", "p5", "p6"]);
    check(|query| query.brand = Some("son".to_owned()), &[]);
    check(|query| query.category = Some("group 1".to_owned()), &["p1", "p4", "p7"]);
    let both = |query: &mut Query| {
        query.brand = Some("sony".to_owned());
        query.category = Some("Group 1".to_owned());
        query.retailer = Some(Retailer::Walmart);
    };
    check(both, &["p1"]);
}

#[test]
fn by_price_with_both_ends_in() {
    check(|query| query.price_min = Some(Usd(60_000_000)), &["p6", "p7"]);
    check(|query| query.price_max = Some(Usd(10_000_000)), &["p0", "p1"]);
    let between = |query: &mut Query| {
        query.price_min = Some(Usd(20_000_000));
        query.price_max = Some(Usd(30_000_000));
    };
    check(between, &["p2", "p3"]);
    check(|query| query.price_max = Some(Usd(-1)), &[]);
    check(|query| query.price_min = Some(Usd(i64::MAX)), &[]);
    check(
        |query| query.price_min = Some(Usd(i64::MIN)),
        &["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"],
    );
}

#[test]
fn by_rating_and_stock() {
    check(|query| query.rating_min_hundredths = Some(360), &["p6", "p7"]);
    check(|query| query.stock = Stock::InStockOnly, &["p0", "p1", "p2", "p3", "p4", "p6", "p7"]);
}
