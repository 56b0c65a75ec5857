//! Sweeping on PostgreSQL: a connection of its own, one short statement a chunk.
//!
//! Rows that a commit holds are skipped, never waited for, so that a sweep and a commit cannot
//! block each other in a ring. Deleted rows stay at the left edge until the next vacuum, so each
//! order remembers how far it was swept, and looks at its whole left edge again only now and then.

use std::collections::HashMap;

use domain::retention::Passing;
use domain::time::Timestamp;
use tokio::sync::Mutex;
use tokio_postgres::Error;

use super::connect::{Role, Session, Target, describe, is_lost, no_answer};
use super::params::{Param, read};
use crate::commit::queue::closed;
use crate::error::StoreError;
use crate::row::Value;
use crate::sweep::{Chunk, DELETE_ENTRIES, OLDEST_ENTRIES, Order, Sweep, Swept, cut, swept};

/// After so many finished sweeps an order is looked at from its beginning again, for what was
/// skipped; the worker sweeps every minute.
const SWEEPS_PER_ROUND: u32 = 60;

pub(super) struct Sweeper {
    target: Target,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    edges: Edges,
    is_closed: bool,
}

/// How far each order was swept in this round.
#[derive(Default)]
struct Edges {
    rows: HashMap<&'static str, Edge>,
    lanes: HashMap<i64, i64>,
}

struct Edge {
    from: Value,
    sweeps: u32,
}

impl Sweeper {
    pub fn new(target: Target) -> Sweeper {
        Sweeper { target, state: Mutex::default() }
    }

    /// One chunk; others wait for it.
    pub async fn sweep(&self, chunk: Chunk) -> Result<Swept, StoreError> {
        let mut state = self.state.lock().await;
        if state.is_closed {
            return Err(closed());
        }
        let usable = state.session.take().filter(Session::is_usable);
        let mut session = match usable {
            Some(session) => session,
            None => self.target.connect(Role::Sweep).await?,
        };
        let sweeping = sweep(&mut session, &mut state.edges, chunk);
        // A session that did not answer, or lost its way, is not used again.
        match tokio::time::timeout(self.target.patience, sweeping).await {
            Err(_) => Err(no_answer()),
            Ok(Err(error)) if is_lost(&error) => Err(StoreError::Unavailable(describe(&error))),
            Ok(done) => {
                state.session = Some(session);
                done.map_err(|error| StoreError::Unavailable(describe(&error)))
            }
        }
    }

    pub async fn close(&self) {
        let mut state = self.state.lock().await;
        state.is_closed = true;
        state.session = None;
    }
}

async fn sweep(session: &mut Session, edges: &mut Edges, chunk: Chunk) -> Result<Swept, Error> {
    let Chunk { what, before, limit } = chunk;
    match what {
        Sweep::Rows(passing) => sweep_rows(session, edges, passing, before, limit).await,
        Sweep::Log { lane, before_sequence } => {
            let from = edges.lanes.get(&lane).copied().unwrap_or(0);
            let statement = session.statement(OLDEST_ENTRIES).await?;
            let params = [lane, from, before_sequence, limit].map(Param::Int);
            let params: Vec<_> = params.iter().map(|param| param as _).collect();
            let rows = session.client.query(&statement, &params).await?;
            let pair = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
            let found: Vec<(i64, i64)> = rows.iter().map(pair).collect::<Result<_, Error>>()?;
            let Some(cut) = cut(&found, before) else { return Ok(swept(0, limit)) };
            let statement = session.statement(DELETE_ENTRIES).await?;
            session.client.execute(&statement, &[&lane, &from, &cut.last]).await?;
            edges.lanes.insert(lane, cut.last);
            Ok(swept(cut.count, limit))
        }
    }
}

async fn sweep_rows(
    session: &mut Session,
    edges: &mut Edges,
    passing: Passing,
    before: Timestamp,
    limit: i64,
) -> Result<Swept, Error> {
    let order = Order::of(passing);
    let fresh = || Edge { from: order.start(), sweeps: 0 };
    let edge = edges.rows.entry(order.table).or_insert_with(fresh);
    let statement = session.statement(&delete_rows(order)).await?;
    let until = order.at(before);
    let params = [Param::Value(&edge.from), Param::Value(&until), Param::Int(limit)];
    let params: Vec<_> = params.iter().map(|param| param as _).collect();
    let rows = session.client.query(&statement, &params).await?;
    for row in &rows {
        if let Some(place) = read(row)?.into_iter().next()
            && is_after(&place, &edge.from)
        {
            edge.from = place;
        }
    }
    let done = swept(rows.len(), limit);
    edge.sweeps += u32::from(done.is_done);
    if edge.sweeps >= SWEEPS_PER_ROUND {
        *edge = fresh();
    }
    Ok(done)
}

fn is_after(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Key(one), Value::Key(other)) => one.0 > other.0,
        (Value::Int(one), Value::Int(other)) => one > other,
        _ => false,
    }
}

fn delete_rows(order: Order) -> String {
    let Order { table, column, .. } = order;
    let oldest = order.oldest("ctid");
    format!(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY({oldest} FOR UPDATE SKIP LOCKED)) \
         RETURNING {column}"
    )
}
