//! Nodes, wallets and SDKs of the ten networks that the tests of the chains crate run against.
//!
//! They come from the npm registry in the versions of a lockfile, carry their own binaries and run
//! none of their install scripts.

use std::path::Path;

use anyhow::Result;

use crate::npm;

/// Where the tests look for an installation that somebody else made.
pub const VARIABLE: &str = "PEPAY_TEST_NODE_MODULES";
const PROGRAMS: &str = "crates/chains/tests/networks";

/// Installs them, if that has not been done. Xtask runs at the root of the tree it was started in.
pub fn install() -> Result<()> {
    if std::env::var_os(VARIABLE).is_some_and(|path| !path.is_empty()) {
        return Ok(());
    }
    npm::packages(Path::new(PROGRAMS), "the networks' nodes and wallets")
}
