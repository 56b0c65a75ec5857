//! From what the indexer wrote to what arrived: pure, and the place that knows the standards.
//!
//! A transaction has one incoming message. Its coins arrive unless they bounced back; its jettons
//! arrive when it is a jetton wallet's `internal_transfer` that went through. Whose wallet that is,
//! and of which jetton, the message cannot prove: `jettons` finds out.
//!
//! Invariant: what anybody can write on chain is a fact or nothing; only what an honest indexer
//! never writes is `Garbage`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::chain::BlockRef;
use domain::environment::Environment;
use domain::network::Network;
use domain::time::Timestamp;

use super::account::Account;
use super::boc::{Bits, Party};
use super::wire;
use crate::hashes;

/// TEP-74: a jetton wallet is told by another one, or by the master, that jettons arrive.
const INTERNAL_TRANSFER: u128 = 0x178d_4519;
/// TEP-74: the owner is told by his jetton wallet; the coins with it are postage.
const TRANSFER_NOTIFICATION: u128 = 0x7362_d09c;
/// TEP-74: what is left of the postage comes back.
const EXCESSES: u128 = 0xd532_76db;

const OPERATION_BITS: usize = 32;
const QUERY_ID_BITS: usize = 64;
/// How the indexer writes that a message went back to its sender with its coins.
const BOUNCED_BACK: &str = "ok";

/// What no honest indexer writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Garbage(pub String);

/// A block of the masterchain, and how many transactions it commits in all shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    pub block: BlockRef,
    pub transactions: u64,
}

/// One transaction and what it brought to its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub tx_hash: String,
    /// The masterchain block that commits it; none if none does yet.
    pub block_number: Option<u64>,
    pub account: Account,
    pub coins: Option<Coins>,
    pub jettons: Option<Jettons>,
    /// The coins of a notification: the jettons it tells of arrived one transaction earlier.
    pub is_notification: bool,
}

/// TON that stayed with the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Coins {
    pub from: Account,
    pub amount: u128,
}

/// Jettons that arrived if the account is the jetton wallet it claims to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Jettons {
    /// Who sent them; none if they were minted.
    pub from: Option<Account>,
    pub amount: u128,
    /// Whom the wallet notified: its owner, if it is honest.
    pub notified: Option<Account>,
}

/// The block a number stands for, from the blocks of all shards it commits.
pub(super) fn committed(
    environment: Environment,
    number: u64,
    blocks: &[wire::Block],
) -> Result<Option<Committed>, Garbage> {
    let mut transactions: u64 = 0;
    for block in blocks {
        transactions = transactions
            .checked_add(block.tx_count)
            .ok_or_else(|| garbage("more transactions than can be"))?;
    }
    let of_masterchain = |block: &&wire::Block| block.workchain == -1 && block.seqno == number;
    let Some(block) = blocks.iter().find(of_masterchain) else { return Ok(None) };
    Ok(Some(Committed { block: block_ref(environment, block)?, transactions }))
}

/// A block of the masterchain, if it is one of this network.
pub(super) fn block_ref(
    environment: Environment,
    block: &wire::Block,
) -> Result<BlockRef, Garbage> {
    let own = global_id(environment);
    if let Some(told) = block.global_id.filter(|told| *told != own) {
        return Err(Garbage(format!("it serves network {told}, and this is network {own}")));
    }
    let seconds = block.gen_utime.value().and_then(|seconds| u32::try_from(seconds).ok());
    let seconds = seconds.ok_or_else(|| garbage("a block's time is no time"))?;
    let hash = hash_bytes(&block.root_hash).ok_or_else(|| garbage("a block's hash is no hash"))?;
    Ok(BlockRef {
        number: block.seqno,
        hash: hashes::block_hash(Network::Ton, &hash),
        time: Timestamp::from_seconds(i64::from(seconds)),
    })
}

