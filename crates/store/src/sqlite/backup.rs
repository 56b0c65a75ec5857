//! A copy of the whole file while the server runs, by SQLite's own online backup.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::connect::{self, Role, unavailable};
use crate::error::StoreError;

const PAGES_PER_STEP: i32 = 1_024;
const BUSY_PAUSE: Duration = Duration::from_millis(20);
const BUSY_MAX: u32 = 500;

pub(super) fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        let to = to.display();
        return Err(StoreError::Misconfigured(format!("{to} exists: name a new file")));
    }
    let source = connect::open(from, Role::Reader)?;
    let copied = copy(&source, to).map_err(|error| unavailable(&error));
    if copied.is_err() {
        // Half a copy must not be taken for a whole one.
        let _ = std::fs::remove_file(to);
    }
    copied
}

/// All pages in one step would hold one read transaction; a copy in steps starts anew whenever
/// another connection writes. So one transaction it is, as short as the disk allows.
fn copy(source: &Connection, to: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open(to)?;
    source.execute_batch("BEGIN; SELECT COUNT(*) FROM schema;")?;
    {
        let backup = Backup::new(source, &mut target)?;
        let mut busy = 0;
        loop {
            match backup.step(PAGES_PER_STEP)? {
                StepResult::Done => break,
                StepResult::More => {}
                StepResult::Busy | StepResult::Locked if busy < BUSY_MAX => {
                    busy += 1;
                    std::thread::sleep(BUSY_PAUSE);
                }
                _ => return Err(rusqlite::Error::InvalidQuery),
            }
        }
    }
    source.execute_batch("COMMIT")?;
    target.pragma_update(None, "journal_mode", "DELETE")?;
    target.close().map_err(|(_, error)| error)
}
