//! The second round trip of a group: every write and COMMIT in one pipeline.
//!
//! The COMMIT is sent before the writes are known to succeed. If one fails, it is a rollback, so
//! every result is read before anybody is told anything.

use std::pin::pin;

use futures_util::SinkExt as _;
use futures_util::future::{join, join_all};
use tokio::sync::Notify;
use tokio_postgres::{Client, Error, Statement};

use super::attempt::{GroupId, Task};
use super::connect::Session;
use super::params::{Param, copy_stream};
use super::statements::{GROUP, LANE_UPDATE, texts};
use crate::commit::judge::Judged;
use crate::write::{Batch, Way};

/// From so many rows on, COPY is cheaper for the server than arrays, although its data may only be
/// sent once it has said that it is ready.
const COPY_ROWS_MIN: usize = 16;

/// The statements that write a judged group.
pub(super) struct Writes {
    batches: Vec<Statement>,
    lane: Statement,
    group: Statement,
}

impl Writes {
    pub async fn prepare(session: &Session, judged: &Judged<'_>) -> Result<Writes, Error> {
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

    /// Rings `is_flushing` once only the COMMIT is left for the server to do.
    pub async fn run(
        &self,
        client: &Client,
        judged: &Judged<'_>,
        id: GroupId,
        is_flushing: &Notify,
    ) -> Vec<Result<(), Error>> {
        if judged.verdicts.iter().all(Result::is_err) {
            is_flushing.notify_one();
            return vec![client.batch_execute("ROLLBACK").await];
        }
        let mut tasks: Vec<Task<'_, ()>> = Vec::with_capacity(judged.batches.len() + 3);
        for (batch, statement) in judged.batches.iter().zip(&self.batches) {
            tasks.push(if is_copied(batch) {
                Box::pin(copy(client, statement, batch))
            } else {
                execute(client, statement, params_of(batch))
            });
        }
        for &(lane, state) in &judged.lanes {
            let numbers = [lane, state.sequence, state.ledger_position];
            tasks.push(execute(client, &self.lane, numbers.map(Param::Int).into()));
        }
        let group = vec![Param::Key(id.committer), Param::Int(id.number)];
        tasks.push(execute(client, &self.group, group));
        let writing = async {
            let results = join_all(tasks).await;
            is_flushing.notify_one();
            results
        };
        // First polled in this order, and sent at the first poll.
        let (mut results, committed) = join(writing, client.batch_execute("COMMIT")).await;
        results.push(committed);
        results
    }
}

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
