//! Addresses of many countries: as they are typed, and as they are kept.

use super::super::{ShippingAddress, us_state_of};
use super::*;
use crate::changes::Changes;
use crate::environment::Environment;
use crate::ids::MerchantId;
use crate::shopper::Shopper;
use crate::time::Timestamp;
use proptest::prelude::*;

fn typed(country: &str, state: Option<&str>, zip_code: &str) -> PostalAddress {
    PostalAddress {
        first_name: "Ada".to_owned(),
        last_name: "Lovelace".to_owned(),
        street_address: "1 Main Street".to_owned(),
        city: "Springfield".to_owned(),
        state: state.map(str::to_owned),
        zip_code: zip_code.to_owned(),
        country: country.to_owned(),
        ..PostalAddress::default()
    }
}

/// Country, state, postcode as they are typed; the latter two as they are kept.
#[track_caller]
fn fits(country: &str, state: Option<&str>, zip: &str, kept: (Option<&str>, &str)) {
    let checked = typed(country, state, zip).checked().expect("an address");
    assert!(checked.is_of_its_country, "{country} {zip}");
    assert_eq!((checked.postal.state.as_deref(), &*checked.postal.zip_code), kept);
}

#[track_caller]
fn refused(address: PostalAddress, param: &'static str) {
    match address.clone().checked() {
        Err(Refusal::Invalid { param: named, .. }) => assert_eq!(named, param, "{address:?}"),
        other => panic!("{address:?}: {other:?}"),
    }
}

#[test]
fn states_and_zips_of_the_us_fit_each_other() {
    fits("US", Some("CA"), "94105", (Some("CA"), "94105"));
    fits("usa", Some("california"), "94105-1234", (Some("CA"), "94105-1234"));
    fits("us", Some(" new  york "), "100011234", (Some("NY"), "10001-1234"));
    fits("US", Some("D.C."), "20500", (Some("DC"), "20500"));
    fits("US", Some("PR"), "00901", (Some("PR"), "00901"));
    fits("US", Some("AE"), "09012", (Some("AE"), "09012"));
    // Fort Campbell lies in two states, Fishers Island not where its prefix says.
    fits("US", Some("TN"), "42223", (Some("TN"), "42223"));
    fits("US", Some("KY"), "42223", (Some("KY"), "42223"));
    fits("US", Some("NY"), "06390", (Some("NY"), "06390"));
    refused(typed("US", None, "94105"), "address.state");
    refused(typed("US", Some("ZZ"), "94105"), "address.state");
    refused(typed("US", Some("CA"), "9410"), "address.zip_code");
    refused(typed("US", Some("CA"), "941051"), "address.zip_code");
    refused(typed("US", Some("CA"), "94l05"), "address.zip_code");
    refused(typed("US", Some("CA"), ""), "address.zip_code");
    refused(typed("US", Some("NY"), "94105"), "address.zip_code");
    refused(typed("US", Some("CA"), "00000"), "address.zip_code");
}

#[test]
fn a_zip_lies_in_a_state() {
    for (zip, state) in [
        ("94105", Some("CA")),
        ("10001-0001", Some("NY")),
        ("00501", Some("NY")),
        ("73301", Some("TX")),
        ("96799", Some("AS")),
        ("96910", Some("GU")),
        ("96950", Some("MP")),
        ("96701", Some("HI")),
        ("99501", Some("AK")),
        ("42223", Some("KY")),
        ("00100", None),
        ("1234", None),
        ("abcde", None),
        ("９４１０５", None),
    ] {
        assert_eq!(us_state_of(zip), state, "{zip}");
    }
}

#[test]
fn postal_codes_and_provinces_of_canada_fit_each_other() {
    fits("CA", Some("Ontario"), "k1a0b1", (Some("ON"), "K1A 0B1"));
    fits("canada", Some("québec"), "H2Y-1C6", (Some("QC"), "H2Y 1C6"));
    fits("CA", Some("bc"), "V6B 1A1", (Some("BC"), "V6B 1A1"));
    refused(typed("CA", None, "K1A 0B1"), "address.state");
    refused(typed("CA", Some("NY"), "K1A 0B1"), "address.state");
    refused(typed("CA", Some("BC"), "K1A 0B1"), "address.zip_code");
    refused(typed("CA", Some("ON"), "K1A 0B"), "address.zip_code");
    refused(typed("CA", Some("ON"), "K1D 0B1"), "address.zip_code");
    refused(typed("CA", Some("ON"), "94105"), "address.zip_code");
}

