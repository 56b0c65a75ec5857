//! The watcher of one network: scan → revert → record → confirm → remember how far.
//!
//! Exactly-once effects whatever is replayed: the cursor is saved only after everything before it
//! is committed, and recording twice changes nothing.

use anyhow::{Context as _, bail};
use chains::chain::{Answer, Chain, ChainError, Ours, Scan, parted};
use domain::chain::Reach;
use domain::changes::Changes;
use domain::deposit_address::DepositAddress;
use domain::environment::Environment;
use domain::ids::{MerchantId, RowKey};
use domain::onchain_deposit::OnchainDeposit;
use domain::payment::Payment;
use domain::time::Timestamp;
use domain::watch::{Recheck, Rechecked, WatchCursor};
use futures_util::future::try_join_all;

use crate::app::{App, Shared};
use crate::networks::Place;
use crate::workers::lease::Lease;
use crate::workers::{Progress, Worker, observe};

/// Payments handled at once: enough to fill a group, few enough to bound memory.
const BATCH_MAX: usize = 256;
/// Addresses looked up at once: one statement for most of a block.
const ADDRESSES_MAX: usize = 2_048;
/// Payments of before a restart that are looked for in one look, which the next blocks wait for.
const RECHECKED_MAX: i64 = 64;
/// How often a cursor is saved while nothing happens.
const IDLE_SAVE_MS: i64 = 3_000;

pub struct Watcher {
    place: Place,
    lease: Lease,
    saved_at: Timestamp,
}

impl Watcher {
    pub fn new(place: Place, lease: Lease) -> Watcher {
        Watcher { place, lease, saved_at: Timestamp(0) }
    }
}

impl Worker for Watcher {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            app.networks.forget(self.place);
            return Ok(Progress::Idle);
        }
        let result = self.look(app).await;
        if result.is_err() {
            // After a failure go on from what is saved, under a lease that is asked for anew.
            app.networks.forget(self.place);
            self.lease.lose();
        }
        result
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

impl Watcher {
    async fn look(&mut self, app: &App) -> anyhow::Result<Progress> {
        let (environment, network) = self.place;
        let chain = app.networks.chain(environment, network).context("no such network here")?;
        let cursor = self.cursor(app).await?;
        let begin = cursor.as_ref().and_then(|cursor| cursor.begin);
        let start = match (begin, &cursor) {
            (Some(first), _) => Start::Block(first),
            (None, Some(cursor)) => Start::Position(&cursor.position),
            (None, None) => Start::Head,
        };
        let scan = match self.scan(app, chain.as_ref(), start).await? {
            Err(ChainError::UnreadableCursor(why)) if environment == Environment::Devnet => {
                // Simulated before, or nodes of another kind: what was seen there is over.
                tracing::warn!(network = network.as_str(), why, "watched from its head anew");
                self.scan(app, chain.as_ref(), Start::Head).await??
            }
            scan => scan?,
        };
        if let Some(from) = scan.reverted_from {
            self.revert(app, chain.as_ref(), from, scan.head.number).await?;
        }
        let is_news = self.record(app, &scan).await? || scan.reverted_from.is_some();
        let reach = Reach { head: scan.head.number, finalized: scan.head.finalized };
        let all_confirmed = self.confirm(app, chain.as_ref(), reach).await?;
        let rechecking = cursor.as_ref().and_then(|cursor| cursor.recheck);
        let recheck = match rechecking {
            Some(recheck) => self.recheck(app, chain.as_ref(), recheck, reach.head).await?,
            None => None,
        };
        let seen = WatchCursor {
            environment,
            network,
            position: scan.next,
            head_number: scan.head.number,
            scanned_number: scan.scanned.number,
            scanned_at: scan.scanned.time,
            answered_at: app.now(),
            begin: None,
            recheck,
            version: cursor.map_or(0, |cursor| cursor.version),
        };
        let is_due = self.saved_at.plus_ms(IDLE_SAVE_MS) <= app.now();
        let is_anew = begin.is_some() || rechecking.is_some();
        let seen = if is_news || is_due || is_anew || !scan.is_caught_up {
            self.save(app, seen).await?
        } else {
            seen
        };
        app.networks.note(seen);
        let is_done = scan.is_caught_up && all_confirmed && recheck.is_none();
        Ok(if is_done { Progress::Idle } else { Progress::More })
    }

    /// Looks at the chain, and keeps the lease however long the nodes take.
    async fn scan(
        &mut self,
        app: &App,
        chain: &dyn Chain,
        start: Start<'_>,
    ) -> anyhow::Result<Result<Scan, ChainError>> {
        let ours = OurAddresses { app, place: self.place };
        let scan = match start {
            Start::Head => chain.scan(None, &ours),
            Start::Position(position) => chain.scan(Some(position), &ours),
            Start::Block(first) => chain.scan_anew(first, &ours),
        };
        self.lease.keep().during(app, scan).await
    }

