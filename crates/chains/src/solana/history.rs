//! Looking back: one transaction, one address, one slot.
//!
//! These serve manual verification and confirmation, so they tell exactly what a scan would have
//! told of the same block, from the same decoding, and nothing that is not final.
//!
//! Invariant: a slot counts as empty only if the next block's parent proves it. A node that lost a
//! block must not make a payment in it look reverted.

use std::collections::BTreeMap;

use domain::address::Address;
use domain::chain::{BlockRef, ChainTransfer};
use domain::network::Network;
use domain::time::Timestamp;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::SolanaSettings;
use super::accounts::{TOKEN_2022_PROGRAM, TOKEN_PROGRAM, associated_token_account};
use super::block_time::FinalHead;
use super::client::{Client, Found, Included, UNSEEN_SIGNATURE};
use super::scan::told;
use super::wire::SignatureJson;
use crate::chain::ChainError;
use crate::hashes::parse_transaction_hash;
use crate::rpc::RpcError;

/// Slots that are searched for the block after an empty one.
const NEXT_BLOCK_SLOTS_MAX: u64 = 10_000;
/// The most that nodes answer.
const PAGE_SIGNATURES_MAX: usize = 1_000;
/// Pages of one account's history. Anybody can fill it with dust, so there is an end to it; what
/// lies beyond is still told by a scan and by its transaction.
const PAGES_MAX: usize = 5;
/// Transactions that are fetched for one address, the newest ones.
const TRANSACTIONS_MAX: usize = 1_000;
/// Accounts of one owner that are asked for: the owner's own and two a listed mint.
const ACCOUNTS_MAX: usize = 129;

pub struct History<'a> {
    pub client: &'a Client,
    pub settings: &'a SolanaSettings,
}

