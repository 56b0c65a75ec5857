//! The engine's lock beside a SQLite file: while a command holds it, no server serves the file.
//!
//! Commands that replace or remove a database take it; those that only look see by it that a
//! server runs.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};

const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// Takes the lock; waits a moment for a server that is just leaving.
pub async fn take(database: &Path) -> anyhow::Result<File> {
    let path = beside(database, ".lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("opening {}", path.display()))?;
    for _ in 0..TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("locking {}", path.display()));
            }
        }
    }
    bail!("a server has {} open; stop it first", database.display())
}

/// Whether a server has the database open.
pub fn is_taken(database: &Path) -> bool {
    let file = File::options().write(true).open(beside(database, ".lock"));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

/// The path with a suffix on its whole name.
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
