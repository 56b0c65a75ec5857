//! Retention: has the store forget what is no longer kept, a bounded chunk of each table at a time.
//!
//! What is kept for how long says `domain::retention`; what goes could no longer change an answer.
//! One process does it, and it rests several times as long as it worked, so that whoever commits
//! hardly notices. While there is more it goes on at once, else it looks again in a minute.

use std::time::Duration;

use domain::retention::{Passing, Retention};
use domain::time::Timestamp;
use store::{StoreError, Sweep};

use crate::app::{App, Shared};
use crate::clock::steady;
use crate::workers::lease::Lease;
use crate::workers::{Progress, Worker};

const CHUNK_ROWS: i64 = 500;
/// At most a quarter of the time is spent sweeping.
const RESTS_PER_TURN: u32 = 3;

pub struct Sweeper {
    lease: Lease,
}

impl Default for Sweeper {
    fn default() -> Self {
        Sweeper { lease: Lease::new("retention", 0) }
    }
}

impl Worker for Sweeper {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let mut progress = Progress::Idle;
        for (what, before) in due(app).await? {
            let since = steady();
            let swept = app.store.sweep(what, before, CHUNK_ROWS).await?;
            if swept.rows > 0 {
                let series = format!("pepay_rows_swept_total{{table=\"{}\"}}", what.table());
                app.metrics.add(&series, swept.rows);
            }
            if !swept.is_done {
                progress = Progress::More;
            }
            if !rest(app, since.elapsed()).await {
                return Ok(Progress::Idle);
            }
        }
        Ok(progress)
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

/// Everything that is swept, each with the moment before which it may go.
async fn due(app: &App) -> Result<Vec<(Sweep, Timestamp)>, StoreError> {
    let now = app.now();
    let retention = Retention { event_days: app.config.event_retention_days };
    let rows = |passing| (Sweep::Rows(passing), retention.before(passing, now));
    let mut due = Passing::ALL.map(rows).to_vec();
    for lane in 0..app.config.lanes {
        let before_sequence = slowest_cursor(app, lane).await?;
        due.push((Sweep::Log { lane, before_sequence }, retention.events_before(now)));
    }
    Ok(due)
}

/// How far every durable follower has read a lane: entries before it have been seen by all.
async fn slowest_cursor(app: &App, lane: i64) -> Result<i64, StoreError> {
    app.store.slowest_follower(lane).await
}

/// Rests after a turn that took so long; false if the house stops meanwhile.
async fn rest(app: &App, turn: Duration) -> bool {
    tokio::select! {
        () = app.stop.cancelled() => false,
        () = tokio::time::sleep(turn * RESTS_PER_TURN) => true,
    }
}
