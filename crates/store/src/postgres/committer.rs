//! The committer of one lane: gathers, attempts, and knows what to do when an attempt fails.
//!
//! A caller is told only what is certain. While the database is away callers wait a bounded time;
//! when a connection dies with a COMMIT under way, nobody is answered before the database has said
//! whether that group is there, which it can only say once the lane's lock is free again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::RowKey;
use tokio::sync::Notify;

use super::attempt::{GroupId, Next, Outcome, load, write};
use super::connect::{Role, Session, Target, describe};
use super::params::{Param, key_at};
use super::statements::{FORGET_COMMITTERS, LANE, LAST_GROUP, NEW_COMMITTER};
use crate::commit::queue::{Callers, Gatherer, Group, Verdict};
use crate::commit::view::{LookUp, View};
use crate::error::StoreError;
use crate::stats::now;
use crate::store::Shared;

/// How long a caller waits to learn what became of a COMMIT that was not answered: so many times
/// as long as for a database that is away, within a bound.
const OUTCOME_PATIENCE: u32 = 4;
const OUTCOME_WAIT_MAX: Duration = Duration::from_secs(25);
const BACK_OFF_MIN: Duration = Duration::from_millis(20);
const BACK_OFF_MAX: Duration = Duration::from_secs(1);
/// Races are rare; that many in a row are something else.
const RACES_MAX: u32 = 16;

const NOT_CONNECTED: &str = "not connected";
const UNKNOWN: &str =
    "the connection broke while committing, and whether the change was made is not known";

/// A group whose transaction is open and which has been looked up.
struct Loaded {
    group: Group,
    view: View<'static>,
}

/// Whether the next group goes along with this one.
#[derive(Clone, Copy)]
enum More {
    Gather,
    Nothing,
}

#[derive(Clone, Copy)]
pub(super) struct Lane {
    pub lane: i64,
    pub lanes: i64,
}

pub(super) struct Committer {
    target: Target,
    lane: Lane,
    gatherer: Gatherer,
    shared: Arc<Shared>,
    /// Tells other processes.
    bell: Arc<Notify>,
    session: Option<Session>,
    /// Under which key this committer records its groups; drawn at the first connection.
    key: Option<RowKey>,
    groups: i64,
    is_away: bool,
}

impl Committer {
    pub fn new(
        target: Target,
        lane: Lane,
        gatherer: Gatherer,
        shared: Arc<Shared>,
        bell: Arc<Notify>,
    ) -> Committer {
        Committer {
            target,
            lane,
            gatherer,
            shared,
            bell,
            session: None,
            key: None,
            groups: 0,
            is_away: false,
        }
    }

    pub async fn run(mut self) {
        let mut loaded: Option<Loaded> = None;
        loop {
            loaded = match loaded.take() {
                Some(loaded) => self.write(loaded).await,
                None => match self.gatherer.next(&self.shared.tally).await {
                    Some(group) => self.load(group).await,
                    None => break,
                },
            };
        }
    }

    /// Opens a group's transaction; if that fails the group is settled the slow way.
    async fn load(&mut self, mut group: Group) -> Option<Loaded> {
        if !self.connect(&mut group).await {
            return None;
        }
        let id = self.group_id();
        let session = self.session.as_mut()?;
        match load(session, &group.changes, LookUp::WhatMayExist, id).await {
            Ok(view) => Some(Loaded { group, view }),
            Err(outcome) => {
                self.settle(group, Some(outcome)).await;
                None
            }
        }
    }

    /// Writes a group whose transaction is open, and opens that of the next one if any waits.
    async fn write(&mut self, Loaded { mut group, view }: Loaded) -> Option<Loaded> {
        let (written, next) = self.write_with(&mut group, view, More::Gather).await;
        if let Err(failure) = written {
            self.settle(group, Some(failure)).await;
        }
        match next {
            Some((group, Some(view))) => Some(Loaded { group, view }),
            Some((group, None)) => {
                self.settle(group, None).await;
                None
            }
            None => None,
        }
    }

