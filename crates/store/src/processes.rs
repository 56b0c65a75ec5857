//! Which server processes are alive, as the database knows it.
//!
//! On PostgreSQL each process holds locks of its session that spell its name, so that a process
//! that dies is gone the moment the database notices its connection end: a kill at once, a machine
//! that vanishes within half a minute. It is a hint, read at most once a second: a process whose
//! connection is being made anew is missing for a moment. Who takes over what another holds waits
//! a little, and fences what it does. An embedded database has one process.

use std::time::{Duration, Instant};

use domain::ids::RowKey;
use tokio::sync::{Mutex, watch};

use crate::error::StoreError;
use crate::postgres::{LIVE, LIVE_KINDS, processes_of};
use crate::stats::now;
use crate::store::Store;

const FRESH_FOR: Duration = Duration::from_secs(1);

/// What this process calls itself, and whom it last saw.
pub(crate) struct Processes {
    announced: watch::Sender<Option<RowKey>>,
    seen: Mutex<Option<(Instant, Vec<RowKey>)>>,
}

impl Processes {
    pub fn new() -> Processes {
        Processes { announced: watch::Sender::new(None), seen: Mutex::default() }
    }

    /// For the engine, which tells the database.
    pub fn announced(&self) -> watch::Receiver<Option<RowKey>> {
        self.announced.subscribe()
    }
}

impl Store {
    /// Names this process, for as long as this store is open.
    pub fn announce(&self, process: RowKey) {
        self.processes().announced.send_replace(Some(process));
    }

    /// This process shares no work with others: it is not counted among them any more.
    pub fn withdraw(&self) {
        self.processes().announced.send_replace(None);
    }

    /// The processes that were alive a second ago or later, in the order of their names.
    ///
    /// Cheap enough to ask before every step of a worker.
    pub async fn live_processes(&self) -> Result<Vec<RowKey>, StoreError> {
        let processes = self.processes();
        if self.is_exclusive() {
            return Ok(processes.announced.borrow().iter().copied().collect());
        }
        let mut seen = processes.seen.lock().await;
        if let Some((since, live)) = seen.as_ref()
            && since.elapsed() < FRESH_FOR
        {
            return Ok(live.clone());
        }
        let live = processes_of(&self.select_cells(LIVE, &LIVE_KINDS, Vec::new()).await?);
        *seen = Some((now(), live.clone()));
        Ok(live)
    }
}
