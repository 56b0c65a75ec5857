//! What drives the browser that the tests of the payment page run in.
//!
//! The browser is Debian's; the packages that drive it bring none of their own.

use std::path::Path;

use anyhow::Result;

use crate::{install, npm};

const PROGRAMS: &str = "crates/server/tests/browser";

/// Installs both, if that has not been done.
pub fn install() -> Result<()> {
    install::chromium()?;
    npm::packages(Path::new(PROGRAMS), "what drives the browser")
}
