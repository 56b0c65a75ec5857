//! Awkward transactions: what arrived is told, what did not is not, and nothing panics.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::environment::Environment;
use serde_json::{Value, json};

use super::*;

const OURS: &str = "0:7C856E5308B8B2167528D734B8D96374F5D9B25DE3E1B4C909445AB88E7FDEE7";
const THEIRS: &str = "0:949BC8AF02B9EB02B449C4E11D594F4BEFD433C8C6B665967B60A9F9DBFFF3D0";

fn hash() -> String {
    STANDARD.encode([7; 32])
}

/// A body of these bytes, as a bag of one cell.
fn body(bytes: &[u8]) -> String {
    let length = u8::try_from(bytes.len()).unwrap();
    let header = [0xb5, 0xee, 0x9c, 0x72, 1, 1, 1, 1, 0, length + 2, 0, 0, length * 2];
    STANDARD.encode([&header[..], bytes].concat())
}

/// `internal_transfer` of 1,000 units from nobody.
fn internal_transfer() -> String {
    // Two bytes of amount, an empty address, and bits nobody reads.
    body(&[0x17, 0x8d, 0x45, 0x19, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 0x3e, 0x80, 0])
}

fn transaction(change: impl FnOnce(&mut Value)) -> Result<Arrival, Garbage> {
    let mut written = json!({
        "account": OURS, "hash": hash(), "mc_block_seqno": 5,
        "description": { "aborted": false, "compute_ph": { "success": true } },
        "in_msg": {
            "source": THEIRS, "destination": OURS, "value": "12", "bounced": false,
            "opcode": null, "message_content": { "body": body(&[]) },
        },
        "out_msgs": [],
    });
    change(&mut written);
    let read = serde_json::from_value(written).map_err(|error| Garbage(error.to_string()))?;
    arrival(Environment::Devnet, &read)
}

#[track_caller]
fn check_coins(amount: Option<u128>, change: impl FnOnce(&mut Value)) {
    let arrival = transaction(change).unwrap();
    assert_eq!(arrival.coins.map(|coins| coins.amount), amount);
}

#[track_caller]
fn check_jettons(amount: Option<u128>, change: impl FnOnce(&mut Value)) {
    let arrival = transaction(|it| {
        it["in_msg"]["message_content"]["body"] = json!(internal_transfer());
        change(it);
    });
    assert_eq!(arrival.unwrap().jettons.map(|jettons| jettons.amount), amount);
}

#[track_caller]
fn check_garbage(change: impl FnOnce(&mut Value)) {
    assert!(transaction(change).is_err());
}

#[test]
fn coins_stay_unless_they_bounce() {
    check_coins(Some(12), |_| {});
    check_coins(Some(12), |it| {
        it["description"] = json!({ "aborted": true, "compute_ph": { "skipped": true } });
    });
    check_coins(Some(12), |it| it["description"]["bounce"] = json!({ "type": "nofunds" }));
    check_coins(None, |it| it["description"]["bounce"] = json!({ "type": "ok" }));
    check_coins(None, |it| it["in_msg"]["bounced"] = json!(true));
    check_coins(None, |it| it["in_msg"]["value"] = json!("0"));
    check_coins(None, |it| it["in_msg"]["source"] = Value::Null);
    check_coins(None, |it| it["in_msg"] = Value::Null);
    check_coins(Some(u128::MAX), |it| it["in_msg"]["value"] = json!(u128::MAX.to_string()));
    check_coins(Some(34), |it| it["in_msg"]["value"] = json!(34));
}

#[test]
fn the_postage_of_jettons_is_no_payment() {
    for operation in [[0x73, 0x62, 0xd0, 0x9c], [0xd5, 0x32, 0x76, 0xdb]] {
        check_coins(None, |it| it["in_msg"]["message_content"]["body"] = json!(body(&operation)));
    }
    // A comment, and bodies too short for an operation, are.
    for other in [&[0, 0, 0, 0, b'4', b'2'][..], &[0x73, 0x62, 0xd0]] {
        check_coins(Some(12), |it| it["in_msg"]["message_content"]["body"] = json!(body(other)));
    }
}