    /// Looks for payments and deposits of before a restart, and takes back what is in no block any
    /// more; where to go on, unless all were looked for.
    ///
    /// What no node can tell of is left as it is and told to the operator: a restart must end.
    async fn recheck(
        &self,
        app: &App,
        chain: &dyn Chain,
        recheck: Recheck,
        head: u64,
    ) -> anyhow::Result<Option<Recheck>> {
        let what = recheck.what;
        let deposits_after = match what {
            Rechecked::Payments => {
                let after = self.recheck_payments(app, chain, recheck.after, head).await?;
                if after.is_some() {
                    return Ok(Some(Recheck { after, what }));
                }
                None
            }
            Rechecked::Deposits => recheck.after,
        };
        let after = self.recheck_deposits(app, chain, deposits_after, head).await?;
        Ok(after.map(|key| Recheck { after: Some(key), what: Rechecked::Deposits }))
    }

    async fn recheck_deposits(
        &self,
        app: &App,
        chain: &dyn Chain,
        after: Option<RowKey>,
        head: u64,
    ) -> anyhow::Result<Option<RowKey>> {
        let (place, limit) = (self.place, RECHECKED_MAX);
        let batch = app.store.onchain_deposits_from_block(place, 0, after, limit).await?;
        let looks = batch.iter().map(async |deposit| {
            match stands(chain, deposit, head).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(deposit.id = %deposit.deposit_id,
                        network = place.1.as_str(),
                        "a deposit of before the restart is not in the chain any more");
                    let fence = Some(&self.lease);
                    observe::revert_deposit(app, deposit.deposit_id, fence).await?;
                    self.look_again(app, chain, &deposit.tx_hash).await;
                }
                Err(error) => tracing::warn!(deposit.id = %deposit.deposit_id,
                    error = format!("{error:#}"),
                    "a deposit of before the restart could not be looked for"),
            }
            anyhow::Ok(())
        });
        try_join_all(looks).await?;
        let is_last = (batch.len() as i64) < RECHECKED_MAX;
        Ok(batch.last().map(OnchainDeposit::key).filter(|_| !is_last))
    }

    async fn recheck_payments(
        &self,
        app: &App,
        chain: &dyn Chain,
        after: Option<RowKey>,
        head: u64,
    ) -> anyhow::Result<Option<RowKey>> {
        let (environment, network) = self.place;
        let batch =
            app.store.payments_from_block(environment, network, 0, after, RECHECKED_MAX).await?;
        let looks = batch.iter().map(async |payment| {
            match is_canonical(chain, payment, head).await {
                Ok(true) => {}
                Ok(false) => {
                    tracing::warn!(payment.id = %payment.id, network = network.as_str(),
                        "a payment of before the restart is not in the chain any more");
                    observe::revert_payment(app, payment.id, head, Some(&self.lease)).await?;
                    self.look_again(app, chain, &payment.tx_hash).await;
                }
                Err(error) => tracing::warn!(payment.id = %payment.id,
                    error = format!("{error:#}"),
                    "a payment of before the restart could not be looked for"),
            }
            anyhow::Ok(())
        });
        try_join_all(looks).await?;
        let is_last = (batch.len() as i64) < RECHECKED_MAX;
        Ok(batch.last().map(Payment::key).filter(|_| !is_last))
    }

    /// Where to go on: what this process saw last, else what is saved.
    async fn cursor(&self, app: &App) -> anyhow::Result<Option<WatchCursor>> {
        let (environment, network) = self.place;
        if self.saved_at > Timestamp(0)
            && let Some(seen) = app.networks.seen(environment, network)
        {
            return Ok(Some(seen));
        }
        Ok(app.store.get(WatchCursor::row_key(environment, network)).await?)
    }

    /// Reverts what was recorded in blocks that are gone.
    async fn revert(
        &self,
        app: &App,
        chain: &dyn Chain,
        from: u64,
        head: u64,
    ) -> anyhow::Result<()> {
        let (environment, network) = self.place;
        let from = i64::try_from(from)?;
        let mut after: Option<RowKey> = None;
        loop {
            let batch = app
                .store
                .payments_from_block(environment, network, from, after, BATCH_MAX as i64)
                .await?;
            for payment in &batch {
                if !is_canonical(chain, payment, head).await? {
                    observe::revert_payment(app, payment.id, head, Some(&self.lease)).await?;
                }
            }
            match batch.last() {
                Some(last) if batch.len() == BATCH_MAX => after = Some(last.key()),
                _ => break,
            }
        }
        let mut after: Option<RowKey> = None;
        loop {
            let (place, limit) = (self.place, BATCH_MAX as i64);
            let batch = app.store.onchain_deposits_from_block(place, from, after, limit).await?;
            for deposit in &batch {
                if !stands(chain, deposit, head).await? {
                    let fence = Some(&self.lease);
                    observe::revert_deposit(app, deposit.deposit_id, fence).await?;
                }
            }
            match batch.last() {
                Some(last) if batch.len() == BATCH_MAX => after = Some(last.key()),
                _ => return Ok(()),
            }
        }
    }

    /// Records transfers to addresses of ours; true if there were any.
    async fn record(&self, app: &App, scan: &Scan) -> anyhow::Result<bool> {
        let (environment, network) = self.place;
        let mut is_news = false;
        for transfers in scan.transfers.chunks(BATCH_MAX) {
            let keys = transfers
                .iter()
                .map(|transfer| DepositAddress::row_key(environment, network, &transfer.to));
            let addresses = app.store.get_many::<DepositAddress>(keys.collect()).await?;
            let ours = transfers.iter().zip(&addresses).filter(|(_, address)| address.is_some());
            let records = ours.map(|(transfer, _)| {
                observe::record_transfer(app, self.place, transfer, Some(&self.lease))
            });
            is_news |= !try_join_all(records).await?.is_empty();
        }
        Ok(is_news)
    }

    /// Confirms what is deep enough; true if nothing deep enough is left.
    ///
    /// The block is looked at once more: a watcher that died between recording and saving its
    /// cursor cannot be told of a reorg above that cursor. A payment whose look fails waits for
    /// a verification job, and the others go on.
    async fn confirm(&self, app: &App, chain: &dyn Chain, reach: Reach) -> anyhow::Result<bool> {
        let (environment, network) = self.place;
        let head = reach.head;
        let place = (environment, network);
        let deep = app.store.payments_deep(place, reach, BATCH_MAX as i64).await?;
        let is_full = deep.len() == BATCH_MAX;
        let looks = deep.iter().map(async |payment| {
            let fence = Some(&self.lease);
            let is_seen = match is_canonical(chain, payment, head).await {
                Ok(true) => {
                    observe::confirm_payment(app, payment.id, reach, fence).await?;
                    true
                }
                Ok(false) => {
                    observe::revert_payment(app, payment.id, head, fence).await?;
                    self.look_again(app, chain, &payment.tx_hash).await;
                    true
                }
                Err(error) => {
                    tracing::warn!(payment.id = %payment.id, error = format!("{error:#}"),
                        "a payment's block could not be looked at; a job looks again");
                    observe::payment_not_seen(app, payment.id, head, fence).await?;
                    false
                }
            };
            anyhow::Ok(is_seen)
        });
        let seen = try_join_all(looks).await?.into_iter().filter(|is_seen| *is_seen).count();
        let is_done = self.confirm_deposits(app, chain, reach).await?;
        Ok((!is_full || seen == 0) && is_done)
    }

    /// The same for deposits of ramp users. One that could not be looked at waits for the next.
    async fn confirm_deposits(
        &self,
        app: &App,
        chain: &dyn Chain,
        reach: Reach,
    ) -> anyhow::Result<bool> {
        let deep = app.store.onchain_deposits_deep(self.place, reach, BATCH_MAX as i64).await?;
        let is_full = deep.len() == BATCH_MAX;
        let looks = deep.iter().map(async |deposit| {
            let (id, fence) = (deposit.deposit_id, Some(&self.lease));
            match stands(chain, deposit, reach.head).await {
                Ok(true) => {
                    observe::confirm_deposit(app, id, reach, fence).await?;
                }
                Ok(false) => {
                    observe::revert_deposit(app, id, fence).await?;
                    self.look_again(app, chain, &deposit.tx_hash).await;
                }
                Err(error) => {
                    tracing::warn!(deposit.id = %id, error = format!("{error:#}"),
                        "a deposit's block could not be looked at; again later");
                    return Ok(false);
                }
            };
            anyhow::Ok(true)
        });
        let seen = try_join_all(looks).await?.into_iter().filter(|is_seen| *is_seen).count();
        Ok(!is_full || seen == 0)
    }

    /// A transaction whose block is gone may stand in another one that the scan has passed, if the
    /// node that told of its block was on a fork. What is not found now the payor can have looked
    /// up, and the operator too.
    async fn look_again(&self, app: &App, chain: &dyn Chain, tx_hash: &str) {
        let looking = async {
            let (found, lacking) = parted(chain.look_up(tx_hash).await);
            for transfer in found {
                observe::record_transfer(app, self.place, &transfer, Some(&self.lease)).await?;
            }
            lacking.map_or(Ok(()), |error| Err(anyhow::Error::from(error)))
        };
        if let Err(error) = looking.await {
            tracing::warn!(
                tx_hash,
                error = format!("{error:#}"),
                "a reverted transaction could not be looked up again"
            );
        }
    }

    async fn save(&mut self, app: &App, cursor: WatchCursor) -> anyhow::Result<WatchCursor> {
        let mut changes = Changes::of(MerchantId::HOUSE);
        self.lease.fence(&mut changes);
        if cursor.version == 0 {
            changes.insert(cursor.clone());
        } else {
            changes.update(cursor.clone());
        }
        app.commit(changes).await?;
        self.saved_at = app.now();
        Ok(WatchCursor { version: cursor.version + 1, ..cursor })
    }
}

