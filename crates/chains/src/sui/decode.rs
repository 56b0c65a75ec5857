//! From a node's messages to facts: pure functions that believe nothing.
//!
//! A transaction's credits are its positive balance changes. They are what really moved, whatever
//! its Move calls did on the way, so tokens that take a fee are credited with what arrived.
//!
//! Invariant: a credit's ordinal is the first 31 bits of the SHA-256 of its account and coin type
//! in canonical spelling, so it depends neither on what else a node lists, nor on which tokens are
//! listed or which accounts are ours. Where two changes of one transaction fall on one number, the
//! later of them by account and coin type takes the next free one.

use std::collections::{BTreeMap, BTreeSet};

use domain::chain::{AssetRef, BlockRef, ChainTransfer};
use domain::money::TokenAmount;
use domain::network::Network;
use domain::time::Timestamp;
use sha2::{Digest as _, Sha256};
use sui_rpc::proto::sui::rpc::v2 as proto;
use thiserror::Error;

use super::coin_type;
use crate::hashes::parse_transaction_hash;

/// As many transactions that paid for gas change some balance, or the node does not compute them.
const SILENT_PAYERS_MAX: usize = 8;

const ORDINAL_MAX: u32 = u32::MAX >> 1;

/// What a node said that cannot be true of Sui.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(super) struct Garbage(pub &'static str);

/// What a node tells of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Info {
    /// The digest of the first checkpoint of all: the chain's name.
    pub chain: String,
    pub head: u64,
    pub time: Timestamp,
    /// The oldest checkpoint whose transactions and balances the node still has.
    pub lowest: u64,
}

/// A checkpoint with what it credits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checkpoint {
    pub block: BlockRef,
    /// The digest of the checkpoint before; the first of all has none.
    pub previous: Option<String>,
    /// How many transactions the chain has had up to its end.
    pub transactions_ever: u64,
    pub transactions: Vec<Transaction>,
    pub balances: Balances,
}

/// What a node tells of balances over some transactions, credits or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Balances {
    /// Transactions that paid for gas and are told without any change.
    pub silent_payers: usize,
    pub changes: usize,
}

/// An executed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transaction {
    pub digest: String,
    /// None while no checkpoint includes it.
    pub checkpoint: Option<u64>,
    pub sender: Option<String>,
    /// Empty if it failed.
    pub credits: Vec<Credit>,
}

/// Money an account has more of after a transaction than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credit {
    pub ordinal: u32,
    pub to: String,
    pub asset: AssetRef,
    pub amount: u128,
}

pub(super) fn info(told: &proto::GetServiceInfoResponse) -> Result<Info, Garbage> {
    let chain = told.chain_id.as_deref().and_then(digest);
    let head = told.checkpoint_height.ok_or(Garbage("it tells no head"))?;
    let oldest = told.lowest_available_checkpoint.unwrap_or(0);
    let time = time_of(told.timestamp.as_ref().map(|at| (at.seconds, at.nanos)));
    // Balances are computed from objects, so a checkpoint without its objects is of no use.
    let oldest_objects = told.lowest_available_checkpoint_objects.unwrap_or(0);
    Ok(Info {
        chain: chain.ok_or(Garbage("it does not tell which chain it is on"))?,
        head,
        time: time.ok_or(Garbage("its head has no time"))?,
        lowest: oldest.max(oldest_objects),
    })
}

/// A checkpoint that was asked for by number, with its transactions.
pub(super) fn checkpoint(told: &proto::Checkpoint, number: u64) -> Result<Checkpoint, Garbage> {
    let block = block(told, number)?;
    let summary = told.summary.as_ref().ok_or(Garbage("a checkpoint has no summary"))?;
    let previous = match summary.previous_digest.as_deref() {
        Some(text) => Some(digest(text).ok_or(Garbage("a link to a checkpoint is no digest"))?),
        None if number == 0 => None,
        None => return Err(Garbage("a checkpoint does not link to the one before")),
    };
    let transactions_ever = summary
        .total_network_transactions
        .ok_or(Garbage("a checkpoint does not count its transactions"))?;
    let balances = Balances::of(&told.transactions);
    balances.check()?;
    let transactions = told.transactions.iter().map(transaction);
    let transactions = transactions.collect::<Result<Vec<_>, Garbage>>()?;
    Ok(Checkpoint { block, previous, transactions_ever, transactions, balances })
}

