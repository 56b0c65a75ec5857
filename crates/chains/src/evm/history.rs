//! Looking back: one transaction, or all that reached one account since a time.
//!
//! Manual verification asks this when a watcher may have missed something, so what is told here
//! has the same identity as what a scan tells: both read the same receipts in the same way.

use std::collections::HashSet;

use domain::time::Timestamp;

use super::Evm;
use super::answers::{Header, Log, Receipt};
use super::client::{LogFilter, LogPlace};
use super::decode::{self, Arrival, arrivals};
use super::inside::{Coins, Cut};
use super::width::is_too_wide;
use super::wire::{Account, Hash};
use super::{arrived, inside, payments};
use crate::chain::{ChainError, KnownCoins};
use crate::rpc::RpcError;

/// Logs to one account that are looked at: beyond that only those of listed tokens count, since
/// anybody can make a contract that logs transfers to anybody.
const LOGS_MAX: usize = 2_000;
/// The first step back in time.
const STEP_BLOCKS: u64 = 1_024;

/// What was found, and why there may be more.
#[derive(Debug, Default)]
pub struct Looked {
    pub found: Vec<Arrival>,
    pub failed: Option<ChainError>,
}

/// Everything one transaction brought to anybody; none if it is unknown, not included or failed.
pub async fn of_transaction(evm: &Evm, hash: Hash) -> Result<Looked, ChainError> {
    let client = &evm.client;
    client.check_chain_once().await?;
    let receipt = client.receipts(&[hash]).await?.into_iter().flatten().next();
    let receipt = receipt.filter(|receipt| receipt.transaction_hash == hash);
    let Some(receipt) = receipt.filter(Receipt::has_succeeded) else {
        return Ok(Looked::default());
    };
    let Some(block) = canonical(evm, receipt.block_number.0).await? else {
        return Ok(Looked::default());
    };
    if block.hash != receipt.block_hash {
        return Err(ChainError::Disputed(format!(
            "the receipt of {hash} is of another block {} than the chain's",
            block.number.0
        )));
    }
    let transaction = client.transaction(hash).await?.filter(|known| known.hash == hash);
    let coins = transaction.and_then(|transaction| transaction.payment());
    let mut found = arrivals(&block, &receipt, coins.as_ref());
    // What the receipt says does not wait for a trace, and without one it is not said to be all.
    let failed = match inside::passed_in_transaction(client, hash).await {
        Ok(passed) => {
            let passed = passed.unwrap_or_default();
            found.extend(inside::passed_on(&block, &receipt, &passed));
            None
        }
        Err(error) => Some(error),
    };
    payments::leave_out_excess(&mut found, &evm.contracts);
    arrived::measure_few(client, &evm.settings.contracts, &mut found).await?;
    Ok(Looked { found, failed })
}

/// The block most of the nodes have under this number; one that has none speaks against it.
pub async fn canonical(evm: &Evm, number: u64) -> Result<Option<Header>, ChainError> {
    evm.client.check_chain_once().await?;
    let answers = evm.client.header_of_each(number).await;
    if answers.is_empty() {
        return Err(ChainError::Unavailable(format!("no node tells of block {number}")));
    }
    let headers: Vec<Option<Header>> = answers.into_iter().map(|(_, header)| header).collect();
    majority(number, &headers)
}

fn majority(number: u64, answers: &[Option<Header>]) -> Result<Option<Header>, ChainError> {
    let headers: Vec<&Header> = answers.iter().flatten().collect();
    let backers = |header: &Header| headers.iter().filter(|one| one.hash == header.hash).count();
    let Some(header) = headers.iter().max_by_key(|header| backers(header)) else {
        return Ok(None);
    };
    let backed = backers(header);
    if backed * 2 > answers.len() {
        Ok(Some(**header))
    } else if backed == headers.len() {
        Err(ChainError::Unavailable(format!("most nodes do not have block {number} yet")))
    } else {
        Err(ChainError::Disputed(format!("the nodes have different blocks {number}")))
    }
}

