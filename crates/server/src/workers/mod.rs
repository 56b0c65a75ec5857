//! Workers: what reacts, each one bounded step looped until the house stops.
//!
//! A step claims a bounded batch, acts, decides and commits. It is woken by commits and polls
//! anyway; a lost wake-up costs latency, never data. Tests call the steps one by one.

pub mod deliver;
pub mod due_orders;
pub mod expiry;
pub mod fan_out;
pub mod follow;
pub mod gauges;
pub mod holds;
pub mod housekeeping;
pub mod lane;
pub mod lease;
pub mod ledger_chain;
pub mod liquidations;
pub mod log_place;
pub mod mailer;
pub mod observe;
pub mod onramps;
pub mod orders;
pub mod payouts;
pub mod rates;
pub mod receipts;
mod references;
pub mod retention;
pub mod search;
pub mod send;
pub mod settle;
pub mod verification;
pub mod watcher;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use store::{CommitError, StoreError};

use crate::app::Shared;

/// Whether a step left work behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing more to do now.
    Idle,
    /// Call again at once.
    More,
}

const EXPIRY_EVERY_MS: u64 = 500;
const VERIFY_EVERY_MS: u64 = 500;
const FOLLOW_EVERY_MS: u64 = 1_000;
const FAN_OUT_EVERY_MS: u64 = 1_000;
const SEND_EVERY_MS: u64 = 1_000;
const LEDGER_EVERY_MS: u64 = 1_000;
const RECEIPTS_EVERY_MS: u64 = 1_000;
const MAIL_EVERY_MS: u64 = 1_000;
const HOLDS_EVERY_MS: u64 = 1_000;
const RAMPS_EVERY_MS: u64 = 1_000;
const SETTLE_EVERY_MS: u64 = 1_000;
const ORDERS_EVERY_MS: u64 = 1_000;
const PAY_OUT_EVERY_MS: u64 = 500;
const HOUSEKEEPING_EVERY_MS: u64 = 60_000;
const INDEX_EVERY_MS: u64 = 1_000;
const RETENTION_EVERY_MS: u64 = 60_000;
const FAILURE_PAUSE_MS_MAX: u64 = 10_000;
/// While the database is away a step ends at its first look: so everybody is there when it is back.
const OUTAGE_PAUSE_MS_MAX: u64 = 1_000;

/// Starts what every process needs, whoever does the shared work: fresh caches and rates.
pub fn spawn_own(app: &Shared) {
    spawn(app, "follow", FOLLOW_EVERY_MS, follow::Follower::default());
    for every_ms in app.rates.paces(&app.config) {
        spawn(app, format!("rates {every_ms}"), every_ms, rates::RateRefresher::every(every_ms));
    }
    spawn(app, "housekeeping", HOUSEKEEPING_EVERY_MS, housekeeping::Housekeeper);
    spawn(app, "search", INDEX_EVERY_MS, search::Indexer::default());
}

/// Starts the work that processes share by leases.
pub fn spawn_shared(app: &Shared) {
    for place in app.networks.places() {
        let name = format!("watcher {} {}", place.0.as_str(), place.1.as_str());
        let lease = lease::Lease::for_place(place);
        let every_ms = app.networks.poll_ms(place);
        spawn(app, name, every_ms, watcher::Watcher::new(place, lease));
    }
    spawn(app, "expiry", EXPIRY_EVERY_MS, expiry::Expirer::default());
    spawn(app, "verification", VERIFY_EVERY_MS, verification::Verifier::default());
    for lane in 0..app.store.lanes() {
        spawn(app, format!("fan-out {lane}"), FAN_OUT_EVERY_MS, fan_out::FanOut::new(lane));
        let orders = orders::OrderFollower::new(lane);
        spawn(app, format!("orders {lane}"), ORDERS_EVERY_MS, orders);
        let receipts = receipts::ReceiptPlanner::new(lane);
        spawn(app, format!("receipts {lane}"), RECEIPTS_EVERY_MS, receipts);
        let chain = ledger_chain::LedgerChain::new(lane);
        spawn(app, format!("ledger chain {lane}"), LEDGER_EVERY_MS, chain);
    }
    spawn(app, "webhooks", SEND_EVERY_MS, deliver::Sender::default());
    spawn(app, "mail", MAIL_EVERY_MS, mailer::Mailer::default());
    spawn(app, "holds", HOLDS_EVERY_MS, holds::HoldExpirer::default());
    spawn(app, "payouts", RAMPS_EVERY_MS, payouts::Payer::default());
    spawn(app, "on-ramps", RAMPS_EVERY_MS, onramps::Onramper::default());
    spawn(app, "liquidations", RAMPS_EVERY_MS, liquidations::Liquidator::default());
    spawn(app, "settlement", SETTLE_EVERY_MS, settle::Settler::default());
    spawn(app, "due orders", ORDERS_EVERY_MS, due_orders::DueOrders::default());
    spawn(app, "sends", PAY_OUT_EVERY_MS, send::Dispatcher::default());
    spawn(app, "retention", RETENTION_EVERY_MS, retention::Sweeper::default());
}

