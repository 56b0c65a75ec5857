//! The way from a caller to a committer: a bounded queue that is taken from in groups.
//!
//! Nobody waits on a timer: a committer takes what waits, within bounds, and what arrives
//! meanwhile is the next group. After `close` nothing more is accepted, and what was accepted
//! is still finished.

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

/// A change that waits for its group, and the caller who waits for it.
pub(crate) struct Submission {
    pub prepared: Prepared,
    /// Until when it may wait for a database that is away.
    pub deadline: Instant,
    answer: oneshot::Sender<Verdict>,
}

impl Submission {
    pub fn answer(self, verdict: Verdict, tally: &Tally) {
        tally.answered(&verdict);
        // The caller may have gone away; what was committed stays committed.
        let _ = self.answer.send(verdict);
    }
}

enum Message {
    Commit(Box<Submission>),
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
        let (answer, verdict) = oneshot::channel();
        let deadline = since + self.patience;
        let submission = Box::new(Submission { prepared, deadline, answer });
        tally.queued();
        if let Err(error) = self.send(Message::Commit(submission)).await {
            tally.dequeued(1);
            return Err(error.into());
        }
        let verdict = verdict.await.unwrap_or_else(|_| Err(closed().into()));
        tally.waited(since.elapsed());
        verdict
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

impl Gatherer {
    /// The next group, at least one change; nothing once the queue is closed and empty.
    pub async fn next(&mut self, tally: &Tally) -> Option<Vec<Submission>> {
        loop {
            let first = match self.left_over.take() {
                Some(submission) => submission,
                None => match self.receiver.recv().await? {
                    Message::Commit(submission) => submission,
                    Message::Close => {
                        self.receiver.close();
                        continue;
                    }
                },
            };
            return Some(self.gather(first, tally));
        }
    }

    /// What waits right now, if anything does.
    pub fn next_waiting(&mut self, tally: &Tally) -> Option<Vec<Submission>> {
        loop {
            let first = match self.left_over.take() {
                Some(submission) => submission,
                None => match self.receiver.try_recv().ok()? {
                    Message::Commit(submission) => submission,
                    Message::Close => {
                        self.receiver.close();
                        continue;
                    }
                },
            };
            return Some(self.gather(first, tally));
        }
    }

    /// The same for a committer that is a thread.
    pub fn next_blocking(&mut self, tally: &Tally) -> Option<Vec<Submission>> {
        loop {
            let first = match self.left_over.take() {
                Some(submission) => submission,
                None => match self.receiver.blocking_recv()? {
                    Message::Commit(submission) => submission,
                    Message::Close => {
                        self.receiver.close();
                        continue;
                    }
                },
            };
            return Some(self.gather(first, tally));
        }
    }

    fn gather(&mut self, first: Box<Submission>, tally: &Tally) -> Vec<Submission> {
        let (mut rows, mut bytes) = (first.prepared.row_count(), first.prepared.byte_count());
        let mut group = vec![*first];
        while group.len() < GROUP_CHANGES_MAX {
            let submission = match self.receiver.try_recv() {
                Ok(Message::Commit(submission)) => submission,
                Ok(Message::Close) => {
                    self.receiver.close();
                    continue;
                }
                Err(_) => break,
            };
            rows += submission.prepared.row_count();
            bytes += submission.prepared.byte_count();
            if rows > GROUP_ROWS_MAX || bytes > GROUP_BYTES_MAX {
                self.left_over = Some(submission);
                break;
            }
            group.push(*submission);
        }
        tally.gathered(group.len());
        group
    }
}
