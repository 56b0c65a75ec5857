//! One attempt to write one group, and the look-ups of the group after it on the same way.
//!
//! A group costs two round trips: `Loads`, then `Writes`. While the server flushes a COMMIT, what
//! waits by then becomes the next group, and its look-ups are sent already: they run right after
//! the COMMIT, in a transaction of their own, and so see what it did.

use std::pin::Pin;
use std::time::Duration;

use domain::ids::RowKey;
use futures_util::future::join;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::connect::{Session, describe, is_lost};
use super::loads::Loads;
use super::writes::Writes;
use crate::commit::Prepared;
use crate::commit::judge::judge;
use crate::commit::queue::{Group, Verdict};
use crate::commit::view::{LookUp, View, Wanted};

pub(super) type Task<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

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

/// The group that was gathered meanwhile, and its view if its transaction is open and in order.
pub(super) type Next = Option<(Group, Option<View<'static>>)>;

const NO_ANSWER: &str = "PostgreSQL does not answer";

/// Opens a group's transaction, takes the lane's lock and looks everything up.
pub(super) async fn load(
    session: &mut Session,
    group: &[Prepared],
    look_up: LookUp,
    id: GroupId,
) -> Result<View<'static>, Outcome> {
    let wanted = Wanted::of(group, look_up);
    let loading = async {
        let loads = Loads::prepare(session, wanted, id.lanes).await?;
        loads.run(&session.client, id.lane).await
    };
    match timeout(id.patience, loading).await {
        Ok(Ok(view)) => Ok(view),
        Ok(Err(error)) => Err(abandon(session, &error, id).await),
        Err(_) => Err(Outcome::Lost(NO_ANSWER.to_owned())),
    }
}

/// Judges and writes a group whose transaction is open; with it go the look-ups of the next.
///
/// Callers are answered as soon as their group is written, also while the next one still waits for
/// the lane. Answers what else became of the group, and the next one.
pub(super) async fn write(
    session: &mut Session,
    group: &[Prepared],
    view: View<'_>,
    id: GroupId,
    answer: impl FnOnce(Vec<Verdict>),
    gather: impl FnOnce() -> Option<Group>,
) -> (Result<(), Outcome>, Next) {
    let judged = judge(group, view);
    let writes = match timeout(id.patience, Writes::prepare(session, &judged)).await {
        Ok(Ok(writes)) => writes,
        Ok(Err(error)) => return (Err(abandon(session, &error, id).await), None),
        Err(_) => return (Err(Outcome::Lost(NO_ANSWER.to_owned())), None),
    };
    let is_flushing = Notify::new();
    let client = &session.client;
    let writing = async {
        let results = timeout(id.patience, writes.run(client, &judged, id, &is_flushing)).await;
        is_flushing.notify_one();
        let outcome = conclude(judged.verdicts.clone(), results.ok());
        match outcome {
            Outcome::Done(verdicts) => {
                answer(verdicts);
                Ok(())
            }
            other => Err(other),
        }
    };
    let loading = async {
        is_flushing.notified().await;
        let next = gather()?;
        let wanted = Wanted::of(&next.changes, LookUp::WhatMayExist);
        let looking_up = async {
            let loads = Loads::prepare(session, wanted, id.lanes).await?;
            loads.run(client, id.lane).await
        };
        // Another process may be having its turn at the lane.
        Some((next, timeout(2 * id.patience, looking_up).await))
    };
    match join(writing, loading).await {
        (written, None) => (written, None),
        (Ok(()), Some((next, Ok(Ok(view))))) => (Ok(()), Some((next, Some(view)))),
        // The next group starts anew, behind whatever becomes of this one.
        (written, Some((next, _))) => {
            let ended = timeout(id.patience, session.client.batch_execute("ROLLBACK")).await;
            session.is_broken |= !matches!(ended, Ok(Ok(())));
            (written, Some((next, None)))
        }
    }
}

fn conclude(verdicts: Vec<Verdict>, results: Option<Vec<Result<(), Error>>>) -> Outcome {
    let Some(results) = results else {
        return Outcome::Unknown(verdicts, NO_ANSWER.to_owned());
    };
    let mut errors = results.into_iter().filter_map(Result::err);
    let Some(first) = errors.next() else { return Outcome::Done(verdicts) };
    // The first error is the cause and the rest are its echoes, unless the connection is gone.
    let cause = if is_lost(&first) { first } else { errors.find(is_lost).unwrap_or(first) };
    if is_lost(&cause) {
        return Outcome::Unknown(verdicts, describe(&cause));
    }
    if is_race(&cause) { Outcome::Raced } else { Outcome::Rejected(describe(&cause)) }
}

/// Ends a transaction that failed before anything was written.
async fn abandon(session: &Session, error: &Error, id: GroupId) -> Outcome {
    let is_ended = !is_lost(error)
        && matches!(
            timeout(id.patience, session.client.batch_execute("ROLLBACK")).await,
            Ok(Ok(()))
        );
    if !is_ended {
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
