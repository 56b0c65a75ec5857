//! Sweeping on SQLite: the writer itself deletes, between two groups, for a short turn.
//!
//! A second writer would hold the file while a group waits, and would have the writer read its
//! cache anew. A turn ends at its bound of rows or of time, whichever comes first, so that what
//! waits for the next group waits for a disk that must be read, but never for a long sweep.

use std::time::Duration;

use rusqlite::{Connection, params_from_iter};
use tokio::sync::{mpsc, oneshot};

use super::connect::unavailable;
use super::statements::numbered;
use crate::commit::queue::closed;
use crate::error::StoreError;
use crate::row::{Kind, Value};
use crate::stats::now;
use crate::sweep::{Chunk, DELETE_ENTRIES, OLDEST_ENTRIES, Order, Sweep, Swept, cut, swept};
use crate::write::CellRef;

/// Commits wait for one turn at most.
const TURN: Duration = Duration::from_millis(2);
/// Deleted between two looks at the time.
const ROWS_PER_LOOK: i64 = 32;

type Answer = Result<Swept, StoreError>;

/// A chunk that waits for the writer's turn.
pub(super) struct Request {
    chunk: Chunk,
    answer: oneshot::Sender<Answer>,
}

#[derive(Clone)]
pub(super) struct Sweeps(mpsc::Sender<Request>);

/// One chunk waits at most; whoever has another waits before it.
pub(super) fn sweeps() -> (Sweeps, mpsc::Receiver<Request>) {
    let (sender, receiver) = mpsc::channel(1);
    (Sweeps(sender), receiver)
}

impl Sweeps {
    /// Hands a chunk in, has the writer come round, and waits for what became of it.
    pub async fn ask(&self, chunk: Chunk, nudge: impl FnOnce()) -> Answer {
        let (answer, done) = oneshot::channel();
        self.0.send(Request { chunk, answer }).await.map_err(|_| closed())?;
        nudge();
        done.await.unwrap_or_else(|_| Err(closed()))
    }
}

impl Request {
    /// The writer's turn.
    pub fn carry_out(self, connection: &Connection) {
        let done = in_transaction(connection, self.chunk).map_err(|error| unavailable(&error));
        // Whoever asked may have gone away.
        let _ = self.answer.send(done);
    }
}

pub(super) fn in_transaction(connection: &Connection, chunk: Chunk) -> rusqlite::Result<Swept> {
    if !connection.is_autocommit() {
        // An earlier roll-back failed, say of a full disk.
        connection.execute_batch("ROLLBACK")?;
    }
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = sweep(connection, chunk).and_then(|done| {
        connection.execute_batch("COMMIT")?;
        Ok(done)
    });
    if done.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    done
}

/// Deletes a few rows at a time until nothing is left, or the chunk or the turn is over.
fn sweep(connection: &Connection, chunk: Chunk) -> rusqlite::Result<Swept> {
    let until = now() + TURN;
    let mut rows = 0;
    loop {
        let limit = ROWS_PER_LOOK.min(chunk.limit - rows);
        let few = delete(connection, Chunk { limit, ..chunk })?;
        rows += i64::try_from(few.rows).unwrap_or(limit);
        if few.is_done || rows >= chunk.limit || now() >= until {
            return Ok(Swept { rows: u64::try_from(rows).unwrap_or(0), is_done: few.is_done });
        }
    }
}

fn delete(connection: &Connection, chunk: Chunk) -> rusqlite::Result<Swept> {
    let Chunk { what, before, limit } = chunk;
    match what {
        Sweep::Rows(passing) => {
            let order = Order::of(passing);
            let params = [order.start(), order.at(before), Value::Int(limit)];
            let mut statement = connection.prepare_cached(&delete_rows(order))?;
            let rows = statement.execute(params_from_iter(params.iter().map(CellRef::from)))?;
            Ok(swept(rows, limit))
        }
        Sweep::Log { lane, before_sequence } => {
            let mut oldest = connection.prepare_cached(&numbered(OLDEST_ENTRIES))?;
            let pair = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
            let found = oldest.query_map([lane, 0, before_sequence, limit], pair)?;
            let found: Vec<(i64, i64)> = found.collect::<rusqlite::Result<_>>()?;
            let Some(cut) = cut(&found, before) else { return Ok(swept(0, limit)) };
            let mut statement = connection.prepare_cached(&numbered(DELETE_ENTRIES))?;
            statement.execute([lane, 0, cut.last])?;
            Ok(swept(cut.count, limit))
        }
    }
}

fn delete_rows(order: Order) -> String {
    let place = match order.kind {
        Kind::Key => "key",
        Kind::Int | Kind::Text | Kind::Bytes => "rowid",
    };
    let Order { table, .. } = order;
    numbered(&format!("DELETE FROM {table} WHERE {place} IN ({})", order.oldest(place)))
}
