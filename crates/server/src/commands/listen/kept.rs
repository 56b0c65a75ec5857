//! The place up to which everything was handed over, kept in a file: one for each server, key and
//! target.
//!
//! Written whole and to the disk before the next event is touched. Two listeners to one target
//! would overtake each other, so the second one is refused.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use domain::secret::{encode_hex, sha256};
use url::Url;

use crate::commands::private_files::write_private;
use crate::commands::remote::{Remote, place};

/// Enough of a hash to tell a developer's targets apart.
const NAME_BYTES: usize = 8;

pub struct Kept {
    path: PathBuf,
    _lock: File,
}

impl Kept {
    pub fn open(directory: &Path, remote: &Remote, target: &Url) -> anyhow::Result<Kept> {
        let whole = [&remote.identity()[..], target.as_str().as_bytes()].concat();
        let name = encode_hex(&sha256(&whole)[..NAME_BYTES]);
        let lock_path = directory.join(format!("{name}.lock"));
        let opening = || format!("opening {}", lock_path.display());
        let mut options = File::options();
        let lock = options.create(true).truncate(false).write(true).open(&lock_path);
        let lock = lock.with_context(opening)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("another `pepay listen` forwards to {target}"),
            Err(TryLockError::Error(error)) => return Err(error).with_context(opening),
        }
        Ok(Kept { path: directory.join(format!("{name}.place")), _lock: lock })
    }

    /// Where the last run ended, if there was one.
    pub fn read(&self) -> anyhow::Result<Option<String>> {
        let path = self.path.display();
        match std::fs::read_to_string(&self.path) {
            Ok(text) => {
                let known = place(text.trim());
                known.map(Some).with_context(|| format!("{path} holds no place; remove it"))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("reading {path}")),
        }
    }

    pub fn write(&self, place: &str) -> anyhow::Result<()> {
        write_private(&self.path, place.as_bytes())
    }
}
