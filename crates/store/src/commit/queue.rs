//! The way from a caller to a committer: a bounded queue that is taken from in groups.
//!
//! Nobody waits on a timer: a committer takes what waits, within bounds, and what arrives
//! meanwhile is the next group. After `close` nothing more is accepted, and what was accepted
//! is still finished.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::Prepared;
use crate::error::{CommitError, StoreError};
use crate::stats::{Tally, now};
use crate::store::Committed;

const GROUP_CHANGES_MAX: usize = 512;
const GROUP_ROWS_MAX: usize = 4_096;
const GROUP_BYTES_MAX: usize = 4 << 20;
const QUEUE_MAX: usize = 1_024;

pub(crate) type Verdict = Result<Committed, CommitError>;

/// A change that waits for its group.
struct Submission {
    prepared: Prepared,
    answer: Answer,
}

/// The caller who waits.
struct Answer {
    /// Until when it may wait for a database that is away.
    deadline: Instant,
    sender: oneshot::Sender<Verdict>,
    /// Set by whoever comes first: the committer that takes it, or the caller who gives up.
    is_settled: Arc<AtomicBool>,
}

impl Answer {
    /// True for the first who asks, and for nobody after.
    fn claim(is_settled: &AtomicBool) -> bool {
        !is_settled.swap(true, Ordering::AcqRel)
    }
}

/// Changes that are committed together, and in the same order those who wait for them.
#[derive(Default)]
pub(crate) struct Group {
    pub changes: Vec<Prepared>,
    pub callers: Callers,
}

#[derive(Default)]
pub(crate) struct Callers(Vec<Answer>);

impl Callers {
    /// Gives each its verdict.
    pub fn answer(&mut self, verdicts: Vec<Verdict>, tally: &Tally) {
        assert_eq!(self.0.len(), verdicts.len(), "everybody has a verdict");
        for (answer, verdict) in self.0.drain(..).zip(verdicts) {
            tally.answered(&verdict);
            // The caller may have gone away; what was committed stays committed.
            let _ = answer.sender.send(verdict);
        }
    }

    /// Gives all the same refusal.
    pub fn refuse(&mut self, refusal: &CommitError, tally: &Tally) {
        let verdicts = self.0.iter().map(|_| Err(refusal.clone())).collect();
        self.answer(verdicts, tally);
    }
}

impl Group {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    fn push(&mut self, submission: Submission) {
        self.changes.push(submission.prepared);
        self.callers.0.push(submission.answer);
    }

    /// Each change as a group of its own.
    pub fn split(self) -> impl Iterator<Item = Group> {
        let pairs = self.changes.into_iter().zip(self.callers.0);
        pairs
            .map(|(change, answer)| Group { changes: vec![change], callers: Callers(vec![answer]) })
    }

    /// Takes out those who may not wait until `moment`.
    pub fn take_late(&mut self, moment: Instant) -> Group {
        let (mut late, mut patient) = (Group::default(), Group::default());
        for (prepared, answer) in self.changes.drain(..).zip(self.callers.0.drain(..)) {
            let group = if moment > answer.deadline { &mut late } else { &mut patient };
            group.push(Submission { prepared, answer });
        }
        *self = patient;
        late
    }
}

enum Message {
    Commit(Box<Submission>),
    /// There is something else to do for a committer that has nothing to commit.
    Nudge,
    Close,
}

/// The callers' end of a committer's queue.
#[derive(Clone)]
pub(crate) struct Submitter {
    sender: mpsc::Sender<Message>,
    patience: Duration,
}

pub(crate) fn queue(patience: Duration) -> (Submitter, Gatherer) {
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    (Submitter { sender, patience }, Gatherer { receiver, left_over: None })
}

impl Submitter {
    /// Hands a change in and waits for what becomes of it.
    pub async fn submit(&self, prepared: Prepared, tally: &Tally) -> Verdict {
        let since = now();
        let (sender, verdict) = oneshot::channel();
        let is_settled = Arc::new(AtomicBool::new(false));
        let deadline = since + self.patience;
        let answer = Answer { deadline, sender, is_settled: Arc::clone(&is_settled) };
        let submission = Box::new(Submission { prepared, answer });
        tally.queued();
        if let Err(error) = self.send(Message::Commit(submission)).await {
            tally.dequeued(1);
            return Err(error.into());
        }
        let verdict = match self.wait(verdict, &is_settled).await {
            Some(verdict) => verdict,
            None => {
                tally.dequeued(1);
                Err(StoreError::Unavailable(NOT_TAKEN.to_owned()).into())
            }
        };
        tally.waited(since.elapsed());
        verdict
    }

