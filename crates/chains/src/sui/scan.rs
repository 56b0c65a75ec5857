//! Following Sui checkpoint by checkpoint: several are fetched at once and read in order.
//!
//! Every certified checkpoint is final, so nothing is ever taken back. A node that tells another
//! past than the one in the cursor is not believed; if all do, somebody has to look.
//!
//! Invariant: a checkpoint is told only if it links to the one told before and has as many
//! transactions as the chain's count grew by. None is stepped over.

use std::collections::{BTreeSet, HashMap};

use domain::chain::ChainTransfer;
use futures_util::{StreamExt, stream};

use super::client::{self, Client, REQUESTS_AT_ONCE_MAX};
use super::cursor::Position;
use super::decode::{self, Balances, Checkpoint, Garbage, Info, Link, Transaction};
use super::nodes::Told;
use crate::chain::{ChainError, Head, Ours, Scan};
use crate::rpc::NodeId;

/// A scan ends early once it holds this many credits.
const CREDITS_PER_SCAN_MAX: usize = 20_000;
/// Accounts shown to the server at once.
const ACCOUNTS_PER_QUESTION_MAX: usize = 1_000;

/// One URL may be many nodes, of which the next answer's may not have the newest checkpoints yet.
/// What is missing further below the head is lost, not late.
const LATE_CHECKPOINTS_MAX: u64 = 8;

/// How far one scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub checkpoints_per_scan_max: u64,
    /// How far below the head a watcher without a cursor begins.
    pub start_depth: u64,
}

pub(super) fn head_of(info: &Info) -> Head {
    Head { number: info.head, time: info.time, finalized: Some(info.head) }
}

pub(super) async fn scan(
    client: &Client,
    range: Range,
    from: Option<&str>,
    ours: &dyn Ours,
) -> Result<Scan, ChainError> {
    let position = from.map(Position::parse).transpose()?;
    if let Some(position) = &position
        && !client.nodes.settle_chain(&position.chain)
    {
        let message = "the watch cursor is of another chain than the nodes";
        return Err(ChainError::Disputed(message.to_owned()));
    }
    let info = client.head().await?;
    let first = match &position {
        Some(position) => position.block.number.saturating_add(1),
        None => info.head.saturating_sub(range.start_depth),
    };
    follow(client, (range, first), (info, position), ours).await
}

/// Takes a checkpoint, and the chain that most nodes are on now, as given.
pub(super) async fn scan_anew(
    client: &Client,
    range: Range,
    first: u64,
    ours: &dyn Ours,
) -> Result<Scan, ChainError> {
    client.nodes.forget_chain();
    let info = client.head().await?;
    let first = first.min(info.head);
    follow(client, (range, first), (info, None), ours).await
}

async fn follow(
    client: &Client,
    (range, first): (Range, u64),
    (info, position): (Info, Option<Position>),
    ours: &dyn Ours,
) -> Result<Scan, ChainError> {
    let last = info.head.min(first.saturating_add(range.checkpoints_per_scan_max.max(1) - 1));
    if let Some(position) = &position
        && last < first
    {
        // Also where all nodes lag behind the cursor.
        return Ok(told(head_of(&info), position.clone(), Vec::new()));
    }
    let read = checkpoints(client, first..=last, position.as_ref().map(Position::link)).await?;
    let transfers = to_ours(&read, ours).await?;
    match (read.last(), position) {
        (Some(newest), _) => Ok(told(head_of(&info), Position::at(&info.chain, newest), transfers)),
        (None, Some(position)) if info.head.saturating_sub(first) < LATE_CHECKPOINTS_MAX => {
            let block = &position.block;
            let finalized = Some(block.number);
            let head = Head { number: block.number, time: block.time, finalized };
            Ok(told(head, position, Vec::new()))
        }
        (None, _) => Err(client::missing(first).into()),
    }
}

fn told(head: Head, position: Position, transfers: Vec<ChainTransfer>) -> Scan {
    Scan {
        transfers,
        reverted_from: None,
        head,
        next: position.written(),
        is_caught_up: position.block.number >= head.number,
        scanned: position.block,
    }
}

