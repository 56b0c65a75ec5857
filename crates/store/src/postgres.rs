//! The scale-out engine: PostgreSQL, any number of server processes on one database.
//!
//! Each lane has a committer with a connection of its own. Points are answered in batches by two
//! tasks, lists by a small pool. One more connection wakes other processes, is woken by them and
//! tells that this one is alive; another sweeps.

mod alive;
mod attempt;
mod committer;
mod connect;
mod import;
mod lists;
mod loads;
mod params;
mod points;
mod schema;
mod statements;
mod sweep;
mod tls;
mod wake;
mod writes;

use std::sync::Arc;
use std::time::Duration;

use domain::ids::RowKey;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::commit::queue::{Submitter, queue};
use crate::error::StoreError;
use crate::relation::Relation;
use crate::row::{Kind, Value};
use crate::store::{MigrationReport, Shared, StoreConfig};
use crate::sweep::{Chunk, Swept};
use connect::Target;

pub(crate) use alive::{LIVE, LIVE_KINDS, processes_of};
pub(crate) use import::Importer;

pub(crate) struct Postgres {
    submitters: Vec<Submitter>,
    points: points::Points,
    lists: lists::Lists,
    sweeper: sweep::Sweeper,
    /// Ended by dropping it; it holds nothing that could be lost.
    wake: wake::Wake,
    tasks: tokio::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Postgres {
    pub async fn open(config: &StoreConfig, shared: &Arc<Shared>) -> Result<Postgres, StoreError> {
        let patience = Duration::from_millis(config.unavailable_after_ms);
        let target = Target::parse(&config.url, patience)?;
        schema::migrate(&target, config.lanes).await?;
        let wake = wake::start(target.clone(), Arc::clone(shared));
        let (mut submitters, mut tasks) = (Vec::new(), Vec::new());
        for lane in 0..config.lanes {
            let (submitter, gatherer) = queue(patience);
            let committer = committer::Committer::new(
                target.clone(),
                committer::Lane { lane, lanes: config.lanes },
                gatherer,
                Arc::clone(shared),
                wake.bell(),
            );
            submitters.push(submitter);
            tasks.push(on_its_own_thread(lane, committer.run())?);
        }
        let points = points::start(&target, &mut tasks);
        let lists = lists::Lists::new(target.clone(), config.readers);
        let sweeper = sweep::Sweeper::new(target);
        let tasks = tokio::sync::Mutex::new(tasks);
        Ok(Postgres { submitters, points, lists, sweeper, wake, tasks })
    }

    pub async fn migrate(config: &StoreConfig) -> Result<MigrationReport, StoreError> {
        let patience = Duration::from_millis(config.unavailable_after_ms);
        schema::migrate(&Target::parse(&config.url, patience)?, config.lanes).await
    }

    pub fn submitter(&self, lane: i64) -> &Submitter {
        let at = usize::try_from(lane).expect("lanes count from zero");
        &self.submitters[at]
    }

    pub async fn points(
        &self,
        relation: &'static Relation,
        keys: Vec<RowKey>,
    ) -> Result<Vec<Option<Vec<Value>>>, StoreError> {
        self.points.get(relation, keys).await
    }

    pub async fn rows(
        &self,
        sql: &str,
        kinds: &[Kind],
        params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        self.lists.rows(sql, kinds, &params).await
    }

    pub async fn sweep(&self, chunk: Chunk) -> Result<Swept, StoreError> {
        self.sweeper.sweep(chunk).await
    }

    pub async fn close(&self) {
        self.sweeper.close().await;
        for submitter in &self.submitters {
            submitter.close().await;
        }
        self.points.close();
        self.lists.close().await;
        self.wake.stop();
        for task in self.tasks.lock().await.drain(..) {
            // A task that panicked has told so itself.
            let _ = task.await;
        }
    }
}

/// Gives a committer a thread and a runtime of its own.
///
/// The whole house waits for the committer, and PostgreSQL waits with it: among the requests of a
/// shared runtime its turn would come after all those that are ready.
fn on_its_own_thread(
    lane: i64,
    committing: impl Future<Output = ()> + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let cannot = |error| StoreError::Unavailable(format!("cannot start a committer: {error}"));
    let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let (ended, end) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name(format!("store-lane-{lane}"));
    let run = move || {
        runtime.block_on(committing);
        drop(ended);
    };
    thread.spawn(run).map_err(cannot)?;
    Ok(tokio::spawn(async {
        // Nothing is ever sent: the thread's end is what is waited for.
        let _ = end.await;
    }))
}
