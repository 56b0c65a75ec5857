//! Point reads: a few rows on the thread that asks, many where lists are read.
//!
//! A row is read in microseconds, which is less than it takes to wake another thread, hand it the
//! question and be woken for the answer. Reads come after every commit that was acknowledged before
//! they were asked.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};

use domain::ids::RowKey;
use rusqlite::{Connection, OptionalExtension as _};

use super::connect::{self, Role, unavailable};
use super::lists::Lists;
use super::statements::{read, texts};
use crate::commit::queue::closed;
use crate::error::StoreError;
use crate::relation::Relation;
use crate::row::Value;
use crate::write::CellRef;

/// Threads that read at the same moment; one more waits a moment.
const CONNECTIONS: usize = 4;
/// Rows that are read where they are asked for: far less than a tick of a clock.
const HERE_MAX: usize = 16;

type Found = Result<Vec<Option<Vec<Value>>>, StoreError>;

/// None: it is closed.
type Slot = Mutex<Option<Connection>>;

pub(super) struct Points {
    slots: Vec<Slot>,
    next: AtomicUsize,
}

impl Points {
    pub fn open(path: &Path) -> Result<Points, StoreError> {
        let slot = |_| connect::open(path, Role::Reader).map(|one| Mutex::new(Some(one)));
        let slots = (0..CONNECTIONS).map(slot).collect::<Result<_, _>>()?;
        Ok(Points { slots, next: AtomicUsize::new(0) })
    }

    pub async fn get(
        &self,
        relation: &'static Relation,
        keys: Vec<RowKey>,
        lists: &Lists,
    ) -> Found {
        if keys.len() > HERE_MAX {
            return lists.read(move |connection| together(connection, relation, &keys)).await;
        }
        // Whoever reads one row after the other lets others go on as well.
        tokio::task::consume_budget().await;
        let slot = self.free();
        let connection = slot.as_ref().ok_or_else(closed)?;
        together(connection, relation, &keys).map_err(|error| unavailable(&error))
    }

    fn free(&self) -> MutexGuard<'_, Option<Connection>> {
        let free = self.slots.iter().find_map(|slot| slot.try_lock().ok());
        free.unwrap_or_else(|| lock(&self.slots[self.next.fetch_add(1, Relaxed) % CONNECTIONS]))
    }

    pub fn close(&self) {
        self.slots.iter().for_each(|slot| drop(lock(slot).take()));
    }
}

fn lock(slot: &Slot) -> MutexGuard<'_, Option<Connection>> {
    slot.lock().expect("nobody panics while holding this")
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
