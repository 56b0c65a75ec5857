//! The store as everybody else sees it: one cheap handle on whichever engine runs.
//!
//! Writing is `commit`, and only that. Reading is by key, by list (in the nouns' own files) or by
//! following the log. All rules of money live in domain; here is only what was decided.

use std::path::Path;
use std::sync::Arc;

use domain::changes::Changes;
use domain::event::LANES_MAX;
use domain::ids::RowKey;
use tokio::sync::watch;

use crate::commit::{Prepared, lane_of};
use crate::engine::Engine;
use crate::error::{CommitError, StoreError};
use crate::fate::{Fate, Fates};
use crate::migrations::Dialect;
use crate::processes::Processes;
use crate::relation::{Relation, catalog};
use crate::row::{Cells, Kind, Row, Value};
use crate::rows;
use crate::stats::{Stats, Tally};
use crate::turns::{self, Turn, Turns};

/// How often a decision is made before its caller hears of the Conflict.
const DECISIONS_MAX: u32 = 64;

/// Where the database is and how much the store may use.
#[derive(Clone, Debug)]
pub struct StoreConfig {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// Lanes of the log; fixed when the database is made.
    pub lanes: i64,
    /// Connections that read lists, and many rows at once.
    pub readers: usize,
    /// Page cache of the SQLite writer.
    pub cache_kib: i64,
    /// How long a caller waits for a database that is away.
    pub unavailable_after_ms: u64,
    /// Of a simulated process, whose callers do the work themselves; none: commits are answered.
    pub fates: Option<Fates>,
}