#[test]
fn postcodes_are_written_as_their_country_does() {
    for (country, zip, kept) in [
        ("GB", "sw1a1aa", "SW1A 1AA"),
        ("UK", "M1 1AE", "M1 1AE"),
        ("GB", "b338th", "B33 8TH"),
        ("GB", "EC1A1BB", "EC1A 1BB"),
        ("GB", "gir0aa", "GIR 0AA"),
        ("DE", "D-10115", "10115"),
        ("DE", "10115", "10115"),
        ("FR", "75 001", "75001"),
        ("SE", "SE-11455", "114 55"),
        ("NL", "1012ab", "1012 AB"),
        ("PL", "00950", "00-950"),
        ("PT", "1000205", "1000-205"),
        ("LV", "1050", "LV-1050"),
        ("LV", "lv-1050", "LV-1050"),
        ("LT", "LT01100", "LT-01100"),
        ("LU", "L-1111", "1111"),
        ("IE", "d02x285", "D02 X285"),
        ("IE", "D6W XY00", "D6W XY00"),
        ("MT", "vlt1117", "VLT 1117"),
        ("CZ", "11000", "110 00"),
        ("JP", "1000001", "100-0001"),
    ] {
        fits(country, None, zip, (None, kept));
    }
    for (country, zip) in [
        ("GB", "SW1A 1A"),
        ("GB", "SW1A 1AC"),
        ("GB", "ABC 1AA"),
        ("GB", "12345"),
        ("DE", "1011"),
        ("DE", "101155"),
        ("DE", "F-10115"),
        ("DE", "10115!"),
        ("FR", ""),
        ("NL", "1012"),
        ("IE", "002 X285"),
    ] {
        refused(typed(country, None, zip), "address.zip_code");
    }
}

#[test]
fn every_country_of_the_eu_has_its_pattern() {
    let eu = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK";
    for country in eu.split(' ') {
        let known = postcodes::checked(Country::parse(country).expect("a country"), "!");
        let Postcode::Wrong { example } = known else { panic!("{country}") };
        fits(country, None, &example, (None, &example));
    }
}

#[test]
fn of_other_countries_only_the_form_is_looked_at() {
    let checked = typed("AE", Some("du"), "").checked().expect("an address");
    assert!(!checked.is_of_its_country);
    assert_eq!((checked.postal.state.as_deref(), &*checked.postal.zip_code), (Some("DU"), ""));
    refused(typed("AE", None, "12345678901234567"), "address.zip_code");
    refused(typed("AE", None, "<b>"), "address.zip_code");
    refused(typed("ZZ", None, ""), "address.country");
    refused(typed("", None, ""), "address.country");
}

#[test]
fn names_cities_and_the_ways_to_reach_somebody_have_one_spelling() {
    let address = PostalAddress {
        first_name: "  Ada   Maria ".to_owned(),
        street_address: "1  Main\u{a0}St ".to_owned(),
        address_line2: Some("  ".to_owned()),
        city: "SAINT-JEAN D'ACRE".to_owned(),
        phone: Some("+49 (30) 123-456".to_owned()),
        email: Some(" Ada@Example.COM ".to_owned()),
        ..typed("DE", None, "10115")
    };
    let kept = address.checked().expect("an address").postal;
    assert_eq!((&*kept.first_name, &*kept.street_address), ("Ada Maria", "1 Main St"));
    assert_eq!((kept.address_line2, &*kept.city), (None, "Saint-Jean D'acre"));
    assert_eq!(kept.phone.as_deref(), Some("+4930123456"));
    assert_eq!(kept.email.as_deref(), Some("ada@example.com"));
    let kept = PostalAddress { city: "McAllen".to_owned(), ..typed("DE", None, "10115") };
    assert_eq!(kept.checked().expect("an address").postal.city, "McAllen");
}

