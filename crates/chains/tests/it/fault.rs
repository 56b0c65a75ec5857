//! A node that misbehaves on demand: one of our own with scripted answers, or a proxy in front of a
//! real one, with faults that are switched on for one request or until further notice.
//!
//! It stands for a provider's quirks (limits, half bodies, lies), not for a network: what is true
//! comes from the script or from the node behind. Every request is kept for the test to look at.
//!
//! Invariant: it listens on loopback only, and ends with whoever holds it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet, yield_now};
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path_and_query: String,
    pub version: Version,
    pub headers: HeaderMap,
    pub raw: Bytes,
    /// Null if the body is no JSON.
    pub body: Value,
}

/// What a script answers: a status and a body.
pub type Told = (u16, Value);

/// Makes something else of a true answer.
pub type Edit = Arc<dyn Fn(&Asked, Value) -> Value + Send + Sync>;

/// What goes wrong with a request.
#[derive(Clone)]
pub enum Fault {
    Status(u16),
    TooManyRequests {
        retry_after_s: u64,
    },
    /// This text instead of the answer.
    Says(String),
    HalfABody,
    /// Never answers.
    Hangs,
    /// Ends the connection instead of answering.
    HangsUp,
    /// A body that does not end.
    Endless,
    WrongIds,
    /// A batch's answers in reverse order.
    Reversed,
    /// Refuses batches with one JSON-RPC error; takes single calls.
    NoBatches,
    /// The true answer, changed: a lie.
    Edited(Edit),
    /// The node behind does what it is asked; whoever asked gets this status.
    StatusAfterwards(u16),
    /// The node behind does what it is asked; whoever asked is never answered.
    HangsAfterwards,
}

/// The node. Its faults are changed while it runs.
pub struct Faulty {
    /// Without a slash at its end.
    pub url: String,
    inner: Arc<Inner>,
    server: JoinHandle<()>,
}

struct Inner {
    truth: Truth,
    faults: Mutex<Faults>,
    seen: Mutex<Seen>,
}

enum Truth {
    Script(Box<dyn Fn(&Asked) -> Told + Send + Sync>),
    Node { client: Client<HttpConnector, Full<Bytes>>, url: String },
}

#[derive(Default)]
struct Faults {
    once: VecDeque<Fault>,
    /// Each with the word that a request must be about.
    always: Vec<(String, Fault)>,
}

#[derive(Default)]
struct Seen {
    asked: Vec<Asked>,
    under_way: usize,
    under_way_max: usize,
}

/// What a proxy answers when the node behind it does not.
const GONE: (u16, Bytes) = (502, Bytes::new());

type Body = BoxBody<Bytes, io::Error>;

impl Faulty {
    /// A node that answers over HTTP as the script says.
    pub async fn scripted(script: impl Fn(&Asked) -> Told + Send + Sync + 'static) -> Faulty {
        Faulty::start(Truth::Script(Box::new(script)), None).await
    }

    /// A node that answers JSON-RPC, single and batches, from a method and its parameters.
    pub async fn json_rpc(
        script: impl Fn(&str, &Value) -> Result<Value, (i64, String)> + Send + Sync + 'static,
    ) -> Faulty {
        Faulty::scripted(move |asked| (200, asked.answered_by(&script))).await
    }

    /// The same behind TLS, speaking HTTP/2 to who can.
    pub async fn json_rpc_over_tls(
        acceptor: TlsAcceptor,
        script: impl Fn(&str, &Value) -> Result<Value, (i64, String)> + Send + Sync + 'static,
    ) -> Faulty {
        let truth = Truth::Script(Box::new(move |asked| (200, asked.answered_by(&script))));
        Faulty::start(truth, Some(acceptor)).await
    }

    /// A proxy in front of a node at an `http://` URL, whose path is kept.
    pub async fn in_front_of(url: &str) -> Faulty {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let url = url.trim_end_matches('/').to_owned();
        Faulty::start(Truth::Node { client, url }, None).await
    }