/// Where a look goes on from.
#[derive(Clone, Copy)]
enum Start<'a> {
    Head,
    Block(u64),
    /// The chain's own cursor.
    Position(&'a str),
}

/// Whether a payment's block still stands. A node that does not know a block which the head has
/// passed is behind or has forgotten it, and says nothing about the payment.
async fn is_canonical(chain: &dyn Chain, payment: &Payment, head: u64) -> anyhow::Result<bool> {
    let number = u64::try_from(payment.block_number)?;
    stands_at(chain, number, &payment.block_hash, head).await
}

async fn stands(chain: &dyn Chain, deposit: &OnchainDeposit, head: u64) -> anyhow::Result<bool> {
    let number = u64::try_from(deposit.block_number)?;
    stands_at(chain, number, &deposit.block_hash, head).await
}

async fn stands_at(
    chain: &dyn Chain,
    number: u64,
    block_hash: &str,
    head: u64,
) -> anyhow::Result<bool> {
    match chain.canonical(number).await? {
        Some(hash) => Ok(hash == block_hash),
        None if number <= head => bail!("no node has block {number} now"),
        None => Ok(false),
    }
}

/// What the store knows of addresses: the watcher's answer to a chain that asks.
struct OurAddresses<'a> {
    app: &'a App,
    place: Place,
}

