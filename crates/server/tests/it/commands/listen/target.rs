//! What a developer's own server does with what it is posted: it can be stopped, with everybody
//! who is connected, and go on at the same port.

use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
pub struct Received {
    headers: HeaderMap,
    pub body: String,
}

impl Received {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}"));
        value.to_str().expect("ASCII")
    }
}

#[derive(Default)]
struct Inside {
    received: Mutex<Vec<Received>>,
    answer: AtomicU16,
    answer_bytes: AtomicUsize,
    /// How many different events have arrived.
    count: watch::Sender<usize>,
}

pub struct Target {
    pub url: String,
    port: u16,
    inside: Arc<Inside>,
    serving: Option<JoinHandle<()>>,
}

impl Target {
    pub async fn start() -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let inside = Arc::new(Inside { answer: AtomicU16::new(200), ..Inside::default() });
        let serving = Some(tokio::spawn(serve_all(listener, inside.clone())));
        Target { url: format!("http://127.0.0.1:{port}/hook?a=b"), port, inside, serving }
    }

    /// What it answers from now on.
    pub fn answer(&self, status: u16) {
        self.inside.answer.store(status, Ordering::SeqCst);
    }

    /// With a body of so many bytes.
    pub fn answer_bytes(&self, bytes: usize) {
        self.inside.answer_bytes.store(bytes, Ordering::SeqCst);
    }

    /// Closes its port and all connections.
    pub async fn stop(&mut self) {
        let Some(serving) = self.serving.take() else { return };
        serving.abort();
        assert!(serving.await.is_err_and(|error| error.is_cancelled()));
    }

    pub async fn go_on(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.expect("the same port");
        self.serving = Some(tokio::spawn(serve_all(listener, self.inside.clone())));
    }

    pub fn received(&self) -> Vec<Received> {
        self.inside.received.lock().expect("no panic holds this lock").clone()
    }

    /// Waits until so many different events have arrived.
    pub async fn until(&self, wanted: usize) {
        let mut count = self.inside.count.subscribe();
        let waiting = count.wait_for(|count| *count >= wanted);
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "more is awaited, and this came: {:?}", self.received());
    }
}

/// Dropped, it takes its connections with it.
async fn serve_all(listener: TcpListener, inside: Arc<Inside>) {
    let router = Router::new().route("/hook", post(receive)).with_state(inside);
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            let _ = builder.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn receive(
    State(inside): State<Arc<Inside>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, String) {
    let body = String::from_utf8(body.to_vec()).expect("UTF-8");
    let mut all = inside.received.lock().expect("no panic holds this lock");
    all.push(Received { headers, body });
    let mut bodies: Vec<&str> = all.iter().map(|one| one.body.as_str()).collect();
    bodies.sort_unstable();
    bodies.dedup();
    inside.count.send_replace(bodies.len());
    let status = StatusCode::from_u16(inside.answer.load(Ordering::SeqCst)).expect("a status");
    (status, "x".repeat(inside.answer_bytes.load(Ordering::SeqCst)))
}
