//! A lease on a slot of work, held by this process and renewed before it ends.
//!
//! What is done under a lease guards with its version: who lost it cannot commit. That fencing is
//! what keeps work single; everything below only decides how soon somebody else goes on.
//!
//! A lease ends by its time, or sooner if its owner is dead. Dead is whom the database does not
//! know as alive, and who has not renewed either, for a grace long enough to connect anew. Only
//! who is known as alive himself may tell: two processes that both cannot make themselves known
//! leave each other's leases to end by their time.

use std::time::Duration;

use anyhow::anyhow;
use domain::changes::{Changes, Noun};
use domain::environment::Environment;
use domain::ids::{RowKey, Version};
use domain::slot::{LEASE_MS, Slot};
use domain::time::Timestamp;
use store::{CommitError, StoreError};
use tokio::sync::RwLock;

use crate::app::App;
use crate::networks::Place;

/// How long an owner must be missing, all the while not renewing, before it is taken for dead.
pub const GRACE_MS: i64 = 3_000;
/// Well within the time of a lease.
const RENEW_EVERY: Duration = Duration::from_millis(LEASE_MS as u64 / 3);

pub struct Lease {
    key: RowKey,
    held: Option<Slot>,
    missing: Option<Missing>,
}

/// Since when a lease stands at this version while its owner is not known as alive.
struct Missing {
    version: Version,
    since: Timestamp,
}

impl Lease {
    pub fn new(kind: &str, number: i64) -> Lease {
        Lease { key: Slot::row_key(kind, number), held: None, missing: None }
    }

    pub fn for_place((environment, network): Place) -> Lease {
        let offset = match environment {
            Environment::Devnet => 0,
            Environment::Mainnet => 32,
        };
        Lease::new("watch", offset + network.code())
    }

    /// Takes or renews the lease; false if another process holds it.
    pub async fn hold(&mut self, app: &App) -> Result<bool, StoreError> {
        let now = app.now();
        let is_fresh = |slot: &Slot| now.plus_ms(LEASE_MS / 2) < slot.until;
        if self.held.as_ref().is_some_and(is_fresh) {
            return Ok(true);
        }
        self.held = None;
        let mut known = app.store.get::<Slot>(self.key).await?;
        if let Some(slot) = known.as_mut()
            && self.is_abandoned(app, slot, now).await?
        {
            slot.owner = app.process;
        }
        let version = known.as_ref().map_or(0, |slot| slot.version);
        let Some(changes) = Slot::lease(known, self.key, app.process, now) else {
            return Ok(false);
        };
        match app.commit(changes).await {
            Ok(_) => {
                let until = now.plus_ms(LEASE_MS);
                let owner = app.process;
                self.held = Some(Slot { key: self.key, owner, until, version: version + 1 });
                Ok(true)
            }
            Err(CommitError::Conflict { .. } | CommitError::AlreadyExists { .. }) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
            Err(error @ CommitError::Insufficient { .. }) => {
                Err(StoreError::Unavailable(error.to_string()))
            }
        }
    }

    /// Whether a lease that has not ended belongs to a process that has.
    async fn is_abandoned(
        &mut self,
        app: &App,
        slot: &Slot,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        if app.store.is_exclusive() {
            // Nobody else can have this database open: the old owner is gone.
            return Ok(true);
        }
        let missing = self.missing.take();
        if slot.owner == app.process || slot.until <= now {
            return Ok(false);
        }
        let live = app.store.live_processes().await?;
        if live.contains(&slot.owner) || !live.contains(&app.process) {
            return Ok(false);
        }
        let missing = missing
            .filter(|missing| missing.version == slot.version)
            .unwrap_or(Missing { version: slot.version, since: now });
        let is_abandoned = missing.since.plus_ms(GRACE_MS) <= now;
        self.missing = Some(missing);
        Ok(is_abandoned)
    }

    /// Lets `changes` commit only while this lease stands.
    pub fn fence(&self, changes: &mut Changes) {
        match &self.held {
            Some(slot) => slot.fence(changes),
            // Without a lease there is a version no row has: the commit is refused.
            None => changes.guard(Noun::Slot, self.key, i64::MAX),
        }
    }

    pub fn is_key(&self, key: RowKey) -> bool {
        self.key == key
    }

    /// Whose row it is.
    pub fn key(&self) -> RowKey {
        self.key
    }

    /// For work that takes longer than the lease lasts.
    pub fn keep(&mut self) -> Kept<'_> {
        Kept { key: self.key, lease: RwLock::new(self) }
    }

    pub fn lose(&mut self) {
        self.held = None;
    }

    /// Ends the lease, so that another process need not wait for its end.
    pub async fn release(&mut self, app: &App) {
        if let Some(mut slot) = self.held.take() {
            slot.until = app.now();
            let mut changes = Changes::of(domain::ids::MerchantId::HOUSE);
            changes.update(slot);
            if let Err(error) = app.commit(changes).await {
                tracing::debug!(%error, "a lease ends by itself");
            }
        }
    }
}

/// A lease that is renewed while long work goes on under it.
///
/// Commits share it; a renewal waits for those on their way, because it changes the version that
/// they are fenced with.
pub struct Kept<'a> {
    key: RowKey,
    lease: RwLock<&'a mut Lease>,
}

impl Kept<'_> {
    /// Works, however long it takes; once the lease is lost the work is given up.
    pub async fn during<T>(&self, app: &App, work: impl Future<Output = T>) -> anyhow::Result<T> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            error = self.lost(app) => Err(error),
        }
    }

    /// Commits only while the lease stands.
    pub async fn commit(&self, app: &App, mut changes: Changes) -> Result<(), CommitError> {
        let lease = self.lease.read().await;
        lease.fence(&mut changes);
        app.commit(changes).await.map(|_| ())
    }

    pub fn is_key(&self, key: RowKey) -> bool {
        self.key == key
    }

    /// Renews for as long as that is possible, and answers why it is not any more.
    async fn lost(&self, app: &App) -> anyhow::Error {
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            match self.lease.write().await.hold(app).await {
                Ok(true) => {}
                Ok(false) => return anyhow!("another process took over this work"),
                Err(error) => return error.into(),
            }
        }
    }
}