    /// Waits for the verdict; a change no committer has taken in time is given up for certain.
    async fn wait(
        &self,
        mut verdict: oneshot::Receiver<Verdict>,
        is_settled: &AtomicBool,
    ) -> Option<Verdict> {
        let closed = |_| Err(closed().into());
        if let Ok(verdict) = tokio::time::timeout(self.patience, &mut verdict).await {
            return Some(verdict.unwrap_or_else(closed));
        }
        if Answer::claim(is_settled) {
            return None;
        }
        Some(verdict.await.unwrap_or_else(closed))
    }

    async fn send(&self, message: Message) -> Result<(), StoreError> {
        let message = match self.sender.try_send(message) {
            Ok(()) => return Ok(()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Err(closed()),
            Err(mpsc::error::TrySendError::Full(message)) => message,
        };
        match self.sender.send_timeout(message, self.patience).await {
            Ok(()) => Ok(()),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => Err(closed()),
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => {
                Err(StoreError::Unavailable("too many changes are waiting".to_owned()))
            }
        }
    }

    /// Has a committer that is a thread come round, be it with an empty group.
    pub fn nudge(&self) {
        // If the queue is full it comes round anyway, and if it is closed it never will.
        let _ = self.sender.try_send(Message::Nudge);
    }

    /// Stops the committer once it has finished what was accepted before.
    pub async fn close(&self) {
        // If it is closed already there is nothing to stop.
        let _ = self.sender.send(Message::Close).await;
        self.sender.closed().await;
    }
}

pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

/// The committer's end of the queue.
pub(crate) struct Gatherer {
    receiver: mpsc::Receiver<Message>,
    /// What did not fit into the last group.
    left_over: Option<Box<Submission>>,
}

const NOT_TAKEN: &str = "the database did not take the change in time";

impl Gatherer {
    /// The next group, at least one change; nothing once the queue is closed and empty.
    pub async fn next(&mut self, tally: &Tally) -> Option<Group> {
        loop {
            if let Some(first) = self.left_over.take() {
                return Some(self.gather(*first, tally));
            }
            let message = self.receiver.recv().await?;
            if let Some(first) = self.accept(message) {
                return Some(self.gather(*first, tally));
            }
        }
    }

    /// The same for a committer that is a thread; the group is empty if it was only nudged.
    pub fn next_blocking(&mut self, tally: &Tally) -> Option<Group> {
        loop {
            if let Some(first) = self.left_over.take() {
                return Some(self.gather(*first, tally));
            }
            let message = self.receiver.blocking_recv()?;
            if matches!(message, Message::Nudge) {
                return Some(Group::default());
            }
            if let Some(first) = self.accept(message) {
                return Some(self.gather(*first, tally));
            }
        }
    }

    /// What waits right now, if anything does.
    pub fn next_waiting(&mut self, tally: &Tally) -> Option<Group> {
        loop {
            if let Some(first) = self.left_over.take() {
                return Some(self.gather(*first, tally));
            }
            let message = self.receiver.try_recv().ok()?;
            if let Some(first) = self.accept(message) {
                return Some(self.gather(*first, tally));
            }
        }
    }

    fn accept(&mut self, message: Message) -> Option<Box<Submission>> {
        match message {
            // Who gave up meanwhile must not be committed after all.
            Message::Commit(submission) => {
                Answer::claim(&submission.answer.is_settled).then_some(submission)
            }
            Message::Nudge => None,
            Message::Close => {
                self.receiver.close();
                None
            }
        }
    }

    fn gather(&mut self, first: Submission, tally: &Tally) -> Group {
        let (mut rows, mut bytes) = (first.prepared.row_count(), first.prepared.byte_count());
        let mut group = Group::default();
        group.push(first);
        while group.changes.len() < GROUP_CHANGES_MAX
            && let Ok(message) = self.receiver.try_recv()
        {
            let Some(submission) = self.accept(message) else { continue };
            rows += submission.prepared.row_count();
            bytes += submission.prepared.byte_count();
            if rows > GROUP_ROWS_MAX || bytes > GROUP_BYTES_MAX {
                self.left_over = Some(submission);
                break;
            }
            group.push(*submission);
        }
        tally.gathered(group.changes.len());
        group
    }
}
