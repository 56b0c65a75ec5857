//! What Blockfrost answers, read into types that cannot hold nonsense.
//!
//! Every check that needs no context happens while the JSON is read, so that a node which answers
//! nonsense counts as failed and the next one is asked.
//!
//! Invariant: hashes are 64 lower-case hex digits, the assets of an output are distinct and in
//! order, and no number is large enough to overflow what is done with it.

use std::collections::BTreeSet;

use domain::network::Network;
use domain::time::Timestamp;
use serde::Deserialize;

use crate::hashes::parse_transaction_hash;

/// What a page holds at most, by Blockfrost's own rule.
pub(super) const PAGE_ITEMS_MAX: usize = 100;
/// Far above any height or time there will be, far below where sums overflow.
const HEIGHT_MAX: u64 = 1 << 40;
const SECONDS_MAX: i64 = 253_402_300_799;
/// A value takes at most 5,000 bytes on chain, so no output holds as many assets.
pub(super) const ASSETS_PER_OUTPUT_MAX: usize = 4_096;
/// A transaction takes at most 16 KiB, so none has as many outputs.
const OUTPUT_INDEX_MAX: u32 = 65_535;
const POLICY_DIGITS: usize = 56;
const UNIT_DIGITS_MAX: usize = POLICY_DIGITS + 64;

pub(super) const LOVELACE: &str = "lovelace";

/// A block. Byron's epoch boundaries have no height and no transactions.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "BlockText")]
pub(super) struct Block {
    pub number: Option<u64>,
    pub hash: String,
    pub previous_hash: Option<String>,
    pub time: Timestamp,
    pub transactions: u64,
}