/// The checkpoints of a range, as far as they are told: one that is missing ends the range. So does
/// one that cannot be had, unless it is the first: then it is an error.
async fn checkpoints(
    client: &Client,
    numbers: std::ops::RangeInclusive<u64>,
    mut before: Option<Link>,
) -> Result<Vec<Checkpoint>, ChainError> {
    let fetched = stream::iter(numbers)
        .map(|number| async move { (number, client.checkpoint(number).await) });
    let mut fetched = std::pin::pin!(fetched.buffered(REQUESTS_AT_ONCE_MAX));
    let mut read: Vec<Checkpoint> = Vec::new();
    let mut credits = 0;
    let mut tellers: HashMap<NodeId, Teller> = HashMap::new();
    while let Some((number, answer)) = fetched.next().await {
        let fitting = match answer {
            Ok(Some(told)) => fitting(client, number, told, before.as_ref()).await,
            Ok(None) => break,
            Err(error) => Err(error.into()),
        };
        let Told { by, what: checkpoint } = match fitting {
            Ok(told) => told,
            Err(ChainError::Unavailable(_)) if !read.is_empty() => break,
            Err(error) => return Err(error),
        };
        before = Some(Link {
            digest: checkpoint.block.hash.clone(),
            transactions_ever: checkpoint.transactions_ever,
        });
        credits += checkpoint.transactions.iter().map(|one| one.credits.len()).sum::<usize>();
        let first = Teller { first: read.len(), balances: Balances::default() };
        let teller = tellers.entry(by).or_insert(first);
        teller.balances = teller.balances.plus(checkpoint.balances);
        read.push(checkpoint);
        if credits >= CREDITS_PER_SCAN_MAX {
            break;
        }
    }
    let whole = believed(client, &tellers, read.len());
    if whole == 0 && !read.is_empty() {
        let text = "the first node that was asked does not tell balance changes";
        return Err(ChainError::Unavailable(text.to_owned()));
    }
    read.truncate(whole);
    Ok(read)
}

/// What one node told in a scan: since which of its checkpoints, and of balances.
struct Teller {
    first: usize,
    balances: Balances,
}

/// How many checkpoints come before the first of a node that leaves balance changes out. On a quiet
/// chain no single checkpoint shows that.
fn believed(client: &Client, tellers: &HashMap<NodeId, Teller>, read: usize) -> usize {
    let mut whole = read;
    for (by, teller) in tellers {
        if let Err(Garbage(why)) = teller.balances.check() {
            client.nodes.complain(*by, why);
            whole = whole.min(teller.first);
        }
    }
    whole
}

/// The checkpoint if it fits to the one before, else another node's that does.
async fn fitting(
    client: &Client,
    number: u64,
    told: Told<Checkpoint>,
    before: Option<&Link>,
) -> Result<Told<Checkpoint>, ChainError> {
    let Some(before) = before else { return Ok(told) };
    let mut told = told;
    let mut tries = client.nodes.count();
    loop {
        let Err(Garbage(why)) = decode::follows(before, &told.what) else { return Ok(told) };
        client.nodes.complain(told.by, why);
        tries = tries.saturating_sub(1);
        if tries == 0 {
            return Err(ChainError::Disputed(format!("checkpoint {number}: {why}")));
        }
        // Who was complained of rests, so the next answer comes from somebody else.
        let another = match client.checkpoint(number).await {
            Ok(another) => another.ok_or_else(|| client::missing(number)),
            Err(error) => Err(error),
        };
        told = another.map_err(|error| {
            ChainError::Disputed(format!("checkpoint {number}: {why}, and then {error}"))
        })?;
    }
}

async fn to_ours(
    checkpoints: &[Checkpoint],
    ours: &dyn Ours,
) -> Result<Vec<ChainTransfer>, ChainError> {
    let credits = |transaction: &Transaction| -> Vec<String> {
        transaction.credits.iter().map(|credit| credit.to.clone()).collect()
    };
    let accounts: BTreeSet<String> = checkpoints
        .iter()
        .flat_map(|checkpoint| checkpoint.transactions.iter().flat_map(credits))
        .collect();
    let accounts: Vec<String> = accounts.into_iter().collect();
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for some in accounts.chunks(ACCOUNTS_PER_QUESTION_MAX) {
        let answers = ours.among(some).await?;
        let known = some.iter().zip(answers).filter(|(_, is_ours)| *is_ours);
        wanted.extend(known.map(|(account, _)| account.as_str()));
    }
    let mut transfers = Vec::new();
    for checkpoint in checkpoints {
        for transaction in &checkpoint.transactions {
            let block = &checkpoint.block;
            transfers.extend(decode::transfers(transaction, block, |to| wanted.contains(to)));
        }
    }
    Ok(transfers)
}
