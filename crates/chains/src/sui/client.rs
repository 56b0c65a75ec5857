//! What is asked of Sui's nodes, one typed request each.
//!
//! Every request names the fields it needs, so that nodes neither compute nor send the rest.
//!
//! Invariant: what comes out was read by `decode`; nothing else looks into a node's messages.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use sui_rpc::field::{FieldMask, FieldMaskUtil};
use sui_rpc::proto::sui::rpc::v2 as proto;

use domain::chain::BlockRef;
use domain::time::Timestamp;

use super::decode::{self, Checkpoint, Garbage, Info, Transaction};
use super::nodes::{Fault, SuiNodes, Told, Wanted};
use crate::rpc::RpcError;

/// Requests under way at once for one question.
pub(super) const REQUESTS_AT_ONCE_MAX: usize = 8;

const BLOCK_FIELDS: [&str; 3] = ["sequence_number", "digest", "summary.timestamp"];
const CHECKPOINT_FIELDS: [&str; 11] = [
    "sequence_number",
    "digest",
    "summary.timestamp",
    "summary.previous_digest",
    "summary.total_network_transactions",
    "transactions.digest",
    "transactions.effects.status",
    "transactions.effects.gas_used",
    "transactions.balance_changes",
    "transactions.transaction.sender",
    "transactions.transaction.gas_payment",
];
const TRANSACTION_FIELDS: [&str; 8] = [
    "digest",
    "checkpoint",
    "timestamp",
    "effects.status",
    "effects.gas_used",
    "balance_changes",
    "transaction.sender",
    "transaction.gas_payment",
];

const COINS_PER_PAGE: u32 = 200;
const TRANSACTIONS_PER_PAGE: u32 = 100;
/// Pages of one answer; an address of ours is paid once, not thousands of times.
const PAGES_MAX: usize = 10;
/// A page of the history ends after its items and as many notes of progress, or is not believed.
const FRAMES_PER_PAGE_MAX: usize = 10_000;

/// The questions.
pub(super) struct Client {
    pub nodes: SuiNodes,
}

/// A page of a history, newest first.
struct HistoryPage {
    transactions: Vec<(Transaction, Option<Timestamp>)>,
    /// Where the next page ends; none if there is nothing before.
    before: Option<bytes::Bytes>,
}

impl Client {
    /// The head the nodes agree on, as a node that has it describes it.
    pub async fn head(&self) -> Result<Info, RpcError> {
        self.nodes.agree_on_head().await
    }

    /// None if no node has it, or not yet.
    pub async fn checkpoint(&self, number: u64) -> Result<Option<Told<Checkpoint>>, RpcError> {
        let read = |told: &proto::Checkpoint| decode::checkpoint(told, number);
        self.checkpoint_with(number, &CHECKPOINT_FIELDS, read).await
    }

    /// A checkpoint's digest and time alone.
    pub async fn block(&self, number: u64) -> Result<BlockRef, RpcError> {
        let read = |told: &proto::Checkpoint| decode::block(told, number);
        let told = self.checkpoint_with(number, &BLOCK_FIELDS, read).await?;
        told.map(|told| told.what).ok_or_else(|| missing(number))
    }

    /// None if no node knows it.
    pub async fn transaction(&self, digest: &str) -> Result<Option<Transaction>, RpcError> {
        let request = proto::GetTransactionRequest::default()
            .with_digest(digest)
            .with_read_mask(FieldMask::from_paths(TRANSACTION_FIELDS));
        let ask = |mut client: sui_rpc::Client| {
            let request = request.clone();
            async move {
                let answer = client.ledger_client().get_transaction(request).await?.into_inner();
                let told = answer.transaction.ok_or(Fault::NotFound)?;
                let transaction = decode::transaction(&told)?;
                if transaction.digest != digest {
                    return Err(Fault::Failed("it answers with another transaction"));
                }
                Ok(transaction)
            }
        };
        Ok(self.nodes.ask(Wanted::Perhaps, ask).await?.map(|told| told.what))
    }

    /// The transactions that touched an account since a time, newest first.
    pub async fn history(
        &self,
        account: &str,
        since: Timestamp,
    ) -> Result<Vec<Transaction>, RpcError> {
        let mut found = Vec::new();
        let mut before = None;
        for _ in 0..PAGES_MAX {
            let page = self.history_page(account, before).await?;
            for (transaction, time) in page.transactions {
                if time.is_some_and(|time| time < since) {
                    return Ok(found);
                }
                found.push(transaction);
            }
            if page.before.is_none() {
                break;
            }
            before = page.before;
        }
        Ok(found)
    }

