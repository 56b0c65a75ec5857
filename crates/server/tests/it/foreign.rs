//! Events proven against other people's code: the package `standardwebhooks` verifies deliveries,
//! the package `websockets` follows a stream.
//!
//! Our own tests could share a mistake with what they test. The programs are in `tests/foreign`;
//! `cargo xtask test` makes the Python environment they run in and says by a variable where it is.

use std::process::{Command, Stdio};

use crate::commands::Dev;
use crate::outage::database::Database;

const PYTHON_VARIABLE: &str = "PEPAY_TEST_PYTHON";

#[tokio::test]
async fn deliveries_and_streams_are_what_other_peoples_code_expects() {
    let python = std::env::var(PYTHON_VARIABLE);
    let python = python.expect("PEPAY_TEST_PYTHON is set by `cargo xtask test`");
    let home = tempfile::tempdir().expect("a directory");
    // Dropped after the server that uses it.
    let database = match std::env::var("PEPAY_TEST_ENGINE").as_deref() {
        Ok("postgres") => Some(Database::create().await),
        _ => None,
    };
    let more = database.as_ref().map(|database| ["--database-url", database.url.as_str()]);
    let dev = Dev::start(home.path(), more.as_ref().map_or(&[], |more| &more[..]));
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/foreign/events.py");
    let mut command = Command::new(python);
    for name in ["PEPAY_API_URL", "PEPAY_API_KEY"] {
        command.env(name, dev.value(name));
    }
    let output = command.arg(program).stdin(Stdio::null()).output().expect("Python runs");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "as documented");
}
