//! Point reads: what waits for one table becomes one query, and a few queries are under way.
//!
//! Two tasks with a connection each. A read that meets a lost connection is asked once more.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use domain::ids::RowKey;
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Error, Statement};

use super::connect::{Role, Session, Target, describe, no_answer};
use super::params::{Param, read};
use super::statements::texts;
use crate::commit::queue::closed;
use crate::error::StoreError;
use crate::relation::{Relation, catalog};
use crate::row::Value;

const TASKS: usize = 2;
const QUEUE_MAX: usize = 512;
const BATCH_MAX: usize = 256;

type Found = Result<Vec<Option<Vec<Value>>>, StoreError>;
type Rows = HashMap<(usize, RowKey), Vec<Value>>;

struct Get {
    relation: &'static Relation,
    keys: Vec<RowKey>,
    answer: oneshot::Sender<Found>,
}

pub(super) struct Points {
    senders: Mutex<Option<Vec<mpsc::Sender<Get>>>>,
    next: AtomicUsize,
}

pub(super) fn start(target: &Target, tasks: &mut Vec<JoinHandle<()>>) -> Points {
    let mut senders = Vec::new();
    for _ in 0..TASKS {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        tasks.push(tokio::spawn(run(target.clone(), receiver)));
        senders.push(sender);
    }
    Points { senders: Mutex::new(Some(senders)), next: AtomicUsize::new(0) }
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

async fn run(target: Target, mut receiver: mpsc::Receiver<Get>) {
    let mut session = None;
    let mut waiting = Vec::with_capacity(BATCH_MAX);
    while receiver.recv_many(&mut waiting, BATCH_MAX).await > 0 {
        let found = twice(&target, &mut session, &waiting).await;
        for get in waiting.drain(..) {
            let picked = match &found {
                Ok(rows) => Ok(pick(rows, &get)),
                Err(error) => Err(error.clone()),
            };
            // The caller may have gone away.
            let _ = get.answer.send(picked);
        }
    }
}

fn pick(rows: &Rows, get: &Get) -> Vec<Option<Vec<Value>>> {
    get.keys.iter().map(|&key| rows.get(&(get.relation.id, key)).cloned()).collect()
}

async fn twice(
    target: &Target,
    session: &mut Option<Session>,
    waiting: &[Get],
) -> Result<Rows, StoreError> {
    if session.as_ref().is_some_and(|session| !session.client.is_closed())
        && let Ok(rows) = once(target, session, waiting).await
    {
        return Ok(rows);
    }
    *session = None;
    once(target, session, waiting).await
}

async fn once(
    target: &Target,
    session: &mut Option<Session>,
    waiting: &[Get],
) -> Result<Rows, StoreError> {
    let open = match session.take() {
        Some(open) => open,
        None => target.connect(Role::Points).await?,
    };
    let open = session.insert(open);
    match tokio::time::timeout(target.patience, query(open, waiting)).await {
        Ok(Ok(rows)) => Ok(rows),
        Ok(Err(error)) => {
            *session = None;
            Err(StoreError::Unavailable(describe(&error)))
        }
        Err(_) => {
            *session = None;
            Err(no_answer())
        }
    }
}

async fn query(session: &mut Session, waiting: &[Get]) -> Result<Rows, Error> {
    let mut keys: BTreeMap<usize, Vec<RowKey>> = BTreeMap::new();
    for get in waiting {
        keys.entry(get.relation.id).or_default().extend(&get.keys);
    }
    let mut queries: Vec<(usize, Statement, Vec<RowKey>)> = Vec::with_capacity(keys.len());
    for (id, keys) in keys {
        let text = &texts(&catalog().relations[id]).points;
        queries.push((id, session.statement(text).await?, keys));
    }
    let client = &session.client;
    let found = queries.iter().map(|(id, statement, keys)| one(client, *id, statement, keys));
    let mut rows = Rows::new();
    for found in join_all(found).await {
        rows.extend(found?);
    }
    Ok(rows)
}

async fn one(
    client: &Client,
    id: usize,
    statement: &Statement,
    keys: &[RowKey],
) -> Result<Vec<((usize, RowKey), Vec<Value>)>, Error> {
    let rows = client.query_raw(statement, [Param::Keys(keys)]).await?;
    let rows: Vec<tokio_postgres::Row> = rows.try_collect().await?;
    let pair = |row: &tokio_postgres::Row| {
        let cells = read(row)?;
        let key = match cells.first() {
            Some(Value::Key(key)) => *key,
            _ => RowKey([0; 16]),
        };
        Ok(((id, key), cells))
    };
    rows.iter().map(pair).collect()
}
