//! `Chain`: what the server asks of a network, the same for all ten and for simulated ones.
//!
//! A watcher calls `scan` in a loop and keeps the cursor it answers; manual verification looks one
//! transaction or one address up. Every call does a bounded amount of work.
//!
//! Invariant: telling is at-least-once. A cursor used again gives the same answer or more, so a
//! watcher that dies between acting and saving its cursor loses nothing.
//!
//! Sending (build, sign and broadcast under an id that the other side can deduplicate) is a trait
//! of its own beside this one, because a watch-only deployment has chains that never send.

use std::future::Future;
use std::pin::Pin;

use domain::address::Address;
use domain::chain::{BlockRef, ChainTransfer};
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;
use thiserror::Error;

/// What a call comes to: boxed, so that chains of all kinds stand in one list.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, ChainError>> + Send + 'a>>;

/// One network of one environment, seen through its nodes.
pub trait Chain: Send + Sync {
    fn network(&self) -> Network;

    fn environment(&self) -> Environment;

    /// The newest block.
    fn head(&self) -> Answer<'_, Head>;

    /// What happened after a cursor, in block order, a bounded number of blocks at a time.
    ///
    /// Without a cursor a network begins at its current head, or a bounded distance below it.
    /// A block's candidates are shown to `ours`, and only transfers to addresses of ours need to be
    /// told; others among the answer are left out by the caller.
    fn scan<'a>(&'a self, from: Option<&'a str>, ours: &'a dyn Ours) -> Answer<'a, Scan>;

    /// Like `scan` without a cursor, but a block of the caller's choice is the first that is looked
    /// at: nothing that was told before is compared with, or believed.
    fn scan_anew<'a>(&'a self, first: u64, ours: &'a dyn Ours) -> Answer<'a, Scan>;

    /// The transfers of one transaction, its hash in the spelling of `hashes`. None if the
    /// transaction is unknown, not yet included or failed; `Incomplete` if there may be more.
    fn look_up<'a>(&'a self, tx_hash: &'a str) -> Answer<'a, Vec<ChainTransfer>>;

    /// The transfers to one address in blocks since a time, as far as the node remembers.
    fn transfers_to<'a>(
        &'a self,
        address: &'a Address,
        since: Timestamp,
    ) -> Answer<'a, Vec<ChainTransfer>>;

    /// The hash of the block that has this number now; nothing above the head.
    ///
    /// A watcher that died after acting on blocks above its saved cursor holds transfers that a
    /// real node's cursor cannot revert, if a reorg came while it was down. So a payment counts as
    /// deep enough only while its block is the canonical one.
    fn canonical(&self, block_number: u64) -> Answer<'_, Option<String>>;

    /// Transfers to an address that no scan can see, such as native coin moved inside a contract.
    ///
    /// Asked before an invoice that waits for native coin expires. It may cost many requests. What
    /// is known already is no error where no node remembers far enough back to find it again.
    fn unseen_transfers<'a>(
        &'a self,
        _address: &'a Address,
        _since: Timestamp,
        _known: &'a [KnownCoins],
    ) -> Answer<'a, Vec<ChainTransfer>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// How the nodes behind this network fare, for readiness, metrics and `pepay doctor`.
    fn health(&self) -> Vec<NodeHealth>;
}

/// One node of a network, as it has been lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeHealth {
    /// Host and port only: the rest of a node's URL is often a secret.
    pub name: String,
    pub is_usable: bool,
    /// The newest block it told of.
    pub head: Option<u64>,
    /// What is wrong with it, if anything is: it does not answer, lags, lies, or forgot a block.
    pub complaint: Option<String>,
}

/// Native coin that is known to have reached an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownCoins {
    pub block_number: u64,
    pub amount: TokenAmount,
}

/// Who knows which addresses are ours: the caller of a scan, who keeps them.
///
/// A million addresses are too many to hand to a chain, and they change while it looks. A chain
/// asks about the receivers it met, in canonical spelling, a block or a range of blocks at a time.
pub trait Ours: Send + Sync {
    /// For each of these addresses whether it is one of ours on this network, in their order.
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>>;
}

/// The newest block a node knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub number: u64,
    pub time: Timestamp,
    /// The newest block that can no longer be replaced, where the network tells.
    pub finalized: Option<u64>,
}

/// What one look at a chain found. Apply `reverted_from` first, then `transfers`, then save `next`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan {
    /// In block order. A transfer may be told more than once; its identity says it is the same.
    pub transfers: Vec<ChainTransfer>,
    /// Blocks at or above this number that were reported before are gone. Transfers of theirs that
    /// are still canonical are told again, by this scan or a following one. It may lie above the
    /// cursor: a watcher that died may hold transfers its saved cursor does not know of.
    pub reverted_from: Option<u64>,
    pub head: Head,
    /// The newest block whose transfers are all told.
    pub scanned: BlockRef,
    /// The cursor to go on from; only its own network can read it.
    pub next: String,
    /// Nothing is left to tell below `head`.
    pub is_caught_up: bool,
}

/// Why a chain gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChainError {
    /// No node gave an answer that can be used: ask again later.
    #[error("the network does not answer: {0}")]
    Unavailable(String),
    /// The nodes answered and contradict each other, or what was told before: ask again later.
    #[error("the nodes disagree: {0}")]
    Disputed(String),
    /// A part of what was asked for could not be looked at: there may be more, so ask again later.
    #[error("not all of it could be looked at: {why}")]
    Incomplete { found: Vec<ChainTransfer>, why: String },
    /// The cursor is not one of this network's: asking again does not help.
    #[error("the watch cursor cannot be read: {0}")]
    UnreadableCursor(String),
}

/// What can be recorded of an answer, and why that is not all, if it is not.
pub fn parted(
    answer: Result<Vec<ChainTransfer>, ChainError>,
) -> (Vec<ChainTransfer>, Option<ChainError>) {
    match answer {
        Ok(found) => (found, None),
        Err(ChainError::Incomplete { found, why }) => {
            (found, Some(ChainError::Incomplete { found: Vec::new(), why }))
        }
        Err(
            error @ (ChainError::Unavailable(_)
            | ChainError::Disputed(_)
            | ChainError::UnreadableCursor(_)),
        ) => (Vec::new(), Some(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles only while chains of all kinds can stand in one list and cross threads.
    #[test]
    fn chains_of_all_kinds_stand_in_one_list() {
        fn is_shareable<T: Send + Sync>() {}
        is_shareable::<Vec<Box<dyn Chain>>>();
    }
}