/// Everything that reached an account in blocks since a time: tokens as far back as settings allow,
/// coins as far back as nodes remember.
pub async fn to_account(
    evm: &Evm,
    account: Account,
    since: Timestamp,
) -> Result<Looked, ChainError> {
    let heads = evm.client.heads().await?;
    let floor = heads.number.saturating_sub(evm.settings.lookback_blocks_max);
    let first = first_block(evm, floor, heads.number, since).await?;
    let logs = logs_to(evm, account, first, heads.number).await?;
    let mut found = of_logs(evm, &logs).await?;
    found.retain(|arrival| arrival.to == account && arrival.contract.is_some());
    payments::leave_out_excess(&mut found, &evm.contracts);
    let (client, listed) = (&evm.client, &evm.settings.contracts);
    arrived::measure(client, listed, heads.number, &mut found).await?;
    // Who looks for tokens must not miss them because a node does not have ancient blocks.
    let first = if first > floor {
        first
    } else {
        first_block(evm, 0, floor, since).await.unwrap_or(first)
    };
    let low = first.saturating_sub(1);
    let coins = match inside::coins_to(client, account, low, heads.number).await {
        Ok(coins) => coins,
        Err(error) => return Ok(Looked { found, failed: Some(error) }),
    };
    if has_unexplained(&coins, &[]) {
        client.note_lacking(Some(inside::NO_MEMORY));
    }
    found.extend(coins.found);
    Ok(Looked { found, failed: coins.failed })
}

/// The coins alone that reached an account in blocks since a time; an error if there may be more
/// that no node remembers, since whoever asks would give the account up.
pub async fn coins_to_account(
    evm: &Evm,
    account: Account,
    since: Timestamp,
    known: &[KnownCoins],
) -> Result<Looked, ChainError> {
    let heads = evm.client.heads().await?;
    let low = first_block(evm, 0, heads.number, since).await?.saturating_sub(1);
    let mut coins = inside::coins_to(&evm.client, account, low, heads.number).await?;
    if has_unexplained(&coins, known) {
        evm.client.note_lacking(Some(inside::NO_MEMORY));
        let lacks = || ChainError::Unavailable(inside::NO_MEMORY.to_owned());
        coins.failed.get_or_insert_with(lacks);
    }
    Ok(Looked { found: coins.found, failed: coins.failed })
}

/// Whether the account had more where the search had to begin than it is known to have received.
fn has_unexplained(coins: &Coins, known: &[KnownCoins]) -> bool {
    let received = |cut: &Cut| {
        let until = known.iter().filter(|coins| coins.block_number <= cut.number);
        until.fold(0u128, |sum, coins| sum.saturating_add(coins.amount.0))
    };
    coins.cut.as_ref().is_some_and(|cut| cut.balance > received(cut))
}

/// The first block from `low` up to `high` that is not older than a time, which `high` is not.
///
/// Downwards in growing steps first: what is asked for is mostly near, and few nodes have it all.
async fn first_block(evm: &Evm, low: u64, high: u64, since: Timestamp) -> Result<u64, ChainError> {
    // Block times are whole seconds, so the second of `since` belongs to it.
    let since = Timestamp::from_seconds(since.seconds());
    let is_older = async |number: u64| {
        let header = evm.client.headers(&[number]).await?.into_iter().flatten().next();
        match header.filter(|header| header.number.0 == number) {
            Some(header) => Ok(decode::time(header.timestamp) < since),
            None => Err(ChainError::Unavailable(format!("no node has block {number}"))),
        }
    };
    let (mut first, mut last, mut step) = (low, high, STEP_BLOCKS);
    while last > low {
        let number = last.saturating_sub(step).max(low);
        if is_older(number).await? {
            first = number + 1;
            break;
        }
        (last, step) = (number, step.saturating_mul(2));
    }
    while first < last {
        let middle = first + (last - first) / 2;
        if is_older(middle).await? {
            first = middle + 1;
        } else {
            last = middle;
        }
    }
    Ok(first)
}

