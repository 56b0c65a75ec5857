//! The shapes of toncenter's API v3, as far as they are read.
//!
//! Numbers of 64 bits are strings there, hashes are base64 and addresses `0:ABC…`. Fields that are
//! not read are not named, so an indexer of a newer version is understood as well.
//!
//! Invariant: nothing here trusts a value; `decode` turns these into facts or refuses them.

use serde::Deserialize;

#[derive(Clone, Debug, Deserialize)]
pub(super) struct MasterchainInfo {
    pub last: Block,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Blocks {
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Block {
    pub workchain: i32,
    pub seqno: u64,
    pub root_hash: String,
    pub gen_utime: Numeral,
    pub tx_count: u64,
    /// Which network it is a block of, where the indexer tells.
    #[serde(default)]
    pub global_id: Option<i32>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Transactions {
    pub transactions: Vec<Transaction>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Transaction {
    pub account: String,
    pub hash: String,
    /// Missing while the transaction is only foretold.
    #[serde(default)]
    pub mc_block_seqno: Option<u64>,
    #[serde(default)]
    pub emulated: bool,
    pub description: Description,
    #[serde(default)]
    pub in_msg: Option<Message>,
    #[serde(default)]
    pub out_msgs: Option<Vec<Message>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Description {
    #[serde(default)]
    pub aborted: Option<bool>,
    #[serde(default)]
    pub compute_ph: Option<ComputePhase>,
    #[serde(default)]
    pub bounce: Option<BouncePhase>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ComputePhase {
    #[serde(default)]
    pub success: Option<bool>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct BouncePhase {
    #[serde(rename = "type")]
    pub kind: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Message {
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub destination: Option<String>,
    #[serde(default)]
    pub value: Option<Numeral>,
    #[serde(default)]
    pub bounced: Option<bool>,
    /// The first 32 bits of the body; here only a sign that there is one.
    #[serde(default)]
    pub opcode: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    pub message_content: Option<MessageContent>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct MessageContent {
    #[serde(default)]
    pub body: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct JettonWallets {
    pub jetton_wallets: Vec<JettonWallet>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct JettonWallet {
    pub address: String,
    pub owner: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct GetMethodResult {
    pub exit_code: i64,
    /// Entries of `type` and `value`; a contract chooses what they are.
    #[serde(default)]
    pub stack: Option<Vec<serde_json::Value>>,
}

/// A number that is written as a string, or, by some versions, as a number.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum Numeral {
    Number(u64),
    Text(String),
}

impl Numeral {
    pub(super) fn value(&self) -> Option<u128> {
        match self {
            Numeral::Number(number) => Some(u128::from(*number)),
            Numeral::Text(text) => text.parse().ok(),
        }
    }
}
