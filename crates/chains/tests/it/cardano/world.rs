//! A Cardano of one's own: the double, a wallet, and somebody who watches.
//!
//! Invariant: every test has its own chain, and the children end with it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use chains::cardano::{Cardano, CardanoSettings};
use chains::chain::{Answer, Chain as _, ChainError, Ours, Scan};
use chains::rpc::{Endpoint, Limits, Nodes};
use domain::chain::{AssetRef, ChainTransfer};
use domain::environment::Environment;
use serde_json::{Value, json};

use crate::nodes::{Running, script};

pub const USDC: &str = "d063fdbef28a1f376c0cdf6cc2fe512d95c32dac55d2a56e242b80c955534443";
pub const USDT: &str = "d063fdbef28a1f376c0cdf6cc2fe512d95c32dac55d2a56e242b80c955534454";
/// Nobody lists these; the second has no name at all.
pub const JUNK: &str = "d063fdbef28a1f376c0cdf6cc2fe512d95c32dac55d2a56e242b80c94a554e4b";
pub const NAMELESS: &str = "d063fdbef28a1f376c0cdf6cc2fe512d95c32dac55d2a56e242b80c9";

pub const PAYER: usize = 0;
/// An address of ours that has money of its own.
pub const FUNDED: usize = 1;
/// The first address of ours that has none.
pub const OURS: usize = 10;
pub const OURS_LAST: usize = 14;

pub struct World {
    _node: Running,
    _wallet: Running,
    node_port: u64,
    wallet_port: u64,
    addresses: Vec<String>,
}

/// One output a payer makes.
pub struct To {
    pub key: usize,
    pub lovelace: u64,
    pub assets: Vec<(&'static str, u64)>,
}

pub fn ada(key: usize, lovelace: u64) -> To {
    To { key, lovelace, assets: Vec::new() }
}

impl World {
    pub fn start() -> World {
        let wallet = Running::start(&mut script("cardano-wallet.cjs"));
        let said: Value = serde_json::from_str(&wallet.first_line).expect("the wallet says hello");
        let addresses: Vec<String> =
            serde_json::from_value(said["addresses"].clone()).expect("a list of addresses");
        let wallet_port = said["port"].as_u64().expect("a port");
        let owners = format!("{},{}", addresses[PAYER], addresses[FUNDED]);
        let node = Running::start(script("cardano-node.cjs").arg(owners));
        let said: Value = serde_json::from_str(&node.first_line).expect("the double says hello");
        let node_port = said["port"].as_u64().expect("a port");
        World { _node: node, _wallet: wallet, node_port, wallet_port, addresses }
    }

    pub fn address(&self, key: usize) -> &str {
        &self.addresses[key]
    }

    /// A network that is seen through these views, each a node.
    pub fn cardano(&self, views: &[&str]) -> Cardano {
        self.with_range(views, 50)
    }

    pub fn with_range(&self, views: &[&str], range_blocks_max: u64) -> Cardano {
        let endpoints = views.iter().map(|view| Endpoint {
            url: format!("http://127.0.0.1:{}/view/{view}", self.node_port),
            headers: vec![("project_id".to_owned(), "preprodSecret".to_owned())],
        });
        let limits = Limits { requests_per_second_per_node: 10_000, ..Limits::default() };
        let nodes = Nodes::new(endpoints.collect(), limits).expect("the URLs are valid");
        let listed = [USDC, USDT].map(str::to_owned);
        let settings = CardanoSettings::new(Environment::Devnet, listed.to_vec());
        let settings = CardanoSettings { range_blocks_max, start_depth_blocks: 2, ..settings };
        Cardano::new(settings, nodes)
    }

    /// Moves the chain.
    pub fn act(&self, act: &str, details: Value) {
        let (status, text) = post(self.node_port, &format!("/test/{act}"), &details);
        assert_eq!(status, 200, "{act}: {text}");
    }

    pub fn mine(&self, count: u64) {
        self.act("mine", json!({ "count": count }));
    }

    /// What a node answers from now on to paths that contain a text.
    pub fn break_view(&self, view: &str, path: &str, status: u16, text: &str) {
        let fault = json!({ "path": path, "status": status, "text": text });
        self.act("faults", json!({ "view": view, "faults": [fault] }));
    }

    pub fn heal(&self, view: &str) {
        self.act("faults", json!({ "view": view, "faults": [] }));
    }

