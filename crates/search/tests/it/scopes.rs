//! Whose products are found: those of the scopes that were named, and nobody else's.

use domain::environment::Environment;
use search::{Document, FacetWish, Query, Scope};

use crate::shelf::{SCOPE, Shelf, ids, key, product};

fn of(number: u8, merchant_id: i64, environment: Environment, title: &str) -> Document {
    Document { scope: Scope { merchant_id, environment }, ..product(number, title) }
}

#[test]
fn nothing_crosses_from_one_scope_to_another() {
    // Merchants whose numbers look alike in any notation, and both environments of one.
    let merchants = [1, 16, 17, 0x1D, 0xD, -1, i64::MIN, i64::MAX];
    let mut documents = Vec::new();
    for (number, merchant) in merchants.into_iter().enumerate() {
        let number = number as u8;
        documents.push(of(number, merchant, Environment::Devnet, "Lamp lampe"));
        documents.push(of(number + 100, merchant, Environment::Mainnet, "Lamp lampe"));
    }
    let shelf = Shelf::of(documents);
    for (number, merchant_id) in merchants.into_iter().enumerate() {
        for (environment, first) in [(Environment::Devnet, 0), (Environment::Mainnet, 100)] {
            let scope = Scope { merchant_id, environment };
            // As typed, half typed, misspelt, and everything.
            for text in ["lamp ", "l", "lampx ", ""] {
                let query = Query { facets: FacetWish::Wanted, ..Query::new(scope, text) };
                let found = shelf.search(&query);
                assert_eq!(found.total, 1, "{text:?} of {scope:?}");
                assert_eq!(found.hits[0].key, key(number as u8 + first));
            }
        }
    }
    let stranger = Scope { merchant_id: 2, environment: Environment::Devnet };
    for text in ["lamp", "l", "lampx", ""] {
        assert_eq!(shelf.search(&Query::new(stranger, text)).total, 0);
    }
    assert_eq!(shelf.search(&Query { scopes: vec![], ..Query::new(SCOPE, "lamp") }).total, 0);
}

#[test]
fn several_scopes_are_searched_as_one() {
    let demo = Scope { merchant_id: 0, environment: Environment::Devnet };
    let shelf = Shelf::of([
        product(0, "Lamp blue"),
        of(1, 0, Environment::Devnet, "Lamp red"),
        of(2, 5, Environment::Devnet, "Lamp red"),
    ]);
    // Naming a scope twice finds nothing twice.
    let query = |text| Query { scopes: vec![SCOPE, demo, SCOPE], ..Query::new(SCOPE, text) };
    let mut both = ids(&shelf.search(&query("lamp")));
    both.sort();
    assert_eq!(both, ["p0", "p1"]);
    assert_eq!(ids(&shelf.search(&query("red lamp"))), ["p1"]);
    // A word that one of the scopes has is not misspelt in the other.
    assert_eq!(ids(&shelf.search(&query("blue "))), ["p0"]);
    assert_eq!(shelf.search(&query("")).total, 2);
}
