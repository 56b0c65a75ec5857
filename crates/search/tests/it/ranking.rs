//! Which of several found products comes first.

use domain::money::Usd;
use search::{Document, Query, Sort};

use crate::shelf::{SCOPE, Shelf, ids, product};

fn rated(number: u8, title: &str, hundredths: i64, reviews: i64) -> Document {
    Document {
        rating_hundredths: Some(hundredths),
        review_count: reviews,
        ..product(number, title)
    }
}

#[test]
fn a_title_comes_before_a_description_however_well_that_is_rated() {
    let described =
        Document { description: "a good lamp".to_owned(), ..rated(0, "Desk", 500, 1_000_000) };
    let branded = Document { brand: Some("Lamp".to_owned()), ..product(2, "Thing") };
    let shelf = Shelf::of([described, product(1, "Lamp of another kind, with a shade"), branded]);
    assert_eq!(shelf.find("lamp "), ["p1", "p2", "p0"]);
}

#[test]
fn the_word_itself_comes_before_a_longer_one() {
    let shelf = Shelf::titled(&["Lamps", "Lamp"]);
    assert_eq!(shelf.find("lamp"), ["p1", "p0"]);
}

#[test]
fn a_title_that_was_asked_for_whole_comes_first() {
    let shelf = Shelf::titled(&["iPhone 15 case with strap", "iPhone 15", "Cable for iPhone 15"]);
    assert_eq!(shelf.find("iphone 15 ")[0], "p1");
}

#[test]
fn of_equals_the_better_rated_and_the_available_come_first() {
    let mut gone = rated(3, "Lamp", 450, 1_000);
    gone.in_stock = false;
    let shelf = Shelf::of([
        rated(0, "Lamp", 500, 1),
        rated(1, "Lamp", 450, 1_000),
        rated(2, "Lamp", 200, 1_000),
        gone,
        product(4, "Lamp"),
    ]);
    let found = shelf.find("lamp ");
    assert_eq!(found[0], "p1");
    let place = |id| found.iter().position(|other| other == id).expect("all are found");
    assert!(place("p1") < place("p3"), "{found:?}");
    assert!(place("p0") < place("p2") || place("p0") < place("p4"), "{found:?}");
}

#[test]
fn every_sort_sorts_all_that_is_found() {
    let documents: Vec<Document> = (0..60)
        .map(|number| Document {
            price: Usd(i64::from(number) * 37 % 61 * 1_000_000),
            updated_at_ms: i64::from(number) * 17 % 59,
            ..rated(number, "Lamp", i64::from(number) * 23 % 53 * 9, 1)
        })
        .collect();
    let shelf = Shelf::of(documents.clone());
    let sorted = |sort| {
        let query = Query { sort, limit: 100, ..Query::new(SCOPE, "lamp") };
        let found = shelf.search(&query);
        assert_eq!(found.total, 60);
        let of = |id: &String| documents.iter().find(|document| &document.product_id == id);
        ids(&found).iter().map(|id| of(id).expect("it was put").clone()).collect::<Vec<_>>()
    };
    assert!(sorted(Sort::PriceAsc).is_sorted_by_key(|document| document.price));
    assert!(sorted(Sort::PriceDesc).is_sorted_by_key(|document| std::cmp::Reverse(document.price)));
    assert!(
        sorted(Sort::Newest).is_sorted_by_key(|document| std::cmp::Reverse(document.updated_at_ms))
    );
    assert!(
        sorted(Sort::Rating)
            .is_sorted_by_key(|document| std::cmp::Reverse(document.rating_hundredths))
    );
}

#[test]
fn empty_text_browses_the_best_rated_then_the_newest() {
    let newer = Document { updated_at_ms: 9_000, ..product(1, "New") };
    let shelf = Shelf::of([product(0, "Old"), newer, rated(2, "Good", 480, 500)]);
    for text in ["", "  \n"] {
        assert_eq!(shelf.find(text), ["p2", "p1", "p0"]);
    }
}