/// Number, digest and time of a checkpoint that was asked for by number.
pub(super) fn block(told: &proto::Checkpoint, number: u64) -> Result<BlockRef, Garbage> {
    if told.sequence_number != Some(number) {
        return Err(Garbage("it answers with another checkpoint"));
    }
    let summary = told.summary.as_ref().ok_or(Garbage("a checkpoint has no summary"))?;
    let hash = told.digest.as_deref().and_then(digest);
    let time = time_of(summary.timestamp.as_ref().map(|at| (at.seconds, at.nanos)));
    Ok(BlockRef {
        number,
        hash: hash.ok_or(Garbage("a checkpoint has no digest"))?,
        time: time.ok_or(Garbage("a checkpoint has no time"))?,
    })
}

/// Whether a checkpoint can come after another: it links to it, and not a transaction is missing.
pub(super) fn follows(before: &Link, next: &Checkpoint) -> Result<(), Garbage> {
    if next.previous.as_ref() != Some(&before.digest) {
        return Err(Garbage("a checkpoint does not link to the one before"));
    }
    let count = next.transactions.len() as u64;
    if next.transactions_ever.checked_sub(before.transactions_ever) != Some(count) {
        return Err(Garbage("a checkpoint is told without some of its transactions"));
    }
    Ok(())
}

/// What the next checkpoint has to fit to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub digest: String,
    pub transactions_ever: u64,
}

pub(super) fn transaction(told: &proto::ExecutedTransaction) -> Result<Transaction, Garbage> {
    let status = told.effects.as_ref().and_then(|effects| effects.status.as_ref());
    let is_success = status.and_then(|status| status.success);
    let credits = match is_success {
        Some(true) => credits(told)?,
        // Its gas is all a failed transaction moves, and always does.
        Some(false) if told.balance_changes.is_empty() && is_payer(told) => {
            return Err(Garbage("a failed transaction is told without what its gas cost"));
        }
        Some(false) => Vec::new(),
        None => return Err(Garbage("a transaction has no status")),
    };
    let hash = told.digest.as_deref().and_then(digest);
    Ok(Transaction {
        digest: hash.ok_or(Garbage("a transaction has no digest"))?,
        checkpoint: told.checkpoint,
        sender: sender(told),
        credits,
    })
}

/// The transfers of a transaction to accounts that are wanted.
pub(super) fn transfers(
    transaction: &Transaction,
    block: &BlockRef,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<ChainTransfer> {
    let wanted = transaction.credits.iter().filter(|credit| is_wanted(&credit.to));
    let transfer = |credit: &Credit| ChainTransfer {
        tx_hash: transaction.digest.clone(),
        ordinal: credit.ordinal,
        log_index: None,
        asset: credit.asset.clone(),
        amount: Some(TokenAmount(credit.amount)),
        from: transaction.sender.clone(),
        to: credit.to.clone(),
        block: block.clone(),
    };
    wanted.map(transfer).collect()
}

/// An object of ours says which transaction touched it last.
pub(super) fn previous_transaction(told: &proto::Object) -> Result<String, Garbage> {
    let text = told.previous_transaction.as_deref();
    text.and_then(digest).ok_or(Garbage("an object has no previous transaction"))
}

/// Balances are 64 bits wide, so no sum of them comes near 128: what does not fit is invented.
fn credits(told: &proto::ExecutedTransaction) -> Result<Vec<Credit>, Garbage> {
    let mut changes: BTreeMap<(String, String), i128> = BTreeMap::new();
    for change in &told.balance_changes {
        let account = change.address.as_deref().and_then(coin_type::address);
        let coin = change.coin_type.as_deref().and_then(coin_type::canonical);
        let amount = change.amount.as_deref().and_then(|text| text.parse::<i128>().ok());
        let account = account.ok_or(Garbage("a balance change has no account"))?;
        let coin = coin.ok_or(Garbage("a balance change has no coin type"))?;
        let amount = amount.ok_or(Garbage("a balance change has no amount"))?;
        let sum = changes.entry((account, coin)).or_insert(0);
        *sum = sum.checked_add(amount).ok_or(Garbage("a balance changes beyond measure"))?;
    }
    changes.retain(|_, amount| *amount != 0);
    let refund = gas_refund(told);
    let mut credits = Vec::new();
    let mut taken = BTreeSet::new();
    for ((to, coin), amount) in changes {
        let mut ordinal = ordinal(&to, &coin);
        while !taken.insert(ordinal) {
            ordinal = ordinal.wrapping_add(1) & ORDINAL_MAX;
        }
        // A coin with an unbearable name is not told.
        let Some(asset) = coin_type::asset(&coin) else { continue };
        let is_refunded = asset == AssetRef::Native && gas_payer(told).as_ref() == Some(&to);
        let refund = if is_refunded { refund } else { 0 };
        let amount = u128::try_from(amount).unwrap_or(0).saturating_sub(refund);
        if amount > 0 {
            credits.push(Credit { ordinal, to, asset, amount });
        }
    }
    Ok(credits)
}

/// Accounts are of one length, so no two pairs are written alike.
fn ordinal(account: &str, coin: &str) -> u32 {
    let hash = Sha256::new().chain_update(account).chain_update(coin).finalize();
    u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]) >> 1
}

