//! The browser that the tests of the payment page run in, and what drives it.
//!
//! The browser is Debian's; the packages that drive it come from the npm registry in the versions
//! of a lockfile, and bring no browser of their own.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::{install, networks, process};

/// Where the tests look for a browser that somebody else installed.
pub const VARIABLE: &str = "PEPAY_TEST_CHROMIUM";
const CHROMIUM: &str = "/usr/bin/chromium";
const PROGRAMS: &str = "crates/server/tests/browser";

/// Installs both, if that has not been done.
pub fn install() -> Result<()> {
    let is_given = std::env::var_os(VARIABLE).is_some_and(|path| !path.is_empty());
    if !is_given && !Path::new(CHROMIUM).exists() {
        if !process::succeeds(Command::new("apt-get").arg("--version")) {
            bail!("Chromium is missing: install it, or set {VARIABLE} to where it is");
        }
        println!("Chromium is missing: installing Debian's package `chromium`");
        install::apt_get(&["update"])?;
        install::apt_get(&["install", "--yes", "--no-install-recommends", "chromium"])?;
    }
    networks::install_packages(Path::new(PROGRAMS), "what drives the browser")
}
