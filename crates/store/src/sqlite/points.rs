//! Point reads: a few rows on the thread that asks, many where lists are read.
//!
//! A row is read in microseconds, which is less than it takes to wake another thread, hand it the
//! question and be woken for the answer. Reads come after every commit that was acknowledged before
//! they were asked.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::ids::RowKey;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _};

use super::connect::{self, Role, unavailable};
use super::lists::Lists;
use super::statements::{read, texts};
use crate::error::StoreError;
use crate::relation::Relation;
use crate::row::Value;
use crate::write::CellRef;

/// Threads that read at the same moment where they are asked; others read where lists are read.
const CONNECTIONS: usize = 4;
/// Rows that are read where they are asked for.
const HERE_MAX: usize = 4;
/// Rows that are read as they were at one moment, and without letting others go on.
const TOGETHER_MAX: usize = 256;

type Found = Result<Vec<Option<Vec<Value>>>, StoreError>;

/// None: it is closed, or was left within a transaction that could not be ended.
type Slot = Mutex<Option<Connection>>;

pub(super) struct Points {
    slots: Vec<Slot>,
}

impl Points {
    pub fn open(path: &Path) -> Result<Points, StoreError> {
        let slot = |_| -> Result<Slot, StoreError> {
            let connection = connect::open(path, Role::Reader)?;
            // Whoever asks does not wait: he goes where waiting is done.
            connection.busy_timeout(Duration::ZERO).map_err(|error| unavailable(&error))?;
            Ok(Mutex::new(Some(connection)))
        };
        Ok(Points { slots: (0..CONNECTIONS).map(slot).collect::<Result<_, _>>()? })
    }

    /// Up to 256 are as they were at one moment.
    pub async fn get(
        &self,
        relation: &'static Relation,
        keys: Vec<RowKey>,
        lists: &Lists,
    ) -> Found {
        if keys.len() <= HERE_MAX {
            // Whoever reads one row after the other lets others go on as well.
            tokio::task::consume_budget().await;
            if let Some(found) = self.here(relation, &keys) {
                return found;
            }
        }
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(TOGETHER_MAX) {
            let some = some.to_owned();
            found
                .extend(lists.read(move |connection| together(connection, relation, &some)).await?);
        }
        Ok(found)
    }

    /// None: that would take a wait.
    fn here(&self, relation: &Relation, keys: &[RowKey]) -> Option<Found> {
        let mut slots = self.slots.iter().filter_map(|slot| slot.try_lock().ok());
        let mut slot = slots.find(|slot| slot.is_some())?;
        let connection = slot.as_ref()?;
        let found = together(connection, relation, keys);
        if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
            *slot = None;
        }
        match found {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => None,
            found => Some(found.map_err(|error| unavailable(&error))),
        }
    }

    pub fn close(&self) {
        for slot in &self.slots {
            slot.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// As they were at one moment.
fn together(
    connection: &Connection,
    relation: &Relation,
    keys: &[RowKey],
) -> rusqlite::Result<Vec<Option<Vec<Value>>>> {
    if keys.len() < 2 {
        return points(connection, relation, keys);
    }
    execute(connection, "BEGIN")?;
    let found = points(connection, relation, keys);
    let ended = execute(connection, "COMMIT");
    found.and_then(|found| ended.map(|()| found))
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

pub(super) fn points(
    connection: &Connection,
    relation: &Relation,
    keys: &[RowKey],
) -> rusqlite::Result<Vec<Option<Vec<Value>>>> {
    let mut statement = connection.prepare_cached(&texts(relation).point)?;
    let kinds = relation.kinds();
    let one = |&key: &RowKey| {
        statement.query_row([CellRef::Key(key)], |row| read(row, &kinds)).optional()
    };
    keys.iter().map(one).collect()
}
