//! What the node of a simulated chain answers, its faults included.
//!
//! The caller gives the rows that can be part of the answer; which of them the node admits to is
//! decided here: included up to the head it tells, not dropped, not failed.

use domain::chain::ChainTransfer;
use domain::network::Family;
use domain::simulated::{FaultKind, SimulatedChain, SimulatedTransaction};
use domain::time::Timestamp;

use super::blocks::{block_ref, hash_of, head_number, number_at, time_of};
use crate::chain::{ChainError, Head};

/// The newest block the node tells of: a lagging one stands still where it was.
pub fn head(chain: &SimulatedChain, now: Timestamp) -> Result<Head, ChainError> {
    let number = match active_fault(chain, now) {
        Some((FaultKind::Failing, _)) => {
            return Err(ChainError::Unavailable("the simulated node is told to fail".to_owned()));
        }
        Some((FaultKind::Lagging, since)) => number_at(chain, since),
        Some((FaultKind::Duplicating | FaultKind::Partial | FaultKind::Ok, _)) | None => {
            head_number(chain, now)
        }
    };
    Ok(Head { number, time: time_of(chain, number), finalized: None })
}

/// The transfers among the rows of one transaction hash.
pub fn look_up(
    chain: &SimulatedChain,
    rows: &[SimulatedTransaction],
    now: Timestamp,
) -> Result<Vec<ChainTransfer>, ChainError> {
    transfers_to(chain, rows, Timestamp(i64::MIN), now)
}

/// The transfers in blocks since a time, among the rows that pay one address.
pub fn transfers_to(
    chain: &SimulatedChain,
    rows: &[SimulatedTransaction],
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<ChainTransfer>, ChainError> {
    let head = head(chain, now)?;
    let is_told = |row: &&SimulatedTransaction| row.block_number <= head.number;
    let found = rows.iter().filter(is_told).filter_map(|row| transfer(chain, row));
    let mut found: Vec<_> = found.filter(|transfer| transfer.block.time >= since).collect();
    found.sort_by_key(|transfer| transfer.block.number);
    if matches!(active_fault(chain, now), Some((FaultKind::Partial, _))) {
        let why = "the simulated node is told to look at a part".to_owned();
        return Err(ChainError::Incomplete { found, why });
    }
    Ok(copies(found, chain, now))
}

/// The hash of the block that has this number now.
pub fn canonical(
    chain: &SimulatedChain,
    number: u64,
    now: Timestamp,
) -> Result<Option<String>, ChainError> {
    let head = head(chain, now)?;
    Ok((number <= head.number).then(|| hash_of(chain, number)))
}

/// The transfer a transaction makes, if it makes one.
pub(super) fn transfer(
    chain: &SimulatedChain,
    row: &SimulatedTransaction,
) -> Option<ChainTransfer> {
    if row.is_dropped || row.is_failed {
        return None;
    }
    Some(ChainTransfer {
        tx_hash: row.tx_hash.clone(),
        ordinal: 0,
        log_index: match chain.network.family() {
            Family::Evm => Some(0),
            Family::Solana | Family::Ton | Family::Cardano | Family::Sui => None,
        },
        asset: row.asset.clone(),
        amount: row.amount,
        from: Some(row.from.clone()),
        to: row.to.clone(),
        block: block_ref(chain, row.block_number),
    })
}

/// A duplicating node tells every transfer twice.
pub(super) fn copies(
    transfers: Vec<ChainTransfer>,
    chain: &SimulatedChain,
    now: Timestamp,
) -> Vec<ChainTransfer> {
    if !is_duplicating(chain, now) {
        return transfers;
    }
    transfers.into_iter().flat_map(|transfer| [transfer.clone(), transfer]).collect()
}

pub(super) fn is_duplicating(chain: &SimulatedChain, now: Timestamp) -> bool {
    matches!(active_fault(chain, now), Some((FaultKind::Duplicating, _)))
}

fn active_fault(chain: &SimulatedChain, now: Timestamp) -> Option<(FaultKind, Timestamp)> {
    let fault = chain.fault.filter(|fault| now < fault.until)?;
    Some((fault.kind, fault.since))
}
