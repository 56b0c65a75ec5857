//! `pepay dev --fresh`: starts over, and removes nothing but what Pepay made.
//!
//! Only files with our own names in the data directory go. A database anywhere else is the
//! operator's to remove.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::commands::file_lock;
use crate::commands::place::{self, shown, sqlite_path};
use crate::config::Config;

/// The database, what the engine keeps beside it, and what `pepay dev` writes.
const OWN_FILES: [&str; 7] = [
    "pepay.db",
    "pepay.db-wal",
    "pepay.db-shm",
    "pepay.db-journal",
    "pepay.db.lock",
    "dev.env",
    "master.key",
];
const MAIL: &str = "mail";

/// Removes our own files, or says why it must not.
pub async fn clear(config: &Config) -> anyhow::Result<()> {
    let url = config.database_url();
    let mut lock = None;
    if let Some(path) = sqlite_path(&url) {
        refuse_foreign_file(&path, &config.data_dir)?;
        if path.exists() {
            // A server that still runs would go on writing into a removed file.
            lock = Some(file_lock::take(&path).await?);
        }
    } else if url.starts_with("postgres") {
        refuse_filled_database(config).await?;
    }
    for path in own_files(&config.data_dir)? {
        fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    }
    drop(lock);
    remove_mail(&config.data_dir.join(MAIL))
}

fn refuse_foreign_file(path: &Path, data_dir: &Path) -> anyhow::Result<()> {
    let own = data_dir.join("pepay.db");
    if !path.exists() || fs::canonicalize(path).ok() == fs::canonicalize(own).ok() {
        return Ok(());
    }
    let (path, data_dir) = (path.display(), data_dir.display());
    bail!("--fresh removes files in {data_dir} only; remove {path} yourself, or name another file")
}

async fn refuse_filled_database(config: &Config) -> anyhow::Result<()> {
    let store = place::open(config).await?;
    let is_empty = store.merchants(None, 1).await?.is_empty();
    store.close().await;
    if is_empty {
        return Ok(());
    }
    bail!(
        "--fresh does not empty a PostgreSQL database, because it may hold more than ours. \
         Drop and create it (dropdb, createdb), or name an empty one: {}",
        shown(&config.database_url())
    )
}

fn own_files(data_dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(data_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("reading {}", data_dir.display()));
        }
    };
    let mut own = Vec::new();
    for entry in entries {
        let entry = entry?;
        let is_own = OWN_FILES.iter().any(|name| entry.file_name() == *name);
        if is_own && entry.file_type()?.is_file() {
            own.push(entry.path());
        }
    }
    Ok(own)
}

fn remove_mail(directory: &Path) -> anyhow::Result<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(_) => return Ok(()),
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "eml") {
            fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
        }
    }
    // Something that is not ours may be in it; then it stays.
    let _ = fs::remove_dir(directory);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_files_are_taken() {
        let directory = tempfile::tempdir().expect("a directory");
        let ours = ["pepay.db", "pepay.db-wal", "pepay.db-shm", "dev.env", "master.key"];
        let theirs = ["pepay.db.mine", "notes.txt", "pepay.toml"];
        for name in ours.iter().chain(&theirs) {
            fs::write(directory.path().join(name), "x").expect("writes");
        }
        fs::create_dir(directory.path().join("pepay.db-journal")).expect("makes");
        let mut found: Vec<_> = own_files(directory.path()).expect("reads");
        found.sort();
        let mut expected: Vec<_> = ours.iter().map(|name| directory.path().join(name)).collect();
        expected.sort();
        assert_eq!(found, expected);
        assert!(own_files(&directory.path().join("none")).expect("reads").is_empty());
    }
}