impl History<'_> {
    pub async fn look_up(&self, tx_hash: &str) -> Result<Vec<ChainTransfer>, ChainError> {
        let Some(tx_hash) = parse_transaction_hash(Network::Solana, tx_hash) else {
            return Ok(Vec::new());
        };
        let head = self.client.head().await?;
        let Some(included) = self.included(&tx_hash, head).await? else { return Ok(Vec::new()) };
        if included.arrivals.is_empty() {
            return Ok(Vec::new());
        }
        let block = self.block_ref(included.slot, head).await?;
        included.arrivals.into_iter().map(|arrival| told(arrival, self.settings, &block)).collect()
    }

    pub async fn transfers_to(
        &self,
        address: &Address,
        since: Timestamp,
    ) -> Result<Vec<ChainTransfer>, ChainError> {
        let head = self.client.head().await?;
        let at_once = self.settings.blocks_at_once.max(1);
        let accounts = stream::iter(self.accounts_of(address.as_str()))
            .map(|account| async move { self.signatures(&account, since, head).await });
        let listed: Vec<Vec<SignatureJson>> = accounts.buffered(at_once).try_collect().await?;
        // One transaction may name several accounts of one owner; by slot, the newest are last.
        let mut named: BTreeMap<(u64, String), ()> = BTreeMap::new();
        named.extend(listed.into_iter().flatten().map(|line| ((line.slot, line.signature), ())));
        if named.len() > TRANSACTIONS_MAX {
            tracing::warn!(transactions = named.len(), "an address has too many to look at all");
        }
        let newest = named.len().saturating_sub(TRANSACTIONS_MAX);
        let named: Vec<String> = named.into_keys().skip(newest).map(|(_, hash)| hash).collect();
        let included = stream::iter(named)
            .map(|hash| async move { self.included(&hash, head).await })
            .buffered(at_once);
        let included: Vec<Option<Included>> = included.try_collect().await?;
        let mut blocks: BTreeMap<u64, BlockRef> = BTreeMap::new();
        let mut transfers = Vec::new();
        for Included { slot, arrivals } in included.into_iter().flatten() {
            for arrival in arrivals {
                if arrival.to != address.as_str() {
                    continue;
                }
                let block = match blocks.get(&slot) {
                    Some(block) => block.clone(),
                    None => self.block_ref(slot, head).await?,
                };
                if block.time.seconds() >= since.seconds() {
                    transfers.push(told(arrival, self.settings, &block)?);
                }
                blocks.insert(slot, block);
            }
        }
        Ok(transfers)
    }

    pub async fn canonical(&self, slot: u64) -> Result<Option<String>, ChainError> {
        let head = self.client.head().await?;
        if slot > head.slot {
            return Ok(None);
        }
        if let Found::Here(header) = self.client.header(slot).await? {
            return Ok(Some(header.hash));
        }
        let last = slot.saturating_add(NEXT_BLOCK_SLOTS_MAX).min(head.slot);
        let slots = self.client.slots_with_blocks(slot, last).await?.slots;
        let next = slots.into_iter().find(|listed| *listed > slot);
        let next = match next {
            Some(next) => self.client.header(next).await?,
            None => Found::Absent,
        };
        match next {
            Found::Here(header) if header.parent_slot < slot => Ok(None),
            Found::Here(_) | Found::Absent | Found::NotYet | Found::Forgotten => {
                Err(ChainError::Unavailable(format!("no node knows the block of slot {slot}")))
            }
        }
    }

    /// The transaction, if it is in a final block.
    async fn included(
        &self,
        tx_hash: &str,
        head: FinalHead,
    ) -> Result<Option<Included>, ChainError> {
        match self.client.transaction(tx_hash).await? {
            // Some nodes show transactions before they are final, whatever they are asked.
            Found::Here(included) => Ok(Some(included).filter(|known| known.slot <= head.slot)),
            Found::Absent | Found::NotYet => Ok(None),
            Found::Forgotten => {
                Err(ChainError::Unavailable("the nodes keep no old transactions".to_owned()))
            }
        }
    }

    async fn block_ref(&self, slot: u64, head: FinalHead) -> Result<BlockRef, ChainError> {
        match self.client.header(slot).await? {
            Found::Here(header) => Ok(BlockRef {
                number: slot,
                hash: header.hash,
                time: head.time_of(slot, header.told_time),
            }),
            Found::Absent | Found::NotYet | Found::Forgotten => {
                Err(ChainError::Unavailable(format!("no node has the block of slot {slot}")))
            }
        }
    }

    /// Where payments to an owner can be found: his own address, which payment links name as their
    /// reference, and his accounts of the listed mints under both token programs.
    fn accounts_of(&self, owner: &str) -> Vec<String> {
        let mints = self.settings.tokens.iter();
        let accounts = mints.flat_map(|mint| {
            [TOKEN_PROGRAM, TOKEN_2022_PROGRAM]
                .map(|program| associated_token_account(owner, mint, program))
        });
        std::iter::once(owner.to_owned()).chain(accounts.flatten()).take(ACCOUNTS_MAX).collect()
    }

    /// The successful transactions that name an account, newest first, in final blocks since a
    /// time.
    async fn signatures(
        &self,
        account: &str,
        since: Timestamp,
        head: FinalHead,
    ) -> Result<Vec<SignatureJson>, ChainError> {
        let page_max = self.settings.signatures_per_page.clamp(1, PAGE_SIGNATURES_MAX);
        let mut signatures: Vec<SignatureJson> = Vec::new();
        let mut before: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let page = self.client.signatures(account, before.as_deref(), page_max).await;
            let page = match page {
                // Another node answers this page and has not seen where the last one ended.
                Err(RpcError::Refused { code, .. }) if code == UNSEEN_SIGNATURE => {
                    let why = "a node does not know the history another one told".to_owned();
                    return Err(ChainError::Disputed(why));
                }
                page => page?,
            };
            let is_last = page.len() < page_max;
            before = page.last().map(|line| line.signature.clone());
            let is_old = |line: &SignatureJson| {
                head.time_of(line.slot, line.block_time).seconds() < since.seconds()
            };
            let reaches_back = page.last().is_some_and(is_old);
            let recent = page.into_iter().take(page_max).filter(|line| !is_old(line));
            signatures.extend(recent.filter(|line| line.err.is_none() && line.slot <= head.slot));
            if is_last || reaches_back {
                return Ok(signatures);
            }
        }
        tracing::warn!(pages = PAGES_MAX, "an account's history is longer than is looked at");
        Ok(signatures)
    }
}
