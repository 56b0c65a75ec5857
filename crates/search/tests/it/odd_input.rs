//! What nobody should send and somebody will: it is answered, and never with a panic.

use domain::money::Usd;
use proptest::prelude::*;
use search::{Change, Cursor, Document, FacetWish, HighlightWish, Query};

use crate::shelf::{SCOPE, Shelf, key, product};

#[test]
fn there_is_no_query_syntax() {
    let shelf = Shelf::titled(&["red lamp", "blue lamp", "title red AND OR NOT"]);
    for text in ["\"red lamp\"", "+red -lamp", "red* lamp~^", "(red lamp)", "red && lamp || x:"] {
        assert_eq!(shelf.find(text)[0], "p0", "{text}");
    }
    assert_eq!(shelf.find("title:red"), ["p2"]);
    assert_eq!(shelf.find("red and or not"), ["p2"]);
    assert_eq!(shelf.find("*"), [""; 0]);
    assert_eq!(shelf.find("'; DROP TABLE products; --"), [""; 0]);
    assert_eq!(shelf.find("🎧🎧"), [""; 0]);
    assert_eq!(shelf.find("🎧 red lamp 🎧"), ["p0"]);
}

#[test]
fn long_texts_are_cut() {
    let shelf = Shelf::titled(&["lamp", "w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11"]);
    assert_eq!(shelf.find(&format!("lamp{}", " ".repeat(100_000))), ["p0"]);
    assert_eq!(shelf.find(&format!("lamp{}nobody", " ".repeat(512))), ["p0"]);
    let words: Vec<String> = (0..5_000).map(|number| format!("w{number}")).collect();
    assert_eq!(shelf.find(&words.join(" ")), ["p1"]);
    for text in ["a".repeat(10_240), "é".repeat(10_240), "漢".repeat(10_240), "-a".repeat(10_240)]
    {
        shelf.find(&text);
    }
}

#[test]
fn a_product_of_any_size_is_taken() {
    let long = |part: &str| part.repeat(300_000 / part.len());
    let shelf = Shelf::of([Document {
        description: long("漢字 wörd-9x "),
        brand: Some(long("brand ")),
        categories: (0..10_000).map(|number| format!("category {number}")).collect(),
        product_id: long("id"),
        price: Usd(i64::MIN),
        rating_hundredths: Some(i64::MAX),
        review_count: i64::MIN,
        updated_at_ms: i64::MIN,
        ..product(0, &long("Lamp a-1-b-2-c-3-d-4-e-5-f-6 "))
    }]);
    let query = Query {
        facets: FacetWish::Wanted,
        highlight: HighlightWish::Wanted,
        ..Query::new(SCOPE, "lamp")
    };
    assert_eq!(shelf.search(&query).total, 1);
    let empty = Document { product_id: String::new(), ..product(1, "") };
    shelf.index.apply(&[Change::Put(empty)], Cursor(2)).expect("a product of nothing");
    assert_eq!(shelf.search(&Query::new(SCOPE, "")).total, 2);
    shelf.index.apply(&[Change::Delete(key(1))], Cursor(3)).expect("a batch");
    assert_eq!(shelf.search(&Query::new(SCOPE, "")).total, 1);
}

#[test]
fn any_text_is_answered() {
    let shelf = Shelf::titled(&["Sony WH-1000XM5 Café 无线蓝牙耳机", "O'Neill 3.5mm หูฟัง İ ß ½"]);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts = prop_oneof![any::<String>(), "[a-z0-9 .'\\-éß漢字หูฟ\u{301}\u{200d}🎧]{0,40}"];
    runner
        .run(&texts, |text| {
            let query = Query {
                highlight: HighlightWish::Wanted,
                facets: FacetWish::Wanted,
                ..Query::new(SCOPE, text)
            };
            shelf.search(&query);
            Ok(())
        })
        .expect("an answer to any text");
}
