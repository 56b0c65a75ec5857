//! How fast a watcher catches up: empty blocks a second, through the real client and its checks.
//!
//! `cargo run --release -p chains --example catch_up -- [blocks]`. The other side is a stub in a
//! process of its own, which takes its share of the processor and of the result.

mod stub;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use chains::chain::{Answer, Chain as _, Ours};
use chains::evm::{ArrivedBy, Evm, EvmSettings, TokenContract};
use domain::environment::Environment;
use domain::network::Network;
use domain::token::Token;

struct Nobody;

impl Ours for Nobody {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        Box::pin(async { Ok(vec![false; addresses.len()]) })
    }
}

fn main() {
    let arguments = stub::if_asked(answers);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(blocks(&arguments)));
}

fn blocks(arguments: &[String]) -> u64 {
    arguments.first().map_or(100_000, |text| text.parse().expect("blocks"))
}

fn answers(arguments: &[String]) -> Arc<stub::Answers> {
    let head = 20_000_000 + blocks(arguments);
    let (bloom, none) = (format!("0x{}", "0".repeat(512)), Bytes::from_static(b"[]"));
    Arc::new(move |method, params, out| match method {
        "eth_chainId" => out.push_str(r#""0x1""#),
        "eth_getLogs" => out.push_str("[]"),
        _ => stub::block(stub::number(&params[0], head), &bloom, &none, out),
    })
}

#[expect(clippy::disallowed_methods, reason = "a duration is only measured")]
async fn measure(blocks: u64) {
    let (_process, nodes) = stub::start_process();
    let listed = Token::of(Environment::Mainnet)
        .filter(|token| token.network == Network::Ethereum)
        .filter_map(|token| TokenContract::parse(token.address?, ArrivedBy::Event).ok());
    let settings = EvmSettings {
        start_depth_blocks: blocks,
        ..EvmSettings::new(Network::Ethereum, Environment::Mainnet, listed.collect())
    };
    let chain = Evm::new(settings, nodes);
    let mut cursor = chain.scan(None, &Nobody).await.expect("a first scan").next;
    let (began, mut scans) = (Instant::now(), 0);
    loop {
        let scan = chain.scan(Some(&cursor), &Nobody).await.expect("a scan");
        (cursor, scans) = (scan.next, scans + 1);
        if scan.is_caught_up {
            break;
        }
    }
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    println!("{blocks} empty blocks in {ms} ms, {scans} scans: {} blocks/s", blocks * 1_000 / ms);
}
