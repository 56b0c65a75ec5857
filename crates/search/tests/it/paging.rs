//! Pages: they never overlap, never miss, and end at a bound.

use search::{Change, Cursor, LIMIT_MAX, Query};

use crate::shelf::{SCOPE, Shelf, ids, product};

#[test]
fn pages_together_are_all_that_is_found_each_once() {
    let shelf = Shelf::of((0..95).map(|number| product(number, "Lamp")));
    // Two segments: equals are ordered over their border.
    let more: Vec<Change> = (95..130).map(|number| Change::Put(product(number, "Lamp"))).collect();
    shelf.index.apply(&more, Cursor(2)).expect("a batch");
    let mut all = Vec::new();
    for offset in (0..140).step_by(7) {
        let found = shelf.search(&Query { offset, limit: 7, ..Query::new(SCOPE, "lamp") });
        assert_eq!(found.total, 130);
        all.extend(ids(&found));
    }
    let whole = shelf.search(&Query { limit: 100, ..Query::new(SCOPE, "lamp") });
    assert_eq!(ids(&whole), all[..100]);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 130);
}

#[test]
fn a_page_has_a_bound_and_may_be_none() {
    let shelf = Shelf::of((0..=200).map(|number| product(number, "Lamp")));
    let found = shelf.search(&Query { limit: usize::MAX, ..Query::new(SCOPE, "lamp") });
    assert_eq!((found.hits.len(), found.total), (LIMIT_MAX, 201));
    let found = shelf.search(&Query { limit: 0, ..Query::new(SCOPE, "lamp") });
    assert_eq!((found.hits.len(), found.total), (0, 201));
    let beyond = Query { offset: usize::MAX, ..Query::new(SCOPE, "lamp") };
    assert_eq!(shelf.search(&beyond).hits, []);
}
