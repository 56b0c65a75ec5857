//! The pages in a real browser: Debian's Chromium, driven through a server of its own.
//!
//! The programs beside this file say what a payor does and sees; here a fresh devnet server is
//! started for them. Pictures of every state stay in the target directory. `cargo xtask test`
//! installs the browser and the packages.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const CHROMIUM_VARIABLE: &str = "PEPAY_TEST_CHROMIUM";
const CHROMIUM: &str = "/usr/bin/chromium";

/// A devnet server on a free port, ended with the test.
struct Server {
    child: Child,
    data: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        let data = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_pepay"));
        command.args(["dev", "--port", "0", "--data-dir"]).arg(data.path());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let is_ready = lines.by_ref().any(|line| line.expect("text").contains("dev.env"));
        assert!(is_ready, "the server says where its credentials are");
        // It logs to the same pipe, and must not meet its end.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, data }
    }

    /// What it wrote down for its first user.
    fn told(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.data.path().join("dev.env")).expect("is there");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.expect("is told").to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs one of the programs against a server of its own.
fn run(program: &str) {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let given = std::env::var_os(CHROMIUM_VARIABLE).filter(|path| !path.is_empty());
    let chromium = given.map_or_else(|| PathBuf::from(CHROMIUM), PathBuf::from);
    let modules = programs.join("node_modules/playwright-core");
    for needed in [&chromium, &modules] {
        let missing = needed.display();
        assert!(needed.exists(), "{missing} is missing: `cargo xtask test` installs it");
    }
    let server = Server::start();
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let mut node = Command::new("node");
    node.arg(programs.join(program))
        .env("PAGES_URL", server.told("PEPAY_API_URL"))
        .env("PAGES_KEY", server.told("PEPAY_API_KEY"))
        .env("PAGES_EMAIL", server.told("PEPAY_EMAIL"))
        .env("PAGES_PASSWORD", server.told("PEPAY_PASSWORD"))
        .env("PAGES_SHOTS", &pictures)
        .env("PAGES_MODULES", &programs)
        .env("PAGES_CHROMIUM", &chromium);
    let output = node.output().expect("Node runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{complaint}");
}

#[test]
fn the_payment_page() {
    run("page.mjs");
}

#[test]
fn the_payment_in_another_page() {
    run("embed.mjs");
}
