//! What can be done to a simulated chain: begin it, pay on it, mine, reorganize, break its node.
//!
//! Each act is pure: it takes the rows as they are and answers the rows as they shall be. A submit
//! only adds a transaction, so payments do not contend for the chain's row; the others replace it.

use std::ops::RangeInclusive;

use domain::address::Address;
use domain::chain::AssetRef;
use domain::environment::Environment;
use domain::ids::{Fresh, SimulatedTxId};
use domain::money::TokenAmount;
use domain::network::{Family, Network};
use domain::simulated::{Fault, FaultKind, Fork, SimulatedChain, SimulatedTransaction, Stretch};
use domain::time::{SECOND_MS, Timestamp};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::blocks::{genesis_number, head_number};
use crate::hashes;

pub const BLOCKS_AT_ONCE_MAX: u64 = 10_000;
pub const REORG_DEPTH_MAX: u64 = 256;
pub const FAULT_SECONDS_MAX: i64 = 86_400;

const BLOCK_MS: i64 = 1_000;
const STRETCHES_MAX: usize = 64;
/// More than a reorg can reach back, since each fork that is kept begins above the one before.
const FORKS_MAX: usize = 300;

/// Why an act is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SimulationRefusal {
    #[error("count must be between 1 and 10000")]
    CountOutOfRange,
    #[error("depth must be between 1 and 256")]
    DepthOutOfRange,
    #[error("for_seconds must be between 1 and 86400")]
    SecondsOutOfRange,
    #[error("transaction {0} is not in the blocks that are replaced")]
    NotInReorg(String),
}

/// A transfer somebody makes on a simulated chain.
#[derive(Clone, Debug)]
pub struct TransferAsk {
    pub to: Address,
    pub asset: AssetRef,
    /// None: more than 128 bits hold, which is reported and never credited.
    pub amount: Option<TokenAmount>,
    /// None: one fixed payer of the network's family.
    pub from: Option<Address>,
    /// It is included in a block but fails, so nothing moves.
    pub is_failed: bool,
}

/// A chain that begins now.
pub fn genesis(network: Network, now: Timestamp) -> SimulatedChain {
    let first = Stretch { from_number: genesis_number(network), from_time: now };
    SimulatedChain {
        network,
        block_ms: BLOCK_MS,
        stretches: vec![first],
        forks: Vec::new(),
        fault: None,
        version: 0,
    }
}

/// Puts a transaction into the next block.
pub fn submit(chain: &SimulatedChain, ask: TransferAsk, fresh: &mut Fresh) -> SimulatedTransaction {
    let (now, network) = (fresh.now(), chain.network);
    let id = SimulatedTxId::fresh(fresh);
    let mut hash = Sha256::new();
    hash.update(b"pepay simulated transaction");
    hash.update(network.code().to_be_bytes());
    hash.update(id.0.as_bytes());
    SimulatedTransaction {
        id,
        network,
        tx_hash: hashes::transaction_hash(network, &hash.finalize().into()),
        block_number: head_number(chain, now).saturating_add(1),
        is_dropped: false,
        is_failed: ask.is_failed,
        asset: ask.asset,
        amount: ask.amount,
        from: ask.from.unwrap_or_else(|| default_payer(network.family())).as_str().to_owned(),
        to: ask.to.as_str().to_owned(),
        signed: None,
        created_at: now,
        version: 0,
    }
}

fn default_payer(family: Family) -> Address {
    let payload = Sha256::digest(b"pepay simulated payer").into();
    Address::from_payload(family, Environment::Devnet, &payload)
}

