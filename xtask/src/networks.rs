//! Nodes, wallets and SDKs of the ten networks that the tests of the chains crate run against.
//!
//! They come from the npm registry in the versions of a lockfile, carry their own binaries and run
//! none of their install scripts. An installation that was interrupted, or belongs to another
//! lockfile, is made again.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{install, process};

/// Where the tests look for an installation that somebody else made.
pub const VARIABLE: &str = "PEPAY_TEST_NODE_MODULES";
const PROGRAMS: &str = "crates/chains/tests/networks";
/// Written last: the lockfile that was installed.
const COMPLETE: &str = "node_modules/.installed-lock.json";

/// Installs them, if that has not been done. Xtask runs at the root of the tree it was started in.
pub fn install() -> Result<()> {
    if std::env::var_os(VARIABLE).is_some_and(|path| !path.is_empty()) {
        return Ok(());
    }
    install_packages(Path::new(PROGRAMS), "the networks' nodes and wallets")
}

/// Installs what a folder's lockfile names into that folder, if that has not been done.
pub fn install_packages(programs: &Path, what: &str) -> Result<()> {
    let lock = programs.join("package-lock.json");
    let wanted = fs::read(&lock).with_context(|| format!("reading {}", lock.display()))?;
    let mark = programs.join(COMPLETE);
    if fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    install::npm()?;
    println!("installing {what} into {}", programs.display());
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
    process::run(npm.current_dir(programs))?;
    fs::write(&mark, wanted).with_context(|| format!("writing {}", mark.display()))
}
