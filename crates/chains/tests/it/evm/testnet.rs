//! A node, a foreign wallet with contracts deployed, and a follower like the server's watcher.
//!
//! Invariant: both children listen on loopback only and end with the test that holds them.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use chains::chain::{Answer, Chain, Ours, Scan};
use chains::evm::{ArrivedBy, Evm, EvmSettings, TokenContract};
use chains::rpc::{Endpoint, Limits, Nodes};
use domain::address::Address;
use domain::chain::ChainTransfer;
use domain::environment::Environment;
use domain::network::Network;
use serde_json::{Value, json};

use crate::nodes::{node_modules, script};

/// Nobody pays these but the tests.
pub const ALICE: &str = "0xa11ce00000000000000000000000000000000001";
pub const BOB: &str = "0xb0b0000000000000000000000000000000000002";
const SCANS_MAX: usize = 200;

/// A node of an EVM network and who pays on it.
pub struct Testnet {
    pub network: Network,
    pub url: String,
    contracts: Value,
    wallet: Wallet,
    node: Child,
    driver: Nodes,
}

struct Wallet {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mined {
    pub hash: String,
    pub block_number: u64,
    pub block_hash: String,
    pub has_succeeded: bool,
}

impl Testnet {
    pub fn start(network: Network) -> Testnet {
        let chain_id = network.profile(Environment::Mainnet).chain_id;
        let program = node_modules().join("@foundry-rs/anvil-linux-amd64/bin/anvil");
        let mut node = Command::new(program)
            .args(["--port", "0", "--slots-in-an-epoch", "1", "--chain-id"])
            .arg(chain_id.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("anvil starts");
        let mut lines = BufReader::new(node.stdout.take().expect("piped"));
        let url = loop {
            let mut line = String::new();
            assert!(lines.read_line(&mut line).expect("text") > 0, "anvil ended");
            if let Some(address) = line.trim().strip_prefix("Listening on ") {
                break format!("http://{address}");
            }
        };
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        let mut wallet = Wallet::start(&url);
        let contracts = wallet.line();
        let driver = nodes(&[&url]);
        Testnet { network, url, contracts, wallet, node, driver }
    }

    /// Has the wallet do something; what the transaction came to.
    pub fn pay(&mut self, command: Value) -> Mined {
        let answer = self.ask(command);
        Mined {
            hash: text(&answer["hash"]),
            block_number: answer["blockNumber"].as_u64().expect("a number"),
            block_hash: text(&answer["blockHash"]),
            has_succeeded: answer["status"] == 1,
        }
    }

    pub fn ask(&mut self, command: Value) -> Value {
        writeln!(self.wallet.input, "{command}").expect("the wallet listens");
        let answer = self.wallet.line();
        assert!(answer["error"].is_null(), "{command}: {answer}");
        answer
    }

    pub fn contract(&self, name: &str) -> String {
        text(&self.contracts[name])
    }

    /// Asks the node itself, for what only a test's node does.
    pub async fn rpc(&self, method: &str, params: Value) -> Value {
        self.driver.json_rpc(method, params).await.expect("the node answers")
    }

    pub async fn mine(&self, blocks: u64) {
        self.rpc("anvil_mine", json!([format!("{blocks:#x}")])).await;
    }

    /// The network through its own node, with the plain and the taxed token listed.
    pub fn chain(&self) -> Evm {
        self.chain_through(&[&self.url])
    }

    pub fn chain_through(&self, urls: &[&str]) -> Evm {
        Evm::new(self.settings(), nodes(urls))
    }

    pub fn settings(&self) -> EvmSettings {
        let listed = |name, by| TokenContract::parse(&self.contract(name), by).expect("an account");
        let contracts =
            vec![listed("Dollar", ArrivedBy::Event), listed("Taxed", ArrivedBy::Balance)];
        EvmSettings::new(self.network, Environment::Mainnet, contracts)
    }
}

impl Drop for Testnet {
    fn drop(&mut self) {
        // Either may have ended by itself.
        for child in [&mut self.wallet.child, &mut self.node] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Wallet {
    fn start(url: &str) -> Wallet {
        static COMPILED: OnceLock<String> = OnceLock::new();
        let compiled = COMPILED.get_or_init(|| {
            let output = script("evm-wallet.mjs").arg("compile").output().expect("node starts");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let compiled = String::from_utf8(output.stdout).expect("JSON is text");
            assert!(compiled.ends_with('\n'), "the compiler's line was cut");
            compiled
        });
        let mut child = script("evm-wallet.mjs")
            .arg(url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let mut input = child.stdin.take().expect("piped");
        input.write_all(compiled.as_bytes()).expect("the wallet listens");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Wallet { child, input, output }
    }

    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("text");
        serde_json::from_str(&line).expect("the wallet writes JSON")
    }
}

pub fn nodes(urls: &[&str]) -> Nodes {
    let endpoint = |url: &&str| Endpoint { url: (*url).to_owned(), headers: vec![] };
    let limits = Limits {
        request_timeout: Duration::from_secs(5),
        requests_per_second_per_node: 100_000,
        lag_blocks_max: 5,
        ..Limits::default()
    };
    Nodes::new(urls.iter().map(endpoint).collect(), limits).expect("valid URLs")
}

pub fn address(text: &str) -> Address {
    Address::parse(Network::Ethereum, Environment::Mainnet, &text.to_lowercase()).expect("valid")
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The addresses a deployment waits for payments at.
pub struct Watched(HashSet<String>);

impl Watched {
    pub fn new(addresses: &[&str]) -> Watched {
        Watched(addresses.iter().map(|text| address(text).as_str().to_owned()).collect())
    }
}

impl Ours for Watched {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        Box::pin(async { Ok(addresses.iter().map(|one| self.0.contains(one)).collect()) })
    }
}

/// Follows a chain as the watcher does, and keeps what it was told.
pub struct Follower {
    pub cursor: Option<String>,
    pub transfers: Vec<ChainTransfer>,
    pub reverted: Vec<u64>,
    watched: Watched,
}

impl Follower {
    /// Begins at the head.
    pub async fn begin(chain: &Evm) -> Follower {
        let watched = Watched::new(&[ALICE, BOB]);
        let scan = chain.scan(None, &watched).await.expect("a first scan");
        assert_eq!(scan.transfers, []);
        Follower { cursor: Some(scan.next), transfers: vec![], reverted: vec![], watched }
    }

    pub async fn step(&mut self, chain: &Evm) -> Scan {
        let scan = chain.scan(self.cursor.as_deref(), &self.watched).await.expect("a scan");
        self.cursor = Some(scan.next.clone());
        if let Some(number) = scan.reverted_from {
            self.reverted.push(number);
            self.transfers.retain(|transfer| transfer.block.number < number);
        }
        self.transfers.extend(scan.transfers.clone());
        scan
    }

    pub async fn error(&self, chain: &Evm) -> String {
        let scan = chain.scan(self.cursor.as_deref(), &self.watched).await;
        scan.expect_err("no scan").to_string()
    }

    /// Goes on until nothing is left to tell.
    pub async fn catch_up(&mut self, chain: &Evm) -> &mut Follower {
        for _ in 0..SCANS_MAX {
            if self.step(chain).await.is_caught_up {
                return self;
            }
        }
        panic!("it does not come to an end");
    }

    /// What was told: transaction, place and amount.
    pub fn told(&self) -> Vec<(&str, u32, Option<u128>)> {
        told(&self.transfers)
    }
}

pub fn told(transfers: &[ChainTransfer]) -> Vec<(&str, u32, Option<u128>)> {
    let one = |transfer: &'_ ChainTransfer| transfer.amount.map(|amount| amount.0);
    transfers.iter().map(|told| (told.tx_hash.as_str(), told.ordinal, one(told))).collect()
}
