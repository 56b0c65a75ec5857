//! What the checks need beyond Rust and a C compiler, installed when it is missing.
//!
//! Each function looks first, says what it is about to do, and does nothing on a machine that
//! has the thing already. Debian's packages are used where Debian has one.

use std::io::IsTerminal as _;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::{networks, postgres, process, python};

/// Releases of cargo-deny change what deny.toml may say, so the release is part of the tree.
const CARGO_DENY_VERSION: &str = "^0.20";

/// Where the tests find a browser that somebody else installed.
const CHROMIUM_VARIABLE: &str = "PEPAY_TEST_CHROMIUM";

pub fn postgres() -> Result<()> {
    if postgres::programs().is_some() {
        return Ok(());
    }
    if !process::succeeds(Command::new("apt-get").arg("--version")) {
        bail!(
            "PostgreSQL is missing and there is no apt-get to install it with: install \
             PostgreSQL 15 or newer, or set {} to one that runs",
            postgres::URL_VARIABLE
        );
    }
    println!("PostgreSQL is missing: installing Debian's package `postgresql`");
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends", "postgresql"])?;
    postgres::programs()
        .map(|_| ())
        .context("the package `postgresql` is installed, but initdb is not where Debian puts it")
}

/// Python with what makes virtual environments, which Debian packs apart from it.
pub fn python() -> Result<()> {
    let is_there =
        || process::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"]));
    if is_there() {
        return Ok(());
    }
    if !process::succeeds(Command::new("apt-get").arg("--version")) {
        bail!(
            "Python 3.10 or newer with its module venv is missing, and there is no apt-get to \
             install it with: install it, or set {} to an interpreter",
            python::VARIABLE
        );
    }
    println!("Python is missing: installing Debian's packages `python3` and `python3-venv`");
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends", "python3", "python3-venv"])?;
    if !is_there() {
        bail!("`python3-venv` is installed, but python3 cannot make virtual environments");
    }
    Ok(())
}

/// Node's package manager, for what the networks' tests run against and for the TypeScript client.
pub fn npm() -> Result<()> {
    let is_there = || process::succeeds(Command::new("npm").arg("--version"));
    if is_there() {
        return Ok(());
    }
    if !process::succeeds(Command::new("apt-get").arg("--version")) {
        bail!(
            "npm is missing and there is no apt-get to install it with: install Node 18 or newer \
             with npm, or set {} to an installation of crates/chains/tests/networks",
            networks::VARIABLE
        );
    }
    println!("npm is missing: installing Debian's packages `nodejs` and `npm`");
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends", "nodejs", "npm"])?;
    if !is_there() {
        bail!("`npm` is installed, but does not run");
    }
    Ok(())
}

/// A browser, for the tests of the payment page and of the TypeScript client.
pub fn chromium() -> Result<()> {
    if std::env::var_os(CHROMIUM_VARIABLE).is_some_and(|path| !path.is_empty()) {
        return Ok(());
    }
    let is_there = || process::succeeds(Command::new("chromium").arg("--version"));
    if is_there() {
        return Ok(());
    }
    if !process::succeeds(Command::new("apt-get").arg("--version")) {
        bail!(
            "Chromium is missing and there is no apt-get to install it with: install it, or set \
             {CHROMIUM_VARIABLE} to one"
        );
    }
    println!("Chromium is missing: installing Debian's package `chromium`");
    apt_get(&["update"])?;
    apt_get(&["install", "--yes", "--no-install-recommends", "chromium"])?;
    if !is_there() {
        bail!("`chromium` is installed, but does not run");
    }
    Ok(())
}

pub fn cargo_deny() -> Result<()> {
    if process::succeeds(&mut process::cargo(&["deny", "--version"])) {
        return Ok(());
    }
    println!("cargo-deny is missing: building it with cargo install, which takes some minutes");
    let arguments = ["install", "cargo-deny", "--locked", "--version", CARGO_DENY_VERSION];
    process::run(&mut process::cargo(&arguments))
}

/// rustfmt and clippy are parts of the toolchain that a minimal installation leaves out.
pub fn toolchain_component(name: &str, probe: &str) -> Result<()> {
    if process::succeeds(&mut process::cargo(&[probe, "--version"])) {
        return Ok(());
    }
    println!("{name} is missing: adding it to the toolchain with rustup");
    process::run(Command::new("rustup").args(["component", "add", name]))
}

pub fn apt_get(arguments: &[&str]) -> Result<()> {
    let mut command = if process::is_root()? {
        Command::new("env")
    } else {
        let mut sudo = Command::new("sudo");
        if std::env::var_os("CI").is_some() || !std::io::stdin().is_terminal() {
            sudo.arg("--non-interactive");
        }
        sudo.arg("env");
        sudo
    };
    process::run(command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]).args(arguments))
}
