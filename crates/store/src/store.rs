//! The store as everybody else sees it: one cheap handle on whichever engine runs.
//!
//! Writing is `commit`, and only that. Reading is by key, by list (in the nouns' own files) or by
//! following the log. All rules of money live in domain; here is only what was decided.

use std::path::Path;

use domain::changes::Changes;
use domain::event::Entry;
use domain::ids::{MerchantId, RowKey};
use domain::ledger::{Balance, Transfer};

use crate::error::{CommitError, StoreError};
use crate::row::{Kind, Row, Value};
use crate::stats::Stats;

/// Where the database is and how much the store may use.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Lanes of the log; fixed when the database is made.
    pub lanes: i64,
    /// Connections that read lists.
    pub readers: usize,
    /// Page cache of the SQLite writer.
    pub cache_kib: i64,
    /// How long a caller waits for a database that is away.
    pub unavailable_after_ms: u64,
}

impl StoreConfig {
    pub fn new(url: impl Into<String>) -> StoreConfig {
        StoreConfig {
            url: url.into(),
            lanes: 1,
            readers: 4,
            cache_kib: 8_192,
            unavailable_after_ms: 5_000,
        }
    }
}

/// From which schema version to which a migration went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrationReport {
    pub from: i64,
    pub to: i64,
}

/// Where a change's entries are in the log; `first > last` if it had none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    pub lane: i64,
    pub first_sequence: i64,
    pub last_sequence: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

/// Something `Store::check` found, in words for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFinding {
    pub severity: Severity,
    pub what: String,
    pub what_to_do: String,
}

/// What `copy` wrote: rows per table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub tables: Vec<(String, u64)>,
}

/// A caller's turn at one row among the callers of this process; dropping it ends it.
pub struct Turn {
    _guard: tokio::sync::OwnedMutexGuard<()>,
}

/// The handle on the database.
#[derive(Clone)]
pub struct Store {
    inner: std::sync::Arc<()>,
}

#[allow(unused_variables, clippy::unimplemented)]
impl Store {
    pub async fn open(config: StoreConfig) -> Result<Store, StoreError> {
        unimplemented!()
    }

    pub async fn migrate(config: &StoreConfig) -> Result<MigrationReport, StoreError> {
        unimplemented!()
    }

    pub async fn commit(&self, changes: Changes) -> Result<Committed, CommitError> {
        unimplemented!()
    }

    pub async fn decide<T, E, F, Fut>(&self, decide: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<(Changes, T), E>>,
        E: From<CommitError>,
    {
        unimplemented!()
    }

    pub async fn turn(&self, key: RowKey) -> Turn {
        unimplemented!()
    }

    pub async fn get<R: Row>(&self, key: RowKey) -> Result<Option<R>, StoreError> {
        unimplemented!()
    }

    pub async fn get_many<R: Row>(&self, keys: Vec<RowKey>) -> Result<Vec<Option<R>>, StoreError> {
        unimplemented!()
    }

    pub(crate) async fn select<R: Row>(
        &self,
        tail: &str,
        params: Vec<Value>,
    ) -> Result<Vec<R>, StoreError> {
        unimplemented!()
    }

    pub(crate) async fn select_cells(
        &self,
        sql: &str,
        kinds: &[Kind],
        params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        unimplemented!()
    }

    pub async fn log_after(
        &self,
        lane: i64,
        sequence: i64,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        unimplemented!()
    }

    pub async fn log_head(&self, lane: i64) -> Result<i64, StoreError> {
        unimplemented!()
    }

    pub async fn balances(&self, merchant: Option<MerchantId>) -> Result<Vec<Balance>, StoreError> {
        unimplemented!()
    }

    pub async fn transfers_of(&self, object: RowKey) -> Result<Vec<Transfer>, StoreError> {
        unimplemented!()
    }

    pub async fn counters(&self) -> Result<Vec<(String, i64)>, StoreError> {
        unimplemented!()
    }

    pub async fn counter(&self, key: RowKey) -> Result<i64, StoreError> {
        unimplemented!()
    }

    pub async fn check(&self) -> Result<Vec<CheckFinding>, StoreError> {
        unimplemented!()
    }

    pub async fn ping(&self) -> Result<(), StoreError> {
        unimplemented!()
    }

    pub async fn database_time_ms(&self) -> Result<i64, StoreError> {
        unimplemented!()
    }

    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        unimplemented!()
    }

    pub fn committed(&self) -> tokio::sync::watch::Receiver<u64> {
        unimplemented!()
    }

    pub fn stats(&self) -> Stats {
        unimplemented!()
    }

    pub async fn close(&self) {
        unimplemented!()
    }

    pub fn engine_name(&self) -> &'static str {
        unimplemented!()
    }
}

pub async fn copy(
    from: &StoreConfig,
    to: &StoreConfig,
    progress: impl FnMut(&str, u64),
) -> Result<Copied, StoreError> {
    let _ = (from, to, progress);
    unimplemented!()
}
