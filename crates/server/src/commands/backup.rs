//! `pepay backup` and `pepay restore`: one file out, one file in.
//!
//! A backup is checked before it takes the database's place, and it never takes the place of a
//! database without being told to. The master key is not in it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use store::{Severity, Store, StoreConfig};

use crate::commands::file_lock::{self, beside};
use crate::commands::place::{self, Place, shown, sqlite_path};
use crate::commands::private_files::make_directory;
use crate::commands::start;
use crate::config::Config;

const BACKUP_EXAMPLES: &str = "\
Examples:
  pepay backup --to /var/backups/pepay-2025-12-21.db
  pepay backup --data-dir /srv/pepay --to /mnt/backup/pepay.db

The server may go on running meanwhile. The master key is not in the backup: keep a copy of it
elsewhere. Of PostgreSQL, make backups
with its own tools (pg_dump, pg_basebackup).";

const RESTORE_EXAMPLES: &str = "\
Examples:
  pepay restore --from /var/backups/pepay-2025-12-21.db
  pepay restore --from backup.db --force
  pepay restore --from backup.db --database-url postgres://pepay@db/empty

Stop the server first. It needs the master key it had when the backup was made.";

const MASTER_KEY_NOTE: &str = "the master key is not in it; keep a copy of that elsewhere";

#[derive(Clone, Debug, Args)]
#[command(after_help = BACKUP_EXAMPLES)]
pub struct BackupOptions {
    #[command(flatten)]
    place: Place,
    /// The file to write; it must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = RESTORE_EXAMPLES)]
pub struct RestoreOptions {
    #[command(flatten)]
    place: Place,
    /// A file that `pepay backup` wrote
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Replaces the database that is there
    #[arg(long)]
    force: bool,
}

pub fn run(options: BackupOptions) -> anyhow::Result<ExitCode> {
    let config = options.place.load()?;
    let to = options.to;
    if to.exists() {
        bail!("{} exists: name a new file", to.display());
    }
    start::block_on(async {
        place::check_exists(&config)?;
        Store::backup(&StoreConfig::new(config.database_url()), &to).await.context("backup")
    })?;
    let bytes = fs::metadata(&to).with_context(|| format!("reading {}", to.display()))?.len();
    println!("wrote {} ({bytes} bytes); {MASTER_KEY_NOTE}", to.display());
    Ok(ExitCode::SUCCESS)
}

pub fn run_restore(options: RestoreOptions) -> anyhow::Result<ExitCode> {
    let config = options.place.load()?;
    let from = &options.from;
    if !from.is_file() {
        bail!("there is no backup at {}", from.display());
    }
    let overwrite = if options.force { Overwrite::Allowed } else { Overwrite::Refused };
    start::block_on(async {
        match sqlite_path(&config.database_url()) {
            Some(target) => restore_file(from, &target, overwrite).await,
            None => restore_rows(from, &config).await,
        }
    })?;
    println!("restored {} to {}", from.display(), shown(&config.database_url()));
    println!("next: pepay doctor, with the same options and the master key of that time");
    Ok(ExitCode::SUCCESS)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Overwrite {
    Allowed,
    Refused,
}

/// Checks a copy of the backup beside the database, then puts it in its place.
async fn restore_file(from: &Path, target: &Path, overwrite: Overwrite) -> anyhow::Result<()> {
    if target.exists() && overwrite == Overwrite::Refused {
        bail!("{} exists; --force replaces it by the backup", target.display());
    }
    if let Some(directory) = target.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        make_directory(directory)?;
    }
    let _lock = file_lock::take(target).await?;
    let draft = beside(target, ".restoring");
    remove_database(&draft)?;
    fs::copy(from, &draft).with_context(|| format!("copying {}", from.display()))?;
    let checked = check(&draft).await;
    if checked.is_err() {
        remove_database(&draft)?;
        return checked;
    }
    remove_companions(target)?;
    for suffix in ["-wal", ""] {
        let (draft, target) = (beside(&draft, suffix), beside(target, suffix));
        if draft.exists() {
            File::open(&draft)?.sync_all()?;
            fs::rename(&draft, &target).with_context(|| target.display().to_string())?;
        }
    }
    remove_database(&draft)
}

/// A backup opens, is of a schema this program knows, and holds what it should.
async fn check(draft: &Path) -> anyhow::Result<()> {
    let url = format!("sqlite:{}", draft.display());
    let store = Store::open(StoreConfig::new(url)).await.context("the backup does not open")?;
    let findings = store.check().await;
    store.close().await;
    let findings = findings.context("checking the backup")?;
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Warning) {
        eprintln!("warning: {}: {}", finding.what, finding.what_to_do);
    }
    match findings.iter().find(|finding| finding.severity == Severity::Error) {
        None => Ok(()),
        Some(finding) => bail!("the backup is damaged: {}", finding.what),
    }
}

/// Fills an empty database that is not a file.
async fn restore_rows(from: &Path, config: &Config) -> anyhow::Result<()> {
    // The backup stays as it is: the copy reads a copy of it.
    let directory = tempfile_in(&std::env::temp_dir())?;
    let draft = directory.join("backup.db");
    let restored = async {
        fs::copy(from, &draft).with_context(|| format!("copying {}", from.display()))?;
        check(&draft).await?;
        let source = StoreConfig::new(format!("sqlite:{}", draft.display()));
        let progress = |table: &str, rows: u64| eprintln!("  {table}: {rows}");
        store::copy(&source, &place::store_config(config), progress).await?;
        anyhow::Ok(())
    }
    .await;
    remove_database(&draft)?;
    fs::remove_dir(&directory).with_context(|| format!("removing {}", directory.display()))?;
    restored
}

fn tempfile_in(parent: &Path) -> anyhow::Result<PathBuf> {
    let name = format!("pepay-restore-{}", crate::clock::Clock::System.fresh().uuid());
    let directory = parent.join(name);
    make_directory(&directory)?;
    Ok(directory)
}

fn remove_database(path: &Path) -> anyhow::Result<()> {
    remove_companions(path)?;
    remove(path)?;
    remove(&beside(path, ".lock"))
}

fn remove_companions(path: &Path) -> anyhow::Result<()> {
    ["-wal", "-shm", "-journal"].iter().try_for_each(|suffix| remove(&beside(path, suffix)))
}

fn remove(path: &Path) -> anyhow::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
