//! What a Solana node's JSON looks like, as far as it is read here.
//!
//! Programs, instructions and logs are passed over while parsing, so a block costs little more than
//! its account keys and balances.
//!
//! Invariant: what decides whether money moved (`err`, every balance list) has no default. A node
//! that leaves one out has told nothing, instead of a success or an arrival.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

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
    pub transactions: Vec<TransactionJson>,
}

/// `getTransaction`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FoundTransactionJson {
    pub slot: u64,
    pub transaction: BodyJson,
    pub meta: Option<MetaJson>,
}

#[derive(Debug, Deserialize)]
pub struct TransactionJson {
    pub transaction: BodyJson,
    /// None where a node kept the transaction and lost what came of it.
    pub meta: Option<MetaJson>,
}

#[derive(Debug, Deserialize)]
pub struct BodyJson {
    pub signatures: Vec<String>,
    pub message: MessageJson,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageJson {
    pub account_keys: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetaJson {
    #[serde(deserialize_with = "said")]
    pub err: Option<IgnoredAny>,
    pub fee: u64,
    pub pre_balances: Vec<u64>,
    pub post_balances: Vec<u64>,
    pub pre_token_balances: Vec<TokenBalanceJson>,
    pub post_token_balances: Vec<TokenBalanceJson>,
    /// What a versioned transaction takes from look-up tables; a legacy one may leave it out.
    #[serde(default)]
    pub loaded_addresses: Option<LoadedAddressesJson>,
}

#[derive(Debug, Default, Deserialize)]
pub struct LoadedAddressesJson {
    pub writable: Vec<String>,
    pub readonly: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenBalanceJson {
    pub account_index: usize,
    pub mint: String,
    pub owner: Option<String>,
    pub ui_token_amount: AmountJson,
}

#[derive(Debug, Deserialize)]
pub struct AmountJson {
    /// Base units as decimal text.
    pub amount: String,
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

/// A field that may be null and must be there.
fn said<'de, D: Deserializer<'de>>(input: D) -> Result<Option<IgnoredAny>, D::Error> {
    Option::deserialize(input)
}
