//! Coins that reached an account without a log: carried by a transaction, passed on by a contract.
//!
//! Only balances tell that they came. They are compared between two blocks, and where they differ
//! the stretch is halved until single blocks are left; a trace of such a block says who paid. An
//! account that never pays only grows, so nothing is overlooked there; one that received and paid
//! the same amount within a stretch, with nothing counted that it sent, is.
//!
//! Invariant: nothing is told that a receipt does not confirm. Without a node that traces or
//! remembers, what is known is told, and health says what is lacking.

use std::cmp::Reverse;
use std::collections::HashSet;

use serde::Deserialize;
use serde_json::json;

use super::answers::{Block, Header, Receipt};
use super::client::Client;
use super::decode::{Arrival, INSIDE, arrivals};
use super::traces::{self, Passed, Trace, TracedTransaction};
use super::wire::{Account, Amount, Hash, Quantity};
use crate::chain::ChainError;
use crate::rpc::RpcError;

/// Blocks in which one search looks closely, and balances it asks for.
const BLOCKS_MAX: usize = 64;
const BALANCES_MAX: usize = 4_096;
/// How far below the head a node may still remember balances when it has forgotten older ones.
const MEMORY_BLOCKS: [u64; 4] = [20_000, 4_096, 1_024, 120];
pub const NO_MEMORY: &str =
    "no node remembers balances far enough back to find coins paid by contracts";
const TOO_MANY: &str = "an address's balance changes too often to be searched further back";
const NO_TRACE: &str = "no node traces transactions, so coins paid by contracts are not found";

/// The coins a search found, and where it had to begin if not where it was asked to.
#[derive(Debug)]
pub struct Coins {
    pub found: Vec<Arrival>,
    pub cut: Option<Cut>,
    /// Why there may be more.
    pub failed: Option<ChainError>,
}

/// Nobody remembers balances below this block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    pub number: u64,
    /// What the account has after it: how that came, the search cannot tell.
    pub balance: u128,
}

/// The transactions of a block, by hash only.
#[derive(Debug, Deserialize)]
struct Hashes {
    transactions: Vec<Hash>,
}

/// The coins an account received in blocks after `low` up to `high`.
pub async fn coins_to(
    client: &Client,
    account: Account,
    low: u64,
    high: u64,
) -> Result<Coins, ChainError> {
    client.note_lacking(None);
    let Some(first) = remembered(client, account, low, high).await? else {
        client.note_lacking(Some(NO_MEMORY));
        let balance = client.balance(account).await?.0.unwrap_or(u128::MAX);
        let cut = Some(Cut { number: high, balance });
        return Ok(Coins { found: Vec::new(), cut, failed: None });
    };
    let cut = (first.number > low).then_some(first);
    let mut coins = Coins { found: Vec::new(), cut, failed: None };
    for number in changed(client, account, first.number, high).await? {
        match in_block(client, account, number, &mut coins.found).await {
            Ok(()) => {}
            // What was found is so; whatever comes after is looked for again with the rest.
            Err(error) => {
                coins.failed = Some(error);
                break;
            }
        }
    }
    Ok(coins)
}