    pub fn get(&self, path: &str) -> (u16, Value) {
        let (status, text) = exchange(self.node_port, "GET", &format!("/view/main{path}"), "");
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Pays, and answers the transaction's hash or why the ledger refused.
    pub fn try_pay(&self, from: usize, signer: usize, to: &[To]) -> Result<String, String> {
        let to = to.iter().map(|to| {
            let assets: BTreeMap<_, _> = to.assets.iter().copied().collect();
            json!({ "address": self.address(to.key), "lovelace": to.lovelace, "assets": assets })
        });
        let to: Vec<Value> = to.collect();
        self.ask_wallet(json!({ "from": from, "signer": signer, "to": to }))
    }

    pub fn pay(&self, from: usize, to: &[To]) -> String {
        self.try_pay(from, from, to).expect("the ledger accepts")
    }

    /// Submits the last transaction once more.
    pub fn pay_again(&self) -> Result<String, String> {
        self.ask_wallet(json!({ "again": true }))
    }

    fn ask_wallet(&self, mut ask: Value) -> Result<String, String> {
        ask["node"] = json!(format!("http://127.0.0.1:{}/view/main", self.node_port));
        let (_, text) = post(self.wallet_port, "/pay", &ask);
        let answer: Value = serde_json::from_str(&text).expect("the wallet answers JSON");
        if let Some(hash) = answer["hash"].as_str() {
            return Ok(hash.to_owned());
        }
        Err(answer["error"].as_str().unwrap_or_else(|| panic!("{text}")).to_owned())
    }

    pub fn ours(&self) -> Mine {
        let keys = [FUNDED].into_iter().chain(OURS..=OURS_LAST);
        Mine(keys.map(|key| self.address(key).to_owned()).collect())
    }
}

fn post(port: u64, path: &str, body: &Value) -> (u16, String) {
    exchange(port, "POST", path, &body.to_string())
}

fn exchange(port: u64, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port as u16)).expect("the child listens");
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.0\r\ncontent-length: {length}\r\n\r\n{body}")
        .expect("the child reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the child answers text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), body.to_owned())
}

/// The addresses that are ours.
pub struct Mine(BTreeSet<String>);

impl Ours for Mine {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        Box::pin(
            async move { Ok(addresses.iter().map(|address| self.0.contains(address)).collect()) },
        )
    }
}

/// Follows a chain and holds what it was told, as the server's watcher does.
pub struct Watcher {
    ours: Mine,
    pub cursor: Option<String>,
    pub held: BTreeMap<(String, u32), ChainTransfer>,
    pub reverted: Vec<u64>,
}

impl Watcher {
    /// One who has been there since before the first payment.
    pub async fn new(world: &World, cardano: &Cardano) -> Watcher {
        let (cursor, held, reverted) = (None, BTreeMap::new(), Vec::new());
        let mut watcher = Watcher { ours: world.ours(), cursor, held, reverted };
        watcher.follow(cardano).await;
        watcher
    }

    pub async fn look(&mut self, cardano: &Cardano) -> Result<Scan, ChainError> {
        let scan = cardano.scan(self.cursor.as_deref(), &self.ours).await?;
        if let Some(first) = scan.reverted_from {
            self.reverted.push(first);
            self.held.retain(|_, transfer| transfer.block.number < first);
        }
        for transfer in &scan.transfers {
            let identity = (transfer.tx_hash.clone(), transfer.ordinal);
            self.held.insert(identity, transfer.clone());
        }
        self.cursor = Some(scan.next.clone());
        Ok(scan)
    }

    /// Looks until nothing is left, and answers everything told on the way.
    pub async fn follow(&mut self, cardano: &Cardano) -> Vec<ChainTransfer> {
        let mut told = Vec::new();
        loop {
            let scan = self.look(cardano).await.expect("the chain answers");
            told.extend(scan.transfers);
            if scan.is_caught_up {
                return told;
            }
        }
    }
}

/// What matters of a transfer: where, of what, how much.
pub fn essence(transfer: &ChainTransfer) -> (u32, &str, u128) {
    let unit = match &transfer.asset {
        AssetRef::Native => "lovelace",
        AssetRef::Contract(unit) => unit.as_str(),
    };
    (transfer.ordinal, unit, transfer.amount.expect("it fits").0)
}
