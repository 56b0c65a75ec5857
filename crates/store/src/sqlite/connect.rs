//! Opening a SQLite file: the settings of each kind of connection, and one server per file.
//!
//! An acknowledged commit is on the disk: `synchronous=FULL` with a write-ahead log. Caches are
//! small and nothing is mapped, so that memory does not grow with the file.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::StoreError;

const BUSY_MS: u64 = 5_000;
const READER_CACHE_KIB: i64 = 512;
const STATEMENTS_MAX: usize = 128;
/// Where one connection does everything.
const STATEMENTS_OF_ALL_MAX: usize = 1_024;
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

#[derive(Clone, Copy)]
pub(super) enum Role {
    Writer {
        cache_kib: i64,
    },
    Reader,
    Checkpointer,
    /// Of a simulated process, which dies at commits and never with its machine.
    Alone,
}

/// The path behind `sqlite:`.
pub(crate) fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        let message = "the database URL names no file: say sqlite:PATH".to_owned();
        return Err(StoreError::Misconfigured(message));
    }
    Ok(PathBuf::from(path))
}

pub(super) fn open(path: &Path, role: Role) -> Result<Connection, StoreError> {
    let connect = || -> rusqlite::Result<Connection> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if matches!(role, Role::Writer { .. } | Role::Alone) {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_millis(BUSY_MS))?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        // Otherwise a statement whose plan might depend on a value is planned again whenever it is
        // bound: for a list of many branches that takes far longer than reading it.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "mmap_size", 0)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        match role {
            Role::Writer { cache_kib } => {
                connection.pragma_update(None, "journal_mode", "WAL")?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                connection.pragma_update(None, "wal_autocheckpoint", 0)?;
                connection.pragma_update(None, "cache_size", -cache_kib)?;
            }
            Role::Reader => {
                connection.pragma_update(None, "query_only", true)?;
                connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
            }
            Role::Checkpointer => {
                connection.pragma_update(None, "synchronous", "FULL")?;
                connection.pragma_update(None, "wal_autocheckpoint", 0)?;
                connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
            }
            Role::Alone => {
                connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
                connection.pragma_update(None, "journal_mode", "MEMORY")?;
                connection.pragma_update(None, "synchronous", "OFF")?;
                connection.set_prepared_statement_cache_capacity(STATEMENTS_OF_ALL_MAX);
            }
        }
        Ok(connection)
    };
    connect().map_err(|error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            let path = path.display();
            StoreError::Misconfigured(format!("{path} is not a SQLite database"))
        }
        _ => unavailable(&error),
    })
}

pub(super) fn unavailable(error: &rusqlite::Error) -> StoreError {
    StoreError::Unavailable(error.to_string())
}

/// Held for as long as this process serves the file.
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes the lock beside the file; waits a moment for a predecessor that is just leaving.
    pub fn take(path: &Path) -> Result<FileLock, StoreError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let broken = |error: std::io::Error| {
            let name = Path::new(&name).display();
            StoreError::Misconfigured(format!("cannot lock {name}: {error}"))
        };
        let file = File::options().create(true).truncate(false).write(true).open(&name);
        let file = file.map_err(broken)?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(FileLock { _file: file }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::Error(error)) => return Err(broken(error)),
            }
        }
        let path = path.display();
        Err(StoreError::Misconfigured(format!("another server has {path} open")))
    }
}