async fn logs_to(
    evm: &Evm,
    account: Account,
    first: u64,
    last: u64,
) -> Result<Vec<Log>, ChainError> {
    let mut logs: Vec<Log> = Vec::new();
    let mut from = first;
    let mut width = evm.width.blocks_max();
    while from <= last {
        let to = last.min(from.saturating_add(width - 1));
        let place = LogPlace::Blocks { first: from, last: to };
        let any = LogFilter { place, contracts: Vec::new(), to: Some(account) };
        let answer = if logs.len() > LOGS_MAX || width == 1 {
            let listed = evm.contracts.questions(place, Some(account));
            evm.client.logs_of(&listed).await.map(|lists| lists.into_iter().flatten().collect())
        } else {
            evm.client.logs(&any).await
        };
        match answer {
            Ok(found) => {
                let found: Vec<Log> = found;
                let is_asked = |log: &Log| {
                    (from..=to).contains(&log.block_number.0)
                        && decode::transferred(log).is_some_and(|said| said.to == account)
                };
                logs.extend(found.into_iter().filter(is_asked));
                from = to.saturating_add(1);
                width = (width * 2).min(evm.width.blocks_max());
            }
            Err(error) if width > 1 && may_be_too_wide(&error) => width /= 2,
            Err(error) => return Err(error.into()),
        }
    }
    if logs.len() > LOGS_MAX {
        logs.retain(|log| evm.contracts.contains(log.address));
    }
    Ok(logs)
}

/// A refusal may mean anything here, for some nodes never tell logs of all contracts.
fn may_be_too_wide(error: &RpcError) -> bool {
    matches!(error, RpcError::Refused { .. }) || is_too_wide(error)
}

/// The arrivals of the transactions that made these logs.
async fn of_logs(evm: &Evm, logs: &[Log]) -> Result<Vec<Arrival>, ChainError> {
    let mut seen = HashSet::new();
    let transactions: Vec<Hash> =
        logs.iter().map(|log| log.transaction_hash).filter(|hash| seen.insert(*hash)).collect();
    let mut found = Vec::new();
    for hashes in transactions.chunks(100) {
        let receipts: Vec<Receipt> =
            evm.client.receipts(hashes).await?.into_iter().flatten().collect();
        let numbers: Vec<u64> = receipts.iter().map(|receipt| receipt.block_number.0).collect();
        let headers = evm.client.headers(&numbers).await?;
        if receipts.len() != hashes.len() {
            return Err(ChainError::Disputed("a node tells a log without receipt".to_owned()));
        }
        for (receipt, header) in receipts.iter().zip(headers) {
            let hash = receipt.transaction_hash;
            let header = header.filter(|header| header.hash == receipt.block_hash);
            let Some(header) = header.filter(|_| seen.contains(&hash)) else {
                let what = format!("the receipt of {hash} is of another block");
                return Err(ChainError::Disputed(what));
            };
            found.extend(arrivals(&header, receipt, None));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::wire::{Fixed, Quantity};

    fn header(hash: u8) -> Option<Header> {
        let (number, hash) = (Quantity(7), Fixed([hash; 32]));
        Some(Header { number, hash, parent_hash: hash, timestamp: number })
    }

    #[test]
    fn more_than_half_of_those_that_answer_must_have_the_block() {
        let (one, two) = (header(1), header(2));
        assert_eq!(majority(7, &[one]), Ok(one));
        assert_eq!(majority(7, &[one, None, one]), Ok(one));
        assert_eq!(majority(7, &[two, one, one]), Ok(one));
        assert_eq!(majority(7, &[None, None]), Ok(None));
        for late in [&[one, None][..], &[one, None, None], &[one, one, None, None]] {
            let answer = majority(7, late);
            assert!(matches!(answer, Err(ChainError::Unavailable(_))), "{answer:?}");
        }
        for forked in [&[one, two][..], &[one, two, None]] {
            let answer = majority(7, forked);
            assert!(matches!(answer, Err(ChainError::Disputed(_))), "{answer:?}");
        }
    }
}
