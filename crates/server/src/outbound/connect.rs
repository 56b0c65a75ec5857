//! Makes connections: resolve, look at the address, connect to exactly that one, then TLS.
//!
//! All of it within one bound. Which version of HTTP is spoken is agreed on in the TLS handshake;
//! without TLS it is HTTP/1.1.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use chains::rpc::first_that_answers;
use domain::webhook_endpoint::Reach;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, IpAddr, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use url::Host;

use super::Failure;
use super::guard::Guard;
use super::target::Origin;
use super::wire::Wire;
use crate::config::Config;

/// Which HTTP a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    Http1,
    Http2,
}

pub(super) struct Connector {
    guard: Guard,
    tls: TlsConnector,
    connect_max: Duration,
}

impl Connector {
    pub fn new(config: &Config, reach: Reach, connect_max: Duration) -> Connector {
        let roots = authorities(config.webhook_ca_file.as_deref()).unwrap_or_else(|error| {
            // The configuration was checked when it was read; the file went away since.
            tracing::error!(error = format!("{error:#}"), "webhook_ca_file is left out");
            public_authorities()
        });
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Connector {
            guard: Guard::new(config, reach),
            tls: TlsConnector::from(Arc::new(tls)),
            connect_max,
        }
    }

    pub async fn connect(&self, origin: &Origin) -> Result<(Wire, Speaks), Failure> {
        let connected = timeout(self.connect_max, self.connect_unbounded(origin)).await;
        connected.unwrap_or(Err(Failure::ConnectTimedOut))
    }

    async fn connect_unbounded(&self, origin: &Origin) -> Result<(Wire, Speaks), Failure> {
        let until = Instant::now() + self.connect_max;
        let addresses = self.guard.addresses(origin).await?;
        let stream = first_that_answers(&addresses, until).await;
        let stream = stream.map_err(|error| connect_failure(&error))?;
        // A request is written at once and whole.
        let _ = stream.set_nodelay(true);
        if !origin.is_tls {
            return Ok((Wire::Plain(stream), Speaks::Http1));
        }
        let stream = self.tls.connect(server_name(&origin.host)?, stream).await;
        let stream = stream.map_err(|error| tls_failure(&error))?;
        let speaks = match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Speaks::Http2,
            Some(_) | None => Speaks::Http1,
        };
        Ok((Wire::Tls(Box::new(stream)), speaks))
    }
}

fn connect_failure(error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::ConnectionRefused => Failure::Refused,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => Failure::Reset,
        ErrorKind::TimedOut => Failure::ConnectTimedOut,
        _ => Failure::Unreachable,
    }
}

fn tls_failure(error: &std::io::Error) -> Failure {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match (inner, error.kind()) {
        (Some(rustls::Error::InvalidCertificate(_)), _) => Failure::BadCertificate,
        (Some(rustls::Error::NoCertificatesPresented), _) => Failure::BadCertificate,
        (None, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => Failure::Reset,
        (Some(_) | None, _) => Failure::NoTls,
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, Failure> {
    match host {
        Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| Failure::NameUnknown),
        Host::Ipv4(address) => {
            Ok(ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V4(*address))))
        }
        Host::Ipv6(address) => {
            Ok(ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V6(*address))))
        }
    }
}

/// The authorities that receivers' certificates may come from: the public ones and the operator's.
pub fn authorities(file: Option<&Path>) -> anyhow::Result<RootCertStore> {
    let mut roots = public_authorities();
    let Some(path) = file else { return Ok(roots) };
    let reading = || format!("webhook_ca_file: {}", path.display());
    let mut count = 0;
    for certificate in CertificateDer::pem_file_iter(path).with_context(reading)? {
        roots.add(certificate.with_context(reading)?).with_context(reading)?;
        count += 1;
    }
    anyhow::ensure!(count > 0, "{} holds no certificate", reading());
    Ok(roots)
}

fn public_authorities() -> RootCertStore {
    RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() }
}