#[test]
fn what_is_missing_too_long_or_hidden_names_its_field() {
    let base = || typed("DE", None, "10115");
    let long = |length| "x".repeat(length);
    let some = |text: &str| Some(text.to_owned());
    refused(PostalAddress { first_name: " ".to_owned(), ..base() }, "address.first_name");
    refused(PostalAddress { last_name: long(101), ..base() }, "address.last_name");
    refused(PostalAddress { last_name: "a\nb".to_owned(), ..base() }, "address.last_name");
    refused(PostalAddress { city: "a\u{202e}b".to_owned(), ..base() }, "address.city");
    refused(PostalAddress { city: String::new(), ..base() }, "address.city");
    refused(PostalAddress { street_address: long(201), ..base() }, "address.street_address");
    refused(PostalAddress { address_line2: Some(long(201)), ..base() }, "address.address_line2");
    refused(PostalAddress { state: Some(long(101)), ..base() }, "address.state");
    refused(PostalAddress { phone: some("call me"), ..base() }, "address.phone");
    refused(PostalAddress { phone: some("1234"), ..base() }, "address.phone");
    refused(PostalAddress { phone: some("1234567890123456"), ..base() }, "address.phone");
    refused(PostalAddress { email: some("nobody"), ..base() }, "address.email");
}

proptest! {
    #[test]
    fn whatever_is_typed_checking_twice_is_checking_once(
        country in "US|CA|GB|DE|NL|AE|[A-Z]{2}",
        state in proptest::option::of("CA|ON|[a-z ]{0,5}"),
        zip in "94105|K1A ?0B1|[A-Z0-9 -]{0,10}",
        city in "\\PC{1,20}",
    ) {
        let address = PostalAddress { city, ..typed(&country, state.as_deref(), &zip) };
        if let Ok(once) = address.checked() {
            prop_assert_eq!(once.postal.clone().checked(), Ok(once));
        }
    }
}

#[test]
fn what_is_written_again_is_the_same_address() {
    let whose = (MerchantId(7), Environment::Devnet);
    let shopper = Shopper::Customer("c".to_owned());
    let checked = typed("US", Some("CA"), "94105").checked().expect("an address");
    let written = |known: Option<ShippingAddress>| {
        let mut changes = Changes::of(whose.0);
        let place = (whose, &shopper);
        let address =
            ShippingAddress::written(place, &checked, known, Timestamp(9_000), &mut changes);
        (address, changes)
    };
    // Two who write it at once: the second must meet the first as a conflict.
    let (new, changes) = written(None);
    assert_eq!(new.id.to_string(), "21742c81-2f17-8160-8d9f-0888922e327d");
    assert_eq!((changes.inserts.len(), changes.updates.len()), (1, 0));
    assert_eq!(changes.guards[0].key, new.key());
    let there = ShippingAddress { version: 3, created_at: Timestamp(5_000), ..new.clone() };
    let (again, changes) = written(Some(there.clone()));
    assert_eq!((again, changes.guards.len()), (there.clone(), 1));
    assert!(changes.inserts.is_empty() && changes.updates.is_empty());
    let removed = ShippingAddress { removed_at: Some(Timestamp(6_000)), ..there };
    let (back, changes) = written(Some(removed));
    assert_eq!((back.removed_at, back.created_at, back.version), (None, Timestamp(9_000), 3));
    assert_eq!((changes.inserts.len(), changes.updates.len()), (0, 1));
    // Whoever else writes it has an address of his own.
    let id = |whose, name: &str, postal: &PostalAddress| {
        ShippingAddress::id_of(whose, &Shopper::Customer(name.to_owned()), postal)
    };
    let elsewhere = (whose.0, Environment::Mainnet);
    assert_ne!(new.id, id(whose, "d", &checked.postal));
    assert_ne!(new.id, id(elsewhere, "c", &checked.postal));
    let empty = PostalAddress { phone: Some(String::new()), ..checked.postal.clone() };
    assert_ne!(new.id, id(whose, "c", &empty));
}
