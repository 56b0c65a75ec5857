//! What one very full block costs: 10,000 token transfers against 1,000,000 watched addresses.
//!
//! `cargo run --release -p chains --example block_of_10k -- [rounds]`. The node is a stub in a
//! process of its own that has its answers ready. Told are the time from asking to telling, which
//! holds the stub's writing too, and the processor time of this process alone; memory is this
//! process's, watched addresses included.

mod stub;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use chains::chain::{Answer, Chain as _, Ours};
use chains::evm::{ArrivedBy, Evm, EvmSettings, TokenContract};
use domain::environment::Environment;
use domain::network::Network;

const HEAD: u64 = 20_000_000;
const TRANSFERS: u64 = 10_000;
const WATCHED: u64 = 1_000_000;
/// Every so many transfers one is to us.
const OURS_EVERY: u64 = 1_000;
const CONTRACT: &str = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

/// Sorted, so that a million addresses are 20 MB.
struct Watched(Vec<[u8; 20]>);

impl Ours for Watched {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        let is_ours = |text: &String| {
            let mut account = [0; 20];
            for (at, byte) in account.iter_mut().enumerate() {
                *byte = u8::from_str_radix(&text[2 + at * 2..4 + at * 2], 16).expect("an account");
            }
            self.0.binary_search(&account).is_ok()
        };
        Box::pin(async move { Ok(addresses.iter().map(is_ours).collect()) })
    }
}

/// Well spread, and different for different numbers.
fn account(of: u64) -> [u8; 20] {
    let mut account = [0; 20];
    account[..8].copy_from_slice(&of.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    account[12..].copy_from_slice(&of.to_be_bytes());
    account
}

fn receiver(transfer: u64) -> [u8; 20] {
    if transfer.is_multiple_of(OURS_EVERY) {
        account(transfer)
    } else {
        account(WATCHED + transfer)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn transaction_hash(transfer: u64) -> String {
    format!("0x{:064x}", transfer + 1)
}

fn transaction(transfer: u64) -> String {
    let (hash, to, word) = (transaction_hash(transfer), hex(&receiver(transfer)), "7".repeat(64));
    format!(
        r#"{{"type":"0x2","chainId":"0x1","nonce":"0x0","gas":"0x5208","maxFeePerGas":"0x77359400",
        "maxPriorityFeePerGas":"0x3b9aca00","to":"{CONTRACT}","value":"0x0","accessList":[],
        "input":"0xa9059cbb{to:0>64}{word}","r":"0x{word}","s":"0x{word}",
        "yParity":"0x1","v":"0x1",
        "hash":"{hash}","blockHash":"{}","blockNumber":"{HEAD:#x}",
        "transactionIndex":"{transfer:#x}",
        "from":"0x1111111111111111111111111111111111111111","gasPrice":"0x77359400"}}"#,
        stub::hash(HEAD)
    )
}

fn log(transfer: u64) -> String {
    let (hash, to) = (transaction_hash(transfer), hex(&receiver(transfer)));
    format!(
        r#"{{"address":"{CONTRACT}","topics":["{TRANSFER}","0x{:0>64}","0x{to:0>64}"],
        "data":"0x{transfer:064x}","blockHash":"{}","blockNumber":"{HEAD:#x}",
        "blockTimestamp":"0x65","transactionHash":"{hash}","transactionIndex":"{transfer:#x}",
        "logIndex":"{transfer:#x}","removed":false}}"#,
        "1".repeat(40),
        stub::hash(HEAD)
    )
}

fn list(one: fn(u64) -> String) -> Bytes {
    format!("[{}]", (1..=TRANSFERS).map(one).collect::<Vec<_>>().join(",")).into()
}

fn answers() -> Arc<stub::Answers> {
    let (transactions, logs, none) = (list(transaction), list(log), Bytes::from_static(b"[]"));
    let bloom = format!("0x{}", "0".repeat(512));
    Arc::new(move |method, params, out| match method {
        "eth_chainId" => out.push_str(r#""0x1""#),
        "eth_getLogs" => out.push_written(&logs),
        "eth_getTransactionReceipt" => {
            let asked = params[0].as_str().expect("a hash");
            let transfer = stub::number(&params[0], 0) - 1;
            write!(
                out,
                r#"{{"transactionHash":"{asked}","transactionIndex":"{transfer:#x}","status":"0x1",
                "blockHash":"{}","blockNumber":"{HEAD:#x}","logs":[{}]}}"#,
                stub::hash(HEAD),
                log(transfer)
            )
            .expect("memory");
        }
        _ => {
            let number = stub::number(&params[0], HEAD);
            let is_full = number == HEAD && params[1] == true;
            stub::block(number, &bloom, if is_full { &transactions } else { &none }, out);
        }
    })
}

fn main() {
    let arguments = stub::if_asked(|_| answers());
    let rounds = arguments.first().map_or(5, |text| text.parse().expect("rounds"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(measure(rounds));
}

#[expect(clippy::disallowed_methods, reason = "a duration is only measured")]
async fn measure(rounds: usize) {
    let (_process, nodes) = stub::start_process();
    let mut watched: Vec<[u8; 20]> = (0..WATCHED).map(account).collect();
    watched.sort_unstable();
    let ours = Watched(watched);
    let listed = TokenContract::parse(CONTRACT, ArrivedBy::Event).expect("an account");
    let mut settings = EvmSettings::new(Network::Ethereum, Environment::Mainnet, vec![listed]);
    settings.start_depth_blocks = 1;
    let chain = Evm::new(settings, nodes);
    let cursor = chain.scan(None, &ours).await.expect("a first scan").next;
    let before_kib = stub::memory_kib("VmRSS");
    let mut times_us: Vec<[u64; 2]> = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let (began, ran_us) = (Instant::now(), stub::processor_time_us());
        let scan = chain.scan(Some(&cursor), &ours).await.expect("a scan");
        let took_us = u64::try_from(began.elapsed().as_micros()).expect("not for ever");
        times_us.push([took_us, stub::processor_time_us() - ran_us]);
        assert_eq!(scan.transfers.len() as u64, TRANSFERS / OURS_EVERY);
    }
    for (at, what) in ["from asking to telling", "processor time"].iter().enumerate() {
        let mut sorted: Vec<u64> = times_us.iter().map(|times| times[at]).collect();
        sorted.sort_unstable();
        let (best, median, worst) = (sorted[0], sorted[rounds / 2], sorted[rounds - 1]);
        println!("{what}: best {best} us, median {median} us, worst {worst} us");
    }
    println!("memory: {before_kib} KiB before, {} KiB at most", stub::memory_kib("VmHWM"));
}
