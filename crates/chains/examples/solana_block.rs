//! What one large Solana block costs: `cargo run --release -p chains --example solana_block`.
//!
//! A stub on loopback answers with a block of as many token transfers as the first argument says
//! (10,000), to receivers of which a hundredth is among the watched addresses of the second
//! argument (1,000,000). Timed is a whole scan: requests, reading, parsing, decoding and matching.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use chains::chain::{Answer, Chain as _, Ours};
use chains::rpc::{Endpoint, Limits, Nodes};
use chains::solana::{Solana, SolanaSettings};
use domain::environment::Environment;
use serde_json::{Value, json};

const SLOT: u64 = 1_000;
const RUNS: usize = 10;
const WATCHED_PERCENT: usize = 1;
const LOG_LINES: usize = 8;

struct Watched(HashSet<String>);

impl Ours for Watched {
    fn among<'a>(&'a self, addresses: &'a [String]) -> Answer<'a, Vec<bool>> {
        let answers = addresses.iter().map(|address| self.0.contains(address)).collect();
        Box::pin(async move { Ok(answers) })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().expect("a number"));
    let transfers: usize = arguments.next().unwrap_or(10_000);
    let watched: usize = arguments.next().unwrap_or(1_000_000);
    let block = Arc::new(block(transfers));
    println!("{transfers} transfers, {} bytes, {watched} watched", block.len());
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, block) = (stream.expect("a connection"), Arc::clone(&block));
            std::thread::spawn(move || serve(&stream, &block));
        }
    });
    let nodes = Nodes::new(vec![Endpoint { url, headers: vec![] }], Limits::default());
    let settings = SolanaSettings::new(Environment::Devnet, vec![]);
    let settings = SolanaSettings { start_depth_slots: 0, genesis_hash: None, ..settings };
    let chain = Solana::new(settings, nodes.expect("a valid URL"));
    let ours = Watched((0..watched).map(|at| address(1, at)).collect());
    // Linux forgets the peak so far; elsewhere nothing is told of memory.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before_kib = peak_kib();
    let mut processor_ms: Vec<u64> = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let used = processor_time_ms();
        let scan = chain.scan(None, &ours).await.expect("the stub answers");
        processor_ms.push(processor_time_ms() - used);
        assert_eq!(scan.transfers.len(), transfers * WATCHED_PERCENT / 100);
    }
    processor_ms.sort_unstable();
    println!(
        "processor time of the scanning thread: median {} ms, worst {} ms",
        processor_ms[RUNS / 2],
        processor_ms[RUNS - 1]
    );
    let grown_kib = peak_kib().saturating_sub(before_kib);
    println!("peak memory above the watched set, the stub's copy included: {grown_kib} KiB");
}

fn serve(stream: &TcpStream, block: &str) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let line = line.trim().to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let asked: Value = serde_json::from_slice(&body).expect("JSON");
        let hash = address(9, 0);
        let result = match asked["method"].as_str() {
            Some("getSlot") => SLOT.to_string(),
            Some("getBlockTime") => "1795270118".to_owned(),
            Some("getBlocks") => format!("[{SLOT}]"),
            Some("getGenesisHash") => format!("\"{hash}\""),
            _ => block.to_owned(),
        };
        let told = format!("{{\"jsonrpc\":\"2.0\",\"id\":{},\"result\":{result}}}", asked["id"]);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", told.len());
        let mut stream = stream;
        if stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(told.as_bytes()))
            .is_err()
        {
            return;
        }
    }
}

fn address(kind: u8, at: usize) -> String {
    let mut bytes = [kind; 32];
    bytes[8..16].copy_from_slice(&at.to_be_bytes());
    bs58::encode(bytes).into_string()
}

/// A block of transactions that look like those of wallets: eight accounts, eight lines of log.
fn block(transfers: usize) -> String {
    let mut block = json!({
        "blockhash": address(9, 1), "previousBlockhash": address(9, 0), "parentSlot": SLOT - 1,
        "blockTime": 1_795_270_118, "blockHeight": SLOT,
    })
    .to_string();
    block.truncate(block.len() - 1);
    block.push_str(",\"transactions\":[");
    for at in 0..transfers {
        block.push_str(if at == 0 { "" } else { "," });
        block.push_str(&transaction(at).to_string());
    }
    block.push_str("]}");
    block
}

fn transaction(at: usize) -> Value {
    let is_watched = at % 100 < WATCHED_PERCENT;
    let receiver = address(if is_watched { 1 } else { 2 }, at);
    let mint = address(3, 0);
    let balance = |index: usize, owner: &str, amount: u64| {
        json!({"accountIndex": index, "mint": mint, "owner": owner,
            "programId": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
            "uiTokenAmount": {"amount": amount.to_string(), "decimals": 6, "uiAmount": null,
                "uiAmountString": "1.5"}})
    };
    let keys: Vec<String> = (0..8).map(|kind| address(10 + kind, at)).collect();
    let log = "Program TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA invoke [1] consumed 200 units";
    let signature = [address(20, at), address(21, at)].concat();
    let mut after = [1_000_000_u64; 8];
    after[0] -= 5_000;
    let mut bytes = [7; 64];
    bytes[..8].copy_from_slice(&at.to_be_bytes());
    json!({
        "version": "legacy",
        "transaction": {
            "signatures": [bs58::encode(bytes).into_string()],
            "message": {"accountKeys": keys, "recentBlockhash": address(9, 0),
                "header": {"numRequiredSignatures": 1},
                "instructions": [
                    {"accounts": [1, 2, 3, 0], "data": signature, "programIdIndex": 4},
                ]},
        },
        "meta": {
            "err": null, "fee": 5000, "status": {"Ok": null}, "computeUnitsConsumed": 4500,
            "preBalances": vec![1_000_000_u64; 8],
            "postBalances": after,
            "preTokenBalances": [balance(1, &address(4, at), 9), balance(2, &receiver, 1)],
            "postTokenBalances": [balance(1, &address(4, at), 4), balance(2, &receiver, 6)],
            "innerInstructions": [], "loadedAddresses": {"readonly": [], "writable": []},
            "logMessages": vec![log; LOG_LINES],
        },
    })
}

/// The most memory this program has had, where the system tells.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
}

/// How long this thread has run on a processor, where the system tells.
fn processor_time_ms() -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let ns: u64 = told.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    ns / 1_000_000
}
