//! The rows as a whole: enough of them, each once, and none that cannot be used.

use super::*;
use std::collections::{BTreeSet, HashSet};

#[test]
fn there_are_enough_countries_and_each_row_is_there_once() {
    let countries: BTreeSet<Country> = all().iter().map(|row| row.country).collect();
    assert!(countries.len() >= 60, "{}", countries.len());
    let ids: HashSet<String> = all().iter().map(Corridor::id).collect();
    assert_eq!(ids.len(), all().len());
    assert!(all().is_sorted_by_key(|row| row.country));
    for row in all() {
        let found = Corridor::find(row.country, row.currency, row.method);
        assert_eq!(found.map(Corridor::id), Some(row.id()));
    }
}

#[test]
fn every_row_can_be_used() {
    for row in all() {
        let id = row.id();
        assert!(row.amount_min < row.amount_max, "{id}");
        assert!(row.fee(row.amount_min) < row.amount_min, "{id}: the fee eats the least payout");
        assert!(row.delivery_seconds > 0 && row.fee_bps < 1_000, "{id}");
        assert!(!row.fields.is_empty(), "{id}");
        let names: HashSet<_> = row.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), row.fields.len(), "{id}");
        for field in row.fields {
            assert_eq!(field.param, format!("account.{}", field.name), "{id}");
        }
        let view = row.view();
        assert_eq!((view.id.as_str(), view.fields.len()), (id.as_str(), row.fields.len()));
    }
}

#[test]
fn every_method_that_is_named_to_clients_has_a_row() {
    for method in PayoutMethod::ALL {
        assert!(all().iter().any(|row| row.method == method), "{}", method.as_str());
        assert_eq!(PayoutMethod::parse(method.as_str()), Some(method));
        let json = serde_json::to_value(method).expect("serializes");
        assert_eq!(json, method.as_str());
    }
}

#[test]
fn fees_round_up() {
    let row =
        Corridor::find(Country::parse("US").expect("a country"), Currency::USD, PayoutMethod::Ach);
    let row = row.expect("a corridor");
    assert_eq!(row.fee(TokenAmount(10_000)), TokenAmount(60));
    assert_eq!(row.fee(TokenAmount(10_001)), TokenAmount(61));
    assert!(row.takes(row.amount_min) && !row.takes(TokenAmount(row.amount_min.0 - 1)));
    assert!(row.takes(row.amount_max) && !row.takes(TokenAmount(row.amount_max.0 + 1)));
}