    /// A URL that nobody listens at.
    pub async fn dead_url() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        format!("http://{}", listener.local_addr().expect("bound"))
    }

    async fn start(truth: Truth, tls: Option<TlsAcceptor>) -> Faulty {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address: SocketAddr = listener.local_addr().expect("bound");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let inner = Arc::new(Inner { truth, faults: Mutex::default(), seen: Mutex::default() });
        let server = tokio::spawn(listen(listener, tls, Arc::clone(&inner)));
        Faulty { url: format!("{scheme}://{address}"), inner, server }
    }

    /// The next request gets this fault; several wait in line.
    pub fn once(&self, fault: Fault) {
        self.inner.faults().once.push_back(fault);
    }

    /// Every request gets this fault.
    pub fn always(&self, fault: Fault) {
        self.always_for("", fault);
    }

    /// Every request whose path or JSON-RPC method contains this word gets this fault.
    pub fn always_for(&self, word: &str, fault: Fault) {
        self.inner.faults().always.push((word.to_owned(), fault));
    }

    /// No faults any more.
    pub fn heal(&self) {
        *self.inner.faults() = Faults::default();
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.inner.seen().asked.clone()
    }

    /// Requests that are not answered yet, and whose connection is open.
    pub fn under_way(&self) -> usize {
        self.inner.seen().under_way
    }

    /// The largest number of requests that were under way at once.
    pub fn under_way_max(&self) -> usize {
        self.inner.seen().under_way_max
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Asked {
    pub fn is_batch(&self) -> bool {
        self.body.is_array()
    }

    fn is_about(&self, word: &str) -> bool {
        let calls = self.body.as_array().map_or(std::slice::from_ref(&self.body), Vec::as_slice);
        let names = |call: &Value| call["method"].as_str().is_some_and(|name| name.contains(word));
        self.path_and_query.contains(word) || calls.iter().any(names)
    }

    fn answered_by(&self, script: &impl Fn(&str, &Value) -> Result<Value, (i64, String)>) -> Value {
        let one = |call: &Value| {
            let (id, method) = (&call["id"], call["method"].as_str().unwrap_or_default());
            match script(method, &call["params"]) {
                Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
                Err((code, message)) => json!({
                    "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message },
                }),
            }
        };
        match &self.body {
            Value::Array(calls) => calls.iter().map(one).collect(),
            call => one(call),
        }
    }
}

impl Inner {
    fn faults(&self) -> std::sync::MutexGuard<'_, Faults> {
        self.faults.lock().expect("no panic holds this lock")
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().expect("no panic holds this lock")
    }

    fn fault(&self, asked: &Asked) -> Option<Fault> {
        let mut faults = self.faults();
        let once = faults.once.pop_front();
        once.or_else(|| {
            let mut always = faults.always.iter();
            always.find(|(word, _)| asked.is_about(word)).map(|(_, fault)| fault.clone())
        })
    }

    async fn truth(&self, asked: &Asked) -> (u16, Bytes) {
        match &self.truth {
            Truth::Script(script) => {
                let (status, body) = script(asked);
                (status, body.to_string().into())
            }
            Truth::Node { client, url } => {
                let mut request = Request::new(Full::new(asked.raw.clone()));
                *request.method_mut() = asked.method.parse().expect("it was one");
                let uri = format!("{url}{}", asked.path_and_query.trim_end_matches('/'));
                *request.uri_mut() = uri.parse().expect("a URL and a path");
                *request.headers_mut() = asked.headers.clone();
                for name in [HOST, CONTENT_LENGTH] {
                    request.headers_mut().remove(name);
                }
                let Ok(response) = client.request(request).await else { return GONE };
                let status = response.status().as_u16();
                response.into_body().collect().await.map_or(GONE, |body| (status, body.to_bytes()))
            }
        }
    }

    async fn answer(&self, asked: Asked) -> io::Result<Response<Body>> {
        let Some(fault) = self.fault(&asked) else {
            let (status, body) = self.truth(&asked).await;
            return Ok(response(status, body));
        };
        let json = |body: &Value| Ok(response(200, body.to_string().into()));
        match fault {
            Fault::Status(status) => Ok(response(status, "trouble".into())),
            Fault::TooManyRequests { retry_after_s } => {
                let mut response = response(429, "slow down".into());
                response.headers_mut().insert(RETRY_AFTER, retry_after_s.into());
                Ok(response)
            }
            Fault::Says(text) => Ok(response(200, text.into())),
            Fault::HalfABody => {
                let (status, body) = self.truth(&asked).await;
                let half = Frame::data(body.slice(..body.len() / 2));
                let pieces = [Ok(half), Err(io::ErrorKind::BrokenPipe.into())];
                let mut response = response(status, Bytes::new());
                response.headers_mut().insert(CONTENT_LENGTH, body.len().into());
                *response.body_mut() = StreamBody::new(stream::iter(pieces)).boxed();
                Ok(response)
            }
            Fault::Hangs => std::future::pending().await,
            Fault::HangsUp => Err(io::ErrorKind::ConnectionReset.into()),
            Fault::Endless => {
                let piece = || Ok(Frame::data(Bytes::from_static(&[b' '; 4_096])));
                let mut response = response(200, Bytes::new());
                *response.body_mut() = StreamBody::new(stream::repeat_with(piece)).boxed();
                Ok(response)
            }
            Fault::WrongIds => {
                let mut body = self.true_json(&asked).await;
                let answers = body.as_array_mut();
                match answers {
                    Some(answers) => answers.iter_mut().for_each(|one| one["id"] = json!(0)),
                    None => body["id"] = json!(0),
                }
                json(&body)
            }
            Fault::Reversed => {
                let mut body = self.true_json(&asked).await;
                if let Some(answers) = body.as_array_mut() {
                    answers.reverse();
                }
                json(&body)
            }
            Fault::NoBatches if asked.is_batch() => json(&json!({
                "jsonrpc": "2.0", "id": null,
                "error": { "code": -32_600, "message": "batches are not supported" },
            })),
            Fault::NoBatches => json(&self.true_json(&asked).await),
            Fault::StatusAfterwards(status) => {
                self.truth(&asked).await;
                Ok(response(status, "trouble".into()))
            }
            Fault::HangsAfterwards => {
                self.truth(&asked).await;
                std::future::pending().await
            }
            Fault::Edited(edit) => {
                let body = self.true_json(&asked).await;
                json(&edit(&asked, body))
            }
        }
    }

    async fn true_json(&self, asked: &Asked) -> Value {
        serde_json::from_slice(&self.truth(asked).await.1).unwrap_or_default()
    }

    async fn serve(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let raw = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let asked = Asked {
            method: head.method.to_string(),
            path_and_query: path,
            version: head.version,
            headers: head.headers,
            body: serde_json::from_slice(&raw).unwrap_or_default(),
            raw,
        };
        let _under_way = UnderWay::begin(self, asked.clone());
        // Others that are let through at the same time get here, too, before this one is answered.
        for _ in 0..20 {
            yield_now().await;
        }
        self.answer(asked).await
    }
}

