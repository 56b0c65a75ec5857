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

/// Checkpointed each time it has grown by so much.
const WAL_BYTES_PASSIVE: u64 = 16 << 20;
/// Emptied at this size even while the writer is busy, which then has to wait for it.
const WAL_BYTES_MAX: u64 = 256 << 20;
/// With nothing written for so long it is emptied at a smaller size.
const IDLE_MS: u64 = 1_000;
const WAL_BYTES_IDLE: u64 = 1 << 20;
const PAUSE_MS: u64 = 50;
const TRUNCATE_BUSY_MS: u64 = 250;

#[derive(Default)]
struct State {
    has_written: bool,
    is_truncating: bool,
    is_stopping: bool,
}

enum Next {
    Written,
    Idle,
    Stop,
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

    /// Waits for a write, or until there has been none for a while.
    fn wait(&self) -> Next {
        let state = self.lock();
        let idle = Duration::from_millis(IDLE_MS);
        let is_idle = |state: &mut State| !state.has_written && !state.is_stopping;
        let waited = self.changed.wait_timeout_while(state, idle, is_idle);
        let (mut state, _) = waited.expect("nobody panics while holding this");
        match (state.is_stopping, std::mem::take(&mut state.has_written)) {
            (true, _) => Next::Stop,
            (false, true) => Next::Written,
            (false, false) => Next::Idle,
        }
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
    loop {
        let next = checkpoints.wait();
        let bytes = checkpoints.wal_bytes();
        match next {
            Next::Stop => return,
            Next::Idle if bytes > WAL_BYTES_IDLE => empty(connection, checkpoints),
            Next::Idle => {}
            Next::Written if bytes > WAL_BYTES_MAX => {
                checkpoint(connection, "PASSIVE");
                // Once more for what was written meanwhile, so that the writer waits for little.
                checkpoint(connection, "PASSIVE");
                empty(connection, checkpoints);
            }
            Next::Written if bytes > bytes_at_last + WAL_BYTES_PASSIVE => {
                checkpoint(connection, "PASSIVE");
                bytes_at_last = bytes;
            }
            Next::Written => std::thread::sleep(Duration::from_millis(PAUSE_MS)),
        }
        bytes_at_last = bytes_at_last.min(checkpoints.wal_bytes());
    }
}

fn empty(connection: &Connection, checkpoints: &Checkpoints) {
    checkpoints.truncating(true);
    checkpoint(connection, "TRUNCATE");
    checkpoints.truncating(false);
}

fn checkpoint(connection: &Connection, mode: &str) {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    if let Err(error) = connection.query_row(&sql, [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be checkpointed; tried again later");
    }
}
