//! What one large Solana block costs: `cargo run --release -p chains --example solana_block`.
//!
//! A stub in a process of its own answers with a block of as many token transfers as the first
//! argument says (10,000), to receivers of which a hundredth is among the watched addresses of the
//! second argument (1,000,000). Timed is a whole scan: requests, reading, parsing, decoding and
//! matching, once by the clock and once by this process's own time on a processor.

mod stub;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use chains::chain::{Answer, Chain as _, Ours};
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

fn main() {
    let arguments = stub::if_asked(answers);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure(&arguments));
}

fn argument(arguments: &[String], at: usize, otherwise: usize) -> usize {
    arguments.get(at).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[expect(clippy::disallowed_methods, reason = "a duration is only measured")]
async fn measure(arguments: &[String]) {
    let (transfers, watched) = (argument(arguments, 0, 10_000), argument(arguments, 1, 1_000_000));
    let (_process, nodes) = stub::start_process();
    let settings = SolanaSettings::new(Environment::Devnet, vec![]);
    let settings = SolanaSettings { start_depth_slots: 0, genesis_hash: None, ..settings };
    let chain = Solana::new(settings, nodes);
    let ours = Watched((0..watched).map(|at| address(1, at)).collect());
    // Linux forgets the peak so far; elsewhere nothing is told of memory.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before_kib = stub::memory_kib("VmHWM");
    let mut times_us: Vec<[u64; 2]> = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let (began, ran_us) = (Instant::now(), stub::processor_time_us());
        let scan = chain.scan(None, &ours).await.expect("the stub answers");
        let took_us = u64::try_from(began.elapsed().as_micros()).expect("not for ever");
        times_us.push([took_us, stub::processor_time_us() - ran_us]);
        assert_eq!(scan.transfers.len(), transfers * WATCHED_PERCENT / 100);
    }
    println!("{transfers} transfers, {watched} watched");
    for (at, what) in ["from asking to telling", "processor time"].iter().enumerate() {
        let mut sorted: Vec<u64> = times_us.iter().map(|times| times[at]).collect();
        sorted.sort_unstable();
        let (best, median, worst) = (sorted[0], sorted[RUNS / 2], sorted[RUNS - 1]);
        println!("{what}: best {best} us, median {median} us, worst {worst} us");
    }
    let grown_kib = stub::memory_kib("VmHWM").saturating_sub(before_kib);
    println!("peak memory above the watched set: {grown_kib} KiB");
}

fn answers(arguments: &[String]) -> Arc<stub::Answers> {
    let (hash, block) = (address(9, 0), Bytes::from(block(argument(arguments, 0, 10_000))));
    Arc::new(move |method, _, out| match method {
        "getSlot" => write!(out, "{SLOT}").expect("memory"),
        "getBlockTime" => out.push_str("1795270118"),
        "getBlocks" => write!(out, "[{SLOT}]").expect("memory"),
        "getGenesisHash" => write!(out, "\"{hash}\"").expect("memory"),
        _ => out.push_written(&block),
    })
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