impl Ours for OurAddresses<'_> {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        Box::pin(async move {
            let (environment, network) = self.place;
            let key = |address: &String| DepositAddress::row_key(environment, network, address);
            // All at once: the store reads several of them at a time.
            let looks = addresses.chunks(ADDRESSES_MAX).map(|some| {
                self.app.store.get_many::<DepositAddress>(some.iter().map(key).collect())
            });
            let found = try_join_all(looks).await;
            let found = found.map_err(|error| ChainError::Unavailable(error.to_string()))?;
            Ok(found.iter().flatten().map(Option::is_some).collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use chains::chain::{Head, NodeHealth};
    use domain::chain::ChainTransfer;
    use domain::network::Network;

    use super::*;

    /// A network whose nodes know blocks up to a number.
    struct UpTo(u64);

    impl Chain for UpTo {
        fn network(&self) -> Network {
            Network::Base
        }

        fn environment(&self) -> Environment {
            Environment::Devnet
        }

        fn head(&self) -> Answer<'_, Head> {
            unreachable!("nobody asks")
        }

        fn scan<'a>(&'a self, _: Option<&'a str>, _: &'a dyn Ours) -> Answer<'a, Scan> {
            unreachable!("nobody asks")
        }

        fn scan_anew<'a>(&'a self, _: u64, _: &'a dyn Ours) -> Answer<'a, Scan> {
            unreachable!("nobody asks")
        }

        fn look_up<'a>(&'a self, _: &'a str) -> Answer<'a, Vec<ChainTransfer>> {
            unreachable!("nobody asks")
        }

        fn transfers_to<'a>(
            &'a self,
            _: &'a domain::address::Address,
            _: Timestamp,
        ) -> Answer<'a, Vec<ChainTransfer>> {
            unreachable!("nobody asks")
        }

        fn canonical(&self, block_number: u64) -> Answer<'_, Option<String>> {
            let hash = (block_number <= self.0).then(|| format!("hash {block_number}"));
            Box::pin(async move { Ok(hash) })
        }

        fn health(&self) -> Vec<NodeHealth> {
            Vec::new()
        }
    }

    #[tokio::test]
    async fn a_node_that_is_behind_says_nothing_about_a_payment() {
        let stands =
            async |known, number, head| stands_at(&UpTo(known), number, "hash 7", head).await;
        assert!(stands(9, 7, 9).await.expect("is known"));
        assert!(!stands(9, 8, 9).await.expect("is another block"));
        // The head has passed block 7, and the node that is asked has not.
        assert!(stands(6, 7, 9).await.is_err());
        // The chain is shorter now: the block is gone.
        assert!(!stands(6, 7, 6).await.expect("is gone"));
    }
}
