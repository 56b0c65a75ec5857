//! A TON for tests: a node with a payer and two jettons, and chains that look at it.
//!
//! Addresses are never used twice, so tests that share a node do not see each other's payments.

use std::collections::HashSet;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chains::chain::{Answer, Chain, Ours, Scan};
use chains::rpc::{Endpoint, Limits, Nodes};
use chains::ton::{Ton, TonSettings};
use domain::address::Address;
use domain::chain::{AssetRef, ChainTransfer};
use domain::environment::Environment;
use domain::network::{Family, Network};
use serde_json::{Value, json};

use crate::nodes::{Running, script};

const ENVIRONMENT: Environment = Environment::Devnet;

/// The node most tests share. It ends by itself when this program has ended.
static SHARED: OnceLock<Running> = OnceLock::new();
static DEPOSITS: AtomicU64 = AtomicU64::new(0);

pub struct House {
    /// None if the node is shared.
    _node: Option<Running>,
    url: String,
    acts: Nodes,
    jettons: Value,
    pub payer: String,
}

/// A transaction as the payer's side knows it: its hash, its account, what it was sent.
#[derive(Clone, Debug)]
pub struct Made {
    pub hash: String,
    pub account: String,
    pub opcode: Option<String>,
    pub block: u64,
}

pub struct Addresses(pub HashSet<String>);

impl Ours for Addresses {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        Box::pin(async move { Ok(addresses.iter().map(|one| self.0.contains(one)).collect()) })
    }
}

/// These addresses are ours.
pub fn ours(addresses: &[&Address]) -> Addresses {
    Addresses(addresses.iter().map(|one| one.as_str().to_owned()).collect())
}

/// An address nobody has used, in either shard.
pub fn deposit() -> Address {
    let number = DEPOSITS.fetch_add(1, Ordering::Relaxed);
    let mut payload = [u8::try_from(number * 97 % 256).expect("below 256"); 32];
    payload[24..].copy_from_slice(&number.to_be_bytes());
    Address::from_payload(Family::Ton, ENVIRONMENT, &payload)
}

fn limits() -> Limits {
    Limits {
        requests_per_second_per_node: 10_000,
        // A thousand transactions at once take the test's own node a while.
        request_timeout: Duration::from_secs(60),
        ..Limits::default()
    }
}

impl House {
    /// A node whose blocks, faults named `a` and past are this test's alone.
    pub fn start() -> House {
        let node = Running::start(&mut script("ton-node.mjs"));
        let first_line = node.first_line.clone();
        House::of(Some(node), &first_line)
    }

    /// The node of all tests that mind no blocks between their own and break no node named `a`.
    pub fn shared() -> House {
        let node = SHARED.get_or_init(|| Running::start(&mut script("ton-node.mjs")));
        House::of(None, &node.first_line)
    }

    fn of(node: Option<Running>, told: &str) -> House {
        let told: Value = serde_json::from_str(told).expect("it tells where it is");
        let url = text(&told["url"]);
        let endpoint = Endpoint { url: url.clone(), headers: Vec::new() };
        House {
            _node: node,
            url,
            acts: Nodes::new(vec![endpoint], limits()).expect("a loopback URL"),
            jettons: told["jettons"].clone(),
            payer: canonical(&text(&told["payer"])),
        }
    }

    /// The chain as it is seen through these nodes, with USDT listed and USDC not.
    pub fn chain(&self, nodes: &[&str]) -> Ton {
        self.chain_with(nodes, &[], |settings| settings)
    }

    /// The same with these masters listed before USDT, and other settings.
    pub fn chain_with(
        &self,
        nodes: &[&str],
        masters: &[Address],
        changed: impl FnOnce(TonSettings) -> TonSettings,
    ) -> Ton {
        let endpoint = |name: &&str| Endpoint {
            url: format!("{}/node/{name}", self.url),
            headers: Vec::new(),
        };
        let nodes =
            Nodes::new(nodes.iter().map(endpoint).collect(), limits()).expect("loopback URLs");
        let masters = masters.iter().cloned().chain([address(&self.jetton("USDT"))]);
        let tokens = masters.collect();
        let settings = TonSettings::new(ENVIRONMENT, tokens);
        Ton::new(changed(TonSettings { start_depth_blocks: 0, ..settings }), nodes)
    }

    pub fn jetton(&self, name: &str) -> String {
        canonical(&text(&self.jettons[name]))
    }

    pub async fn act(&self, name: &str, body: Value) -> Value {
        self.acts.post(&format!("/act/{name}"), body).await.expect("the test's own node acts")
    }

    /// One act that leads to transactions.
    pub async fn made(&self, name: &str, body: Value) -> Vec<Made> {
        let answer = self.act(name, body).await;
        let made = answer["transactions"].as_array().expect("a list").iter().map(|row| Made {
            hash: text(&row["hash"]),
            account: canonical(&text(&row["account"])),
            opcode: row["in_msg"]["opcode"].as_str().map(str::to_owned),
            block: row["mc_block_seqno"].as_u64().expect("a number"),
        });
        made.collect()
    }

    pub async fn pay_coins(&self, to: &Address, value: u64) -> Vec<Made> {
        self.made("pay", json!({ "messages": [coins(to, value)] })).await
    }
}

pub fn coins(to: &Address, value: u64) -> Value {
    json!({ "kind": "coins", "to": to.as_str(), "value": value.to_string() })
}

pub fn jettons(name: &str, to: &Address, amount: u64, forward: u64) -> Value {
    json!({
        "kind": "jetton", "jetton": name, "to": to.as_str(), "amount": amount.to_string(),
        "forward": forward.to_string(), "comment": "invoice 42",
    })
}

pub fn address(text: &str) -> Address {
    Address::parse(Network::Ton, ENVIRONMENT, text).expect("an address")
}

fn canonical(text: &str) -> String {
    address(text).as_str().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The transaction that received a message with this operation.
pub fn with_opcode<'a>(made: &'a [Made], opcode: &str) -> &'a Made {
    made.iter().find(|one| one.opcode.as_deref() == Some(opcode)).expect("it was made")
}

pub const INTERNAL_TRANSFER: &str = "0x178d4519";
pub const NOTIFICATION: &str = "0x7362d09c";

/// Scans from a cursor until everything is told.
pub async fn everything(
    chain: &Ton,
    mut cursor: String,
    ours: &Addresses,
) -> (Vec<ChainTransfer>, Scan) {
    let mut transfers = Vec::new();
    loop {
        let scan = chain.scan(Some(&cursor), ours).await.expect("the node answers");
        transfers.extend(scan.transfers.clone());
        cursor.clone_from(&scan.next);
        if scan.is_caught_up {
            return (transfers, scan);
        }
    }
}

/// The cursor of a watcher that begins now.
pub async fn start(chain: &Ton, ours: &Addresses) -> String {
    chain.scan(None, ours).await.expect("the node answers").next
}

pub fn in_short(transfers: &[ChainTransfer]) -> Vec<(String, u32, AssetRef, u128, String, u64)> {
    let short = transfers.iter().map(|it| {
        let amount = it.amount.expect("fits").0;
        (it.tx_hash.clone(), it.ordinal, it.asset.clone(), amount, it.to.clone(), it.block.number)
    });
    short.collect()
}
