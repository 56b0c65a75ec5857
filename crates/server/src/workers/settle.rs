//! Settlement: walks what waits, pool by pool, and promises to the merchant what is due.
//!
//! It sends nothing: a settlement is rows, and the worker that sends follows them. A step looks at
//! a bounded number of pools and goes on from there with the next.

use domain::settlement::Pool;

use crate::app::Shared;
use crate::settling::{Considered, consider};
use crate::workers::lease::Lease;
use crate::workers::{Progress, Worker};

const POOLS_MAX: usize = 32;

pub struct Settler {
    lease: Lease,
    after: Option<Pool>,
}

impl Default for Settler {
    fn default() -> Self {
        Settler { lease: Lease::new("settlement", 0), after: None }
    }
}

impl Worker for Settler {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !app.config.settlement.enabled || !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        for _ in 0..POOLS_MAX {
            let Some(pool) = app.store.next_pool_to_settle(self.after.as_ref()).await? else {
                self.after = None;
                return Ok(Progress::Idle);
            };
            match consider(app, &self.lease, &pool).await {
                Ok(Considered::Started(id)) => {
                    tracing::info!(settlement.id = id.0, "a settlement begins");
                    // A full batch may leave more of the same pool behind.
                    continue;
                }
                Ok(Considered::Interrupted) => {}
                Ok(Considered::Waits(why)) => {
                    let series =
                        format!("pepay_settlement_waits_total{{reason=\"{}\"}}", why.as_str());
                    app.metrics.add(&series, 1);
                }
                Err(error) => {
                    self.lease.lose();
                    self.after = Some(pool);
                    return Err(error);
                }
            }
            self.after = Some(pool);
        }
        Ok(Progress::More)
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}