    /// The transactions that touched the coins an account has now, in the order of their digests.
    pub async fn last_touches_of_coins(&self, account: &str) -> Result<Vec<Transaction>, RpcError> {
        let mut digests = BTreeSet::new();
        let mut token = None;
        for _ in 0..PAGES_MAX {
            let (page, next) = self.coins_page(account, token).await?;
            digests.extend(page);
            if next.is_none() {
                break;
            }
            token = next;
        }
        let found: Vec<Option<Transaction>> = stream::iter(digests)
            .map(|digest| async move { self.transaction(&digest).await })
            .buffered(REQUESTS_AT_ONCE_MAX)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn checkpoint_with<T>(
        &self,
        number: u64,
        fields: &[&str],
        read: impl Fn(&proto::Checkpoint) -> Result<T, Garbage>,
    ) -> Result<Option<Told<T>>, RpcError> {
        let request = proto::GetCheckpointRequest::by_sequence_number(number)
            .with_read_mask(FieldMask::from_paths(fields));
        let ask = |mut client: sui_rpc::Client| {
            let (request, read) = (request.clone(), &read);
            async move {
                let answer = client.ledger_client().get_checkpoint(request).await?.into_inner();
                let told = answer.checkpoint.ok_or(Fault::NotFound)?;
                Ok(read(&told)?)
            }
        };
        let about = |error| match error {
            RpcError::Unavailable(why) => {
                RpcError::Unavailable(format!("checkpoint {number}: {why}"))
            }
            RpcError::Refused { .. } => error,
        };
        self.nodes.ask(Wanted::Checkpoint(number), ask).await.map_err(about)
    }

    async fn history_page(
        &self,
        account: &str,
        before: Option<bytes::Bytes>,
    ) -> Result<HistoryPage, RpcError> {
        let request = history_request(account, before);
        let ask = |mut client: sui_rpc::Client| {
            let request = request.clone();
            async move {
                let frames = client.ledger_client().list_transactions(request).await?.into_inner();
                history_page(frames).await
            }
        };
        let page = self.nodes.ask(Wanted::Perhaps, ask).await?.map(|told| told.what);
        Ok(page.unwrap_or(HistoryPage { transactions: Vec::new(), before: None }))
    }

    async fn coins_page(
        &self,
        account: &str,
        token: Option<bytes::Bytes>,
    ) -> Result<(Vec<String>, Option<bytes::Bytes>), RpcError> {
        let mut request = proto::ListOwnedObjectsRequest::default()
            .with_owner(account)
            .with_page_size(COINS_PER_PAGE)
            .with_object_type("0x2::coin::Coin")
            .with_read_mask(FieldMask::from_paths(["previous_transaction"]));
        request.page_token = token;
        let ask = |mut client: sui_rpc::Client| {
            let request = request.clone();
            async move {
                let page = client.state_client().list_owned_objects(request).await?.into_inner();
                let digests = page.objects.iter().map(decode::previous_transaction);
                let digests = digests.collect::<Result<Vec<_>, Garbage>>()?;
                Ok((digests, page.next_page_token.filter(|token| !token.is_empty())))
            }
        };
        let page = self.nodes.ask(Wanted::Perhaps, ask).await?.map(|told| told.what);
        Ok(page.unwrap_or_default())
    }
}

/// A checkpoint that exists, as others tell of later ones, and that nobody has.
pub(super) fn missing(number: u64) -> RpcError {
    RpcError::Unavailable(format!("no node has checkpoint {number}"))
}

fn history_request(account: &str, before: Option<bytes::Bytes>) -> proto::ListTransactionsRequest {
    let touched = proto::AffectedAddressFilter::default().with_address(account);
    let literal = proto::TransactionLiteral::default().with_affected_address(touched);
    let term = proto::TransactionTerm::default().with_literals(vec![literal]);
    let mut options = proto::QueryOptions::default()
        .with_limit(TRANSACTIONS_PER_PAGE)
        .with_ordering(proto::Ordering::Descending);
    options.before = before;
    proto::ListTransactionsRequest::default()
        .with_read_mask(FieldMask::from_paths(TRANSACTION_FIELDS))
        .with_filter(proto::TransactionFilter::default().with_terms(vec![term]))
        .with_options(options)
}

/// Reads a page to the frame that says why it ends there; a page without one was cut off.
async fn history_page(
    frames: tonic::Streaming<proto::ListTransactionsResponse>,
) -> Result<HistoryPage, Fault> {
    let mut frames = frames.take(FRAMES_PER_PAGE_MAX);
    let mut transactions = Vec::new();
    let mut cursor = None;
    while let Some(frame) = frames.next().await {
        let frame = frame?;
        if let Some(told) = &frame.transaction {
            let time = decode::time_of(told.timestamp.as_ref().map(|at| (at.seconds, at.nanos)));
            transactions.push((decode::transaction(told)?, time));
        }
        cursor = frame.watermark.and_then(|watermark| watermark.cursor).or(cursor);
        if let Some(end) = frame.end {
            let has_more = matches!(
                end.reason(),
                proto::QueryEndReason::ItemLimit | proto::QueryEndReason::ScanLimit
            );
            return Ok(HistoryPage { transactions, before: cursor.filter(|_| has_more) });
        }
    }
    Err(Fault::Failed("its list of transactions breaks off"))
}
