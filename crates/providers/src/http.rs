//! HTTP to a provider: one exchange over a connection of its own, bounded in time and in bytes.
//!
//! Providers are asked a few times a second at most, so no connection is kept. Redirects are not
//! followed, for they would carry our key elsewhere.
//!
//! Invariant: no error says anything in the provider's words.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::ramp::ProviderError;

const CONNECT_MAX: Duration = Duration::from_secs(5);
const BODY_BYTES_MAX: usize = 1 << 20;

/// An answer with its whole body.
pub struct Reply {
    pub status: u16,
    pub body: Bytes,
}

#[derive(Clone)]
pub struct Http {
    tls: TlsConnector,
    exchange_max: Duration,
}

impl Http {
    pub fn new(exchange_max: Duration) -> Http {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Http { tls: TlsConnector::from(Arc::new(tls)), exchange_max }
    }

    /// One request and its whole answer.
    pub async fn exchange(
        &self,
        url: &Url,
        request: Request<Full<Bytes>>,
    ) -> Result<Reply, ProviderError> {
        let exchanged = timeout(self.exchange_max, self.unbounded(url, request)).await;
        exchanged.unwrap_or(Err(ProviderError::TimedOut))
    }

    async fn unbounded(
        &self,
        url: &Url,
        request: Request<Full<Bytes>>,
    ) -> Result<Reply, ProviderError> {
        let host = url.host_str().ok_or(ProviderError::Unreachable)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = url.port_or_known_default().ok_or(ProviderError::Unreachable)?;
        let connecting = timeout(CONNECT_MAX, TcpStream::connect((host.as_str(), port)));
        let stream = connecting.await.map_err(|_| ProviderError::TimedOut)?;
        let stream = stream.map_err(|_| ProviderError::Unreachable)?;
        let _ = stream.set_nodelay(true);
        if url.scheme() != "https" {
            return speak(stream, request).await;
        }
        let name = ServerName::try_from(host).map_err(|_| ProviderError::Unreachable)?;
        let stream = self.tls.connect(name, stream).await;
        speak(stream.map_err(|_| ProviderError::Unreachable)?, request).await
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    request: Request<Full<Bytes>>,
) -> Result<Reply, ProviderError> {
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| ProviderError::Unreachable)?;
    let asked = async {
        let response = sender.send_request(request).await;
        let response = response.map_err(|_| ProviderError::Unreachable)?;
        let status = response.status().as_u16();
        let body = body(response).await?;
        Ok(Reply { status, body })
    };
    tokio::pin!(asked);
    tokio::select! {
        reply = &mut asked => reply,
        // The connection's own end: whatever it still owes is answered, or is not coming.
        _ = connection => asked.await,
    }
}

async fn body(response: Response<Incoming>) -> Result<Bytes, ProviderError> {
    let mut incoming = response.into_body();
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(piece) = frame.map_err(|_| ProviderError::Unreachable)?.into_data() else {
            continue;
        };
        if body.len() + piece.len() > BODY_BYTES_MAX {
            return Err(ProviderError::Malformed);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.freeze())
}