/// The lowest block from `low` on whose balances a node remembers, and the account's.
async fn remembered(
    client: &Client,
    account: Account,
    low: u64,
    high: u64,
) -> Result<Option<Cut>, ChainError> {
    let nearer = MEMORY_BLOCKS.map(|blocks| high.saturating_sub(blocks));
    for number in std::iter::once(low).chain(nearer.into_iter().filter(|number| *number > low)) {
        match client.balances(account, &[number]).await {
            Ok(states) => {
                let balance = states.first().and_then(|(balance, _)| balance.0);
                return Ok(Some(Cut { number, balance: balance.unwrap_or(u128::MAX) }));
            }
            Err(RpcError::Refused { .. }) => {}
            Err(error @ RpcError::Unavailable(_)) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// The blocks in which an account's balance changed, or it paid, in ascending order.
async fn changed(
    client: &Client,
    account: Account,
    low: u64,
    high: u64,
) -> Result<Vec<u64>, ChainError> {
    type State = (Amount, Quantity);
    let ends = client.balances(account, &[low, high]).await?;
    let [first, last] = ends.as_slice() else { return Ok(Vec::new()) };
    let mut open: Vec<(u64, State, u64, State)> = vec![(low, *first, high, *last)];
    let (mut found, mut asked) = (Vec::new(), 0);
    while !open.is_empty() {
        open.retain(|(_, before, _, after)| before != after);
        let (single, mut wide): (Vec<_>, Vec<_>) =
            open.into_iter().partition(|(low, _, high, _)| high.saturating_sub(*low) <= 1);
        found.extend(single.into_iter().map(|(_, _, high, _)| high));
        // Of too many changes the newest are looked at: nobody waits for the others any more.
        let room = BLOCKS_MAX.saturating_sub(found.len()).min(BALANCES_MAX - asked);
        if wide.len() > room {
            client.note_lacking(Some(TOO_MANY));
            wide.sort_unstable_by_key(|(low, _, _, _)| Reverse(*low));
            wide.truncate(room);
        }
        asked += wide.len();
        let middles: Vec<u64> =
            wide.iter().map(|(low, _, high, _)| low + (high - low) / 2).collect();
        let states = client.balances(account, &middles).await?;
        open = Vec::with_capacity(wide.len() * 2);
        for ((low, before, high, after), (middle, state)) in
            wide.into_iter().zip(middles.into_iter().zip(states))
        {
            open.extend([(low, before, middle, state), (middle, state, high, after)]);
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// The coins one block brought to an account. What transactions carry is found even if no trace
/// can be had that tells the rest.
async fn in_block(
    client: &Client,
    account: Account,
    number: u64,
    found: &mut Vec<Arrival>,
) -> Result<(), ChainError> {
    let block = client.blocks(number..=number).await?.into_iter().flatten().next();
    let Some(block) = block.filter(|block| block.number.0 == number) else {
        return Err(ChainError::Unavailable(format!("no node has block {number}")));
    };
    let traced = passed_in_block(client, &block).await;
    if let Ok(None) = traced {
        client.note_lacking(Some(NO_TRACE));
    }
    let (passed, failed) = match traced {
        Ok(passed) => (passed.unwrap_or_default(), None),
        Err(error) => (Vec::new(), Some(error)),
    };
    let carried = block.transactions.0.iter().filter(|coins| coins.to == account);
    let inside = passed.iter().filter(|passed| passed.to == account);
    let paying: HashSet<Hash> = carried
        .map(|coins| coins.transaction)
        .chain(inside.map(|passed| passed.transaction))
        .collect();
    let paying: Vec<Hash> = paying.into_iter().collect();
    let header = block.header();
    let mut arrived = Vec::new();
    for (hash, receipt) in paying.iter().zip(client.receipts(&paying).await?) {
        let receipt = receipt.filter(|receipt| {
            receipt.transaction_hash == *hash && receipt.block_hash == header.hash
        });
        let Some(receipt) = receipt else {
            return Err(ChainError::Disputed(format!("the receipt of {hash} is of another block")));
        };
        let coins = block.transactions.0.iter().find(|coins| coins.transaction == *hash);
        arrived.extend(arrivals(&header, &receipt, coins));
        arrived.extend(passed_on(&header, &receipt, &passed));
    }
    arrived.retain(|arrival| arrival.to == account && arrival.contract.is_none());
    found.extend(arrived);
    failed.map_or(Ok(()), Err)
}

/// What one transaction's calls passed on, as arrivals.
pub fn passed_on(block: &Header, receipt: &Receipt, passed: &[Passed]) -> Vec<Arrival> {
    if !receipt.has_succeeded() {
        return Vec::new();
    }
    let of = receipt.transaction_hash;
    let arrival = |passed: &Passed| Arrival {
        block: *block,
        transaction: of,
        transaction_index: receipt.transaction_index.0,
        ordinal: INSIDE.saturating_add(passed.position),
        log_index: None,
        contract: None,
        amount: passed.amount,
        from: passed.from,
        to: passed.to,
    };
    passed.iter().filter(|passed| passed.transaction == of).map(arrival).collect()
}

/// What contracts passed on in a block; none if no node traces.
async fn passed_in_block(
    client: &Client,
    block: &Block,
) -> Result<Option<Vec<Passed>>, ChainError> {
    let number = block.number;
    let params = json!([number, { "tracer": "callTracer" }]);
    match client.ask::<Vec<TracedTransaction>>("debug_traceBlockByNumber", params).await {
        Ok(traced) => {
            let hashes = hashes(client, block, &traced).await?;
            if hashes.len() != traced.len() {
                let what = format!("the trace of block {} is of another block", number.0);
                return Err(ChainError::Disputed(what));
            }
            return Ok(Some(of_block(&hashes, &traced)?));
        }
        Err(RpcError::Refused { .. }) => {}
        Err(error @ RpcError::Unavailable(_)) => return Err(error.into()),
    }
    match client.ask::<Vec<Trace>>("trace_block", json!([number])).await {
        Ok(list) => {
            let hashes: HashSet<Hash> =
                list.iter().filter_map(|trace| trace.transaction_hash).collect();
            let lists = hashes.into_iter().map(|hash| traces::of_list(hash, &list));
            let passed: Option<Vec<Vec<Passed>>> = lists.collect();
            let passed = passed.ok_or_else(|| unreadable(format_args!("block {}", number.0)))?;
            Ok(Some(passed.into_iter().flatten().collect()))
        }
        Err(RpcError::Refused { .. }) => Ok(None),
        Err(error @ RpcError::Unavailable(_)) => Err(error.into()),
    }
}

fn of_block(hashes: &[Hash], traced: &[TracedTransaction]) -> Result<Vec<Passed>, ChainError> {
    let mut passed = Vec::new();
    for (hash, traced) in hashes.iter().zip(traced) {
        // One the node could not trace may be the very one that brought the coins.
        let trace = traced.result.as_ref().ok_or_else(|| unreadable(hash))?;
        passed.extend(traces::of_frames(*hash, trace).ok_or_else(|| unreadable(hash))?);
    }
    Ok(passed)
}

/// Whose traces they are: as the node says, or by the order of the block's transactions.
async fn hashes(
    client: &Client,
    block: &Block,
    traced: &[TracedTransaction],
) -> Result<Vec<Hash>, ChainError> {
    let told: Option<Vec<Hash>> = traced.iter().map(|traced| traced.tx_hash).collect();
    if let Some(told) = told {
        return Ok(told);
    }
    let block: Option<Hashes> =
        client.ask("eth_getBlockByHash", json!([block.hash, false])).await?;
    Ok(block.map(|block| block.transactions).unwrap_or_default())
}

/// What the calls of one transaction passed on; none if no node traces.
pub async fn passed_in_transaction(
    client: &Client,
    transaction: Hash,
) -> Result<Option<Vec<Passed>>, ChainError> {
    let params = json!([transaction, { "tracer": "callTracer" }]);
    match client.ask("debug_traceTransaction", params).await {
        Ok(trace) => {
            let trace: Box<serde_json::value::RawValue> = trace;
            let passed = traces::of_frames(transaction, &trace);
            return passed.map(Some).ok_or_else(|| unreadable(transaction));
        }
        Err(RpcError::Refused { .. }) => {}
        Err(error @ RpcError::Unavailable(_)) => return Err(error.into()),
    }
    match client.ask::<Option<Vec<Trace>>>("trace_transaction", json!([transaction])).await {
        Ok(list) => {
            let passed = list.and_then(|list| traces::of_list(transaction, &list));
            passed.map(Some).ok_or_else(|| unreadable(transaction))
        }
        Err(RpcError::Refused { .. }) => Ok(None),
        Err(error @ RpcError::Unavailable(_)) => Err(error.into()),
    }
}

fn unreadable(what: impl std::fmt::Display) -> ChainError {
    ChainError::Unavailable(format!("the trace of {what} cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::wire::Fixed;

    #[test]
    fn a_transaction_the_node_could_not_trace_is_not_taken_for_one_that_paid_nobody() {
        let hash: Hash = Fixed([7; 32]);
        let account = Fixed([1u8; 20]);
        let call = format!(
            r#"{{"type":"CALL","from":"{account}","to":"{account}","value":"0x0","calls":[]}}"#
        );
        let traced = |result: &str| -> Vec<TracedTransaction> {
            let text = format!(r#"[{{"txHash":"{hash}","result":{result}}}]"#);
            serde_json::from_str(&text).unwrap()
        };
        assert_eq!(of_block(&[hash], &traced(&call)), Ok(Vec::new()));
        let unknown = of_block(&[hash], &traced("null"));
        assert!(matches!(unknown, Err(ChainError::Unavailable(_))), "{unknown:?}");
    }
}
