//! Packages of the npm registry: in the versions of a lockfile, and none of their scripts is run.
//!
//! An installation that was interrupted, or belongs to another lockfile, is made again: what was
//! installed is written down last, as a copy of the lockfile itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{install, process};

/// Written last: the lockfile that was installed.
const COMPLETE: &str = "node_modules/.installed-lock.json";

/// Installs what the lockfile of this directory names, if that has not been done.
pub fn packages(directory: &Path, what: &str) -> Result<()> {
    let lock = directory.join("package-lock.json");
    let wanted = fs::read(&lock).with_context(|| format!("reading {}", lock.display()))?;
    let mark = directory.join(COMPLETE);
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install::npm()?;
    println!("installing {what} into {}", directory.display());
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
    process::run(npm.current_dir(directory))?;
    fs::write(&mark, wanted).with_context(|| format!("writing {}", mark.display()))
}
