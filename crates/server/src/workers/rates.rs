//! Keeps quotes fresh: confirms the rate book before its prices count as stale.
//!
//! Every process asks for itself: prices are no shared state, and a process without them quotes
//! nothing. One step is one bounded round over all sources; what fails is asked again next time.

use crate::app::Shared;
use crate::workers::{Progress, Worker};

pub struct RateRefresher;

impl Worker for RateRefresher {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        app.rates.refresh(&app.clock, &app.metrics).await;
        Ok(Progress::Idle)
    }
}
