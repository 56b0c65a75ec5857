//! A node that costs nothing: blocks and logs made of their numbers, for measuring the client.
//!
//! It stands for a node's answers, not for a chain: nothing in it was ever executed. It runs on a
//! thread of its own, on loopback, and takes part in the memory that is reported.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::Arc;

use bytes::Bytes;
use chains::rpc::{Endpoint, Limits, Nodes};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;

/// Answers a method's parameters with JSON, written behind what is there.
pub type Answers = dyn Fn(&str, &Value, &mut String) + Send + Sync;

/// Starts it; the nodes to ask are it alone.
pub fn start(answers: Arc<Answers>) -> Nodes {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(serve(listener, answers));
    });
    let limits = Limits { requests_per_second_per_node: 10_000_000, ..Limits::default() };
    Nodes::new(vec![Endpoint { url, headers: vec![] }], limits).expect("a valid URL")
}

async fn serve(listener: TcpListener, answers: Arc<Answers>) {
    listener.set_nonblocking(true).expect("a socket");
    let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
    loop {
        let (stream, _) = listener.accept().await.expect("connections");
        let answers = Arc::clone(&answers);
        let service = service_fn(move |request: Request<Incoming>| {
            let answers = Arc::clone(&answers);
            async move {
                let body = request.into_body().collect().await.expect("a body").to_bytes();
                Ok::<_, Infallible>(Response::new(Full::new(answer(&body, &*answers))))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(body: &[u8], answers: &Answers) -> Bytes {
    let asked: Value = serde_json::from_slice(body).expect("JSON");
    let mut out = String::new();
    let mut one = |call: &Value| {
        write!(out, r#"{{"jsonrpc":"2.0","id":{},"result":"#, call["id"]).expect("memory");
        answers(call["method"].as_str().unwrap_or_default(), &call["params"], &mut out);
        out.push_str("},");
    };
    let Some(calls) = asked.as_array() else {
        one(&asked);
        out.pop();
        return out.into();
    };
    calls.iter().for_each(one);
    out.pop();
    format!("[{out}]").into()
}

/// The number a parameter asks for; `latest` is the head.
pub fn number(tag: &Value, head: u64) -> u64 {
    let digits = tag.as_str().and_then(|tag| tag.strip_prefix("0x"));
    digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or(head)
}

pub fn hash(number: u64) -> String {
    format!("0x{number:064x}")
}

/// A block as a node writes it, with all the fields nobody here reads.
pub fn block(number: u64, bloom: &str, transactions: &str, out: &mut String) {
    let (hash, parent, word) = (hash(number), hash(number.saturating_sub(1)), "0".repeat(64));
    write!(
        out,
        r#"{{"number":"{number:#x}","hash":"{hash}","parentHash":"{parent}","logsBloom":"{bloom}",
        "timestamp":"{:#x}","sha3Uncles":"0x{word}",
        "miner":"0x0000000000000000000000000000000000000000",
        "stateRoot":"0x{word}","transactionsRoot":"0x{word}","receiptsRoot":"0x{word}",
        "difficulty":"0x0","gasLimit":"0x1c9c380","gasUsed":"0x0","extraData":"0x","size":"0x2d9",
        "mixHash":"0x{word}","nonce":"0x0000000000000000","baseFeePerGas":"0x3b9aca00",
        "withdrawalsRoot":"0x{word}","blobGasUsed":"0x0","excessBlobGas":"0x0","uncles":[],
        "parentBeaconBlockRoot":"0x{word}","requestsHash":"0x{word}","withdrawals":[],
        "transactions":{transactions}}}"#,
        1_700_000_000 + number
    )
    .expect("memory");
}
