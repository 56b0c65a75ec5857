//! Transactions as nodes and strangers write them, decoded without a node.

use domain::time::Timestamp;
use serde_json::{Value as Json, json};

use super::*;

const OURS: &str = "addr_test1qq4jrrcfzylccwgqu3su865es52jkf7yzrdu9cw3z84nycnn3zz9lvqj7vs95t\
    ej896xkekzkufhpuk64ja7pga2g8ksdf8km4";
const PAYER: &str = "addr_test1vq4jrrcfzylccwgqu3su865es52jkf7yzrdu9cw3z84nycsv44wyl";
const BYRON: &str = "37btjrVyb4KDXBNC4haBVPCrro8AQPHwvCMp3RFhhSVWwfFmZ6wwzSK6JK1hY6wHNmtrpTf1kd";

fn unit(name: &str) -> String {
    "ab".repeat(28) + name
}

fn decoder() -> Decoder {
    Decoder::new(Environment::Devnet, [unit("ff")].into())
}

fn transaction() -> Transaction {
    Transaction {
        hash: "11".repeat(32),
        block_hash: "22".repeat(32),
        block_number: 7,
        block_time: Timestamp::from_seconds(1_700_000_000),
        index: 0,
        is_valid: true,
    }
}

fn amount(value: &[(&str, &str)]) -> Json {
    value.iter().map(|(unit, quantity)| json!({ "unit": unit, "quantity": quantity })).collect()
}

fn input(address: &str, index: u32, value: &[(&str, &str)]) -> Json {
    json!({
        "address": address, "amount": amount(value), "tx_hash": "33".repeat(32),
        "output_index": index, "collateral": false,
    })
}

fn output(address: &str, index: u32, value: &[(&str, &str)]) -> Json {
    json!({
        "address": address, "amount": amount(value), "output_index": index, "collateral": false,
    })
}

fn moves(inputs: &[Json], outputs: &[Json]) -> Moves {
    let written = json!({ "hash": "11".repeat(32), "inputs": inputs, "outputs": outputs });
    serde_json::from_value(written).unwrap()
}

/// Ordinal and amount of everything told to `OURS`.
fn told(moves: &Moves) -> Vec<(u32, Option<u128>)> {
    let told = decoder().transfers(&transaction(), moves, |to| to == OURS);
    assert!(told.iter().all(|transfer| transfer.to == OURS));
    told.iter().map(|one| (one.ordinal, one.amount.map(|amount| amount.0))).collect()
}

#[test]
fn what_fits_no_number_is_told_without_one() {
    let over = "340282366920938463463374607431768211456";
    let moves = moves(
        &[input(PAYER, 0, &[("lovelace", "9")])],
        &[output(OURS, 2, &[("lovelace", "5"), (&unit(""), over), (&unit("aa"), "0")])],
    );
    assert_eq!(told(&moves), [(8_192, Some(5)), (8_193, None)]);
}

#[test]
fn change_is_no_payment_and_a_gain_is_one() {
    let (usd, other) = (unit("ff"), unit("aa"));
    let own = input(OURS, 0, &[("lovelace", "100"), (&usd, "10")]);
    let back = output(OURS, 1, &[("lovelace", "60"), (&usd, "4")]);
    let more = output(OURS, 3, &[("lovelace", "30"), (&usd, "9"), (&other, "2")]);
    assert_eq!(told(&moves(std::slice::from_ref(&own), std::slice::from_ref(&back))), []);
    // Together 90 of 100 lovelace, 13 of 10, and 2 of what was not there before.
    let gained = [(4_097, Some(3)), (3 * 4_096 + 1, Some(2))];
    let both = moves(&[own.clone(), input(PAYER, 1, &[("lovelace", "9")])], &[back, more]);
    let mut expected = gained.to_vec();
    expected.reverse();
    let mut found = told(&both);
    found.sort_by_key(|(_, amount)| *amount);
    // `aa` stands before `ff`, so in the fuller output it has the first place after ADA.
    assert_eq!(found, expected);
    let transfers = decoder().transfers(&transaction(), &both, |to| to == OURS);
    assert!(transfers.iter().all(|transfer| transfer.from.as_deref() == Some(PAYER)));
}

#[test]
fn the_sender_is_the_owner_of_the_ledgers_first_input() {
    let paid = output(OURS, 0, &[("lovelace", "5")]);
    for (inputs, sender) in [
        (vec![input(BYRON, 4, &[]), input(PAYER, 3, &[])], Some(PAYER)),
        (vec![input(BYRON, 2, &[]), input(PAYER, 3, &[])], Some(BYRON)),
        (vec![input("<script>", 1, &[])], None),
        (vec![input(&"a".repeat(257), 1, &[])], None),
        (vec![], None),
    ] {
        let moves = moves(&inputs, std::slice::from_ref(&paid));
        let told = decoder().transfers(&transaction(), &moves, |_| true);
        assert_eq!(told[0].from.as_deref(), sender);
    }
}

#[test]
fn addresses_of_other_times_and_networks_are_nobodys() {
    let mainnet = "addr1vy4jrrcfzylccwgqu3su865es52jkf7yzrdu9cw3z84nycshapjt6";
    let ada = [("lovelace", "5")];
    let outputs = [
        output(BYRON, 0, &ada),
        output(mainnet, 1, &ada),
        output("", 2, &ada),
        output(&OURS.to_uppercase(), 3, &ada),
    ];
    let told = decoder().transfers(&transaction(), &moves(&[], &outputs), |_| true);
    let told: Vec<_> = told.iter().map(|one| (one.ordinal, one.to.as_str())).collect();
    assert_eq!(told, [(3 * 4_096, OURS)]);
}

#[test]
fn a_flood_of_unknown_assets_hides_no_listed_one() {
    let names: Vec<String> = (0..300).map(|at| unit(&format!("{at:04x}"))).collect();
    let listed = unit("ff");
    let mut value: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    value.push((&listed, "7"));
    value.push(("lovelace", "2"));
    let told = told(&moves(&[], &[output(OURS, 0, &value)]));
    assert_eq!(told.len(), 18);
    assert_eq!((told[0], told[17]), ((0, Some(2)), (301, Some(7))));
}

#[test]
fn which_tokens_are_listed_moves_no_gain_to_another_place() {
    let names: Vec<String> = (0..30).map(|at| unit(&format!("{at:04x}"))).collect();
    let value: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "2")).collect();
    let (gained, others) = value.split_last().unwrap();
    // All but the last of the first output's assets were there before; the last comes twice.
    let moves = moves(
        &[input(OURS, 0, others)],
        &[output(OURS, 0, &value), output(OURS, 1, &[*gained, ("lovelace", "5")])],
    );
    assert_eq!(told(&moves), [(30, Some(4)), (4_096, Some(5))]);
    for listed in [names[29].clone(), names[0].clone()] {
        let decoder = Decoder::new(Environment::Devnet, [listed].into());
        let found = decoder.transfers(&transaction(), &moves, |to| to == OURS);
        let found: Vec<_> = found.iter().map(|one| one.ordinal).collect();
        assert_eq!(found, [30, 4_096]);
    }
}

#[test]
fn a_failed_transaction_tells_nothing() {
    let moves = moves(&[], &[output(OURS, 0, &[("lovelace", "5")])]);
    let failed = Transaction { is_valid: false, ..transaction() };
    assert_eq!(decoder().transfers(&failed, &moves, |_| true), []);
}
