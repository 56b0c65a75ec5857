//! Moving the write-ahead log into the file, from a thread that is not the writer.
//!
//! A checkpoint inside the writer shows as the worst latency of all, so this thread does it. While
//! changes keep coming the log never gets wholly moved, so once it is large the writer is held
//! back for the short rest, and then starts the log over in the blocks it already has.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::connect::{self, Role};
use super::spawn;
use crate::error::StoreError;

/// Moved each time so many pages wait in the log: 16 MiB.
const PAGES_PASSIVE: i64 = 4_096;
/// Started over at this length even while changes keep coming: 256 MiB.
const PAGES_MAX: i64 = 65_536;
/// With nothing written for so long, a log above the size below is given back to the disk.
const IDLE_MS: u64 = 1_000;
const BYTES_IDLE: u64 = 4 << 20;
const PAUSE_MS: u64 = 50;
/// How long the writer may be held back by a reader that is not done; then it goes on for a while.
const BUSY_MS: u64 = 100;
const ROUNDS_AFTER_BUSY: u32 = 100;

#[derive(Default)]
struct State {
    has_written: bool,
    is_held: bool,
    is_stopping: bool,
}

/// What the writer and the checkpointer tell each other.
pub(super) struct Checkpoints {
    state: Mutex<State>,
    changed: Condvar,
    /// The same as `State::is_held`, for the writer's quick look.
    is_held: AtomicBool,
    wal: PathBuf,
}

enum Next {
    Written,
    Idle,
    Stop,
}

impl Checkpoints {
    pub fn new(path: &Path) -> Checkpoints {
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        Checkpoints {
            state: Mutex::default(),
            changed: Condvar::new(),
            is_held: AtomicBool::new(false),
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

    /// Where the writer waits while it is held back.
    pub fn wait_while_held(&self) {
        if !self.is_held.load(Relaxed) {
            return;
        }
        let state = self.lock();
        drop(self.changed.wait_while(state, |state| state.is_held));
    }

    pub fn stop(&self) {
        self.lock().is_stopping = true;
        self.changed.notify_all();
    }

    fn hold(&self, is_held: bool) {
        self.is_held.store(is_held, Relaxed);
        self.lock().is_held = is_held;
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
    let busy = connection.busy_timeout(Duration::from_millis(BUSY_MS));
    busy.map_err(|error| connect::unavailable(&error))?;
    spawn("store-checkpoint", move || run(&connection, &checkpoints))
}

fn run(connection: &Connection, checkpoints: &Checkpoints) {
    let mut rounds_to_skip = 0_u32;
    loop {
        match checkpoints.wait() {
            Next::Stop => return,
            Next::Idle if checkpoints.wal_bytes() > BYTES_IDLE => {
                alone(connection, checkpoints, "TRUNCATE");
            }
            Next::Idle => {}
            Next::Written => {
                let log = checkpoint(connection, "NOOP");
                let is_long = log.pages >= PAGES_MAX && rounds_to_skip == 0;
                rounds_to_skip = rounds_to_skip.saturating_sub(1);
                if log.pages - log.moved >= PAGES_PASSIVE || is_long {
                    checkpoint(connection, "PASSIVE");
                }
                if is_long {
                    // Again for what was written meanwhile, so that the writer waits for little.
                    checkpoint(connection, "PASSIVE");
                    let log = alone(connection, checkpoints, "RESTART");
                    rounds_to_skip = if log.is_busy { ROUNDS_AFTER_BUSY } else { 0 };
                }
                std::thread::sleep(Duration::from_millis(PAUSE_MS));
            }
        }
    }
}

/// A checkpoint that moves everything, with the writer held back.
fn alone(connection: &Connection, checkpoints: &Checkpoints, mode: &str) -> Log {
    checkpoints.hold(true);
    let log = checkpoint(connection, mode);
    checkpoints.hold(false);
    log
}

/// The log's pages, and how many of them are in the file already.
#[derive(Default)]
struct Log {
    /// Somebody still reads what the checkpoint had to move or to start over.
    is_busy: bool,
    pages: i64,
    moved: i64,
}

fn checkpoint(connection: &Connection, mode: &str) -> Log {
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    let log = connection.query_row(&sql, [], |row| {
        Ok(Log { is_busy: row.get(0)?, pages: row.get(1)?, moved: row.get(2)? })
    });
    log.unwrap_or_else(|error| {
        tracing::warn!(%error, "the write-ahead log could not be checkpointed; tried again later");
        Log::default()
    })
}
