//! Awkward transactions and blocks, decoded.

use domain::time::Timestamp;
use serde_json::{Value, json};

use super::*;

const PAYER: &str = "payer";
const WRAPPED_SOL: &str = "So11111111111111111111111111111111111111112";

/// A token account's balance: index, mint, owner, amount.
type Balance<'a> = (usize, &'a str, &'a str, &'a str);

fn balances(list: &[Balance<'_>]) -> Value {
    let one = |(index, mint, owner, amount): &Balance<'_>| {
        json!({"accountIndex": index, "mint": mint, "owner": owner,
            "uiTokenAmount": {"amount": amount, "decimals": 6}})
    };
    list.iter().map(one).collect()
}

/// A transaction of five accounts in which only tokens move.
fn tokens(before: &[Balance<'_>], after: &[Balance<'_>]) -> Value {
    json!({
        "transaction": {
            "signatures": ["signature"],
            "message": {"accountKeys": [PAYER, "one", "two", "three", "four"]},
        },
        "meta": {
            "err": null,
            "fee": 5,
            "preBalances": [100, 1, 1, 1, 1],
            "postBalances": [95, 1, 1, 1, 1],
            "preTokenBalances": balances(before),
            "postTokenBalances": balances(after),
        },
    })
}

fn lamports(before: [u64; 5], after: [u64; 5]) -> Value {
    let mut json = tokens(&[], &[]);
    json["meta"]["preBalances"] = json!(before);
    json["meta"]["postBalances"] = json!(after);
    json
}

fn decoded(json: &Value) -> Result<Vec<Arrival>, Malformed> {
    transaction(&serde_json::from_str(&json.to_string()).expect("of the right shape"))
}

/// What arrived: ordinal, mint, amount, from, to.
type Line<'a> = (u32, Option<&'a str>, u64, Option<&'a str>, &'a str);

