//! Moving the write-ahead log into the file, from a thread that is not the writer.
//!
//! A checkpoint inside the writer shows as the worst latency of all, so this thread does it. When
//! the log has grown large it is emptied: the writer is asked to wait for that short while.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::connect::{self, Role};
use super::spawn;
use crate::error::StoreError;

/// Checkpointed at this size; the log then still fits the pages it has.
const WAL_BYTES_PASSIVE: u64 = 8 << 20;
/// Emptied at this size.
const WAL_BYTES_MAX: u64 = 48 << 20;
const IDLE_MS: u64 = 2_000;
const TRUNCATE_BUSY_MS: u64 = 250;

#[derive(Default)]
struct State {
    has_written: bool,
    is_truncating: bool,
    is_stopping: bool,
}

/// What the writer and the checkpointer tell each other.
pub(super) struct Checkpoints {
    state: Mutex<State>,
    changed: Condvar,
    /// The same as `State::is_truncating`, for the writer's quick look.
    is_truncating: AtomicBool,
    wal: PathBuf,
}

impl Checkpoints {
    pub fn new(path: &Path) -> Checkpoints {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        Checkpoints {
            state: Mutex::default(),
            changed: Condvar::new(),
            is_truncating: AtomicBool::new(false),
            wal: PathBuf::from(wal),
        }
    }

    /// The writer wrote a group.
    pub fn written(&self) {
        let mut state = self.lock();
        if !state.has_written {
            state.has_written = true;
            self.changed.notify_all();
        }
    }

    /// Holds the writer back while the log is being emptied.
    pub fn wait_while_truncating(&self) {
        if !self.is_truncating.load(Relaxed) {
            return;
        }
        let state = self.lock();
        drop(self.changed.wait_while(state, |state| state.is_truncating));
    }

    pub fn stop(&self) {
        self.lock().is_stopping = true;
        self.changed.notify_all();
    }

    fn truncating(&self, is_truncating: bool) {
        self.is_truncating.store(is_truncating, Relaxed);
        self.lock().is_truncating = is_truncating;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding this")
    }

    fn wal_bytes(&self) -> u64 {
        std::fs::metadata(&self.wal).map_or(0, |found| found.len())
    }

    /// Waits for a write, then a moment more, so that many groups make one checkpoint.
    fn wait(&self) -> bool {
        let state = self.lock();
        let idle = Duration::from_millis(IDLE_MS);
        let is_idle = |state: &mut State| !state.has_written && !state.is_stopping;
        let Ok((mut state, _)) = self.changed.wait_timeout_while(state, idle, is_idle) else {
            return false;
        };
        state.has_written = false;
        !state.is_stopping
    }
}

pub(super) fn start(
    path: &Path,
    checkpoints: Arc<Checkpoints>,
) -> Result<JoinHandle<()>, StoreError> {
    let connection = connect::open(path, Role::Checkpointer)?;
    let busy = connection.busy_timeout(Duration::from_millis(TRUNCATE_BUSY_MS));
    busy.map_err(|error| connect::unavailable(&error))?;
    spawn("store-checkpoint", move || run(&connection, &checkpoints))
}

fn run(connection: &Connection, checkpoints: &Checkpoints) {
    let mut bytes_at_last = 0;
    while checkpoints.wait() {
        let bytes = checkpoints.wal_bytes();
        if bytes < bytes_at_last {
            bytes_at_last = 0;
        }
        if bytes.saturating_sub(bytes_at_last) < WAL_BYTES_PASSIVE && bytes < WAL_BYTES_MAX {
            std::thread::sleep(Duration::from_millis(50));
            continue;
        }
        checkpoint(connection, "PASSIVE");
        if bytes >= WAL_BYTES_MAX {
            // Once more for what was written meanwhile, so that the writer waits for little.
            checkpoint(connection, "PASSIVE");
            checkpoints.truncating(true);
            checkpoint(connection, "TRUNCATE");
            checkpoints.truncating(false);
        }
        bytes_at_last = checkpoints.wal_bytes();
    }
}

fn checkpoint(connection: &Connection, mode: &str) {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    if let Err(error) = connection.query_row(&sql, [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be checkpointed; tried again later");
    }
}
