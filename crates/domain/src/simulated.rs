//! The rows of a simulated chain: what makes it survive a restart and be shared by processes.
//!
//! Blocks are not rows. Height follows from time, hashes from height and fork; only transactions,
//! reorgs, extra blocks and faults are kept. The chains crate holds the machine that reads these.

use serde::{Deserialize, Serialize};

use crate::chain::AssetRef;
use crate::ids::{RowKey, SimulatedTxId, Version};
use crate::money::TokenAmount;
use crate::network::Network;
use crate::time::Timestamp;

/// From `from_time` on, block `from_number` and then one block each interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    pub from_number: u64,
    pub from_time: Timestamp,
}

/// From `from_number` on, blocks belong to fork `id`. The newest that applies counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    pub from_number: u64,
    pub id: u32,
}

/// How the simulated RPC misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    Ok,
    /// The head stands still.
    Lagging,
    /// Every call fails.
    Failing,
    /// Every transfer is told twice.
    Duplicating,
    /// What is looked up may not be all there is, and the node says so.
    Partial,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    pub kind: FaultKind,
    pub since: Timestamp,
    pub until: Timestamp,
}

/// One simulated network. Simulated networks are always devnet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulatedChain {
    pub network: Network,
    pub block_ms: i64,
    pub stretches: Vec<Stretch>,
    pub forks: Vec<Fork>,
    pub fault: Option<Fault>,
    #[serde(skip)]
    pub version: Version,
}

impl SimulatedChain {
    pub fn key(&self) -> RowKey {
        SimulatedChain::row_key(self.network)
    }

    pub fn row_key(network: Network) -> RowKey {
        RowKey::of("simulated_chain", &[network.as_str().as_bytes()])
    }
}

/// One transaction of a simulated network: a single transfer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SimulatedTransaction {
    pub id: SimulatedTxId,
    pub network: Network,
    pub tx_hash: String,
    /// The block it is included in; in the future while it waits.
    pub block_number: u64,
    /// A reorg dropped it for good.
    pub is_dropped: bool,
    /// Included, but without effect.
    pub is_failed: bool,
    pub asset: AssetRef,
    pub amount: Option<TokenAmount>,
    pub from: String,
    pub to: String,
    /// Signed by a key of ours: what makes it one of its account's, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<SignedBy>,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// What an account of ours wrote on a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBy {
    pub nonce: u64,
    /// What it pays for being included, in the network's own coin.
    pub fee: TokenAmount,
}

impl SimulatedTransaction {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }
}