struct UnderWay<'a>(&'a Inner);

impl UnderWay<'_> {
    fn begin(inner: &Inner, asked: Asked) -> UnderWay<'_> {
        let mut seen = inner.seen();
        seen.asked.push(asked);
        seen.under_way += 1;
        seen.under_way_max = seen.under_way_max.max(seen.under_way);
        UnderWay(inner)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.seen().under_way -= 1;
    }
}

fn response(status: u16, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Full::new(body).map_err(infallible).boxed());
    *response.status_mut() = status.try_into().expect("a status");
    response.headers_mut().insert(CONTENT_TYPE, "application/json".parse().expect("a value"));
    response
}

fn infallible(never: Infallible) -> io::Error {
    match never {}
}

async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, inner: Arc<Inner>) {
    // Dropped with this task, and the connections with it.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        connections.spawn(connection(stream, tls.clone(), Arc::clone(&inner)));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, inner: Arc<Inner>) {
    match tls {
        None => speak(stream, inner).await,
        Some(tls) => {
            // A client that does not trust the certificate hangs up.
            if let Ok(stream) = tls.accept(stream).await {
                speak(stream, inner).await;
            }
        }
    }
}

async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, inner: Arc<Inner>) {
    let service = service_fn(move |request| {
        let inner = Arc::clone(&inner);
        async move { inner.serve(request).await }
    });
    // It ends as the client or a fault wants.
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
