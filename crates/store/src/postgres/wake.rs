//! Waking the followers of other processes: NOTIFY after our groups, LISTEN for theirs.
//!
//! A notification inside the group's own transaction would make all commits of the database queue
//! for one lock, so it is sent beside it, at most every few milliseconds. Followers poll anyway:
//! one that is lost costs time, never an entry. This connection lasts as long as the process, so
//! it also holds the locks that tell that the process is alive.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::task::{AbortHandle, JoinHandle};
use tokio_postgres::AsyncMessage;

use super::alive;
use super::connect::{Role, Session, Target};
use crate::error::StoreError;
use crate::store::Shared;

const PAUSE: Duration = Duration::from_millis(25);
const BACK_OFF: Duration = Duration::from_secs(1);
const NOTICES_MAX: usize = 16;

pub(super) struct Wake {
    bell: Arc<Notify>,
    task: AbortHandle,
}

pub(super) fn start(target: Target, shared: Arc<Shared>) -> Wake {
    let bell = Arc::new(Notify::new());
    let task = tokio::spawn(run(target, shared, Arc::clone(&bell))).abort_handle();
    Wake { bell, task }
}

impl Wake {
    /// Rung after every group.
    pub fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    pub fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Wake {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn run(target: Target, shared: Arc<Shared>, bell: Arc<Notify>) {
    loop {
        if let Err(error) = listen(&target, &shared, &bell).await {
            tracing::debug!(%error, "the connection that wakes followers was lost");
        }
        tokio::time::sleep(BACK_OFF).await;
    }
}

/// Returns when the connection is lost.
async fn listen(target: &Target, shared: &Shared, bell: &Notify) -> Result<(), StoreError> {
    let (client, mut connection) = target.handshake().await?;
    let (sender, mut notices) = mpsc::channel(NOTICES_MAX);
    let driver: JoinHandle<()> = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notice) = message {
                // If many wait already, the follower is about to look anyway.
                let _ = sender.try_send(notice.process_id());
            }
        }
    });
    let session = Session::new(client, driver, Role::Plain, target.patience).await?;
    let failed = |error: tokio_postgres::Error| super::connect::unavailable(&error);
    let row = session.client.query_one("SELECT pg_backend_pid()", &[]).await.map_err(failed)?;
    let own: i32 = row.try_get(0).map_err(failed)?;
    session.client.batch_execute("LISTEN pepay_log").await.map_err(failed)?;
    let mut announced = shared.processes.announced();
    announced.mark_changed();
    // What was written while nobody listened.
    shared.wake();
    loop {
        tokio::select! {
            Ok(()) = announced.changed() => {
                let process = *announced.borrow_and_update();
                match process {
                    Some(process) => alive::announce(&session, process).await,
                    None => alive::withdraw(&session).await,
                }
                .map_err(failed)?;
            }
            notice = notices.recv() => match notice {
                Some(process) if process == own => {}
                Some(_) => shared.wake(),
                None => return Ok(()),
            },
            () = bell.notified() => {
                session.client.batch_execute("NOTIFY pepay_log").await.map_err(failed)?;
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
