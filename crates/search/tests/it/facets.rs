//! Facets: counted over everything that is found, not over the page.

use domain::money::Usd;
use search::{
    Change, Cursor, Document, FACET_SAMPLE_MAX, FacetWish, Facets, Index, Query, Retailer,
};

use crate::shelf::{SCOPE, Shelf, product};

fn facets_of(shelf: &Shelf, query: Query) -> Facets {
    let found = shelf.search(&Query { facets: FacetWish::Wanted, limit: 1, ..query });
    found.facets.expect("they were asked for")
}

#[test]
fn counts_are_exact_on_a_page_of_any_size() {
    let shelf = Shelf::of((0..100_u8).map(|number| Document {
        brand: Some(["Sony", "sony", "Bose", "Apple"][usize::from(number % 4)].to_owned()),
        categories: vec!["Audio".to_owned(), format!("Group {}", number % 2)],
        retailer: if number < 70 { Retailer::Amazon } else { Retailer::Target },
        price: Usd(i64::from(number) * 1_000_000),
        ..product(number, if number < 80 { "Lamp" } else { "Desk" })
    }));
    let facets = facets_of(&shelf, Query::new(SCOPE, "lamp"));
    assert!(!facets.estimated);
    let brands: Vec<(String, usize)> =
        facets.brands.iter().map(|brand| (brand.name.to_lowercase(), brand.count)).collect();
    assert_eq!(brands[0], ("sony".to_owned(), 40), "one brand in two spellings");
    assert_eq!(brands.iter().map(|(_, count)| count).sum::<usize>(), 80);
    let categories: Vec<(&str, usize)> =
        facets.categories.iter().map(|category| (category.name.as_str(), category.count)).collect();
    assert_eq!(categories[0], ("Audio", 80));
    assert_eq!(categories.len(), 3);
    assert_eq!(facets.retailers, [(Retailer::Amazon, 70), (Retailer::Target, 10)]);
    let prices: Vec<(i64, usize)> =
        facets.prices.iter().map(|(range, count)| (range.from.0 / 1_000_000, *count)).collect();
    assert_eq!(prices, [(0, 25), (25, 25), (50, 30)]);
}

#[test]
fn filters_narrow_what_is_counted() {
    let shelf = Shelf::of((0..10_u8).map(|number| Document {
        brand: Some(if number < 3 { "Sony" } else { "Bose" }.to_owned()),
        ..product(number, "Lamp")
    }));
    let query = Query { brand: Some("sony".to_owned()), ..Query::new(SCOPE, "lamp") };
    let facets = facets_of(&shelf, query);
    assert_eq!(facets.brands.len(), 1);
    assert_eq!((facets.brands[0].name.as_str(), facets.brands[0].count), ("Sony", 3));
}

#[test]
fn nobody_pays_for_facets_he_did_not_ask_for() {
    let shelf = Shelf::titled(&["Lamp"]);
    assert_eq!(shelf.search(&Query::new(SCOPE, "lamp")).facets, None);
}

#[test]
fn beyond_the_sample_brands_are_estimated_and_the_rest_stays_exact() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let index = Index::open(directory.path()).expect("a new index").index;
    let count = FACET_SAMPLE_MAX * 2 + 100;
    let changes: Vec<Change> = (0..count)
        .map(|number| {
            let mut key = [0; 16];
            key[..8].copy_from_slice(&(number as u64).to_be_bytes());
            let brand = if number % 4 == 0 { "Sony" } else { "Bose" };
            Change::Put(Document {
                key,
                brand: Some(brand.to_owned()),
                review_count: number as i64,
                ..product(0, "Lamp")
            })
        })
        .collect();
    index.apply(&changes, Cursor(1)).expect("a batch");
    let query = Query { facets: FacetWish::Wanted, ..Query::new(SCOPE, "lamp") };
    let found = index.search(&query).expect("an answer");
    assert_eq!(found.total, count);
    let facets = found.facets.expect("they were asked for");
    assert!(facets.estimated);
    assert_eq!(facets.retailers, [(Retailer::Other, count)]);
    assert_eq!(facets.brands[0].name, "Bose");
    let share = facets.brands[0].count * 100 / count;
    assert!((65..=85).contains(&share), "three in four are Bose, estimated {share} in 100");
}
