//! Point reads: whatever waits is answered together in one read transaction.
//!
//! Two threads with a connection each. Reads come after every commit that was acknowledged before
//! they were asked.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;

use domain::ids::RowKey;
use rusqlite::{Connection, OptionalExtension as _};
use tokio::sync::{mpsc, oneshot};

use super::connect::{self, Role, unavailable};
use super::spawn;
use super::statements::{read, texts};
use crate::commit::queue::closed;
use crate::error::StoreError;
use crate::relation::Relation;
use crate::row::Value;
use crate::write::CellRef;

const THREADS: usize = 2;
const QUEUE_MAX: usize = 512;
const BATCH_MAX: usize = 128;

type Found = Result<Vec<Option<Vec<Value>>>, StoreError>;

struct Get {
    relation: &'static Relation,
    keys: Vec<RowKey>,
    answer: oneshot::Sender<Found>,
}

pub(super) struct Points {
    senders: Mutex<Option<Vec<mpsc::Sender<Get>>>>,
    next: AtomicUsize,
}

pub(super) fn start(path: &Path) -> Result<(Points, Vec<JoinHandle<()>>), StoreError> {
    let (mut senders, mut threads) = (Vec::new(), Vec::new());
    for _ in 0..THREADS {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        let connection = connect::open(path, Role::Reader)?;
        threads.push(spawn("store-points", move || run(&connection, receiver))?);
        senders.push(sender);
    }
    let points = Points { senders: Mutex::new(Some(senders)), next: AtomicUsize::new(0) };
    Ok((points, threads))
}

impl Points {
    pub async fn get(&self, relation: &'static Relation, keys: Vec<RowKey>) -> Found {
        let (answer, found) = oneshot::channel();
        let turn = self.next.fetch_add(1, Relaxed);
        let sender = {
            let senders = self.senders.lock().expect("nobody panics while holding this");
            let senders = senders.as_ref().ok_or_else(closed)?;
            senders[turn % senders.len()].clone()
        };
        sender.send(Get { relation, keys, answer }).await.map_err(|_| closed())?;
        found.await.map_err(|_| closed())?
    }

    pub fn close(&self) {
        self.senders.lock().expect("nobody panics while holding this").take();
    }
}

fn run(connection: &Connection, mut receiver: mpsc::Receiver<Get>) {
    let mut waiting = Vec::with_capacity(BATCH_MAX);
    while receiver.blocking_recv_many(&mut waiting, BATCH_MAX) > 0 {
        let is_many = waiting.len() > 1 || waiting.iter().any(|get| get.keys.len() > 1);
        if is_many && let Err(error) = execute(connection, "BEGIN") {
            tracing::warn!(%error, "a read transaction could not begin");
        }
        for get in waiting.drain(..) {
            let found = points(connection, get.relation, &get.keys);
            // The caller may have gone away.
            let _ = get.answer.send(found.map_err(|error| unavailable(&error)));
        }
        if is_many && let Err(error) = execute(connection, "COMMIT") {
            tracing::warn!(%error, "a read transaction could not end");
        }
    }
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
