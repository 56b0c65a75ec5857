//! Lists and totals: a small pool of connections that only read.

use std::sync::Mutex;

use futures_util::TryStreamExt as _;
use tokio::sync::Semaphore;
use tokio_postgres::Row;

use super::connect::{Role, Session, Target, describe, is_lost, no_answer};
use super::params::{Param, read};
use crate::commit::queue::closed;
use crate::error::StoreError;
use crate::row::{Kind, Value};

pub(super) struct Lists {
    target: Target,
    idle: Mutex<Vec<Session>>,
    permits: Semaphore,
    size: u32,
}

/// A read that failed; a connection that was lost while idle is worth another try.
enum Failure {
    Lost(StoreError),
    Refused(StoreError),
}

impl Lists {
    pub fn new(target: Target, size: usize) -> Lists {
        let size = size.clamp(1, 64);
        Lists {
            target,
            idle: Mutex::default(),
            permits: Semaphore::new(size),
            size: u32::try_from(size).expect("clamped"),
        }
    }

    pub async fn rows(
        &self,
        sql: &str,
        _kinds: &[Kind],
        params: &[Value],
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let acquiring = tokio::time::timeout(self.target.patience, self.permits.acquire()).await;
        let _permit = acquiring.map_err(|_| no_answer())?.map_err(|_| closed())?;
        let idle = self.idle.lock().expect("nobody panics while holding this").pop();
        if let Some(session) = idle {
            match self.read(session, sql, params).await {
                Ok(rows) => return Ok(rows),
                Err(Failure::Refused(error)) => return Err(error),
                // Those idle beside it are as old.
                Err(Failure::Lost(_)) => {
                    self.idle.lock().expect("nobody panics while holding this").clear();
                }
            }
        }
        let session = self.target.connect(Role::Lists).await?;
        self.read(session, sql, params).await.map_err(|failure| match failure {
            Failure::Lost(error) | Failure::Refused(error) => error,
        })
    }

    async fn read(
        &self,
        mut session: Session,
        sql: &str,
        params: &[Value],
    ) -> Result<Vec<Vec<Value>>, Failure> {
        let reading = tokio::time::timeout(self.target.patience, list(&mut session, sql, params));
        match reading.await {
            Err(_) => Err(Failure::Refused(no_answer())),
            Ok(Err(error)) if is_lost(&error) => {
                Err(Failure::Lost(StoreError::Unavailable(describe(&error))))
            }
            Ok(read) => {
                self.idle.lock().expect("nobody panics while holding this").push(session);
                read.map_err(|error| Failure::Refused(StoreError::Unavailable(describe(&error))))
            }
        }
    }

    /// Waits for the lists that are being read, and lets nobody start another.
    pub async fn close(&self) {
        // If it is closed already, nothing is being read any more.
        let all = self.permits.acquire_many(self.size).await;
        self.permits.close();
        drop(all);
        self.idle.lock().expect("nobody panics while holding this").clear();
    }
}

async fn list(
    session: &mut Session,
    sql: &str,
    params: &[Value],
) -> Result<Vec<Vec<Value>>, tokio_postgres::Error> {
    let statement = session.statement(sql).await?;
    let params: Vec<Param<'_>> = params.iter().map(Param::Value).collect();
    let rows = session.client.query_raw(&statement, params).await?;
    let rows: Vec<Row> = rows.try_collect().await?;
    rows.iter().map(read).collect()
}
