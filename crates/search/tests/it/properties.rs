//! Random catalogues: what was put is found, and everything is as reading them all would find.

use std::collections::BTreeMap;

use domain::money::Usd;
use proptest::prelude::*;
use search::{
    Change, Cursor, Document, FacetWish, Found, Index, Query, Retailer, Sort, State, Stock,
};

use crate::shelf::{SCOPE, key, product};

const WORDS: [&str; 15] = [
    "red",
    "reds",
    "lamp",
    "lamps",
    "laptop",
    "usb",
    "cable",
    "tea",
    "pot",
    "potter",
    "sony",
    "blue",
    "bluetooth",
    "x",
    "redtea",
];

fn words(most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(WORDS.to_vec()), 1..=most)
        .prop_map(|words| words.join(" "))
}

fn retailer() -> impl Strategy<Value = Retailer> {
    proptest::sample::select(Retailer::ALL.to_vec())
}

prop_compose! {
    fn document()(
        number in 0..40_u8,
        title in words(5),
        description in words(4),
        brand in proptest::option::of(words(1)),
        price in 0..100_i64,
        rating in proptest::option::of(0..=500_i64),
        stock in any::<bool>(),
        retailer in retailer(),
        updated in 0..100_i64,
    ) -> Document {
        Document {
            brand, description, retailer,
            price: Usd(price * 1_000_000),
            rating_hundredths: rating,
            in_stock: stock,
            updated_at_ms: updated,
            ..product(number, &title)
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        8 => document().prop_map(Change::Put),
        1 => (0..40_u8).prop_map(|number| Change::Delete(key(number))),
    ]
}

prop_compose! {
    fn query()(
        text in prop_oneof![words(3), words(3).prop_map(|text| text + " "), Just(String::new())],
        retailer in proptest::option::weighted(0.2, retailer()),
        brand in proptest::option::weighted(0.2, words(1)),
        price_min in proptest::option::weighted(0.3, 0..100_i64),
        price_max in proptest::option::weighted(0.3, 0..100_i64),
        in_stock in any::<bool>(),
        sort in proptest::sample::select(vec![
            Sort::Relevance, Sort::PriceAsc, Sort::PriceDesc, Sort::Rating, Sort::Newest,
        ]),
    ) -> Query {
        Query {
            retailer, brand, sort,
            price_min: price_min.map(|dollars| Usd(dollars * 1_000_000)),
            price_max: price_max.map(|dollars| Usd(dollars * 1_000_000)),
            stock: if in_stock { Stock::InStockOnly } else { Stock::Any },
            facets: FacetWish::Wanted,
            limit: 100,
            ..Query::new(SCOPE, text)
        }
    }
}

/// Whether the product has the word, or one that begins so, anywhere.
fn has(document: &Document, word: &str, half_typed: bool) -> bool {
    let brand = document.brand.clone().unwrap_or_default();
    let named = format!("{} {brand} {}", document.title, document.product_id);
    let is_it = |other: &str| other == word || (half_typed && other.starts_with(word));
    // A beginning is not looked for in descriptions.
    named.split_whitespace().any(is_it)
        || document.description.split_whitespace().any(|it| it == word)
}

/// What reading every product would find, if no word is misspelt.
fn expected<'a>(products: &'a BTreeMap<[u8; 16], Document>, query: &Query) -> Vec<&'a Document> {
    let words: Vec<&str> = query.text.split_whitespace().collect();
    let open_end = !query.text.ends_with(' ');
    let mut found: Vec<&Document> = products.values().collect();
    found.retain(|document| {
        words
            .iter()
            .enumerate()
            .all(|(index, word)| has(document, word, open_end && index + 1 == words.len()))
            && query.retailer.is_none_or(|retailer| document.retailer == retailer)
            && query.brand.as_ref().is_none_or(|brand| document.brand.as_ref() == Some(brand))
            && query.price_min.is_none_or(|min| document.price >= min)
            && query.price_max.is_none_or(|max| document.price <= max)
            && (query.stock == Stock::Any || document.in_stock)
    });
    found
}