pub(super) fn arrival(
    environment: Environment,
    transaction: &wire::Transaction,
) -> Result<Arrival, Garbage> {
    let hash = hash_bytes(&transaction.hash).ok_or_else(|| garbage("a hash is no hash"))?;
    let account = account(environment, &transaction.account)?;
    let mut arrival = Arrival {
        tx_hash: hashes::transaction_hash(Network::Ton, &hash),
        block_number: transaction.mc_block_seqno.filter(|_| !transaction.emulated),
        account,
        coins: None,
        jettons: None,
        is_notification: false,
    };
    let Some(message) = &transaction.in_msg else { return Ok(arrival) };
    // Without a source it came from outside the network, and brings nothing.
    let Some(source) = message.source.as_deref().filter(|_| message.bounced != Some(true)) else {
        return Ok(arrival);
    };
    let from = self::account(environment, source)?;
    let mut body = body(message)?;
    let operation = body.as_mut().and_then(|body| body.number(OPERATION_BITS));
    arrival.is_notification = operation == Some(TRANSFER_NOTIFICATION);
    if !arrival.is_notification && operation != Some(EXCESSES) {
        arrival.coins = coins(from, message, &transaction.description)?;
    }
    if let Some(body) = body.as_mut().filter(|_| operation == Some(INTERNAL_TRANSFER)) {
        arrival.jettons = jettons(environment, body, transaction)?;
    }
    Ok(arrival)
}

/// An account that is not deployed computes nothing and its transaction counts as aborted, yet the
/// coins stay; they go back only by bouncing.
fn coins(
    from: Account,
    message: &wire::Message,
    description: &wire::Description,
) -> Result<Option<Coins>, Garbage> {
    let amount = match &message.value {
        Some(value) => value.value().ok_or_else(|| garbage("a value is no number"))?,
        None => 0,
    };
    let went_back = description.bounce.as_ref().is_some_and(|phase| phase.kind == BOUNCED_BACK);
    Ok((amount > 0 && !went_back).then_some(Coins { from, amount }))
}

/// Reads `query_id amount from` of an `internal_transfer` that went through.
fn jettons(
    environment: Environment,
    body: &mut Bits,
    transaction: &wire::Transaction,
) -> Result<Option<Jettons>, Garbage> {
    let description = &transaction.description;
    let aborted = description.aborted.ok_or_else(|| garbage("a transaction without outcome"))?;
    let computed = description.compute_ph.as_ref().and_then(|phase| phase.success);
    if aborted || computed != Some(true) {
        return Ok(None);
    }
    let mut read = || {
        body.number(QUERY_ID_BITS)?;
        Some((body.coins()?, body.party()?))
    };
    let Some((amount, sender)) = read().filter(|(amount, _)| *amount > 0) else {
        return Ok(None);
    };
    let from = match sender {
        Party::Account(account) => Some(account),
        Party::Nobody => None,
    };
    let mut notified = None;
    for message in transaction.out_msgs.iter().flatten() {
        let mut body = self::body(message)?;
        let operation = body.as_mut().and_then(|body| body.number(OPERATION_BITS));
        // What leaves the network may be written to look like one, to a receiver of any form.
        if operation == Some(TRANSFER_NOTIFICATION) && notified.is_none() {
            let owner = message.destination.as_deref();
            notified = owner.and_then(|owner| Account::parse(environment, owner));
        }
    }
    Ok(Some(Jettons { from, amount, notified }))
}

fn body(message: &wire::Message) -> Result<Option<Bits>, Garbage> {
    let body = message.message_content.as_ref().and_then(|content| content.body.as_deref());
    match body {
        Some(body) => Bits::of_base64(body).map(Some).ok_or_else(|| garbage("a body is no cell")),
        // The operation alone does not say what arrived, so a body left out is one held back.
        None if message.opcode.is_some() => Err(garbage("a message without its body")),
        None => Ok(None),
    }
}

/// The number every block of a network carries.
fn global_id(environment: Environment) -> i32 {
    match environment {
        Environment::Mainnet => -239,
        Environment::Devnet => -3,
    }
}

fn account(environment: Environment, text: &str) -> Result<Account, Garbage> {
    Account::parse(environment, text).ok_or_else(|| garbage("an account is no account"))
}

pub(super) fn hash_bytes(text: &str) -> Option<[u8; 32]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

fn garbage(what: &str) -> Garbage {
    Garbage(what.to_owned())
}

#[cfg(test)]
mod tests;