/// One kind of work, one bounded step at a time.
pub trait Worker: Send + Sync + 'static {
    fn step(&mut self, app: &Shared) -> impl Future<Output = anyhow::Result<Progress>> + Send;

    /// Gives up what it holds, so that another process can go on at once.
    fn stop(&mut self, _app: &Shared) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// Whether a commit in this process or another is a reason to look at once.
    fn wakes_on_commit(&self) -> bool {
        false
    }

    /// How long it is left alone after a step, however often it is woken meanwhile.
    fn rest_ms(&self) -> u64 {
        0
    }
}

/// Loops a worker until the house stops, whatever becomes of its steps.
pub fn spawn(app: &Shared, name: impl Into<String>, every_ms: u64, mut worker: impl Worker) {
    let (app, name) = (app.clone(), name.into());
    let tasks = app.tasks.clone();
    tasks.spawn(async move {
        let mut committed = app.store.committed();
        let mut failures = 0_u32;
        while !app.stop.is_cancelled() {
            let pause_ms = match step_or_fall(&mut worker, &app, &name).await {
                Ok(progress) => {
                    if failures > 0 {
                        tracing::info!(worker = name, "works again");
                    }
                    failures = 0;
                    if progress == Progress::More { 0 } else { every_ms }
                }
                Err(error) => {
                    // Told once when it begins; the lag gauges tell how long it lasts.
                    if failures == 0 {
                        tracing::warn!(worker = name, error = format!("{error:#}"), "fails");
                    }
                    failures = failures.saturating_add(1);
                    pause_after(&error, failures, every_ms)
                }
            };
            if pause_ms == 0 {
                tokio::task::yield_now().await;
                continue;
            }
            let wake = async {
                if worker.wakes_on_commit() && failures == 0 {
                    let rest_ms = worker.rest_ms();
                    if rest_ms > 0 {
                        tokio::time::sleep(Duration::from_millis(rest_ms)).await;
                    }
                    let _ = committed.changed().await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = app.stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(pause_ms)) => {}
                () = wake => {}
            }
        }
        worker.stop(&app).await;
    });
}

/// One step; a panic is one more way to fail. What the worker holds is given up, so that the next
/// step starts anew, here or in another process.
async fn step_or_fall(
    worker: &mut impl Worker,
    app: &Shared,
    name: &str,
) -> anyhow::Result<Progress> {
    if let Ok(done) = AssertUnwindSafe(worker.step(app)).catch_unwind().await {
        return done;
    }
    tracing::error!(worker = name, "a worker panicked; it starts anew");
    if AssertUnwindSafe(worker.stop(app)).catch_unwind().await.is_err() {
        tracing::error!(worker = name, "a worker panicked while giving up what it holds");
    }
    Err(anyhow::anyhow!("a worker panicked"))
}

/// Longer and longer, so that what fails for good costs little; short for a database that is away.
fn pause_after(error: &anyhow::Error, failures: u32, every_ms: u64) -> u64 {
    if is_outage(error) {
        return every_ms.min(OUTAGE_PAUSE_MS_MAX);
    }
    let pause_ms = every_ms.saturating_mul(1 << failures.min(6));
    pause_ms.clamp(every_ms, FAILURE_PAUSE_MS_MAX.max(every_ms))
}

/// Whether the database was away; what it was away for does not matter.
fn is_outage(error: &anyhow::Error) -> bool {
    let is_away = |error: &StoreError| matches!(error, StoreError::Unavailable(_));
    error.chain().any(|cause| {
        if let Some(CommitError::Store(error)) = cause.downcast_ref() {
            return is_away(error);
        }
        cause.downcast_ref().is_some_and(is_away)
    })
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_database_that_is_away_is_asked_again_soon_and_a_fault_later_and_later() {
        let away = StoreError::Unavailable("away".into());
        let looking = Err::<(), _>(away.clone()).context("looking").unwrap_err();
        let saving = Err::<(), _>(CommitError::from(away)).context("saving").unwrap_err();
        for error in [looking, saving] {
            assert_eq!(pause_after(&error, 9, 250), 250);
            assert_eq!(pause_after(&error, 9, 60_000), OUTAGE_PAUSE_MS_MAX);
        }
        let fault = anyhow::anyhow!("a fault");
        assert_eq!(pause_after(&fault, 1, 250), 500);
        assert_eq!(pause_after(&fault, 9, 250), FAILURE_PAUSE_MS_MAX);
        assert_eq!(pause_after(&fault, 9, 60_000), 60_000);
    }
}
