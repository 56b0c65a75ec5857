//! Looking one transaction or one address up, without a cursor.
//!
//! Both ask for whole transactions and decode them as a scan does, so what they tell is the same.
//!
//! Invariant: an address's history is read newest first, so what arrives meanwhile is at worst
//! read twice; beyond 500 transactions the older ones are not looked at.

use std::collections::BTreeSet;

use domain::address::Address;
use domain::chain::ChainTransfer;
use domain::network::Network;
use domain::time::Timestamp;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::answers::PAGE_ITEMS_MAX;
use super::{Cardano, scan};
use crate::chain::ChainError;
use crate::hashes::parse_transaction_hash;

const HISTORY_PAGES_MAX: usize = 5;

pub(super) async fn look_up(
    cardano: &Cardano,
    tx_hash: &str,
) -> Result<Vec<ChainTransfer>, ChainError> {
    let Some(hash) = parse_transaction_hash(Network::Cardano, tx_hash) else {
        return Ok(Vec::new());
    };
    let found = cardano.client.transaction(&hash).await?;
    let told =
        found.map(|(transaction, moves)| cardano.decoder.transfers(&transaction, &moves, |_| true));
    Ok(told.unwrap_or_default())
}

pub(super) async fn transfers_to(
    cardano: &Cardano,
    address: &Address,
    since: Timestamp,
) -> Result<Vec<ChainTransfer>, ChainError> {
    let mut hashes = BTreeSet::new();
    for page in 1..=HISTORY_PAGES_MAX {
        let entries = cardano.client.history(address.as_str(), page).await?;
        let is_last = entries.len() < PAGE_ITEMS_MAX;
        let recent = entries.iter().filter(|entry| entry.block_time >= since);
        let before = hashes.len();
        hashes.extend(recent.map(|entry| entry.tx_hash.0.clone()));
        if is_last || hashes.len() == before {
            break;
        }
    }
    let mut asked = Vec::new();
    for hash in &hashes {
        asked.push(cardano.client.transaction(hash));
    }
    let found: Vec<_> =
        stream::iter(asked).buffered(scan::CONCURRENT_REQUESTS).try_collect().await?;
    // One that is gone by now was rolled back in between.
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.sort_by_key(|(transaction, _)| (transaction.block_number, transaction.index));
    let transfers = found.iter().flat_map(|(transaction, moves)| {
        cardano.decoder.transfers(transaction, moves, |to| to == address.as_str())
    });
    Ok(transfers.filter(|transfer| transfer.block.time >= since).collect())
}
