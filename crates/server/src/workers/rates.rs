//! Keeps quotes fresh: confirms the rate book before its prices count as stale.
//!
//! Every process asks for itself: a process without prices quotes nothing. What they share is the
//! last price of each asset, which says what is a jump and which peg is broken. One step is one
//! bounded round over the sources of one pace; what fails is asked again next time.

use crate::app::Shared;
use crate::rates::Sources;
use crate::workers::{Progress, Worker};

#[derive(Default)]
pub struct RateRefresher {
    which: Sources,
}

impl RateRefresher {
    /// Asks the sources that are looked at so often.
    pub fn every(poll_ms: u64) -> RateRefresher {
        RateRefresher { which: Sources::Every(poll_ms) }
    }
}

impl Worker for RateRefresher {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        app.rates.refresh(app, self.which).await?;
        Ok(Progress::Idle)
    }
}
