//! One transaction or one address, asked for by hand.
//!
//! The hash a payer sees in his wallet is his own transaction's, or the message's he signed; the
//! payment lies some messages further. So a look-up follows messages, to a bounded depth, and
//! tells whatever arrived anywhere on the way.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::address::Address;
use domain::chain::{BlockRef, ChainTransfer};
use domain::network::Network;
use domain::time::Timestamp;

use super::Ton;
use super::account::Account;
use super::client::Direction;
use super::decode::Arrival;
use super::transfers::Wanted;
use crate::chain::ChainError;
use crate::hashes;

/// Wallet, sender's jetton wallet, receiver's jetton wallet; twice that for wallets behind
/// another contract.
const DEPTH_MAX: usize = 6;
const TRANSACTIONS_MAX: usize = 64;
const HISTORY_PAGE_ROWS: u64 = 250;
const HISTORY_PAGES_MAX: u64 = 20;
const WALLETS_MAX: usize = 50;
/// A masterchain block is made a little after the transactions it commits.
const COMMIT_DELAY_SECONDS: i64 = 600;

impl Ton {
    pub(super) async fn look_up_hash(
        &self,
        tx_hash: &str,
    ) -> Result<Vec<ChainTransfer>, ChainError> {
        let Some(hash) = hashes::parse_transaction_hash(Network::Ton, tx_hash) else {
            return Ok(Vec::new());
        };
        let mut found = self.client.transaction(&hash).await?;
        if found.is_empty() {
            found = self.client.receiver_of(&hash).await?;
        }
        // The jettons a notification tells of arrived in the transaction that sent it.
        for arrival in found.clone() {
            if arrival.is_notification {
                found.extend(self.neighbours(&arrival.tx_hash, Direction::Parents).await?);
            }
        }
        let arrivals = self.follow(found).await?;
        self.tell(arrivals, Wanted::Everybody, None).await
    }

    /// These arrivals and those their messages led to.
    async fn follow(&self, found: Vec<Arrival>) -> Result<Vec<Arrival>, ChainError> {
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        let mut layer = found;
        for _ in 0..DEPTH_MAX {
            let mut next = Vec::new();
            for arrival in layer {
                if all.len() >= TRANSACTIONS_MAX {
                    return Ok(all);
                }
                if seen.insert(arrival.tx_hash.clone()) {
                    next.extend(self.neighbours(&arrival.tx_hash, Direction::Children).await?);
                    all.push(arrival);
                }
            }
            layer = next;
        }
        Ok(all)
    }

    async fn neighbours(
        &self,
        hash: &str,
        direction: Direction,
    ) -> Result<Vec<Arrival>, ChainError> {
        let mut found = self.client.neighbours(hash, direction).await?;
        found.truncate(TRANSACTIONS_MAX);
        Ok(found)
    }

    pub(super) async fn transfers_since(
        &self,
        address: &Address,
        since: Timestamp,
    ) -> Result<Vec<ChainTransfer>, ChainError> {
        let Some(owner) = Account::of(address) else { return Ok(Vec::new()) };
        let mut wallets: BTreeSet<Account> =
            self.client.wallets_of(&owner, WALLETS_MAX).await?.into_iter().collect();
        wallets.extend(self.jettons.listed_wallets(&self.client, &owner).await?);
        let mut arrivals = self.history(&owner, since).await?;
        arrivals.retain(|arrival| arrival.coins.is_some());
        for wallet in wallets {
            let arrived = self.history(&wallet, since).await?;
            arrivals.extend(arrived.into_iter().filter(|arrival| arrival.jettons.is_some()));
        }
        let mut transfers = self.tell(arrivals, Wanted::Everybody, Some(since)).await?;
        // A wallet holds coins of its own, and a stranger's may belong to somebody else.
        transfers.retain(|transfer| transfer.to == address.as_str());
        transfers.sort_by_key(|transfer| transfer.block.number);
        Ok(transfers)
    }

    /// The newest transactions of an account, oldest first. Anybody can fill a history with dust,
    /// so there is an end to it; what lies beyond is still told by a scan and by its transaction.
    async fn history(
        &self,
        account: &Account,
        since: Timestamp,
    ) -> Result<Vec<Arrival>, ChainError> {
        let since = since.seconds().saturating_sub(COMMIT_DELAY_SECONDS).max(0);
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        let mut is_whole = false;
        for page in 0..HISTORY_PAGES_MAX {
            let offset = page * HISTORY_PAGE_ROWS;
            let found = self.client.history(account, since, offset, HISTORY_PAGE_ROWS).await?;
            is_whole = (found.len() as u64) < HISTORY_PAGE_ROWS;
            // What arrives between two pages pushes rows of the first into the second.
            all.extend(found.into_iter().filter(|arrival| seen.insert(arrival.tx_hash.clone())));
            if is_whole {
                break;
            }
        }
        if !is_whole {
            let transactions = all.len();
            tracing::warn!(transactions, "an account's history is longer than is looked at");
        }
        all.reverse();
        Ok(all)
    }

    /// The transfers of those arrivals that a block commits, at or after a time.
    async fn tell(
        &self,
        arrivals: Vec<Arrival>,
        wanted: Wanted<'_>,
        since: Option<Timestamp>,
    ) -> Result<Vec<ChainTransfer>, ChainError> {
        let mut blocks: HashMap<u64, BlockRef> = HashMap::new();
        for arrival in &arrivals {
            if let Some(number) = arrival.block_number
                && !blocks.contains_key(&number)
                && (arrival.coins.is_some() || arrival.jettons.is_some())
            {
                blocks.insert(number, self.client.block(number).await?);
            }
        }
        let included = arrivals.into_iter().filter_map(|arrival| {
            let block = blocks.get(&arrival.block_number?)?;
            since.is_none_or(|since| block.time >= since).then_some((block, arrival))
        });
        let included: Vec<_> = included.collect();
        self.transfers(&included, wanted).await
    }
}
