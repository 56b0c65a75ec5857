//! Workers: what reacts, each one bounded step looped until the house stops.
//!
//! A step claims a bounded batch, acts, decides and commits. It is woken by commits and polls
//! anyway; a lost wake-up costs latency, never data. Tests call the steps one by one.

pub mod expiry;
pub mod follow;
pub mod gauges;
pub mod housekeeping;
pub mod lease;
pub mod observe;
pub mod rates;
pub mod verification;
pub mod watcher;

use std::time::Duration;

use crate::app::Shared;

/// Whether a step left work behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing more to do now.
    Idle,
    /// Call again at once.
    More,
}

const WATCH_EVERY_MS: u64 = 250;
const EXPIRY_EVERY_MS: u64 = 500;
const VERIFY_EVERY_MS: u64 = 500;
const FOLLOW_EVERY_MS: u64 = 1_000;
const RATES_EVERY_MS: u64 = 30_000;
const HOUSEKEEPING_EVERY_MS: u64 = 60_000;
const FAILURE_PAUSE_MS_MAX: u64 = 10_000;

/// Starts what every process needs, whoever does the shared work: fresh caches and rates.
pub fn spawn_own(app: &Shared) {
    spawn(app, "follow", FOLLOW_EVERY_MS, follow::Follower::default());
    spawn(app, "rates", RATES_EVERY_MS, rates::RateRefresher);
    spawn(app, "housekeeping", HOUSEKEEPING_EVERY_MS, housekeeping::Housekeeper);
}

/// Starts the work that processes share by leases.
pub fn spawn_shared(app: &Shared) {
    for place in app.networks.places() {
        let name = format!("watcher {} {}", place.0.as_str(), place.1.as_str());
        let lease = lease::Lease::for_place(place);
        spawn(app, name, WATCH_EVERY_MS, watcher::Watcher::new(place, lease));
    }
    spawn(app, "expiry", EXPIRY_EVERY_MS, expiry::Expirer::default());
    spawn(app, "verification", VERIFY_EVERY_MS, verification::Verifier::default());
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
}

fn spawn(app: &Shared, name: impl Into<String>, every_ms: u64, mut worker: impl Worker) {
    let (app, name) = (app.clone(), name.into());
    let tasks = app.tasks.clone();
    tasks.spawn(async move {
        let mut committed = app.store.committed();
        let mut failures = 0_u32;
        while !app.stop.is_cancelled() {
            let pause_ms = match worker.step(&app).await {
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
                    let pause_ms = every_ms.saturating_mul(1 << failures.min(6));
                    pause_ms.clamp(every_ms, FAILURE_PAUSE_MS_MAX.max(every_ms))
                }
            };
            if pause_ms == 0 {
                tokio::task::yield_now().await;
                continue;
            }
            let wake = async {
                if worker.wakes_on_commit() && failures == 0 {
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
