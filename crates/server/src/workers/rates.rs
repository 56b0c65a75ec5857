//! Keeps quotes fresh: confirms the rate book before its prices count as stale.

use crate::app::Shared;
use crate::workers::{Progress, Worker};

pub struct RateRefresher;

impl Worker for RateRefresher {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        app.rates.refresh(app.now());
        Ok(Progress::Idle)
    }
}
