//! Virtual environments for programs of Python that judge ours: made once, below the target
//! directory, from pinned releases.
//!
//! The pins are part of the environment's name, so a new pin makes a new environment, and one that
//! was interrupted while it was made is made again.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{install, process};

/// Where the tests find the interpreter of their environment.
pub const VARIABLE: &str = "PEPAY_TEST_PYTHON";
/// What verifies webhooks, follows streams and judges checkouts in `crates/server/tests/foreign`.
const FOR_TESTS: [&str; 4] =
    ["standardwebhooks==1.1.0", "websockets==15.0.1", "openapi-core==0.23.1", "PyYAML==6.0.3"];
/// Written last.
const COMPLETE: &str = "complete";

/// An interpreter somebody chose for the tests.
fn given() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// The interpreter for the tests' foreign programs.
pub fn for_tests() -> Result<PathBuf> {
    match given() {
        Some(python) => Ok(python),
        None => Ok(environment("python", &FOR_TESTS)?.join("bin/python")),
    }
}

/// A virtual environment with these packages.
pub fn environment(kind: &str, packages: &[&str]) -> Result<PathBuf> {
    let built = std::env::current_exe().context("cannot tell where xtask runs from")?;
    let name = packages.join("-").replace("==", "-");
    let directory = built.with_file_name(kind).join(name);
    let python = directory.join("bin/python");
    let mark = directory.join(COMPLETE);
    if mark.exists() && process::succeeds(Command::new(&python).arg("--version")) {
        return Ok(directory);
    }
    install::python()?;
    println!("installing {} from PyPI into {}", packages.join(" and "), directory.display());
    process::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&directory))
        .context("this needs Python 3.10 or newer with its module venv")?;
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
    process::run(&mut pip)?;
    fs::write(&mark, "").with_context(|| format!("writing {}", mark.display()))?;
    Ok(directory)
}