    async fn write_with(
        &mut self,
        group: &mut Group,
        view: View<'static>,
        more: More,
    ) -> (Result<(), Outcome>, Next) {
        self.groups += 1;
        let id = self.group_id();
        let Some(session) = self.session.as_mut() else {
            return (Err(Outcome::Lost(NOT_CONNECTED.to_owned())), None);
        };
        let (callers, shared, bell) = (&mut group.callers, &self.shared, &self.bell);
        let answer = |verdicts| answer(callers, verdicts, shared, bell);
        let gatherer = &mut self.gatherer;
        let gather = || match more {
            More::Gather => gatherer.next_waiting(&shared.tally),
            More::Nothing => None,
        };
        write(session, &group.changes, view, id, answer, gather).await
    }

    /// Attempts a group until everybody in it has an answer, whatever happens on the way.
    async fn settle(&mut self, mut group: Group, first: Option<Outcome>) {
        let mut look_up = LookUp::WhatMayExist;
        let mut races = 0;
        let mut back_off = BACK_OFF_MIN;
        let mut outcome = first;
        while !group.is_empty() {
            match outcome.take() {
                None => {
                    if self.connect(&mut group).await {
                        match self.attempt(&mut group, look_up).await {
                            Ok(()) => return,
                            Err(failure) => outcome = Some(failure),
                        }
                    }
                }
                Some(Outcome::Done(verdicts)) => {
                    return answer(&mut group.callers, verdicts, &self.shared, &self.bell);
                }
                Some(Outcome::Raced) if races < RACES_MAX => {
                    self.shared.tally.raced();
                    races += 1;
                    look_up = LookUp::Everything;
                }
                Some(Outcome::Raced) => {
                    return self.refuse(group, "the database is too contended");
                }
                Some(Outcome::Rejected(why)) => return self.one_by_one(group, &why).await,
                Some(Outcome::Lost(why)) => {
                    self.lose(&why);
                    self.wait(&mut group, &mut back_off, &StoreError::Unavailable(why)).await;
                }
                Some(Outcome::Unknown(verdicts, why)) => {
                    self.lose(&why);
                    self.shared.tally.outcome_unknown();
                    match self.was_committed().await {
                        Some(true) => outcome = Some(Outcome::Done(verdicts)),
                        Some(false) => {}
                        None => return self.refuse(group, UNKNOWN),
                    }
                }
            }
        }
    }

    async fn attempt(&mut self, group: &mut Group, look_up: LookUp) -> Result<(), Outcome> {
        let id = self.group_id();
        let Some(session) = self.session.as_mut() else {
            return Err(Outcome::Lost(NOT_CONNECTED.to_owned()));
        };
        let view = load(session, &group.changes, look_up, id).await?;
        self.write_with(group, view, More::Nothing).await.0
    }

    fn group_id(&self) -> GroupId {
        let Lane { lane, lanes } = self.lane;
        let committer = self.key.unwrap_or(RowKey([0; 16]));
        let patience = self.target.patience;
        GroupId { committer, number: self.groups, lane, lanes, patience }
    }

    fn refuse(&self, mut group: Group, why: &str) {
        let refusal = StoreError::Unavailable(why.to_owned()).into();
        group.callers.refuse(&refusal, &self.shared.tally);
    }

    /// One row of the group is not taken: each change alone, so that only the bad one fails.
    async fn one_by_one(&mut self, mut group: Group, why: &str) {
        if group.changes.len() > 1 {
            for alone in group.split() {
                Box::pin(self.settle(alone, None)).await;
            }
            return;
        }
        tracing::error!(reason = why, "the database rejects a change");
        let refusal = StoreError::Rejected(why.to_owned()).into();
        group.callers.refuse(&refusal, &self.shared.tally);
    }

    fn lose(&mut self, why: &str) {
        self.session = None;
        if !self.is_away {
            self.is_away = true;
            tracing::warn!(reason = why, "the connection that commits was lost; connecting anew");
        }
    }

