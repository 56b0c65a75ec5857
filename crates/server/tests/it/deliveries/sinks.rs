//! Receivers of webhooks, real servers on loopback: well-behaved ones, and some that are not.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, Version};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Router, extract::Request};
use domain::webhook_endpoint::WebhookSecret;
use hmac::{Hmac, Mac as _};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use rcgen::{CertificateParams, DistinguishedName, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// One request as it came in.
#[derive(Clone, Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: String,
    pub version: Version,
    /// Who sent it: another one for each connection.
    pub peer: SocketAddr,
}

impl Received {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no {name}"));
        value.to_str().expect("ASCII")
    }

    pub fn event(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn event_id(&self) -> String {
        self.event()["id"].as_str().expect("an id").to_owned()
    }
}

type Answer = Arc<dyn Fn(usize) -> Response + Send + Sync>;

#[derive(Clone)]
struct Inside {
    received: Arc<Mutex<Vec<Received>>>,
    answer: Answer,
}

/// A receiver that writes down what it gets.
pub struct Sink {
    pub url: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Sink {
    pub async fn start() -> Sink {
        Sink::answering(|_| StatusCode::OK.into_response()).await
    }

    /// Answers the first request by `answer(0)`, and so on.
    pub async fn answering(answer: impl Fn(usize) -> Response + Send + Sync + 'static) -> Sink {
        let (sink, inside) = Sink::new("http", answer).await;
        let service = router(inside.0).into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(inside.1, service).await });
        sink
    }

    /// Over TLS with a certificate for localhost; HTTP/2 if `protocols` says so.
    pub async fn with_tls(authority: &Authority, protocols: &[&str], validity: Validity) -> Sink {
        let (sink, (inside, listener)) =
            Sink::new("https", |_| StatusCode::OK.into_response()).await;
        let acceptor = authority.acceptor(protocols, validity);
        let router = router(inside);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let router = router.clone().layer(Extension(ConnectInfo(peer)));
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = TowerToHyperService::new(router);
                    let builder =
                        hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        sink
    }

    async fn new(
        scheme: &str,
        answer: impl Fn(usize) -> Response + Send + Sync + 'static,
    ) -> (Sink, (Inside, TcpListener)) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let inside = Inside { received: received.clone(), answer: Arc::new(answer) };
        (
            Sink { url: format!("{scheme}://localhost:{port}/hook?a=b"), received },
            (inside, listener),
        )
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no panic holds this lock").clone()
    }

    pub fn event_ids(&self) -> Vec<String> {
        self.received().iter().map(Received::event_id).collect()
    }
}

fn router(inside: Inside) -> Router {
    Router::new().route("/hook", post(receive)).with_state(inside)
}

async fn receive(State(inside): State<Inside>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let ConnectInfo(peer) = head.extensions.get().copied().expect("whoever serves says so");
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap_or_else(|_| Bytes::new());
    let (headers, version) = (head.headers, head.version);
    let received = Received { headers, body: text(&body), version, peer };
    let number = {
        let mut all = inside.received.lock().expect("no panic holds this lock");
        all.push(received);
        all.len() - 1
    };
    (inside.answer)(number)
}

fn text(body: &[u8]) -> String {
    String::from_utf8(body.to_vec()).expect("UTF-8")
}

/// A receiver below HTTP: `talk` gets each connection after the request's first bytes.
pub async fn raw<F>(talk: impl Fn(TcpStream) -> F + Send + Sync + 'static) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut first = [0; 64];
            let _ = stream.read(&mut first).await;
            tokio::spawn(talk(stream));
        }
    });
    format!("http://127.0.0.1:{port}/")
}

/// Answers 200 and so many bytes.
pub async fn pour(mut stream: TcpStream, bytes: usize) {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {bytes}\r\n\r\n");
    let chunk = vec![b'x'; 64 * 1024];
    let mut left = bytes;
    let mut written = stream.write_all(head.as_bytes()).await;
    while left > 0 && written.is_ok() {
        let now = left.min(chunk.len());
        written = stream.write_all(&chunk[..now]).await;
        left -= now;
    }
}

/// A port nobody listens on.
pub async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    format!("http://127.0.0.1:{}/", listener.local_addr().expect("an address").port())
}

/// The two signatures as their documents define them, written again without our code.
#[track_caller]
pub fn check_signatures(received: &Received, secret: &WebhookSecret) {
    use base64::Engine as _;
    let pepay = format!("{}.{}", received.header("x-pepay-timestamp"), received.body);
    let hex: String =
        hmac(secret.expose().as_bytes(), &pepay).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(received.header("x-pepay-signature"), hex);
    let key = base64::engine::general_purpose::STANDARD
        .decode(secret.expose().strip_prefix("whsec_").expect("its prefix"))
        .expect("base64");
    let (id, time) = (received.header("webhook-id"), received.header("webhook-timestamp"));
    let standard = hmac(&key, &format!("{id}.{time}.{}", received.body));
    let standard = base64::engine::general_purpose::STANDARD.encode(standard);
    let given = received.header("webhook-signature");
    assert!(given.split(' ').any(|one| one == format!("v1,{standard}")), "{given}");
    let timestamp_ms = received.header("x-pepay-timestamp").parse().expect("a number");
    let signature = received.header("x-pepay-signature");
    let body = received.body.as_bytes();
    assert!(domain::webhook_signature::verify(secret, body, timestamp_ms, signature));
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Whether a certificate is still valid.
#[derive(Clone, Copy)]
pub enum Validity {
    Now,
    Expired,
}

/// An authority for certificates of test receivers.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, as a file for `webhook_ca_file`.
    pub file: tempfile::NamedTempFile,
}

impl Authority {
    pub fn new() -> Authority {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name = DistinguishedName::new();
        let certificate = params.self_signed(&key).expect("a certificate");
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), certificate.pem()).expect("written");
        Authority { issuer: Issuer::new(params, key), file }
    }

    fn acceptor(&self, protocols: &[&str], validity: Validity) -> TlsAcceptor {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
        if let Validity::Expired = validity {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2021, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate and its key");
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}
