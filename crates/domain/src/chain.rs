//! What a chain reports: blocks and transfers, in words all ten networks share.
//!
//! Chains report and decide nothing; these types are how their reports reach a decision.

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::ids::RowKey;
use crate::money::TokenAmount;
use crate::network::Network;
use crate::time::Timestamp;

/// The block that includes a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockRef {
    pub number: u64,
    pub hash: String,
    pub time: Timestamp,
}

/// How far a network has come: its newest block, and the newest it will never replace, if it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    pub head: u64,
    pub finalized: Option<u64>,
}

impl Reach {
    /// A network that tells of no finality.
    pub fn to(head: u64) -> Reach {
        Reach { head, finalized: None }
    }
}

/// Which coin moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetRef {
    Native,
    /// Contract, mint, jetton master, asset unit or coin type.
    Contract(String),
}

impl AssetRef {
    /// None for the network's own coin.
    pub fn contract(&self) -> Option<&str> {
        match self {
            AssetRef::Native => None,
            AssetRef::Contract(contract) => Some(contract),
        }
    }
}

/// One transfer that a chain included and that did not fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainTransfer {
    pub tx_hash: String,
    /// The transfer's place among the transfers of its transaction: part of its identity.
    pub ordinal: u32,
    /// The log index, for display only: a reorg may change it.
    pub log_index: Option<u32>,
    pub asset: AssetRef,
    /// None if it does not fit 128 bits.
    pub amount: Option<TokenAmount>,
    pub from: Option<String>,
    pub to: String,
    pub block: BlockRef,
}

impl ChainTransfer {
    /// (environment, network, transaction, ordinal): what makes a payment one payment.
    pub fn identity(&self, environment: Environment, network: Network) -> RowKey {
        let parts = [
            environment.as_str().as_bytes(),
            network.as_str().as_bytes(),
            self.tx_hash.as_bytes(),
            &self.ordinal.to_be_bytes(),
        ];
        RowKey::of("transfer", &parts)
    }

    /// Whom a transfer pays in which coin and how much is part of this identity too.
    ///
    /// A transaction that a reorg carries into another block is run again and may pay something
    /// else there: under its first identity it would be taken for what it paid before.
    pub fn identity_by_content(&self, environment: Environment, network: Network) -> RowKey {
        let asset = self.asset.contract().unwrap_or_default();
        let amount = self.amount.map_or_else(String::new, |amount| amount.0.to_string());
        let place = self.identity(environment, network);
        let parts = [place.0.as_slice(), self.to.as_bytes(), asset.as_bytes(), amount.as_bytes()];
        RowKey::of("transfer by content", &parts)
    }
}
