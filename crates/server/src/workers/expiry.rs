//! Expiry: looks at invoices whose pay-by time has come, and expires those nothing will pay.
//!
//! An invoice waits while a pending payment would pay it, and while a network it has an address
//! on has not been looked at up to its pay-by time.

use domain::ids::InvoiceId;
use domain::invoice::{Expiry, Invoice, WaitReason, expire};
use domain::time::Timestamp;
use futures_util::future::join_all;
use store::CommitError;

use crate::app::{App, Shared};
use crate::workers::lease::Lease;
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 256;

pub struct Expirer {
    lease: Lease,
}

impl Default for Expirer {
    fn default() -> Self {
        Expirer { lease: Lease::new("expiry", 0) }
    }
}

impl Worker for Expirer {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let due = app.store.invoices_due(app.now(), BATCH_MAX).await?;
        let is_full = due.len() as i64 == BATCH_MAX;
        let outcomes = join_all(due.iter().map(|invoice| self.look(app, invoice))).await;
        let mut lagging = 0;
        let mut failed = false;
        for (invoice, outcome) in due.iter().zip(outcomes) {
            match outcome {
                Ok(Some(WaitReason::WatcherLag)) => lagging += 1,
                Ok(_) => {}
                Err(error) => {
                    failed = true;
                    report(invoice.id, &error);
                }
            }
        }
        if failed {
            self.lease.lose();
        }
        app.metrics.set("pepay_expiry_waits_for_watchers", lagging);
        if lagging > 0 {
            tracing::warn!(invoices = lagging, "expiry waits for watchers that lag");
        }
        Ok(if is_full && !failed { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

impl Expirer {
    async fn look(&self, app: &App, due: &Invoice) -> anyhow::Result<Option<WaitReason>> {
        let scanned_until = scanned_until(app, due).await?;
        let (mut changes, reason) = match expire(due, scanned_until, app.now()) {
            Expiry::Expire(changes) => (changes, None),
            Expiry::Wait(changes, reason) => (changes, Some(reason)),
        };
        self.lease.fence(&mut changes);
        match app.commit(changes).await {
            Err(CommitError::Conflict { key, .. }) if self.lease.is_key(key) => {
                anyhow::bail!("another process took over expiry")
            }
            // A payment or cancel came first: the next step sees what it made of the invoice.
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(reason),
            Err(error) => Err(error.into()),
        }
    }
}

/// Up to when every network this invoice can be paid on has been looked at.
async fn scanned_until(app: &App, invoice: &Invoice) -> anyhow::Result<Option<Timestamp>> {
    if invoice.address_index.is_none() {
        return Ok(None);
    }
    let addresses = app.store.deposit_addresses_of_invoice(invoice.id).await?;
    let networks = addresses.iter().flat_map(|address| address.given_out_networks());
    let scanned = networks.map(|network| {
        let seen = app.networks.seen(invoice.environment, network);
        seen.map_or(Timestamp(0), |cursor| cursor.scanned_at)
    });
    Ok(scanned.min())
}

fn report(id: InvoiceId, error: &anyhow::Error) {
    tracing::warn!(invoice.id = %id, error = format!("{error:#}"), "an expiry is tried again");
}
