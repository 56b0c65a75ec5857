//! One attempt to write one group: two round trips, each a pipeline.
//!
//! First BEGIN, the lane's lock and all look-ups; then, after judging, all writes and COMMIT. The
//! COMMIT is sent before the writes are known to succeed: if one fails, it is a rollback, so every
//! result is read before anybody is told anything.

use std::pin::{Pin, pin};
use std::time::Duration;

use domain::ids::RowKey;
use domain::ledger::balance_from_bytes;
use futures_util::SinkExt as _;
use futures_util::future::join_all;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, Row, Statement};

use super::connect::{Session, describe, is_lost};
use super::params::{Param, copy_stream, key_at};
use super::statements::{ACCOUNTS, COUNTERS, GROUP, LANE, LANE_UPDATE, texts};
use crate::commit::Prepared;
use crate::commit::judge::{Judged, judge};
use crate::commit::queue::Verdict;
use crate::commit::view::{LaneState, LookUp, View, Wanted};
use crate::error::CommitError;
use crate::write::{Batch, Way};

/// Who commits, where, and as which of its groups.
#[derive(Clone, Copy)]
pub(super) struct GroupId {
    pub committer: RowKey,
    pub number: i64,
    pub lane: i64,
    pub lanes: i64,
    /// How long each round trip may take.
    pub patience: Duration,
}

pub(super) enum Outcome {
    /// Written, and everybody's verdict.
    Done(Vec<Verdict>),
    /// Another process was there first: judge again.
    Raced,
    /// The database does not take a row of this group, and said why.
    Rejected(String),
    /// Nothing was written, and this session is of no use any more.
    Lost(String),
    /// COMMIT was sent and no answer came; the verdicts hold if it was carried out.
    Unknown(Vec<Verdict>, String),
}

type Task<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

pub(super) async fn attempt(
    session: &mut Session,
    group: &[&Prepared],
    look_up: LookUp,
    id: GroupId,
) -> Outcome {
    let wanted = Wanted::of(group.iter().copied(), look_up);
    let view = match timeout(id.patience, load(session, &wanted, id)).await {
        Ok(Ok(view)) => view,
        Ok(Err(error)) => return abandon(session, &error).await,
        Err(_) => return Outcome::Lost("PostgreSQL does not answer".to_owned()),
    };
    let judged = judge(group.iter().copied(), view);
    let statements = match prepare_writes(session, &judged).await {
        Ok(statements) => statements,
        Err(error) => return abandon(session, &error).await,
    };
    if judged.verdicts.iter().all(Result::is_err) {
        // What was refused was not written, whatever becomes of the connection; if this fails, the
        // next group learns it.
        let _ = timeout(id.patience, session.client.batch_execute("ROLLBACK")).await;
        return Outcome::Done(judged.verdicts);
    }
    match timeout(id.patience, write(&session.client, &judged, &statements, id)).await {
        Ok(results) => conclude(judged.verdicts, results),
        Err(_) => Outcome::Unknown(judged.verdicts, "PostgreSQL does not answer".to_owned()),
    }
}

/// The first error that is a cause, and not the mere echo of another.
fn cause(results: Vec<Result<(), Error>>) -> Option<Error> {
    let mut errors = results.into_iter().filter_map(Result::err);
    let first = errors.next()?;
    Some(if is_lost(&first) { first } else { errors.find(is_lost).unwrap_or(first) })
}

fn conclude(verdicts: Vec<Verdict>, results: Vec<Result<(), Error>>) -> Outcome {
    match cause(results) {
        None => Outcome::Done(verdicts),
        Some(error) if is_lost(&error) => Outcome::Unknown(verdicts, describe(&error)),
        Some(error) if is_race(&error) => Outcome::Raced,
        Some(error) => Outcome::Rejected(describe(&error)),
    }
}

/// Ends a transaction that failed before anything was written.
async fn abandon(session: &Session, error: &Error) -> Outcome {
    if is_lost(error) || session.client.batch_execute("ROLLBACK").await.is_err() {
        return Outcome::Lost(describe(error));
    }
    if is_race(error) { Outcome::Raced } else { Outcome::Rejected(describe(error)) }
}

fn is_race(error: &Error) -> bool {
    let races = [
        SqlState::UNIQUE_VIOLATION,
        // An update found fewer rows than were looked up: see `statements`.
        SqlState::DIVISION_BY_ZERO,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::LOCK_NOT_AVAILABLE,
    ];
    error.code().is_some_and(|code| races.contains(code))
}

