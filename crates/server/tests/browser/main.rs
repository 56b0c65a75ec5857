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
    url: String,
    key: String,
    _data: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        let data = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_pepay"));
        command.args(["dev", "--port", "0", "--data-dir"]).arg(data.path());
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the server starts");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        let (mut url, mut key) = (None, None);
        for line in output.lines() {
            let line = line.expect("text");
            let mut words = line.split_whitespace().rev();
            match line.trim_start().split("  ").next() {
                Some("API") => url = words.next().map(str::to_owned),
                Some("Merchant key") => key = words.next().map(str::to_owned),
                Some(_) | None => {}
            }
            if key.is_some() {
                break;
            }
        }
        let url = url.expect("the server says where it is");
        Server { child, url, key: key.expect("and by which key"), _data: data }
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
        .env("PAGES_URL", &server.url)
        .env("PAGES_KEY", &server.key)
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