#[derive(Deserialize)]
struct BlockText {
    height: Option<u64>,
    hash: String,
    previous_block: Option<String>,
    time: i64,
    tx_count: u64,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<T>", bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Page<T>(pub Vec<T>);

/// An address a block touches, in any spelling there is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct TouchedAddress {
    pub address: String,
    pub transactions: Vec<Touching>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Touching {
    pub tx_hash: Hash,
}

/// A transaction an address took part in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "HistoryText")]
pub(super) struct HistoryEntry {
    pub tx_hash: Hash,
    pub block_time: Timestamp,
}

#[derive(Deserialize)]
struct HistoryText {
    tx_hash: Hash,
    block_time: i64,
}

/// Where a transaction stands, and whether it did what it says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "TransactionText")]
pub(super) struct Transaction {
    pub hash: String,
    pub block_hash: String,
    pub block_number: u64,
    pub block_time: Timestamp,
    pub index: u32,
    /// False if its script failed: then only its collateral was moved.
    pub is_valid: bool,
}

#[derive(Deserialize)]
struct TransactionText {
    hash: Hash,
    block: Hash,
    block_height: u64,
    block_time: i64,
    index: u32,
    valid_contract: bool,
}

/// What a transaction spends and makes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "MovesText")]
pub(super) struct Moves {
    pub hash: String,
    /// What is really spent: neither collateral nor what is only referred to.
    pub inputs: Vec<Input>,
    /// What really comes to be, by ascending index.
    pub outputs: Vec<Output>,
}

#[derive(Deserialize)]
struct MovesText {
    hash: Hash,
    inputs: Vec<InputText>,
    outputs: Vec<OutputText>,
}

#[derive(Deserialize)]
struct InputText {
    address: String,
    amount: Value,
    tx_hash: Hash,
    output_index: u32,
    collateral: bool,
    #[serde(default)]
    reference: bool,
}

#[derive(Deserialize)]
struct OutputText {
    address: String,
    amount: Value,
    output_index: u32,
    collateral: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Input {
    pub tx_hash: String,
    pub index: u32,
    pub address: String,
    pub value: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    pub index: u32,
    pub address: String,
    pub value: Value,
}

/// ADA first, then native assets by unit; each at most once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<AmountText>")]
pub(super) struct Value(pub Vec<Amount>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Amount {
    pub unit: String,
    /// None if it does not fit 128 bits.
    pub quantity: Option<u128>,
}

#[derive(Deserialize)]
struct AmountText {
    unit: String,
    quantity: String,
}

/// A hash as it is read: checked, lower-case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Hash(pub String);

impl TryFrom<String> for Hash {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Hash, Self::Error> {
        parse_transaction_hash(Network::Cardano, &text).map(Hash).ok_or("this is no hash")
    }
}

impl TryFrom<BlockText> for Block {
    type Error = &'static str;

    fn try_from(text: BlockText) -> Result<Block, Self::Error> {
        if text.height.is_some_and(|height| height > HEIGHT_MAX) {
            return Err("a block's height is beyond reason");
        }
        let previous = text.previous_block.map(Hash::try_from).transpose()?;
        Ok(Block {
            number: text.height,
            hash: Hash::try_from(text.hash)?.0,
            previous_hash: previous.map(|hash| hash.0),
            time: time_of(text.time)?,
            transactions: text.tx_count,
        })
    }
}

impl<T> TryFrom<Vec<T>> for Page<T> {
    type Error = &'static str;

    fn try_from(items: Vec<T>) -> Result<Page<T>, Self::Error> {
        let fits = items.len() <= PAGE_ITEMS_MAX;
        if fits { Ok(Page(items)) } else { Err("a page has more items than were asked for") }
    }
}

impl TryFrom<HistoryText> for HistoryEntry {
    type Error = &'static str;

    fn try_from(text: HistoryText) -> Result<HistoryEntry, Self::Error> {
        Ok(HistoryEntry { tx_hash: text.tx_hash, block_time: time_of(text.block_time)? })
    }
}

impl TryFrom<TransactionText> for Transaction {
    type Error = &'static str;

    fn try_from(text: TransactionText) -> Result<Transaction, Self::Error> {
        if text.block_height > HEIGHT_MAX {
            return Err("a block's height is beyond reason");
        }
        Ok(Transaction {
            hash: text.hash.0,
            block_hash: text.block.0,
            block_number: text.block_height,
            block_time: time_of(text.block_time)?,
            index: text.index,
            is_valid: text.valid_contract,
        })
    }
}

impl TryFrom<MovesText> for Moves {
    type Error = &'static str;

    fn try_from(text: MovesText) -> Result<Moves, Self::Error> {
        let spent = text.inputs.into_iter().filter(|input| !input.collateral && !input.reference);
        let inputs = spent.map(|input| Input {
            tx_hash: input.tx_hash.0,
            index: input.output_index,
            address: input.address,
            value: input.amount,
        });
        let made = text.outputs.into_iter().filter(|output| !output.collateral);
        let outputs = made.map(|output| Output {
            index: output.output_index,
            address: output.address,
            value: output.amount,
        });
        let (inputs, mut outputs): (Vec<Input>, Vec<Output>) =
            (inputs.collect(), outputs.collect());
        outputs.sort_by_key(|output| output.index);
        if outputs.last().is_some_and(|output| output.index > OUTPUT_INDEX_MAX) {
            return Err("an output's index is beyond reason");
        }
        let are_distinct = outputs.is_sorted_by(|one, next| one.index < next.index);
        if !are_distinct {
            return Err("two outputs have one index");
        }
        Ok(Moves { hash: text.hash.0, inputs, outputs })
    }
}

impl TryFrom<Vec<AmountText>> for Value {
    type Error = &'static str;

    fn try_from(texts: Vec<AmountText>) -> Result<Value, Self::Error> {
        if texts.len() > ASSETS_PER_OUTPUT_MAX {
            return Err("an output has more assets than fit");
        }
        let mut units = BTreeSet::new();
        if !texts.iter().all(|text| units.insert(text.unit.as_str())) {
            return Err("an asset stands twice in one output");
        }
        let amounts = texts.into_iter().map(Amount::try_from).collect::<Result<Vec<_>, _>>();
        let mut amounts = amounts?;
        amounts.sort_by(|one, other| one.order().cmp(&other.order()));
        Ok(Value(amounts))
    }
}

impl Amount {
    fn order(&self) -> (bool, &str) {
        (self.unit != LOVELACE, &self.unit)
    }
}

impl TryFrom<AmountText> for Amount {
    type Error = &'static str;

    fn try_from(text: AmountText) -> Result<Amount, Self::Error> {
        let is_hex = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
        let is_asset = (POLICY_DIGITS..=UNIT_DIGITS_MAX).contains(&text.unit.len())
            && text.unit.len().is_multiple_of(2)
            && text.unit.bytes().all(is_hex);
        if !is_asset && text.unit != LOVELACE {
            return Err("this is no asset");
        }
        let quantity = &text.quantity;
        if quantity.is_empty() || !quantity.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err("this is no amount");
        }
        Ok(Amount { quantity: quantity.parse().ok(), unit: text.unit })
    }
}

fn time_of(seconds: i64) -> Result<Timestamp, &'static str> {
    let is_time = (0..=SECONDS_MAX).contains(&seconds);
    if is_time { Ok(Timestamp::from_seconds(seconds)) } else { Err("this is no time in seconds") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::{Value as Json, json};

    #[track_caller]
    fn check_refused<T: DeserializeOwned + std::fmt::Debug>(written: Json) {
        let read: Result<T, _> = serde_json::from_value(written.clone());
        assert!(read.is_err(), "{written} became {read:?}");
    }

    fn block() -> Json {
        json!({
            "height": 7, "hash": "aa".repeat(32), "previous_block": "bb".repeat(32),
            "time": 1_641_338_934, "tx_count": 2, "slot": 1,
        })
    }

    fn with(mut whole: Json, field: &str, value: Json) -> Json {
        whole[field] = value;
        whole
    }

    #[test]
    fn blocks_are_read_and_nonsense_is_not() {
        let read: Block = serde_json::from_value(block()).unwrap();
        assert_eq!((read.number, read.time.seconds()), (Some(7), 1_641_338_934));
        let boundary = with(with(block(), "height", Json::Null), "previous_block", Json::Null);
        let boundary: Block = serde_json::from_value(boundary).unwrap();
        assert_eq!((boundary.number, boundary.previous_hash), (None, None));
        for (field, value) in [
            ("height", json!(u64::MAX)),
            ("height", json!(-1)),
            ("height", json!("7")),
            ("hash", json!("aa")),
            ("hash", json!("g".repeat(64))),
            ("previous_block", json!(7)),
            ("time", json!(1_641_338_934_000_i64)),
            ("time", json!(-1)),
            ("time", json!(1e300)),
            ("tx_count", json!(-2)),
        ] {
            check_refused::<Block>(with(block(), field, value));
        }
        check_refused::<Block>(json!([]));
        check_refused::<Page<Block>>(json!(vec![block(); PAGE_ITEMS_MAX + 1]));
    }

    #[test]
    fn values_are_brought_into_order() {
        let (first, second) = ("0a".repeat(28), "b0".repeat(28) + "55534443");
        let written = json!([
            { "unit": second, "quantity": "340282366920938463463374607431768211456" },
            { "unit": "lovelace", "quantity": "1200000" },
            { "unit": first, "quantity": "340282366920938463463374607431768211455" },
        ]);
        let value: Value = serde_json::from_value(written).unwrap();
        let read: Vec<_> = value.0.iter().map(|one| (one.unit.as_str(), one.quantity)).collect();
        let expected = [(LOVELACE, Some(1_200_000)), (&first, Some(u128::MAX)), (&second, None)];
        assert_eq!(read, expected);
    }

    #[test]
    fn nonsense_in_values_is_refused() {
        for (unit, quantity) in [
            ("lovelace", json!("-1")),
            ("lovelace", json!("+1")),
            ("lovelace", json!("1.5")),
            ("lovelace", json!("")),
            ("lovelace", json!(1)),
            ("ADA", json!("1")),
            ("", json!("1")),
            (&"B0".repeat(28), json!("1")),
            (&"b0".repeat(27), json!("1")),
            (&("b0".repeat(28) + "5"), json!("1")),
            (&"b0".repeat(61), json!("1")),
        ] {
            check_refused::<Value>(json!([{ "unit": unit, "quantity": quantity }]));
        }
        let twice = json!({ "unit": "lovelace", "quantity": "1" });
        check_refused::<Value>(json!([twice, twice]));
    }

    #[test]
    fn what_did_not_move_is_left_out() {
        let output = |index: u64, collateral: bool| {
            json!({
                "address": "addr", "output_index": index, "collateral": collateral,
                "amount": [{ "unit": "lovelace", "quantity": "1" }],
            })
        };
        let input = |collateral: bool, reference: Json| {
            let mut input = with(output(3, collateral), "tx_hash", json!("cc".repeat(32)));
            if !reference.is_null() {
                input["reference"] = reference;
            }
            input
        };
        let inputs = [input(false, Json::Null), input(true, Json::Null), input(false, json!(true))];
        let hash = "aa".repeat(32);
        let moves = |outputs: Json| json!({ "hash": hash, "inputs": inputs, "outputs": outputs });
        let written = moves(json!([output(2, true), output(1, false), output(0, false)]));
        let read: Moves = serde_json::from_value(written).unwrap();
        assert_eq!(read.inputs.len(), 1);
        let indexes: Vec<_> = read.outputs.iter().map(|output| output.index).collect();
        assert_eq!(indexes, [0, 1]);
        check_refused::<Moves>(moves(json!([output(1, false), output(1, false)])));
        check_refused::<Moves>(moves(json!([output(65_536, false)])));
        check_refused::<Moves>(moves(json!([output(1 << 40, false)])));
    }
}