#[track_caller]
fn check(json: &Value, expected: &[Line<'_>]) {
    let arrivals = decoded(json).expect("is well formed");
    let lines: Vec<Line<'_>> = arrivals
        .iter()
        .map(|one| {
            (one.ordinal, one.mint.as_deref(), one.amount, one.from.as_deref(), one.to.as_str())
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn a_token_transfer_is_told_to_the_owner_with_what_arrived() {
    let before = [(1, "mint", "alice", "10"), (2, "mint", "bob", "1")];
    let after = [(1, "mint", "alice", "0"), (2, "mint", "bob", "10")];
    check(&tokens(&before, &after), &[(3, Some("mint"), 9, Some("alice"), "bob")]);
}

#[test]
fn an_account_that_is_opened_or_closed_meanwhile_counts_as_empty_before_or_after() {
    let json = tokens(&[(1, "mint", "alice", "7")], &[(2, "mint", "bob", "7")]);
    check(&json, &[(3, Some("mint"), 7, Some("alice"), "bob")]);
}

#[test]
fn an_account_that_changes_hands_brings_its_new_owner_all_it_holds() {
    let json = tokens(&[(1, "mint", "alice", "7")], &[(1, "mint", "bob", "7")]);
    check(&json, &[(2, Some("mint"), 7, Some("alice"), "bob")]);
    let json = tokens(&[(1, "old", "bob", "7")], &[(1, "new", "bob", "7")]);
    check(&json, &[(2, Some("new"), 7, None, "bob")]);
}

#[test]
fn a_giver_is_named_only_if_there_is_one() {
    let after = [(4, "mint", "bob", "3")];
    let both = [(1, "mint", "alice", "1"), (2, "mint", "carol", "2")];
    check(&tokens(&both, &after), &[(5, Some("mint"), 3, None, "bob")]);
    let twice = [(1, "mint", "alice", "1"), (2, "mint", "alice", "2")];
    check(&tokens(&twice, &after), &[(5, Some("mint"), 3, Some("alice"), "bob")]);
    let other = [(1, "another", "alice", "3")];
    check(&tokens(&other, &after), &[(5, Some("mint"), 3, None, "bob")]);
}

#[test]
fn native_coin_is_told_apart_from_the_fee_and_from_rent() {
    let json = lamports([100, 1, 0, 7, 7], [35, 1, 60, 7, 7]);
    check(&json, &[(0x1_0002, None, 60, Some(PAYER), "two")]);
    let json = lamports([100, 50, 0, 7, 7], [95, 0, 50, 7, 7]);
    check(&json, &[(0x1_0002, None, 50, Some("one"), "two")]);
    let json = lamports([100, 50, 0, 7, 7], [94, 0, 51, 7, 7]);
    check(&json, &[(0x1_0002, None, 51, None, "two")]);
    let mut json = lamports([100, 0, 0, 7, 7], [35, 60, 0, 7, 7]);
    json["meta"]["postTokenBalances"] = balances(&[(1, WRAPPED_SOL, "bob", "60")]);
    check(&json, &[(2, Some(WRAPPED_SOL), 60, None, "bob")]);
}

#[test]
fn accounts_that_are_loaded_from_tables_follow_the_own_ones_writable_first() {
    let mut json = lamports([100, 0, 0, 0, 0], [45, 0, 0, 0, 50]);
    json["transaction"]["message"]["accountKeys"] = json!([PAYER, "own"]);
    json["meta"]["loadedAddresses"] = json!({"readonly": ["read"], "writable": ["two", "three"]});
    check(&json, &[(0x1_0004, None, 50, Some(PAYER), "read")]);
    json["meta"]["postBalances"] = json!([45, 0, 50, 0, 0]);
    check(&json, &[(0x1_0002, None, 50, Some(PAYER), "two")]);
}

#[test]
fn a_failed_transaction_moves_nothing_whatever_its_balances_say() {
    let mut json = tokens(&[], &[(2, "mint", "bob", "9")]);
    for error in [json!("AccountInUse"), json!({"InstructionError": [0, {"Custom": 1}]}), json!(0)]
    {
        json["meta"]["err"] = error;
        check(&json, &[]);
    }
}

#[test]
fn the_largest_amounts_are_told_and_larger_ones_are_malformed() {
    let most = u64::MAX.to_string();
    let json = tokens(&[], &[(2, "mint", "bob", &most)]);
    check(&json, &[(3, Some("mint"), u64::MAX, None, "bob")]);
    for amount in ["18446744073709551616", "", "-1", "+1", " 1", "1.0", "1e3", "0x1", "١"] {
        let json = tokens(&[], &[(2, "mint", "bob", amount)]);
        assert!(decoded(&json).is_err(), "{amount:?}");
    }
}

#[test]
fn what_contradicts_itself_is_malformed() {
    let good = tokens(&[], &[(2, "mint", "bob", "9")]);
    for (pointer, wrong) in [
        ("/meta", json!(null)),
        ("/meta/preBalances", json!([1, 1, 1, 1])),
        ("/meta/postBalances", json!([1, 1, 1, 1, 1, 1])),
        ("/meta/postTokenBalances/0/accountIndex", json!(5)),
        ("/meta/postTokenBalances/0/accountIndex", json!(4_000_000_000_u64)),
        ("/meta/postTokenBalances/0/owner", json!(null)),
        ("/transaction/signatures", json!([])),
        ("/transaction/message/accountKeys", json!([])),
    ] {
        let mut json = good.clone();
        *json.pointer_mut(pointer).expect(pointer) = wrong;
        assert!(decoded(&json).is_err(), "{pointer}");
    }
    let twice = tokens(&[], &[(2, "mint", "bob", "9"), (2, "mint", "bob", "9")]);
    assert!(decoded(&twice).is_err());
    let mut many = good;
    many["transaction"]["message"]["accountKeys"] = json!(vec!["key"; 257]);
    many["meta"]["preBalances"] = json!(vec![0; 257]);
    many["meta"]["postBalances"] = json!(vec![1; 257]);
    assert!(decoded(&many).is_err());
}

#[test]
fn what_decides_about_money_has_no_default() {
    for field in ["err", "fee", "preBalances", "postBalances", "preTokenBalances"] {
        let mut json = tokens(&[], &[(2, "mint", "bob", "9")]);
        json["meta"].as_object_mut().unwrap().remove(field).expect(field);
        assert!(serde_json::from_str::<TransactionJson<'_>>(&json.to_string()).is_err(), "{field}");
    }
}

fn block_json(slot: u64, parent_slot: u64) -> Value {
    let hash = |byte: u64| bs58::encode([byte as u8; 32]).into_string();
    json!({
        "blockhash": hash(slot),
        "previousBlockhash": hash(parent_slot),
        "parentSlot": parent_slot,
        "blockTime": null,
        "transactions": [tokens(&[], &[(2, "mint", "bob", "9")])],
    })
}

#[test]
fn a_block_is_taken_as_a_whole_or_not_at_all() {
    let decoded = |json: &Value| block(9, serde_json::from_value(json.clone()).unwrap());
    let good = block_json(9, 7);
    assert_eq!(decoded(&good).unwrap().arrivals.len(), 1);
    for (pointer, wrong) in [
        ("/blockhash", json!("short")),
        ("/blockhash", json!("1".repeat(10_000))),
        ("/previousBlockhash", json!("")),
        ("/parentSlot", json!(9)),
        ("/transactions/0/meta", json!(null)),
    ] {
        let mut json = good.clone();
        *json.pointer_mut(pointer).expect(pointer) = wrong;
        assert!(decoded(&json).is_err(), "{pointer}");
    }
}

#[test]
fn only_names_of_this_network_are_told() {
    let address = |byte: u8| bs58::encode([byte; 32]).into_string();
    let block = BlockRef { number: 9, hash: address(9), time: Timestamp(0) };
    let good = Arrival {
        tx_hash: bs58::encode([7; 64]).into_string(),
        ordinal: 3,
        mint: Some(address(1)),
        amount: 5,
        from: Some("nobody".to_owned()),
        to: address(2),
    };
    let told = |arrival: Arrival| arrival.told(Environment::Devnet, &block);
    let transfer = told(good.clone()).unwrap();
    assert_eq!((transfer.from, transfer.amount), (None, Some(TokenAmount(5))));
    assert!(told(Arrival { tx_hash: address(7), ..good.clone() }).is_err());
    assert!(told(Arrival { mint: Some("USDC".to_owned()), ..good.clone() }).is_err());
    assert!(told(Arrival { to: "bob".to_owned(), ..good }).is_err());
}

#[test]
fn a_transaction_of_version_1_names_all_its_accounts_itself() {
    let mut json = tokens(&[(1, "mint", "alice", "7")], &[(2, "mint", "bob", "7")]);
    json["version"] = json!(1);
    json["transaction"]["message"]["transactionConfig"] = json!({"computeUnitLimit": 200_000});
    let expected: &[Line<'_>] = &[(3, Some("mint"), 7, Some("alice"), "bob")];
    check(&json, expected);
    for nothing in [Value::Null, json!({"writable": [], "readonly": []})] {
        json["meta"]["loadedAddresses"] = nothing;
        check(&json, expected);
    }
}
