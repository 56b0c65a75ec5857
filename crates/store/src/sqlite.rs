//! The embedded engine: SQLite in one file, one writer thread, readers beside it.
//!
//! The writer takes groups from its queue and never checkpoints; another thread does. A few rows
//! are read by whoever asks, lists by a small pool. One server per file, by a lock.

mod backup;
mod checkpoint;
mod connect;
mod lists;
mod points;
mod schema;
mod statements;
mod stepped;
mod sweep;
mod writer;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use domain::ids::RowKey;

use crate::commit::queue::{Submitter, queue};
use crate::error::StoreError;
use crate::relation::Relation;
use crate::row::{Kind, Value};
use crate::store::{MigrationReport, Shared, StoreConfig};
use crate::sweep::{Chunk, Swept};
use connect::{FileLock, Role};

pub(crate) use connect::path_of;
pub(crate) use stepped::Stepped;

pub(crate) struct Sqlite {
    submitter: Submitter,
    points: points::Points,
    lists: lists::Lists,
    sweeps: sweep::Sweeps,
    checkpoints: Arc<checkpoint::Checkpoints>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<Arc<FileLock>>>,
}

impl Sqlite {
    /// Opens a file, brings its schema up to date and starts the threads.
    pub fn open(config: &StoreConfig, shared: &Arc<Shared>) -> Result<Sqlite, StoreError> {
        let path = path_of(&config.url)?;
        let lock = Arc::new(FileLock::take(&path)?);
        let mut connection = connect::open(&path, Role::Writer { cache_kib: config.cache_kib })?;
        schema::migrate(&mut connection, config.lanes)?;
        let (submitter, gatherer) = queue(Duration::from_millis(config.unavailable_after_ms));
        let checkpoints = Arc::new(checkpoint::Checkpoints::new(&path));
        let (sweeps, swept_by_writer) = sweep::sweeps();
        let points = points::Points::open(&path)?;
        let checkpoint = checkpoint::start(&path, Arc::clone(&checkpoints))?;
        let writer = writer::Writer {
            connection,
            gatherer,
            sweeps: swept_by_writer,
            shared: Arc::clone(shared),
            checkpoints: Arc::clone(&checkpoints),
            is_failing: false,
            _lock: Arc::clone(&lock),
        };
        let writer = spawn("store-writer", move || writer.run())?;
        Ok(Sqlite {
            lists: lists::Lists::new(&path, config.readers),
            submitter,
            points,
            sweeps,
            checkpoints,
            threads: Mutex::new(vec![checkpoint, writer]),
            lock: Mutex::new(Some(lock)),
        })
    }

    pub fn migrate(config: &StoreConfig) -> Result<MigrationReport, StoreError> {
        let path = path_of(&config.url)?;
        let _lock = FileLock::take(&path)?;
        let mut connection = connect::open(&path, Role::Writer { cache_kib: config.cache_kib })?;
        schema::migrate(&mut connection, config.lanes)
    }

    pub fn submitter(&self) -> &Submitter {
        &self.submitter
    }

    pub async fn points(
        &self,
        relation: &'static Relation,
        keys: Vec<RowKey>,
    ) -> Result<Vec<Option<Vec<Value>>>, StoreError> {
        self.points.get(relation, keys, &self.lists).await
    }

    pub async fn rows(
        &self,
        sql: &str,
        kinds: &[Kind],
        params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        self.lists.rows(sql, kinds, params).await
    }

    pub async fn sweep(&self, chunk: Chunk) -> Result<Swept, StoreError> {
        self.sweeps.ask(chunk, || self.submitter.nudge()).await
    }

    /// Takes no lock: the file may be served meanwhile.
    pub fn backup(url: &str, to: &Path) -> Result<(), StoreError> {
        backup::backup(&path_of(url)?, to)
    }

    pub async fn close(&self) {
        self.submitter.close().await;
        self.points.close();
        self.lists.close().await;
        self.checkpoints.stop();
        let threads = std::mem::take(&mut *self.threads.lock().expect("no panic holds it"));
        let joined = tokio::task::spawn_blocking(|| {
            // A thread that panicked has told so itself.
            threads.into_iter().for_each(|thread| drop(thread.join()));
        });
        // The join itself cannot fail but by a panic, see above.
        let _ = joined.await;
        drop(self.lock.lock().expect("no panic holds it").take());
    }
}

impl Drop for Sqlite {
    /// The writer ends by itself once nobody can send to it; checkpoints are told to.
    fn drop(&mut self) {
        self.checkpoints.stop();
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StoreError> {
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(run);
    thread.map_err(|error| StoreError::Unavailable(format!("cannot start a thread: {error}")))
}