/// Mines blocks at once; they share this moment as their time.
pub fn mine(
    mut chain: SimulatedChain,
    count: u64,
    now: Timestamp,
) -> Result<SimulatedChain, SimulationRefusal> {
    if !(1..=BLOCKS_AT_ONCE_MAX).contains(&count) {
        return Err(SimulationRefusal::CountOutOfRange);
    }
    let from_number = head_number(&chain, now).saturating_add(count);
    // A node that lags must not tell of them, though they come in the moment it stands still.
    let after_fault = chain.fault.map_or(now, |fault| fault.since.plus_ms(1));
    let from_time = newest_time(&chain, now).max(after_fault);
    // The newest stretch of one moment says it all; but the first one holds the blocks before it.
    if chain.stretches.len() > 1 {
        chain.stretches.pop_if(|stretch| stretch.from_time == from_time);
    }
    chain.stretches.push(Stretch { from_number, from_time });
    let surplus = chain.stretches.len().saturating_sub(STRETCHES_MAX);
    chain.stretches.drain(..surplus);
    Ok(chain)
}

/// What a reorg made: the chain's row and the transactions whose rows changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Reorg {
    pub chain: SimulatedChain,
    pub changed: Vec<SimulatedTransaction>,
}

/// The blocks a reorg of a depth replaces; their transactions are what `reorg` must be given.
pub fn reorg_range(
    chain: &SimulatedChain,
    depth: u64,
    now: Timestamp,
) -> Result<RangeInclusive<u64>, SimulationRefusal> {
    let head = head_number(chain, now);
    if !(1..=REORG_DEPTH_MAX.min(head)).contains(&depth) {
        return Err(SimulationRefusal::DepthOutOfRange);
    }
    Ok(head - depth + 1..=head)
}

/// Replaces the newest blocks by others of the same number. What was in them waits for the next
/// block again, as in a real node's mempool, but for the transactions to drop, which are gone.
pub fn reorg(
    mut chain: SimulatedChain,
    depth: u64,
    drop: &[String],
    transactions: Vec<SimulatedTransaction>,
    now: Timestamp,
) -> Result<Reorg, SimulationRefusal> {
    let replaced = reorg_range(&chain, depth, now)?;
    let is_in_reorg =
        |row: &SimulatedTransaction| !row.is_dropped && replaced.contains(&row.block_number);
    let mut changed: Vec<_> = transactions.into_iter().filter(is_in_reorg).collect();
    if let Some(stranger) =
        drop.iter().find(|&hash| !changed.iter().any(|row| row.tx_hash == *hash))
    {
        return Err(SimulationRefusal::NotInReorg(stranger.clone()));
    }
    for row in &mut changed {
        if drop.contains(&row.tx_hash) {
            row.is_dropped = true;
        } else {
            row.block_number = replaced.end().saturating_add(1);
        }
    }
    add_fork(&mut chain.forks, *replaced.start());
    Ok(Reorg { chain, changed })
}

/// The list stays in ascending order of number and id: older forks from there on no longer count.
fn add_fork(forks: &mut Vec<Fork>, from_number: u64) {
    let id = forks.last().map_or(1, |newest| newest.id.saturating_add(1));
    forks.retain(|fork| fork.from_number < from_number);
    forks.push(Fork { from_number, id });
    // The two oldest become one that counts as the newer and begins at the older, so that a
    // follower of any age is told of at least every block that was replaced since it looked.
    if forks.len() > FORKS_MAX {
        forks[1].from_number = forks[0].from_number;
        forks.remove(0);
    }
}

/// Makes the node misbehave for a while, or behave again.
pub fn fault(
    mut chain: SimulatedChain,
    kind: FaultKind,
    for_seconds: i64,
    now: Timestamp,
) -> Result<SimulatedChain, SimulationRefusal> {
    chain.fault = match kind {
        FaultKind::Ok => None,
        FaultKind::Lagging | FaultKind::Failing | FaultKind::Duplicating | FaultKind::Partial => {
            if !(1..=FAULT_SECONDS_MAX).contains(&for_seconds) {
                return Err(SimulationRefusal::SecondsOutOfRange);
            }
            let (since, until) = (newest_time(&chain, now), now.plus_ms(for_seconds * SECOND_MS));
            Some(Fault { kind, since, until })
        }
    };
    Ok(chain)
}

/// Now, or later if another process whose clock is ahead wrote the newest stretch.
fn newest_time(chain: &SimulatedChain, now: Timestamp) -> Timestamp {
    chain.stretches.last().map_or(now, |stretch| stretch.from_time.max(now))
}