#[test]
fn jettons_arrive_when_the_wallet_went_through_with_it() {
    check_jettons(Some(1_000), |_| {});
    check_jettons(None, |it| it["description"]["aborted"] = json!(true));
    check_jettons(None, |it| it["description"]["compute_ph"]["success"] = json!(false));
    check_jettons(None, |it| it["description"]["compute_ph"] = Value::Null);
    check_jettons(None, |it| it["in_msg"]["bounced"] = json!(true));
    // Anybody can send an order that is cut off.
    let cut = body(&[0x17, 0x8d, 0x45, 0x19, 0, 0]);
    check_jettons(None, |it| it["in_msg"]["message_content"]["body"] = json!(cut));
    let amount_cut = body(&[0x17, 0x8d, 0x45, 0x19, 0, 0, 0, 0, 0, 0, 0, 1, 0xf0]);
    check_jettons(None, |it| it["in_msg"]["message_content"]["body"] = json!(amount_cut));
}

#[test]
fn the_owner_is_whom_the_wallet_notified() {
    let told = transaction(|it| {
        it["in_msg"]["message_content"]["body"] = json!(internal_transfer());
        let excess = json!({
            "destination": OURS, "message_content": { "body": body(&[0xd5, 0x32, 0x76, 0xdb]) },
        });
        let notification = json!({
            "destination": THEIRS, "message_content": { "body": body(&[0x73, 0x62, 0xd0, 0x9c]) },
        });
        it["out_msgs"] = json!([excess, notification]);
    });
    let notified = told.unwrap().jettons.unwrap().notified;
    assert_eq!(notified, Account::parse(Environment::Devnet, THEIRS));
}

#[test]
fn a_transaction_that_is_only_foretold_is_in_no_block() {
    assert_eq!(transaction(|_| {}).unwrap().block_number, Some(5));
    assert_eq!(transaction(|it| it["emulated"] = json!(true)).unwrap().block_number, None);
    assert_eq!(transaction(|it| it["mc_block_seqno"] = Value::Null).unwrap().block_number, None);
}

#[test]
fn what_no_indexer_writes_is_garbage() {
    check_garbage(|it| it["account"] = json!("0:12"));
    check_garbage(|it| it["hash"] = json!("AAAA"));
    check_garbage(|it| it["in_msg"]["source"] = json!("7:00"));
    check_garbage(|it| it["in_msg"]["value"] = json!("-1"));
    check_garbage(|it| it["in_msg"]["value"] = json!("1e9"));
    check_garbage(|it| it["in_msg"]["message_content"]["body"] = json!("AAAA"));
    check_garbage(|it| it["mc_block_seqno"] = json!(-1));
    check_garbage(|it| {
        it["in_msg"]["opcode"] = json!("0x178d4519");
        it["in_msg"]["message_content"] = Value::Null;
    });
    check_garbage(|it| {
        it["in_msg"]["message_content"]["body"] = json!(internal_transfer());
        it["description"]["aborted"] = Value::Null;
    });
}

#[test]
fn a_block_counts_the_transactions_of_its_shards() {
    let row = |workchain: i32, seqno: u64, count: u64| -> wire::Block {
        serde_json::from_value(json!({
            "workchain": workchain, "seqno": seqno, "root_hash": hash(), "gen_utime": "1800000000",
            "tx_count": count,
        }))
        .unwrap()
    };
    let found = committed(Environment::Devnet, 9, &[row(0, 9, 3), row(-1, 9, 1), row(0, 8, 4)])
        .unwrap()
        .unwrap();
    assert_eq!((found.block.number, found.transactions), (9, 8));
    assert_eq!(found.block.hash, "07".repeat(32));
    assert_eq!(found.block.time, Timestamp::from_seconds(1_800_000_000));
    assert_eq!(committed(Environment::Devnet, 9, &[row(0, 9, 3)]), Ok(None));
    assert_eq!(committed(Environment::Devnet, 9, &[]), Ok(None));
    assert!(committed(Environment::Devnet, 9, &[row(-1, 9, u64::MAX), row(0, 1, 1)]).is_err());
}

#[test]
fn a_block_of_another_network_is_none_of_ours() {
    let row = |global_id: Value| -> wire::Block {
        serde_json::from_value(json!({
            "workchain": -1, "seqno": 9, "root_hash": hash(), "gen_utime": "1800000000",
            "tx_count": 0, "global_id": global_id,
        }))
        .unwrap()
    };
    for (environment, own, other) in
        [(Environment::Mainnet, -239, -3), (Environment::Devnet, -3, -239)]
    {
        for fine in [json!(own), Value::Null] {
            assert!(block_ref(environment, &row(fine)).is_ok());
        }
        let Err(Garbage(why)) = block_ref(environment, &row(json!(other))) else {
            panic!("{environment:?} takes blocks of {other}");
        };
        assert!(why.contains(&own.to_string()) && why.contains(&other.to_string()), "{why}");
        assert!(committed(environment, 9, &[row(json!(other))]).is_err());
    }
}
