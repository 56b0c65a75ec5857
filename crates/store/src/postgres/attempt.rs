//! One attempt to write one group, and the look-ups of the group after it on the same way.
//!
//! A group costs two round trips: `Loads`, then `Writes`. While many callers commit, the look-ups
//! of the next group travel behind this one's COMMIT, so that the server never waits for us. They
//! run in a transaction of their own, after the COMMIT, and so see what it did.

use std::pin::Pin;
use std::time::Duration;

use domain::ids::RowKey;
use futures_util::future::join;
use tokio::time::timeout;
use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::connect::{Session, describe, is_lost};
use super::loads::Loads;
use super::writes::Writes;
use crate::commit::Prepared;
use crate::commit::judge::judge;
use crate::commit::queue::Verdict;
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

const NO_ANSWER: &str = "PostgreSQL does not answer";

/// Opens a group's transaction, takes the lane's lock and looks everything up.
pub(super) async fn load(
    session: &mut Session,
    group: &[&Prepared],
    look_up: LookUp,
    id: GroupId,
) -> Result<View<'static>, Outcome> {
    let wanted = Wanted::of(group.iter().copied(), look_up);
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
/// The view of the next group is there only if its transaction is open and in order.
pub(super) async fn write(
    session: &mut Session,
    group: &[&Prepared],
    view: View<'_>,
    next: &[&Prepared],
    id: GroupId,
) -> (Outcome, Option<View<'static>>) {
    let judged = judge(group.iter().copied(), view);
    let wanted = Wanted::of(next.iter().copied(), LookUp::WhatMayExist);
    let preparing = async {
        let writes = Writes::prepare(session, &judged).await?;
        Ok((writes, Loads::prepare(session, wanted, id.lanes).await?))
    };
    let (writes, loads) = match timeout(id.patience, preparing).await {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(error)) => return (abandon(session, &error, id).await, None),
        Err(_) => return (Outcome::Lost(NO_ANSWER.to_owned()), None),
    };
    let client = &session.client;
    let loading =
        async { if next.is_empty() { None } else { Some(loads.run(client, id.lane).await) } };
    let both = join(writes.run(client, &judged, id), loading);
    let Ok((results, loaded)) = timeout(id.patience, both).await else {
        return (Outcome::Unknown(judged.verdicts, NO_ANSWER.to_owned()), None);
    };
    let outcome = conclude(judged.verdicts, results);
    match (outcome, loaded) {
        (Outcome::Done(verdicts), Some(Ok(view))) => (Outcome::Done(verdicts), Some(view)),
        (outcome, None) => (outcome, None),
        // The next group starts anew, behind whatever becomes of this one.
        (outcome, Some(_)) => {
            let ended = timeout(id.patience, session.client.batch_execute("ROLLBACK")).await;
            if !matches!(ended, Ok(Ok(()))) {
                session.is_broken = true;
            }
            (outcome, None)
        }
    }
}

fn conclude(verdicts: Vec<Verdict>, results: Vec<Result<(), Error>>) -> Outcome {
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
