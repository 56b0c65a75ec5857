//! Lists, totals and many rows at once: a small pool of connections that only read.
//!
//! A read transaction keeps the write-ahead log from being emptied, so none may take longer than
//! a second; one that does is interrupted.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::Semaphore;

use super::connect::{self, Role, unavailable};
use super::statements::{bind, numbered, read};
use crate::commit::queue::closed;
use crate::error::StoreError;
use crate::row::{Kind, Value};

const READ_MS_MAX: u64 = 1_000;

pub(super) struct Lists {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    size: u32,
}

impl Lists {
    pub fn new(path: &Path, size: usize) -> Lists {
        let size = size.clamp(1, 64);
        Lists {
            path: path.to_owned(),
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(size)),
            size: u32::try_from(size).expect("clamped"),
        }
    }

    pub async fn rows(
        &self,
        sql: &str,
        kinds: &[Kind],
        params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let (sql, kinds) = (numbered(sql), kinds.to_owned());
        self.read(move |connection| list(connection, &sql, &kinds, &params)).await
    }

    /// Reads on a thread that may wait for the disk.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let idle = self.idle.lock().expect("nobody panics while holding this").pop();
        let connection = match idle {
            Some(connection) => connection,
            None => connect::open(&self.path, Role::Reader)?,
        };
        let interrupt = connection.get_interrupt_handle();
        let pool = Arc::clone(&self.idle);
        let mut reading = tokio::task::spawn_blocking(move || {
            let found = work(&connection);
            // One that was interrupted may be within a transaction still.
            if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
                drop(connection);
            } else {
                pool.lock().expect("nobody panics while holding this").push(connection);
            }
            drop(permit);
            found.map_err(|error| match error.sqlite_error_code() {
                Some(ErrorCode::OperationInterrupted) => {
                    StoreError::Unavailable("a read took longer than a second".to_owned())
                }
                _ => unavailable(&error),
            })
        });
        let limit = Duration::from_millis(READ_MS_MAX);
        let read = match tokio::time::timeout(limit, &mut reading).await {
            Ok(read) => read,
            Err(_) => {
                interrupt.interrupt();
                reading.await
            }
        };
        read.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
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

/// Reads one list.
pub(super) fn list(
    connection: &Connection,
    sql: &str,
    kinds: &[Kind],
    params: &[Value],
) -> rusqlite::Result<Vec<Vec<Value>>> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    let mut read_rows = Vec::new();
    while let Some(row) = rows.next()? {
        read_rows.push(read(row, kinds)?);
    }
    Ok(read_rows)
}
