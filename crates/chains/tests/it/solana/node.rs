//! A private Solana network with a wallet, the chain under test beside it, and someone to be paid.
//!
//! Invariant: nothing waits for time to pass: slots pass when a test says so.

use std::collections::HashSet;
use std::time::Duration;

use chains::chain::{Answer, Chain as _, Ours, Scan};
use chains::rpc::{Endpoint, Limits, Nodes};
use chains::solana::{Solana, SolanaSettings};
use domain::address::Address;
use domain::chain::ChainTransfer;
use domain::environment::Environment;
use domain::network::{Family, Network};
use serde_json::{Value, json};

use crate::nodes::{Running, script};

/// How many slots pass until a block is final.
pub const FINAL_SLOTS: u64 = 40;

/// A network of its own and the wallet that pays on it.
pub struct Net {
    _running: Running,
    url: String,
    commands: Nodes,
    pub wallet: String,
    /// What the network began with.
    pub genesis: String,
    mints: Value,
}

/// Whose addresses are watched.
pub struct Watched(HashSet<String>);

impl Net {
    pub fn start() -> Net {
        let mut command = script("solana-node.cjs");
        let running = Running::start(&mut command);
        let told: Value = serde_json::from_str(&running.first_line).expect("the node starts");
        let text = |name: &str| told[name].as_str().expect(name).to_owned();
        let url = text("url");
        let commands = pool(&[&url]);
        let (wallet, genesis) = (text("wallet"), text("genesis"));
        let mints = told["mints"].clone();
        Net { _running: running, commands, url, wallet, genesis, mints }
    }

    pub fn mint(&self, name: &str) -> String {
        self.mints[name].as_str().expect(name).to_owned()
    }

    /// The chain under test, asking these nodes; only `usdc` and `taxed` are listed.
    pub fn chain(&self, nodes: &[&str]) -> Solana {
        self.chain_with(nodes, |settings| settings)
    }

    pub fn chain_with(
        &self,
        nodes: &[&str],
        changed: impl FnOnce(SolanaSettings) -> SolanaSettings,
    ) -> Solana {
        let tokens = ["usdc", "taxed"].map(|name| self.mint(name));
        let settings = SolanaSettings::new(Environment::Devnet, tokens.to_vec());
        // Every network here is a private one.
        let settings = SolanaSettings { genesis_hash: None, ..settings };
        let urls: Vec<String> = nodes.iter().map(|node| format!("{}/{node}", self.url)).collect();
        let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
        Solana::new(changed(settings), pool(&urls))
    }

    /// The ways to these nodes.
    pub fn nodes(&self, nodes: &[&str]) -> Nodes {
        let urls: Vec<String> = nodes.iter().map(|node| self.url_of(node)).collect();
        pool(&urls.iter().map(String::as_str).collect::<Vec<_>>())
    }

    pub fn url_of(&self, node: &str) -> String {
        format!("{}/{node}", self.url)
    }

    /// Tells the wallet or the node what to do.
    pub async fn command(&self, name: &str, what: Value) -> Value {
        self.commands.post(&format!("/command/{name}"), what).await.expect(name)
    }

    /// One transaction of several payments; its signature.
    pub async fn pay(&self, payment: Value) -> String {
        let told = self.command("pay", payment).await;
        told["signature"].as_str().expect("a signature").to_owned()
    }

    pub async fn finalize(&self) -> u64 {
        let told = self.command("pass", json!({"slots": FINAL_SLOTS})).await;
        told["final"].as_u64().expect("a slot")
    }

    pub async fn faults(&self, node: &str, mut faults: Value) {
        faults["view"] = format!("/{node}").into();
        self.command("faults", faults).await;
    }
}

fn pool(urls: &[&str]) -> Nodes {
    let endpoints = urls.iter().map(|url| Endpoint { url: (*url).to_owned(), headers: vec![] });
    let limits = Limits {
        // Every node here is this machine's, and a test should not wait for a rate.
        requests_per_second_per_node: 10_000,
        request_timeout: Duration::from_secs(60),
        ..Limits::default()
    };
    Nodes::new(endpoints.collect(), limits).expect("loopback URLs are valid")
}

impl Watched {
    pub fn only(addresses: &[&Address]) -> Watched {
        Watched(addresses.iter().map(|address| address.as_str().to_owned()).collect())
    }
}

impl Ours for Watched {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        let answers = addresses.iter().map(|address| self.0.contains(address)).collect();
        Box::pin(async move { Ok(answers) })
    }
}

/// Somebody nobody has a key of, which is enough to be paid.
pub fn somebody(seed: u8) -> Address {
    Address::from_payload(Family::Solana, Environment::Devnet, &[seed; 32])
}

/// Scans until nothing is left to tell; everything told and the last scan.
pub async fn follow(
    chain: &Solana,
    from: Option<String>,
    watched: &Watched,
) -> (Vec<ChainTransfer>, Scan) {
    let (mut from, mut told) = (from, Vec::new());
    for _ in 0..50 {
        let scan = chain.scan(from.as_deref(), watched).await.expect("the node answers");
        assert_eq!(scan.reverted_from, None);
        told.extend(scan.transfers.clone());
        if scan.is_caught_up {
            return (told, scan);
        }
        from = Some(scan.next);
    }
    panic!("following never catches up");
}

/// What identifies and values a transfer, as one line.
pub fn line(transfer: &ChainTransfer) -> String {
    let asset = match &transfer.asset {
        domain::chain::AssetRef::Native => "native",
        domain::chain::AssetRef::Contract(mint) => mint,
    };
    let amount = transfer.amount.map_or("?".to_owned(), |amount| amount.0.to_string());
    format!("{} {} {asset} {amount} {}", transfer.tx_hash, transfer.ordinal, transfer.to)
}

pub fn parse(text: &str) -> Address {
    Address::parse(Network::Solana, Environment::Devnet, text).expect(text)
}
