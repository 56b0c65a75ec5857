//! `cargo xtask advisories`: known vulnerabilities in what Cargo.lock holds.
//!
//! Apart from `cargo xtask test`, because the advisory database is fetched from the network:
//! a tree must stay testable where that database is out of reach, and an advisory published
//! today must not turn an unchanged tree red.

use anyhow::Result;

use crate::{install, process};

pub fn run() -> Result<()> {
    install::cargo_deny()?;
    process::run(&mut process::cargo(&["deny", "check", "advisories"]))
}
