//! Looking back: one transaction, or all that reached one account since a time.
//!
//! Manual verification asks this when a watcher may have missed something, so what is told here
//! has the same identity as what a scan tells: both read the same receipts in the same way.

use std::collections::HashSet;

use domain::time::Timestamp;
use tracing::warn;

use super::Evm;
use super::answers::{Header, Log, Receipt};
use super::client::{Heads, LogFilter, LogPlace};
use super::decode::{self, Arrival, arrivals};
use super::width::is_too_wide;
use super::wire::{Account, Hash};
use super::{arrived, inside};
use crate::chain::ChainError;
use crate::rpc::RpcError;

/// Logs to one account that are looked at: beyond that only those of listed tokens count, since
/// anybody can make a contract that logs transfers to anybody.
const LOGS_MAX: usize = 2_000;

/// Everything one transaction brought to anybody; none if it is unknown, not included or failed.
pub async fn of_transaction(evm: &Evm, hash: Hash) -> Result<Vec<Arrival>, ChainError> {
    let client = &evm.client;
    client.check_chain_once().await?;
    let receipt = client.receipts(&[hash]).await?.into_iter().flatten().next();
    let receipt = receipt.filter(|receipt| receipt.transaction_hash == hash);
    let Some(receipt) = receipt.filter(Receipt::has_succeeded) else { return Ok(Vec::new()) };
    let Some(block) = canonical(evm, receipt.block_number.0).await? else {
        return Ok(Vec::new());
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
    // Few nodes trace, and what the receipt says must not wait for one that does.
    match inside::passed_in_transaction(client, hash).await {
        Ok(passed) => {
            let passed = passed.unwrap_or_default();
            found.extend(inside::passed_on(&block, &receipt, &passed));
        }
        Err(error) => warn!(transaction = %hash, %error, "a transaction's trace is not known"),
    }
    arrived::measure(client, &evm.settings.contracts, &mut found).await;
    Ok(found)
}

/// The block most of the nodes have under this number.
pub async fn canonical(evm: &Evm, number: u64) -> Result<Option<Header>, ChainError> {
    evm.client.check_chain_once().await?;
    let answers = evm.client.header_of_each(number).await;
    if answers.is_empty() {
        return Err(ChainError::Unavailable(format!("no node tells of block {number}")));
    }
    let headers: Vec<Header> = answers.iter().filter_map(|(_, header)| *header).collect();
    let backers = |header: &Header| headers.iter().filter(|one| one.hash == header.hash).count();
    let Some(header) = headers.iter().max_by_key(|header| backers(header)) else {
        return Ok(None);
    };
    if backers(header) * 2 > headers.len() {
        Ok(Some(*header))
    } else {
        Err(ChainError::Disputed(format!("the nodes have different blocks {number}")))
    }
}

/// Everything that reached an account in blocks since a time, as far back as settings allow.
pub async fn to_account(
    evm: &Evm,
    account: Account,
    since: Timestamp,
) -> Result<Vec<Arrival>, ChainError> {
    let heads = evm.client.heads().await?;
    let first = first_block(evm, &heads, since).await?;
    let logs = logs_to(evm, account, first, heads.number).await?;
    let mut found = of_logs(evm, &logs).await?;
    found.retain(|arrival| arrival.to == account && arrival.contract.is_some());
    let low = first.saturating_sub(1);
    found.extend(inside::coins_to(&evm.client, account, low, heads.number).await?);
    arrived::measure(&evm.client, &evm.settings.contracts, &mut found).await;
    Ok(found)
}

/// The coins alone that reached an account in blocks since a time.
pub async fn coins_to_account(
    evm: &Evm,
    account: Account,
    since: Timestamp,
) -> Result<Vec<Arrival>, ChainError> {
    let heads = evm.client.heads().await?;
    let low = first_block(evm, &heads, since).await?.saturating_sub(1);
    inside::coins_to(&evm.client, account, low, heads.number).await
}

/// The first block that is not older than a time, or the lowest that is looked at.
async fn first_block(evm: &Evm, heads: &Heads, since: Timestamp) -> Result<u64, ChainError> {
    let mut low = heads.number.saturating_sub(evm.settings.lookback_blocks_max);
    let mut high = heads.number;
    // Block times are whole seconds, so the second of `since` belongs to it.
    let since = Timestamp::from_seconds(since.seconds());
    while low < high {
        let middle = low + (high - low) / 2;
        let header = evm.client.headers(&[middle]).await?.into_iter().flatten().next();
        let Some(header) = header.filter(|header| header.number.0 == middle) else {
            return Err(ChainError::Unavailable(format!("no node has block {middle}")));
        };
        if decode::time(header.timestamp) >= since {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
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
