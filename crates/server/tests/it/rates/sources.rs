//! Sources of prices: real servers on loopback that say what they are told, or nothing.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;
use tokio::net::TcpListener;

/// One question as it came in.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    /// With its query.
    pub path: String,
    pub headers: HeaderMap,
}

#[derive(Default)]
struct Inside {
    status: u16,
    body: String,
    asked: Vec<Asked>,
}

/// A source that answers every question alike.
pub struct Source {
    pub url: String,
    inside: Arc<Mutex<Inside>>,
}

impl Source {
    pub async fn saying(body: Value) -> Source {
        Source::saying_text(&body.to_string()).await
    }

    pub async fn saying_text(body: &str) -> Source {
        let inside = Inside { status: 200, body: body.to_owned(), asked: Vec::new() };
        let inside = Arc::new(Mutex::new(inside));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let router = Router::new().fallback(answer).with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Source { url: format!("http://127.0.0.1:{port}/prices"), inside }
    }

    /// A port nobody listens on.
    pub async fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        format!("http://127.0.0.1:{}/", listener.local_addr().expect("an address").port())
    }

    /// Takes connections and never says a word.
    pub async fn mute() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let mut held = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                held.push(stream);
            }
        });
        format!("http://localhost:{port}/")
    }

    /// From now on it answers 200 and this.
    pub fn say(&self, body: impl Into<String>) {
        let mut inside = self.inside.lock().expect("no panic holds this lock");
        (inside.status, inside.body) = (200, body.into());
    }

    /// From now on it answers this status, with the body it had.
    pub fn fail(&self, status: u16) {
        self.inside.lock().expect("no panic holds this lock").status = status;
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.inside.lock().expect("no panic holds this lock").asked.clone()
    }
}

async fn answer(State(inside): State<Arc<Mutex<Inside>>>, request: Request) -> Response {
    let mut inside = inside.lock().expect("no panic holds this lock");
    let path = request.uri().path_and_query().expect("a path").to_string();
    let (method, headers) = (request.method().clone(), request.headers().clone());
    inside.asked.push(Asked { method, path, headers });
    let status = StatusCode::from_u16(inside.status).expect("a status");
    (status, [("location", "/elsewhere")], inside.body.clone()).into_response()
}
