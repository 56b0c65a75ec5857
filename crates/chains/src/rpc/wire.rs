//! Connections to nodes: resolve, connect, then TLS where the URL says https.
//!
//! Which version of HTTP is spoken is agreed on in the TLS handshake; without TLS it is HTTP/1.1.
//!
//! Invariant: making one takes at most `CONNECT_MAX`, and each address its share of that.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tower::Service;

use super::dial::first_that_answers;
use super::failure::Failure;

const CONNECT_MAX: Duration = Duration::from_secs(5);

/// What the client's pool calls for a new connection.
#[derive(Clone)]
pub(super) struct Connector {
    tls: TlsConnector,
}

impl Connector {
    pub fn new(roots: RootCertStore) -> Connector {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Connector { tls: TlsConnector::from(Arc::new(tls)) }
    }
}

impl Service<Uri> for Connector {
    type Response = TokioIo<Wire>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<TokioIo<Wire>, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(connect(self.tls.clone(), uri))
    }
}

/// A connection's bytes, with or without TLS around them.
pub(super) struct Wire {
    stream: Box<dyn Stream>,
    speaks_http2: bool,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn connect(tls: TlsConnector, uri: Uri) -> Result<TokioIo<Wire>, Failure> {
    let connected = timeout(CONNECT_MAX, connect_unbounded(tls, uri)).await;
    connected.unwrap_or(Err(Failure::TimedOut))
}

async fn connect_unbounded(tls: TlsConnector, uri: Uri) -> Result<TokioIo<Wire>, Failure> {
    let until = Instant::now() + CONNECT_MAX;
    let is_tls = uri.scheme_str() == Some("https");
    // A URI keeps the brackets of an IPv6 address, which neither a resolver nor TLS wants.
    let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let addresses = lookup_host((host, port)).await.map_err(|_| Failure::Unreachable)?;
    let stream = first_that_answers(&addresses.collect::<Vec<_>>(), until).await;
    let stream = stream.map_err(|error| connect_failure(&error))?;
    // A request is written at once and whole.
    let _ = stream.set_nodelay(true);
    if !is_tls {
        return Ok(TokioIo::new(Wire { stream: Box::new(stream), speaks_http2: false }));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| Failure::Unreachable)?;
    let stream = tls.connect(name, stream).await.map_err(|error| tls_failure(&error))?;
    let speaks_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(TokioIo::new(Wire { stream: Box::new(stream), speaks_http2 }))
}

fn connect_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::TimedOut => Failure::TimedOut,
        _ => Failure::Unreachable,
    }
}

fn tls_failure(error: &io::Error) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(_) => Failure::Tls,
        None => Failure::Broken,
    }
}

impl Connection for Wire {
    fn connected(&self) -> Connected {
        if self.speaks_http2 { Connected::new().negotiated_h2() } else { Connected::new() }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_shutdown(context)
    }
}
