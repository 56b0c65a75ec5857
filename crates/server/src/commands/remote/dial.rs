//! Connections to servers that whoever types the command has named: plain, or over TLS.
//!
//! Unlike the way out to strangers (`outbound`) nothing is forbidden here: a developer may reach
//! whatever his machine reaches.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::outbound::{Wire, authorities};

const CONNECT_MAX: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Dialer {
    tls: TlsConnector,
}

impl Dialer {
    /// Trusts the public authorities and those in the file.
    pub fn new(ca_file: Option<&Path>) -> anyhow::Result<Dialer> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions of TLS")
            .with_root_certificates(authorities(ca_file).context("--ca-file")?)
            .with_no_client_auth();
        // Websockets are upgrades of it, and one request at a time needs no more.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Dialer { tls: TlsConnector::from(Arc::new(config)) })
    }

    pub async fn dial(&self, url: &Url) -> anyhow::Result<Wire> {
        timeout(CONNECT_MAX, self.dial_unbounded(url)).await.context("connecting took too long")?
    }

    async fn dial_unbounded(&self, url: &Url) -> anyhow::Result<Wire> {
        let host = url.host().context("the URL has no host")?;
        let port = url.port_or_known_default().context("the URL has no port")?;
        let stream = match host {
            Host::Domain(name) => TcpStream::connect((name, port)).await,
            Host::Ipv4(address) => TcpStream::connect((address, port)).await,
            Host::Ipv6(address) => TcpStream::connect((address, port)).await,
        }?;
        // A request is written at once and whole.
        let _ = stream.set_nodelay(true);
        if url.scheme() == "http" {
            return Ok(Wire::Plain(stream));
        }
        let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).context("the host is no name for TLS")?;
        Ok(Wire::Tls(Box::new(self.tls.connect(name, stream).await?)))
    }
}