fn agree(found: &Found, products: &BTreeMap<[u8; 16], Document>, query: &Query) {
    let expected = expected(products, query);
    let words_known = query
        .text
        .split_whitespace()
        .all(|word| products.values().any(|document| has(document, word, false)));
    // Where words are unknown or never together, they may be taken for others; see `typing`.
    if !words_known || (expected.is_empty() && !query.text.trim().is_empty()) {
        return;
    }
    let mut keys: Vec<[u8; 16]> = found.hits.iter().map(|hit| hit.key).collect();
    assert_eq!(found.total, expected.len(), "{query:?}");
    let of = |key: &[u8; 16]| &products[key];
    match query.sort {
        Sort::Relevance => {
            assert!(found.hits.is_sorted_by_key(|hit| std::cmp::Reverse(hit.score)));
        }
        Sort::PriceAsc => assert!(keys.is_sorted_by_key(|key| of(key).price)),
        Sort::PriceDesc => {
            assert!(keys.is_sorted_by_key(|key| std::cmp::Reverse(of(key).price)));
        }
        Sort::Rating => {
            assert!(keys.is_sorted_by_key(|key| std::cmp::Reverse(of(key).rating_hundredths)));
        }
        Sort::Newest => {
            assert!(keys.is_sorted_by_key(|key| std::cmp::Reverse(of(key).updated_at_ms)));
        }
    }
    keys.sort();
    assert_eq!(keys, expected.iter().map(|document| document.key).collect::<Vec<_>>());
    let facets = found.facets.as_ref().expect("they were asked for");
    let sold: usize = facets.retailers.iter().map(|(_, count)| count).sum();
    let branded: usize = facets.brands.iter().map(|brand| brand.count).sum();
    assert_eq!(sold, expected.len());
    assert_eq!(branded, expected.iter().filter(|document| document.brand.is_some()).count());
}

#[test]
fn the_index_finds_what_reading_everything_finds() {
    let lives = (
        proptest::collection::vec(proptest::collection::vec(change(), 1..25), 1..6),
        proptest::collection::vec(query(), 12),
    );
    let config = ProptestConfig { cases: 40, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    runner
        .run(&lives, |(batches, queries)| {
            let directory = tempfile::tempdir().expect("a temporary directory");
            let index = Index::open(directory.path()).expect("a new index").index;
            let mut products = BTreeMap::new();
            for (step, batch) in batches.iter().enumerate() {
                index.apply(batch, Cursor(step as i64)).expect("a batch");
                for change in batch {
                    match change {
                        Change::Put(document) => {
                            products.insert(document.key, document.clone());
                        }
                        Change::Delete(key) => {
                            products.remove(key);
                        }
                    }
                }
            }
            let ask = |index: &Index| -> Vec<Found> {
                queries.iter().map(|query| index.search(query).expect("an answer")).collect()
            };
            let answers = ask(&index);
            for (query, found) in queries.iter().zip(&answers) {
                agree(found, &products, query);
            }
            // What was put and not deleted is found by its exact title.
            for document in products.values() {
                let query = Query { limit: 100, ..Query::new(SCOPE, document.title.clone()) };
                let found = index.search(&query).expect("an answer");
                assert!(found.hits.iter().any(|hit| hit.key == document.key), "{document:?}");
            }
            // Neither a reopening nor a merge changes an answer, but for how a brand is spelt.
            drop(index);
            let opened = Index::open(directory.path()).expect("an index");
            assert_eq!(opened.state, State::Sound(Cursor(batches.len() as i64 - 1)));
            assert_eq!(ask(&opened.index), answers);
            opened.index.settle().expect("merging");
            assert_eq!(ask(&opened.index), answers);
            Ok(())
        })
        .expect("every life agrees");
}
