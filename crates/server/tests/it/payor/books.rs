//! Addresses and links as an operator's own words make them: address lists and private networks.
//!
//! What an operator wrote wrong must cost a payor a choice, never send his money to another's
//! invoice or to another network.

use std::path::Path;

use domain::address::Address;
use domain::environment::Environment;
use domain::network::{Family, Network};
use serde_json::{Value, json};
use server::config::{ChainConfig, Config};

use super::invoice_id;
use crate::house::House;

const ADDRESSES_LISTED: u8 = 16;
const PRIVATE_CHAIN: u64 = 31_337;

/// A list that leaves out the first `skipped` addresses.
fn list(data_dir: &Path, name: &str, skipped: u8) -> ChainConfig {
    let address = |number: u8| {
        Address::from_payload(Family::Evm, Environment::Devnet, &[number; 32]).to_string()
    };
    let lines: Vec<_> = (1 + skipped..=ADDRESSES_LISTED).map(address).collect();
    let path = data_dir.join(name);
    std::fs::write(&path, lines.join("\n")).expect("writes");
    ChainConfig { addresses_file: Some(path), ..ChainConfig::default() }
}

fn configure(config: &mut Config, chains: impl IntoIterator<Item = (Network, ChainConfig)>) {
    config.chains.insert(Environment::Devnet, chains.into_iter().collect());
}

#[tokio::test]
async fn a_list_that_is_one_index_off_gives_no_address_of_another_invoice() {
    let house = House::with(|config| {
        let base = list(&config.data_dir, "base.txt", 0);
        let ethereum = list(&config.data_dir, "ethereum.txt", 1);
        configure(config, [(Network::Base, base), (Network::Ethereum, ethereum)]);
    })
    .await;
    let (first, second) = (house.invoice(10.0).await, house.invoice(10.0).await);
    house.allocate(&first, "base", "USDC").await;
    let given = house.allocate(&second, "base", "USDC").await;

    // The first invoice's line on Ethereum is the second's on Base.
    let refused = house.allocate(&first, "ethereum", "USDC").await;
    assert_eq!(refused["status_code"], "settlement_unavailable", "{refused}");
    assert_eq!((&refused["temp_address"], &refused["payment_uri"]), (&Value::Null, &Value::Null));

    let to = given["temp_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, "10").await;
    house.settle().await;
    assert_eq!(house.read(&second).await["status"], "paid", "{}", invoice_id(&second));
    assert_eq!(house.read(&first).await["payments"], json!([]));
}

#[tokio::test]
async fn links_name_the_private_network_that_is_served() {
    let house = House::with(|config| {
        // Nothing listens there, and nothing needs to.
        let base = ChainConfig {
            rpc_urls: vec!["http://127.0.0.1:9".to_owned()],
            chain_id: Some(PRIVATE_CHAIN),
            ..list(&config.data_dir, "base.txt", 0)
        };
        configure(config, [(Network::Base, base)]);
    })
    .await;
    let created = house.invoice(10.0).await;
    // Of the tables' tokens a private network has its coin alone.
    let given = house.allocate(&created, "base", "ETH").await;
    let metamask = given["wallets"][0]["url"].as_str();
    for link in [given["payment_uri"].as_str(), metamask] {
        let link = link.expect("a link");
        assert!(link.contains(&format!("@{PRIVATE_CHAIN}")), "{link}");
    }
    let public = house.allocate(&created, "ethereum", "ETH").await;
    assert!(public["payment_uri"].as_str().expect("a link").contains("@11155111"), "{public}");
}
