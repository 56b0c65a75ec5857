//! A node that costs little: blocks and logs made of their numbers, for measuring the client.
//!
//! It stands for a node's answers, not for a chain: nothing in it was ever executed. It listens on
//! loopback in a process of its own, so that neither its time nor its memory is taken for the
//! client's. Large answers are written once, beforehand.

#![allow(dead_code, reason = "every example uses a part of it")]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::pin::Pin;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use chains::rpc::{Endpoint, Limits, Nodes};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;

/// The argument a program is started with again to be the stub.
const BE_THE_STUB: &str = "stub";

/// Answers a method's parameters with JSON, written behind what is there.
pub type Answers = dyn Fn(&str, &Value, &mut Written) + Send + Sync;

/// Text that is written as it is asked for, between parts that were written before.
#[derive(Default)]
pub struct Written {
    pieces: VecDeque<Bytes>,
    text: String,
}

/// The stub's process, which ends with this.
pub struct Process(Child);

/// Starts this program once more, to be the stub. What it answers is said to `if_asked`.
pub fn start_process() -> (Process, Nodes) {
    let program = std::env::current_exe().expect("this program");
    let arguments = std::env::args().skip(1);
    let started =
        Command::new(program).arg(BE_THE_STUB).args(arguments).stdout(Stdio::piped()).spawn();
    let mut child = started.expect("this program starts");
    let mut url = String::new();
    let told = child.stdout.take().expect("is piped");
    BufReader::new(told).read_line(&mut url).expect("it tells where it listens");
    (Process(child), nodes(url.trim().to_owned()))
}

/// The program's own arguments; if it was started to be the stub, it is that from here on.
pub fn if_asked(answers: impl FnOnce(&[String]) -> Arc<Answers>) -> Vec<String> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_none_or(|first| first != BE_THE_STUB) {
        return arguments;
    }
    let answers = answers(&arguments.split_off(1));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    println!("http://{}", listener.local_addr().expect("bound"));
    run(listener, answers);
    arguments
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn nodes(url: String) -> Nodes {
    let limits = Limits { requests_per_second_per_node: 10_000_000, ..Limits::default() };
    Nodes::new(vec![Endpoint { url, headers: vec![] }], limits).expect("a valid URL")
}

fn run(listener: TcpListener, answers: Arc<Answers>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(serve(listener, answers));
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
                Ok::<_, Infallible>(Response::new(answer(&body, &*answers)))
            }
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(body: &[u8], answers: &Answers) -> Written {
    let asked: Value = serde_json::from_slice(body).expect("JSON");
    let mut out = Written::default();
    let one = |call: &Value, out: &mut Written| {
        write!(out, r#"{{"jsonrpc":"2.0","id":{},"result":"#, call["id"]).expect("memory");
        answers(call["method"].as_str().unwrap_or_default(), &call["params"], out);
        out.push_str("}");
    };
    match asked.as_array() {
        None => one(&asked, &mut out),
        Some(calls) => {
            for (at, call) in calls.iter().enumerate() {
                out.push_str(if at == 0 { "[" } else { "," });
                one(call, &mut out);
            }
            out.push_str("]");
        }
    }
    out.end_piece();
    out
}

impl Written {
    pub fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A part that is not copied.
    pub fn push_written(&mut self, part: &Bytes) {
        self.end_piece();
        self.pieces.push_back(part.clone());
    }

    fn end_piece(&mut self) {
        if !self.text.is_empty() {
            self.pieces.push_back(std::mem::take(&mut self.text).into());
        }
    }
}

impl std::fmt::Write for Written {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.text.write_str(text)
    }
}

impl Body for Written {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.pieces.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.pieces.iter().map(|piece| piece.len() as u64).sum())
    }
}

/// How long all threads of this process have run on a processor, in microseconds, where the system
/// tells.
pub fn processor_time_us() -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let ran_ns = |thread: std::fs::DirEntry| {
        let told = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        told.split(' ').next()?.parse::<u64>().ok()
    };
    threads.filter_map(ran_ns).sum::<u64>() / 1_000
}

/// A line of the process's own status, in KiB: `VmRSS` now, `VmHWM` at most.
pub fn memory_kib(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|text| text.strip_prefix(line));
    found.and_then(|text| text.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
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
pub fn block(number: u64, bloom: &str, transactions: &Bytes, out: &mut Written) {
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
        "transactions":"#,
        1_700_000_000 + number
    )
    .expect("memory");
    out.push_written(transactions);
    out.push_str("}");
}