/// What a transaction gives back to who paid its gas: freeing storage may earn more than the rest
/// costs. Nobody paid that, and a sweep of many coins would otherwise look like a payment.
fn gas_refund(told: &proto::ExecutedTransaction) -> u128 {
    let (charged, rebate) = gas(told);
    rebate.saturating_sub(charged)
}

fn gas(told: &proto::ExecutedTransaction) -> (u128, u128) {
    let used = told.effects.as_ref().and_then(|effects| effects.gas_used.as_ref());
    used.map_or((0, 0), |used| {
        let computation = u128::from(used.computation_cost.unwrap_or(0));
        let storage = u128::from(used.storage_cost.unwrap_or(0));
        (computation + storage, u128::from(used.storage_rebate.unwrap_or(0)))
    })
}

fn gas_payer(told: &proto::ExecutedTransaction) -> Option<String> {
    let payment = told.transaction.as_ref().and_then(|data| data.gas_payment.as_ref());
    let owner = payment.and_then(|payment| payment.owner.as_deref());
    owner.and_then(coin_type::address).or_else(|| sender(told))
}

fn sender(told: &proto::ExecutedTransaction) -> Option<String> {
    let data = told.transaction.as_ref();
    data.and_then(|data| data.sender.as_deref()).and_then(coin_type::address)
}

/// Whether gas changed a balance, unless something else changed it back.
fn is_payer(told: &proto::ExecutedTransaction) -> bool {
    let (charged, rebate) = gas(told);
    charged != rebate
}

impl Balances {
    fn of(transactions: &[proto::ExecutedTransaction]) -> Balances {
        let silent = transactions.iter().filter(|told| told.balance_changes.is_empty());
        Balances {
            silent_payers: silent.filter(|told| is_payer(told)).count(),
            changes: transactions.iter().map(|told| told.balance_changes.len()).sum(),
        }
    }

    pub fn plus(self, other: Balances) -> Balances {
        Balances {
            silent_payers: self.silent_payers.saturating_add(other.silent_payers),
            changes: self.changes.saturating_add(other.changes),
        }
    }

    /// One transaction may earn exactly what its gas costs, but not many: so many payers without a
    /// single change come from a node that leaves changes out.
    pub fn check(self) -> Result<(), Garbage> {
        if self.silent_payers > SILENT_PAYERS_MAX && self.changes == 0 {
            return Err(Garbage("it does not tell balance changes"));
        }
        Ok(())
    }
}

fn digest(text: &str) -> Option<String> {
    // Checkpoints and transactions are named alike.
    parse_transaction_hash(Network::Sui, text)
}

/// Of seconds and nanoseconds, as Protocol Buffers write a time.
pub(super) fn time_of(told: Option<(i64, i32)>) -> Option<Timestamp> {
    let (seconds, nanos) = told?;
    let nanos = u32::try_from(nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    let seconds_ms = seconds.checked_mul(1_000).filter(|ms| *ms >= 0)?;
    seconds_ms.checked_add(i64::from(nanos / 1_000_000)).map(Timestamp)
}

#[cfg(test)]
mod tests;