impl StoreConfig {
    pub fn new(url: impl Into<String>) -> StoreConfig {
        StoreConfig {
            url: url.into(),
            lanes: 1,
            readers: 4,
            cache_kib: 8_192,
            unavailable_after_ms: 5_000,
            fates: None,
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

/// What an engine shares with the handle: the counters, the bell for followers, and this process's
/// name.
pub(crate) struct Shared {
    pub tally: Tally,
    pub processes: Processes,
    committed: watch::Sender<u64>,
}

impl Shared {
    fn new() -> Shared {
        Shared {
            tally: Tally::default(),
            processes: Processes::new(),
            committed: watch::Sender::new(0),
        }
    }

    /// Tells followers that there may be something new in the log.
    pub fn wake(&self) {
        self.committed.send_modify(|groups| *groups += 1);
    }
}

/// The handle on the database.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    lanes: i64,
    shared: Arc<Shared>,
    turns: Turns,
    fates: Option<Fates>,
}

impl Store {
    /// Opens the database, brings its schema up to date under a lock, and starts the engine.
    pub async fn open(config: StoreConfig) -> Result<Store, StoreError> {
        if !(1..=LANES_MAX).contains(&config.lanes) {
            let message = format!("lanes must be between 1 and {LANES_MAX}");
            return Err(StoreError::Misconfigured(message));
        }
        let shared = Arc::new(Shared::new());
        let engine = Engine::open(&config, &shared).await?;
        let turns = Turns::new();
        let (lanes, fates) = (config.lanes, config.fates);
        Ok(Store { inner: Arc::new(Inner { engine, lanes, shared, turns, fates }) })
    }

    /// Brings the schema up to date and nothing else.
    pub async fn migrate(config: &StoreConfig) -> Result<MigrationReport, StoreError> {
        Engine::migrate(config).await
    }

    /// The one door into the database: all of `changes`, or nothing and the reason.
    pub async fn commit(&self, changes: Changes) -> Result<Committed, CommitError> {
        let lane = lane_of(changes.merchant_id, self.inner.lanes);
        let prepared = Prepared::new(changes, lane);
        let fate = self.inner.fates.as_ref().map_or(Fate::Answered, Fates::next);
        let lost = || Err(StoreError::Unavailable("the process died".to_owned()).into());
        if fate == Fate::LostBefore {
            return lost();
        }
        let answer = self.inner.engine.submit(prepared, &self.inner.shared).await;
        if fate == Fate::LostAfter { lost() } else { answer }
    }

    /// Reads, decides and commits; on a Conflict reads and decides again.
    ///
    /// After its first Conflict the caller takes its turn at the row it met there. `decide` must
    /// not take a turn itself.
    pub async fn decide<T, E, F, Fut>(&self, mut decide: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<(Changes, T), E>>,
        E: From<CommitError>,
    {
        let mut turn: Option<(RowKey, Turn)> = None;
        for round in 1..DECISIONS_MAX {
            let (changes, answer) = decide().await?;
            let key = match self.commit_if_any(changes).await {
                Ok(()) => return Ok(answer),
                Err(CommitError::Conflict { key, .. }) => key,
                Err(refusal) => return Err(refusal.into()),
            };
            self.inner.shared.tally.retried();
            if turn.as_ref().is_none_or(|(held, _)| *held != key) {
                drop(turn.take());
                turn = Some((key, self.turn(key).await));
            }
            turns::fall_out_of_step(round).await;
        }
        let (changes, answer) = decide().await?;
        self.commit_if_any(changes).await?;
        Ok(answer)
    }

    async fn commit_if_any(&self, changes: Changes) -> Result<(), CommitError> {
        if changes.is_empty() && changes.guards.is_empty() {
            return Ok(());
        }
        self.commit(changes).await.map(drop)
    }

    /// This process's turn at a row, for callers that contend for it.
    pub async fn turn(&self, key: RowKey) -> Turn {
        self.inner.turns.take(key).await
    }

    /// One row by its key. Sees every commit that was acknowledged before.
    pub async fn get<R: Row>(&self, key: RowKey) -> Result<Option<R>, StoreError> {
        Ok(self.get_many(vec![key]).await?.pop().flatten())
    }

    /// Rows by their keys, in the order of the keys.
    pub async fn get_many<R: Row>(&self, keys: Vec<RowKey>) -> Result<Vec<Option<R>>, StoreError> {
        let found = self.points_of(catalog().noun(R::TABLE.noun), keys).await?;
        found.into_iter().map(|row| row.map(decode).transpose()).collect()
    }

    /// Rows of a relation by key, undecoded, in the order of the keys.
    pub(crate) async fn points_of(
        &self,
        relation: &'static Relation,
        keys: Vec<RowKey>,
    ) -> Result<Vec<Option<Vec<Value>>>, StoreError> {
        self.inner.engine.points(relation, keys).await
    }

    /// Rows by `SELECT` the table's columns `FROM` the table and then `tail`.
    pub(crate) async fn select<R: Row>(
        &self,
        tail: &str,
        params: Vec<Value>,
    ) -> Result<Vec<R>, StoreError> {
        let relation = catalog().noun(R::TABLE.noun);
        let sql = format!("SELECT {} FROM {} {tail}", relation.column_list(), relation.name);
        let found = self.inner.engine.rows(&sql, &relation.kinds(), params).await?;
        found.into_iter().map(decode).collect()
    }

    /// The rows of any statement that reads, undecoded: totals and other projections.
    pub(crate) async fn select_cells(
        &self,
        sql: &str,
        kinds: &[Kind],
        params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        self.inner.engine.rows(sql, kinds, params).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.select_cells("SELECT sequence FROM lanes LIMIT 1", &[Kind::Int], Vec::new())
            .await
            .map(drop)
    }

    /// The database's own clock, to compare with ours.
    pub async fn database_time_ms(&self) -> Result<i64, StoreError> {
        let sql = self.inner.engine.time_sql();
        let rows = self.select_cells(sql, &[Kind::Int], Vec::new()).await?;
        match rows.first().and_then(|row| row.first()) {
            Some(Value::Int(ms)) => Ok(*ms),
            _ => Err(StoreError::Unavailable("the database tells no time".to_owned())),
        }
    }

    /// Copies a whole database into a new file, whether a server has it open or not (SQLite only).
    pub async fn backup(config: &StoreConfig, to: &Path) -> Result<(), StoreError> {
        Engine::backup(config, to).await
    }

    /// Changes after every group. Missing one costs a follower time, never an entry.
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.inner.shared.committed.subscribe()
    }

    pub fn stats(&self) -> Stats {
        self.inner.shared.tally.read()
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn processes(&self) -> &Processes {
        &self.inner.shared.processes
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.inner.engine.dialect()
    }

    /// How many lanes the log has.
    pub fn lanes(&self) -> i64 {
        self.inner.lanes
    }

    /// Accepts nothing more, finishes what was accepted, and lets the database go.
    pub async fn close(&self) {
        self.inner.engine.close().await;
    }

    pub fn engine_name(&self) -> &'static str {
        self.inner.engine.name()
    }

    /// Whether no other process can have this database open.
    pub fn is_exclusive(&self) -> bool {
        self.engine_name() != "postgres"
    }
}

fn decode<R: Row>(mut cells: Vec<Value>) -> Result<R, StoreError> {
    let table = rows::table_of(R::TABLE.noun);
    let lead_length = cells.len().min(2);
    let (lead, rest) = cells.split_at_mut(lead_length);
    match *lead {
        [Value::Key(key), Value::Int(version)] => {
            R::decode(&mut Cells::new(table, key, version, rest))
        }
        _ => {
            Err(StoreError::Corrupt { table: table.name, key: format!("{lead:?}"), column: "key" })
        }
    }
}
