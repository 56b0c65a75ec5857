//! SQLite for a simulated process: one connection, no threads, whoever asks does the work.
//!
//! A simulation steps everything itself and must do the same whenever it is asked for the same
//! seed, so nothing here depends on which thread is faster. It dies at commits of its choice and
//! never with its machine, so nothing is flushed to a disk.
//!
//! Invariant: a commit lets others go on first, as one that waits for the writer does; so what
//! races beside a writer races here, always in the same order.

use std::sync::{Arc, Mutex, MutexGuard};

use domain::ids::RowKey;
use rusqlite::Connection;

use super::connect::{self, FileLock, Role, path_of, unavailable};
use super::statements::numbered;
use super::{lists, points, schema, sweep, writer};
use crate::commit::Prepared;
use crate::commit::queue::{Verdict, closed};
use crate::error::StoreError;
use crate::relation::Relation;
use crate::row::{Kind, Value};
use crate::store::{Shared, StoreConfig};
use crate::sweep::{Chunk, Swept};

pub(crate) struct Stepped {
    /// None once it is closed.
    open: Mutex<Option<Open>>,
    shared: Arc<Shared>,
}

struct Open {
    connection: Connection,
    _lock: FileLock,
}

impl Stepped {
    pub fn open(config: &StoreConfig, shared: Arc<Shared>) -> Result<Stepped, StoreError> {
        let path = path_of(&config.url)?;
        let lock = FileLock::take(&path)?;
        let mut connection = connect::open(&path, Role::Alone)?;
        schema::migrate(&mut connection, config.lanes)?;
        let open = Mutex::new(Some(Open { connection, _lock: lock }));
        Ok(Stepped { open, shared })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().expect("nobody panics while holding this")
    }

    fn with<T>(
        &self,
        ask: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let open = self.lock();
        let connection = &open.as_ref().ok_or_else(closed)?.connection;
        ask(connection).map_err(|error| unavailable(&error))
    }

    pub async fn commit(&self, prepared: Prepared) -> Verdict {
        tokio::task::yield_now().await;
        let verdict = self.write(&prepared);
        self.shared.tally.answered(&verdict);
        self.shared.wake();
        verdict
    }

    fn write(&self, prepared: &Prepared) -> Verdict {
        let open = self.lock();
        let connection = &open.as_ref().ok_or_else(closed)?.connection;
        let written = writer::attempt(connection, std::slice::from_ref(prepared));
        let mut verdicts = written.map_err(|failure| writer::refusal(&failure))?;
        verdicts.pop().expect("one change, one verdict")
    }

    pub fn points(
        &self,
        relation: &Relation,
        keys: &[RowKey],
    ) -> Result<Vec<Option<Vec<Value>>>, StoreError> {
        self.with(|connection| points::points(connection, relation, keys))
    }

    pub fn rows(
        &self,
        sql: &str,
        kinds: &[Kind],
        params: &[Value],
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        self.with(|connection| lists::list(connection, &numbered(sql), kinds, params))
    }

    pub fn sweep(&self, chunk: Chunk) -> Result<Swept, StoreError> {
        self.with(|connection| sweep::in_transaction(connection, chunk))
    }

    pub fn close(&self) {
        drop(self.lock().take());
    }
}
