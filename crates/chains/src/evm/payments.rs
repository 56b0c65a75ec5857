//! Which transactions of a range pay us, and everything they brought.
//!
//! Receivers are shown to `ours` first; receipts are fetched only of transactions that pay one of
//! ours, so that a block's size costs no requests.

use std::collections::{HashMap, HashSet};

use super::answers::{Header, Payment, Receipt};
use super::client::Client;
use super::decode::{self, Arrival, Spelling};
use super::range::{Contracts, Range, Trouble};
use super::wire::{Account, Hash};
use crate::chain::{ChainError, Ours};

/// Receivers `ours` is asked about at once.
const RECEIVERS_PER_QUESTION: usize = 10_000;
/// Transfers of tokens nobody listed that one transaction may bring to one account; any contract
/// can log thousands of them at little cost, and each would be a row somebody has to look at.
const UNLISTED_MAX: usize = 16;

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

/// Leaves out what one transaction brought to one account of unlisted tokens above a bound. The
/// first stay, wherever they are told; coins and listed tokens all do.
pub fn leave_out_excess(arrivals: &mut Vec<Arrival>, contracts: &Contracts) {
    let mut unlisted: HashMap<(Hash, Account), usize> = HashMap::new();
    arrivals.retain(|arrival| {
        if arrival.contract.is_none_or(|contract| contracts.contains(contract)) {
            return true;
        }
        let count = unlisted.entry((arrival.transaction, arrival.to)).or_default();
        *count += 1;
        *count <= UNLISTED_MAX
    });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::wire::{Amount, Fixed, Quantity};

    #[test]
    fn a_flood_of_unlisted_tokens_is_cut_and_everything_else_stays() {
        let (listed, fake) = (Fixed([1; 20]), Fixed([2; 20]));
        let number = Quantity(7);
        let hash = Fixed([7; 32]);
        let block = Header { number, hash, parent_hash: hash, timestamp: number };
        let arrival = |transaction: u8, ordinal: u32, to: u8, contract: Option<Account>| Arrival {
            block,
            transaction: Fixed([transaction; 32]),
            transaction_index: 0,
            ordinal,
            log_index: None,
            contract,
            amount: Amount(Some(1)),
            from: fake,
            to: Fixed([to; 20]),
        };
        let mut arrivals = vec![arrival(1, 0, 5, None)];
        arrivals.extend((1..=1_000).map(|ordinal| arrival(1, ordinal, 5, Some(fake))));
        arrivals.extend((1_001..=1_040).map(|ordinal| arrival(1, ordinal, 5, Some(listed))));
        arrivals.extend([arrival(1, 1_041, 6, Some(fake)), arrival(2, 9, 5, Some(fake))]);
        leave_out_excess(&mut arrivals, &Contracts::new([listed].into_iter()));
        let told: Vec<u32> = arrivals.iter().map(|arrival| arrival.ordinal).collect();
        let expected: Vec<u32> = (0..=16).chain(1_001..=1_041).chain([9]).collect();
        assert_eq!(told, expected);
    }
}
