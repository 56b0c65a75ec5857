//! Which transactions of a range pay us, and everything they brought.
//!
//! Receivers are shown to `ours` first; receipts are fetched only of transactions that pay one of
//! ours, so that a block's size costs no requests.

use std::collections::{HashMap, HashSet};

use super::answers::{Header, Payment, Receipt};
use super::client::Client;
use super::decode::{self, Arrival, Spelling};
use super::range::{Range, Trouble};
use super::wire::{Account, Hash};
use crate::chain::{ChainError, Ours};

/// Receivers `ours` is asked about at once.
const RECEIVERS_PER_QUESTION: usize = 10_000;

/// Accounts of which it is known whether they are ours.
pub struct Receivers<'a> {
    ours: &'a dyn Ours,
    known: HashMap<Account, bool>,
}

impl<'a> Receivers<'a> {
    pub fn new(ours: &'a dyn Ours) -> Receivers<'a> {
        Receivers { ours, known: HashMap::new() }
    }

    pub fn are_ours(&self, account: Account) -> bool {
        self.known.get(&account).copied().unwrap_or(false)
    }

    /// Learns of these accounts whether they are ours, asking about each only once.
    pub async fn learn(
        &mut self,
        accounts: impl Iterator<Item = Account>,
        spelling: &mut Spelling,
    ) -> Result<(), ChainError> {
        let mut seen = HashSet::new();
        let unknown: Vec<Account> = accounts
            .filter(|account| !self.known.contains_key(account) && seen.insert(*account))
            .collect();
        for accounts in unknown.chunks(RECEIVERS_PER_QUESTION) {
            let texts: Vec<String> =
                accounts.iter().map(|account| spelling.written(*account)).collect();
            let answers = self.ours.among(&texts).await?;
            if answers.len() != texts.len() {
                let what = "some addresses were asked for and others answered";
                return Err(ChainError::Unavailable(what.to_owned()));
            }
            self.known.extend(accounts.iter().copied().zip(answers));
        }
        Ok(())
    }
}

/// Why the payments of a range are not known.
pub enum NotKnown {
    Trouble(Trouble),
    Failed(ChainError),
}

impl From<ChainError> for NotKnown {
    fn from(error: ChainError) -> NotKnown {
        NotKnown::Failed(error)
    }
}

/// What the range brought to us.
pub async fn of_range(
    client: &Client,
    range: &Range,
    receivers: &mut Receivers<'_>,
    spelling: &mut Spelling,
) -> Result<Vec<Arrival>, NotKnown> {
    let by_hash: HashMap<Hash, Header> =
        range.blocks.iter().map(|block| (block.hash, block.header())).collect();
    let carried = range.blocks.iter().flat_map(|block| {
        let coins = block.transactions.0.iter();
        coins.map(|coins| (coins.to, coins.transaction, block.hash))
    });
    let logged = range.logs.iter().filter_map(|log| {
        Some((decode::transferred(log)?.to, log.transaction_hash, log.block_hash))
    });
    let candidates: Vec<(Account, Hash, Hash)> = carried.chain(logged).collect();
    receivers.learn(candidates.iter().map(|(to, _, _)| *to), spelling).await?;

    let mut paying: HashMap<Hash, Hash> = HashMap::new();
    for (to, transaction, block) in candidates {
        if receivers.are_ours(to) {
            paying.insert(transaction, block);
        }
    }
    if paying.is_empty() {
        return Ok(Vec::new());
    }
    let coins: HashMap<Hash, Payment> = range
        .blocks
        .iter()
        .flat_map(|block| &block.transactions.0)
        .filter(|coins| paying.contains_key(&coins.transaction))
        .map(|coins| (coins.transaction, *coins))
        .collect();
    let transactions: Vec<Hash> = paying.keys().copied().collect();
    let receipts = client.receipts(&transactions).await;
    let receipts = receipts.map_err(|error| NotKnown::Trouble(error.into()))?;
    let mut arrivals = Vec::new();
    for (transaction, receipt) in transactions.iter().zip(receipts) {
        let block = paying.get(transaction).and_then(|hash| by_hash.get(hash));
        let (receipt, block) = fitting(*transaction, receipt, block).map_err(NotKnown::Trouble)?;
        arrivals.extend(decode::arrivals(&block, &receipt, coins.get(transaction)));
    }
    // One transaction may pay several of ours, in tokens nobody asked for too.
    receivers.learn(arrivals.iter().map(|arrival| arrival.to), spelling).await?;
    arrivals.retain(|arrival| receivers.are_ours(arrival.to));
    Ok(arrivals)
}

/// The receipt, if it is of this transaction in this very block.
fn fitting(
    transaction: Hash,
    receipt: Option<Receipt>,
    block: Option<&Header>,
) -> Result<(Receipt, Header), Trouble> {
    let fits = |receipt: &Receipt, block: &Header| {
        receipt.transaction_hash == transaction && receipt.block_hash == block.hash
    };
    match (receipt, block) {
        (Some(receipt), Some(block)) if fits(&receipt, block) => Ok((receipt, *block)),
        _ => Err(Trouble::Torn(format!("the receipt of {transaction} is of another block"))),
    }
}
