//! Ends holds whose time is over: money that was promised to somebody who did not come is free.
//!
//! Each is a commit of its own, so that one that is captured at the same moment hurts no other.

use domain::changes::Changes;
use domain::ledger::Hold;
use store::CommitError;

use crate::app::{App, Shared};
use crate::workers::lease::Lease;
use crate::workers::{Progress, Worker};

const BATCH_MAX: i64 = 256;

pub struct HoldExpirer {
    lease: Lease,
}

impl Default for HoldExpirer {
    fn default() -> Self {
        HoldExpirer { lease: Lease::new("holds", 0) }
    }
}

impl Worker for HoldExpirer {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let due = app.store.holds_due(app.now(), BATCH_MAX).await?;
        let is_full = i64::try_from(due.len()).is_ok_and(|count| count == BATCH_MAX);
        for hold in due {
            expire(app, hold).await?;
        }
        Ok(if is_full { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

async fn expire(app: &App, hold: Hold) -> anyhow::Result<()> {
    let mut changes = Changes::of(hold.merchant_id());
    if hold.expire(&mut changes, &mut app.fresh()).is_err() {
        return Ok(());
    }
    match app.commit(changes).await {
        // Somebody came at the last moment: the hold is closed.
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
