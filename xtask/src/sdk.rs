//! The step `sdk`: the TypeScript client against the server of the same tree.
//!
//! What is checked is in `sdk/typescript` and runs there by `npm test`: the types, that they are
//! what openapi.json says, a method for every operation, the size, and the tests in Node and in
//! Chromium. Here is only what it needs: its tools, a browser, and the server that was built.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::{install, npm, openapi, process};

const PACKAGE: &str = "sdk/typescript";
/// Where its tests find the server.
const SERVER_VARIABLE: &str = "PEPAY_TEST_SERVER_BINARY";

/// Installs what the tests need, if that has not been done.
pub fn install() -> Result<()> {
    npm::packages(Path::new(PACKAGE), "the tools of the TypeScript client")?;
    install::chromium()
}

pub fn check() -> Result<()> {
    let server = openapi::server_binary(openapi::Build::AlongWithTests)?;
    let mut npm = Command::new("npm");
    npm.args(["test", "--loglevel", "error"]).env(SERVER_VARIABLE, server);
    process::run(npm.current_dir(PACKAGE))
}
