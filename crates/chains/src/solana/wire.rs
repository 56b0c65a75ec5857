//! What a Solana node's JSON looks like, as far as it is read here.
//!
//! Programs, instructions and logs are passed over while parsing, texts are read where they lie,
//! and a block's transactions are decoded one by one: a block costs memory by what arrived in it.
//!
//! Invariant: what decides whether money moved (`err`, every balance list) has no default. A node
//! that leaves one out has told nothing, instead of a success or an arrival.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::decode::{self, Arrival, Malformed};

/// `getBlock` with `transactionDetails: "none"`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeaderJson {
    pub blockhash: String,
    pub previous_blockhash: String,
    pub parent_slot: u64,
    pub block_time: Option<i64>,
}

/// `getBlock` with `transactionDetails: "full"`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockJson {
    pub blockhash: String,
    pub previous_blockhash: String,
    pub parent_slot: u64,
    pub block_time: Option<i64>,
    pub transactions: Arrivals,
}

/// What all transactions of a block brought; an error if one of them cannot be true.
#[derive(Debug)]
pub struct Arrivals(pub Result<Vec<Arrival>, Malformed>);

/// `getTransaction`: what it brought if it is the one asked for.
#[derive(Debug)]
pub struct FoundTransactionJson {
    pub slot: u64,
    pub signature: Option<String>,
    pub arrivals: Result<Vec<Arrival>, Malformed>,
}

#[derive(Debug, Deserialize)]
pub struct TransactionJson<'a> {
    #[serde(default)]
    pub slot: Option<u64>,
    #[serde(borrow)]
    pub transaction: BodyJson<'a>,
    /// None where a node kept the transaction and lost what came of it.
    #[serde(borrow)]
    pub meta: Option<MetaJson<'a>>,
}

#[derive(Debug, Deserialize)]
pub struct BodyJson<'a> {
    #[serde(borrow)]
    pub signatures: Vec<Text<'a>>,
    #[serde(borrow)]
    pub message: MessageJson<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageJson<'a> {
    #[serde(borrow)]
    pub account_keys: Vec<Text<'a>>,
}

/// A text where it lies; a copy only if it is written with escapes.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetaJson<'a> {
    #[serde(deserialize_with = "said")]
    pub err: Option<IgnoredAny>,
    pub fee: u64,
    pub pre_balances: Vec<u64>,
    pub post_balances: Vec<u64>,
    #[serde(borrow)]
    pub pre_token_balances: Vec<TokenBalanceJson<'a>>,
    #[serde(borrow)]
    pub post_token_balances: Vec<TokenBalanceJson<'a>>,
    /// What a versioned transaction takes from look-up tables; a legacy one may leave it out.
    #[serde(default, borrow)]
    pub loaded_addresses: Option<LoadedAddressesJson<'a>>,
}

#[derive(Debug, Default, Deserialize)]
pub struct LoadedAddressesJson<'a> {
    #[serde(borrow)]
    pub writable: Vec<Text<'a>>,
    #[serde(borrow)]
    pub readonly: Vec<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenBalanceJson<'a> {
    pub account_index: usize,
    #[serde(borrow)]
    pub mint: Cow<'a, str>,
    #[serde(borrow)]
    pub owner: Option<Text<'a>>,
    #[serde(borrow)]
    pub ui_token_amount: AmountJson<'a>,
}

#[derive(Debug, Deserialize)]
pub struct AmountJson<'a> {
    /// Base units as decimal text.
    #[serde(borrow)]
    pub amount: Cow<'a, str>,
}

/// One line of `getSignaturesForAddress`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignatureJson {
    pub signature: String,
    pub slot: u64,
    #[serde(deserialize_with = "said")]
    pub err: Option<IgnoredAny>,
    pub block_time: Option<i64>,
}

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for FoundTransactionJson {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let json = TransactionJson::deserialize(input)?;
        Ok(FoundTransactionJson {
            slot: json.slot.ok_or_else(|| D::Error::missing_field("slot"))?,
            signature: json.transaction.signatures.first().map(|first| first.as_str().to_owned()),
            arrivals: decode::transaction(&json),
        })
    }
}

impl<'de> Deserialize<'de> for Arrivals {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Transactions;

        impl<'de> Visitor<'de> for Transactions {
            type Value = Arrivals;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a block's transactions")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Arrivals, A::Error> {
                let mut arrivals = Vec::new();
                let mut is_true = Ok(());
                while let Some(transaction) = list.next_element::<TransactionJson<'_>>()? {
                    let added =
                        is_true.and_then(|()| decode::arrivals_of(&transaction, &mut arrivals));
                    is_true = is_true.and(added);
                }
                Ok(Arrivals(is_true.map(|()| arrivals)))
            }
        }

        input.deserialize_seq(Transactions)
    }
}

/// A field that may be null and must be there.
fn said<'de, D: Deserializer<'de>>(input: D) -> Result<Option<IgnoredAny>, D::Error> {
    Option::deserialize(input)
}
