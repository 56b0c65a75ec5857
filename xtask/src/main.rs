//! The project's own commands, started as `cargo xtask COMMAND`.
//!
//! Everything a contributor or the continuous integration runs is here, so that both run the
//! same thing: a check that exists only in somebody's pipeline is a check nobody can repeat.
//! xtask depends on no crate of the workspace, so it builds in seconds and also works on a tree
//! that does not compile.

mod advisories;
mod browser;
mod fuzz;
mod install;
mod networks;
mod npm;
mod openapi;
mod postgres;
mod process;
mod python;
mod sdk;
mod source;
mod test;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

Commands:
  test [--only STEP]… [--skip STEP]… [NAME…]
                    Everything a change must pass, on both database engines. Installs what is
                    missing, starts a private PostgreSQL, stops at the first step that fails.
                    Steps: fmt, clippy, tidy, deny, doc, tests, openapi, sdk.
                    NAME narrows the tests step to tests whose names contain it.
  tidy              The project's own rules: headers, lengths, layers, forbidden words.
  openapi [--check] Writes openapi.json from the server, or checks that it is up to date.
  advisories        Security advisories against Cargo.lock (needs the advisory database).
  fuzz [--minutes N]
                    schemathesis against a fresh `pepay dev`, over its OpenAPI document; fails on
                    any 5xx. Needs Python 3 and, at its first run, PyPI; no part of `test`.
  simulate [--seeds N] [--seed N]
                    Whole servers through random lives, with kills and faults; the books of each
                    must add up. 200 of them are part of `test`; a seed that fails prints itself.
  postgres          A private PostgreSQL in the foreground; prints its URL; gone on Ctrl-C.
  help              This text.

Examples:
  cargo xtask test
  cargo xtask test --only tests invoice_expires
  PEPAY_TEST_POSTGRES=postgres://me@localhost/scratch cargo xtask test

Environment:
  PEPAY_TEST_POSTGRES  A PostgreSQL to test on instead of the private one.
  PEPAY_TEST_PYTHON    A Python with what tests/foreign imports, instead of the one made for it.
  PEPAY_TEST_CHROMIUM  A browser for the tests of sdk/typescript, instead of Debian's.
  CARGO_TARGET_DIR     Where cargo builds, as everywhere.
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let root = workspace_root()?;
    std::env::set_current_dir(&root)
        .with_context(|| format!("cannot enter the workspace at {}", root.display()))?;

    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["test", rest @ ..] if !wants_help(rest) => test::run(&test::Plan::parse(rest)?),
        ["tidy"] => tidy::run(),
        ["openapi"] => openapi::write(),
        ["openapi", "--check"] => openapi::check(openapi::Build::ServerAlone),
        ["advisories"] => advisories::run(),
        ["fuzz", rest @ ..] if !wants_help(rest) => fuzz::run(rest),
        ["simulate", rest @ ..] => simulate(rest),
        ["postgres"] => postgres::foreground(),
        [postgres::KEEPER_COMMAND] => postgres::keep(),
        [] | ["help" | "--help" | "-h", ..] => {
            print!("{HELP}");
            Ok(())
        }
        [_, rest @ ..] if wants_help(rest) => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("unknown command `{}`; see `cargo xtask help`", other.join(" ")),
    }
}

/// In release: ten thousand lives take their time.
fn simulate(arguments: &[&str]) -> Result<()> {
    let cargo = ["run", "--release", "--package", "simulation", "--"];
    process::run(&mut process::cargo(&[&cargo, arguments].concat()))
}

fn wants_help(arguments: &[&str]) -> bool {
    arguments.iter().any(|argument| matches!(*argument, "--help" | "-h"))
}

/// The running cargo says where the tree is. The path compiled in is only the fallback, because
/// two clones may share one target directory.
fn workspace_root() -> Result<PathBuf> {
    let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest_dir.parent().map(Path::to_path_buf).context("xtask lies outside of a workspace")
}
