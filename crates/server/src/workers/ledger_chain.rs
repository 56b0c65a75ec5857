//! Follows the ledger: hashes every transfer into its merchant's chain, and adds it to its day.
//!
//! In the ledger's order, under a lease, with the cursor in the same commit: a crash repeats
//! nothing and loses nothing, and what the reports say is what the ledger says up to the cursor.

use std::collections::HashMap;

use domain::changes::Changes;
use domain::follow::FollowCursor;
use domain::ids::{MerchantId, RowKey};
use domain::ledger::{Account, ChainHead, LedgerDay, PlacedTransfer};

use crate::app::{App, Shared};
use crate::workers::lease::Lease;
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 1_000;
/// Accounts are never taken away, so what is known of them stays true; then it is begun anew.
const ACCOUNTS_MAX: usize = 50_000;

pub struct LedgerChain {
    lane: i64,
    lease: Lease,
    accounts: HashMap<RowKey, Account>,
}

impl LedgerChain {
    pub fn new(lane: i64) -> LedgerChain {
        LedgerChain { lane, lease: Lease::new("ledger_chain", lane), accounts: HashMap::new() }
    }

    async fn follow(&mut self, app: &App) -> anyhow::Result<Progress> {
        let key = FollowCursor::of_ledger(self.lane);
        let cursor = app.store.get::<FollowCursor>(key).await?;
        let cursor = cursor.unwrap_or(FollowCursor { key, sequence: 0, version: 0 });
        let batch = app.store.ledger_after(self.lane, cursor.sequence, BATCH_MAX).await?;
        let Some(last) = batch.last() else { return Ok(Progress::Idle) };
        let mut changes = Changes::of(last.merchant_id);
        self.link(app, &batch, &mut changes).await?;
        self.add_up(app, &batch, &mut changes).await?;
        let cursor = FollowCursor { sequence: last.position, ..cursor };
        if cursor.version == 0 {
            changes.insert(cursor)
        } else {
            changes.update(cursor)
        }
        self.lease.fence(&mut changes);
        app.commit(changes).await?;
        let is_full = i64::try_from(batch.len()).is_ok_and(|count| count == BATCH_MAX);
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }

    async fn link(
        &self,
        app: &App,
        batch: &[PlacedTransfer],
        changes: &mut Changes,
    ) -> anyhow::Result<()> {
        let mut merchants: Vec<MerchantId> =
            batch.iter().map(|transfer| transfer.merchant_id).collect();
        merchants.sort_unstable();
        merchants.dedup();
        let keys = merchants.iter().map(|&id| ChainHead::row_key(id)).collect();
        let known = app.store.get_many::<ChainHead>(keys).await?;
        let mut heads: HashMap<MerchantId, ChainHead> = merchants
            .into_iter()
            .zip(known)
            .map(|(id, head)| (id, head.unwrap_or_else(|| ChainHead::start(id))))
            .collect();
        for transfer in batch {
            if let Some(head) = heads.get_mut(&transfer.merchant_id) {
                changes.insert(head.link(transfer));
            }
        }
        for head in heads.into_values() {
            if head.version == 0 { changes.insert(head) } else { changes.update(head) }
        }
        Ok(())
    }

    async fn add_up(
        &mut self,
        app: &App,
        batch: &[PlacedTransfer],
        changes: &mut Changes,
    ) -> anyhow::Result<()> {
        if self.accounts.len() > ACCOUNTS_MAX {
            self.accounts.clear();
        }
        let is_new = |transfer: &&PlacedTransfer| !self.accounts.contains_key(&transfer.debit);
        let new: Vec<PlacedTransfer> = batch.iter().filter(is_new).cloned().collect();
        self.accounts.extend(app.store.accounts_of(&new).await?);
        let mut days: HashMap<RowKey, LedgerDay> = HashMap::new();
        for transfer in batch {
            let row = LedgerDay::of(transfer, &self.accounts[&transfer.debit]);
            days.entry(row.key()).or_insert(row).add(transfer.amount);
        }
        let keys: Vec<RowKey> = days.keys().copied().collect();
        for known in app.store.get_many::<LedgerDay>(keys).await?.into_iter().flatten() {
            if let Some(day) = days.get_mut(&known.key()) {
                day.count += known.count;
                day.amount.0 = day.amount.0.saturating_add(known.amount.0);
                day.version = known.version;
            }
        }
        for day in days.into_values() {
            if day.version == 0 { changes.insert(day) } else { changes.update(day) }
        }
        Ok(())
    }
}

impl Worker for LedgerChain {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let followed = self.follow(app).await;
        if followed.is_err() {
            self.lease.lose();
        }
        followed
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}