    /// Connects if need be; whoever has waited long enough is told that the database is away.
    async fn connect(&mut self, group: &mut Group) -> bool {
        if self.session.as_ref().is_some_and(Session::is_usable) {
            return true;
        }
        self.session = None;
        let mut back_off = BACK_OFF_MIN;
        loop {
            let error = match self.open().await {
                Ok(()) => return true,
                Err(error) => error,
            };
            self.lose(&error.to_string());
            self.wait(group, &mut back_off, &error).await;
            if group.is_empty() {
                return false;
            }
        }
    }

    /// Waits before the next try; who has waited long enough already is told why it failed.
    async fn wait(&self, group: &mut Group, back_off: &mut Duration, error: &StoreError) {
        let mut late = group.take_late(now() + *back_off);
        late.callers.refuse(&error.clone().into(), &self.shared.tally);
        if !group.is_empty() {
            tokio::time::sleep(*back_off).await;
            *back_off = (*back_off * 2).min(BACK_OFF_MAX);
        }
    }

    async fn open(&mut self) -> Result<(), StoreError> {
        let session = self.target.connect(Role::Commit).await?;
        let failed = |error: tokio_postgres::Error| StoreError::Unavailable(describe(&error));
        if self.key.is_none() {
            let row = session.client.query_one(NEW_COMMITTER, &[]).await.map_err(failed)?;
            self.key = Some(key_at(&row, 0).map_err(failed)?);
            session.client.execute(FORGET_COMMITTERS, &[]).await.map_err(failed)?;
        }
        self.session = Some(session);
        if self.is_away {
            self.is_away = false;
            tracing::info!("the connection that commits is back");
        }
        Ok(())
    }

    /// Whether the group whose COMMIT was not answered is in the database; nothing if that cannot
    /// be learned in time.
    async fn was_committed(&mut self) -> Option<bool> {
        let until = now() + (self.target.patience * OUTCOME_PATIENCE).min(OUTCOME_WAIT_MAX);
        let mut back_off = BACK_OFF_MIN;
        while now() < until {
            match tokio::time::timeout(remaining(until), self.look_up_last_group()).await {
                Ok(Ok(is_there)) => return Some(is_there),
                Ok(Err(error)) => self.lose(&error.to_string()),
                Err(_) => return None,
            }
            tokio::time::sleep(back_off).await;
            back_off = (back_off * 2).min(BACK_OFF_MAX);
        }
        None
    }

    /// The old connection's transaction holds the lane's lock for as long as it may still commit.
    async fn look_up_last_group(&mut self) -> Result<bool, StoreError> {
        self.open().await?;
        let (Some(session), Some(key)) = (self.session.as_mut(), self.key) else {
            return Err(StoreError::Unavailable(NOT_CONNECTED.to_owned()));
        };
        let failed = |error: tokio_postgres::Error| StoreError::Unavailable(describe(&error));
        let lane = session.statement(LANE).await.map_err(failed)?;
        let last = session.statement(LAST_GROUP).await.map_err(failed)?;
        let client = &session.client;
        client.batch_execute("BEGIN").await.map_err(failed)?;
        client.query_one(&lane, &[&Param::Int(self.lane.lane)]).await.map_err(failed)?;
        let found = client.query_opt(&last, &[&Param::Key(key)]).await.map_err(failed)?;
        client.batch_execute("ROLLBACK").await.map_err(failed)?;
        let number: Option<i64> = found.map(|row| row.try_get(0)).transpose().map_err(failed)?;
        Ok(number == Some(self.groups))
    }
}

/// Tells the callers, the followers of this process, and then those of others.
fn answer(callers: &mut Callers, verdicts: Vec<Verdict>, shared: &Shared, bell: &Notify) {
    callers.answer(verdicts, &shared.tally);
    shared.wake();
    bell.notify_one();
}

fn remaining(until: Instant) -> Duration {
    until.saturating_duration_since(now())
}
