//! A lease on a slot of work, held by this process and renewed before it ends.
//!
//! What is done under a lease guards with its version: who lost it cannot commit.

use domain::changes::{Changes, Noun};
use domain::environment::Environment;
use domain::ids::RowKey;
use domain::slot::{LEASE_MS, Slot};
use store::{CommitError, StoreError};

use crate::app::App;
use crate::networks::Place;

pub struct Lease {
    key: RowKey,
    held: Option<Slot>,
}

impl Lease {
    pub fn new(kind: &str, number: i64) -> Lease {
        Lease { key: Slot::row_key(kind, number), held: None }
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
        if app.store.is_exclusive()
            && let Some(slot) = known.as_mut()
        {
            // Nobody else can have this database open: the old owner is gone.
            slot.owner = app.process;
        }
        let version = known.as_ref().map_or(0, |slot| slot.version);
        let Some(changes) = Slot::lease(known, self.key, app.process, now) else {
            return Ok(false);
        };
        match app.store.commit(changes).await {
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

    pub fn lose(&mut self) {
        self.held = None;
    }

    /// Ends the lease, so that another process need not wait for its end.
    pub async fn release(&mut self, app: &App) {
        if let Some(mut slot) = self.held.take() {
            slot.until = app.now();
            let mut changes = Changes::of(domain::ids::MerchantId::HOUSE);
            changes.update(slot);
            if let Err(error) = app.store.commit(changes).await {
                tracing::debug!(%error, "a lease ends by itself");
            }
        }
    }
}