/// What is looked up by one statement, and where its rows belong.
enum Load<'w> {
    Versions(&'static crate::relation::Relation, &'w [RowKey]),
    Counters(&'w [RowKey]),
    Accounts(&'w [RowKey]),
}

async fn load<'g>(session: &mut Session, wanted: &Wanted, id: GroupId) -> Result<View<'g>, Error> {
    let mut loads = Vec::new();
    for (relation, keys) in &wanted.rows {
        let statement = session.statement(&texts(relation).versions).await?;
        loads.push((statement, Load::Versions(relation, keys)));
    }
    for (relation, keys) in &wanted.guards {
        // With one lane the lane's lock guards everything; with more, another lane may be writing.
        let texts = texts(relation);
        let text = if id.lanes > 1 { &texts.guards } else { &texts.versions };
        loads.push((session.statement(text).await?, Load::Versions(relation, keys)));
    }
    if !wanted.counters.is_empty() {
        loads.push((session.statement(COUNTERS).await?, Load::Counters(&wanted.counters)));
    }
    if !wanted.accounts.is_empty() {
        loads.push((session.statement(ACCOUNTS).await?, Load::Accounts(&wanted.accounts)));
    }
    let lane = session.statement(LANE).await?;
    let client = &session.client;
    let mut tasks: Vec<Task<'_, Vec<Row>>> = vec![
        Box::pin(async { client.batch_execute("BEGIN").await.map(|()| Vec::new()) }),
        Box::pin(async { rows(client, &lane, vec![Param::Int(id.lane)]).await }),
    ];
    for (statement, load) in &loads {
        let (Load::Versions(_, keys) | Load::Counters(keys) | Load::Accounts(keys)) = load;
        tasks.push(Box::pin(async { rows(client, statement, vec![Param::Keys(keys)]).await }));
    }
    let mut results = join_all(tasks).await.into_iter();
    let mut next = || results.next().unwrap_or_else(|| Ok(Vec::new()));
    next()?;
    let mut view = View::default();
    for row in next()? {
        let state = LaneState { sequence: row.try_get(0)?, ledger_position: row.try_get(1)? };
        view.lanes.insert(id.lane, state);
    }
    for (_, load) in &loads {
        found(&mut view, load, &next()?)?;
    }
    Ok(view)
}

fn found(view: &mut View<'_>, load: &Load<'_>, rows: &[Row]) -> Result<(), Error> {
    for row in rows {
        let (key, version) = (key_at(row, 0)?, row.try_get(1)?);
        match load {
            Load::Versions(relation, _) => view.found(relation, key, version),
            Load::Counters(_) => view.found_counter(key, version, row.try_get(2)?),
            Load::Accounts(_) => {
                let balance: &[u8] = row.try_get(2)?;
                let bytes = balance.try_into().unwrap_or_default();
                view.found_account(key, version, balance_from_bytes(bytes));
            }
        }
    }
    Ok(())
}

async fn rows(
    client: &Client,
    statement: &Statement,
    params: Vec<Param<'_>>,
) -> Result<Vec<Row>, Error> {
    use futures_util::TryStreamExt as _;
    client.query_raw(statement, params).await?.try_collect().await
}

struct Writes {
    batches: Vec<Statement>,
    lane: Statement,
    group: Statement,
}

async fn prepare_writes(session: &mut Session, judged: &Judged<'_>) -> Result<Writes, Error> {
    let mut batches = Vec::with_capacity(judged.batches.len());
    for batch in &judged.batches {
        let texts = texts(batch.relation);
        let text = match batch.way {
            Way::Insert if is_copied(batch) => &texts.copy,
            Way::Insert => &texts.insert,
            Way::Update => &texts.update,
        };
        batches.push(session.statement(text).await?);
    }
    let lane = session.statement(LANE_UPDATE).await?;
    let group = session.statement(GROUP).await?;
    Ok(Writes { batches, lane, group })
}

async fn write(
    client: &Client,
    judged: &Judged<'_>,
    statements: &Writes,
    id: GroupId,
) -> Vec<Result<(), Error>> {
    let mut tasks: Vec<Task<'_, ()>> = Vec::with_capacity(judged.batches.len() + 3);
    for (batch, statement) in judged.batches.iter().zip(&statements.batches) {
        tasks.push(if is_copied(batch) {
            Box::pin(copy(client, statement, batch))
        } else {
            execute(client, statement, params_of(batch))
        });
    }
    for &(lane, state) in &judged.lanes {
        let numbers = [lane, state.sequence, state.ledger_position];
        tasks.push(execute(client, &statements.lane, numbers.map(Param::Int).into()));
    }
    let group = vec![Param::Key(id.committer), Param::Int(id.number)];
    tasks.push(execute(client, &statements.group, group));
    tasks.push(Box::pin(client.batch_execute("COMMIT")));
    // First polled in this order, and sent at the first poll.
    join_all(tasks).await
}

/// From so many rows on, COPY is cheaper for the server than arrays, although its data may only be
/// sent once it has said that it is ready.
const COPY_ROWS_MIN: usize = 16;

fn is_copied(batch: &Batch<'_>) -> bool {
    batch.way == Way::Insert && batch.len() >= COPY_ROWS_MIN
}

async fn copy(client: &Client, statement: &Statement, batch: &Batch<'_>) -> Result<(), Error> {
    let mut sink = pin!(client.copy_in(statement).await?);
    sink.as_mut().feed(copy_stream(batch)).await?;
    sink.finish().await.map(drop)
}

fn params_of<'a>(batch: &'a Batch<'a>) -> Vec<Param<'a>> {
    match batch.way {
        Way::Insert => {
            (0..batch.relation.columns.len()).map(|at| Param::Column(batch, at)).collect()
        }
        Way::Update => {
            let mut params = vec![Param::Column(batch, 0), Param::Expected(batch)];
            params.extend(batch.relation.mutable().map(|(at, _)| Param::Column(batch, at)));
            params.push(Param::Int(i64::try_from(batch.len()).expect("a group is bounded")));
            params
        }
    }
}

fn execute<'a>(
    client: &'a Client,
    statement: &'a Statement,
    params: Vec<Param<'a>>,
) -> Task<'a, ()> {
    Box::pin(async move { client.execute_raw(statement, params).await.map(drop) })
}

/// For a verdict that nobody gave.
pub(super) fn unavailable(text: &str) -> CommitError {
    crate::error::StoreError::Unavailable(text.to_owned()).into()
}
