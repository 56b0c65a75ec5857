//! TLS to PostgreSQL, after the words of its own clients: `sslmode` and `sslrootcert` in the URL.
//!
//! `disable` never asks for TLS; `prefer` (the default) takes it where it is offered; `require`
//! insists on it. Neither of those two looks at the certificate unless `sslrootcert` names the
//! authorities to trust. `verify-full` always does: the chain and the host's name, by that file,
//! else by the public authorities.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};

use crate::error::StoreError;

/// Where the authorities are and whether they must vouch for the server.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wish {
    authorities: Option<String>,
    is_verified: bool,
}

/// Makes TLS connections for every connection of one target.
#[derive(Clone)]
pub(super) struct Tls {
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Reads the words about TLS out of a URL; answers the URL as the driver understands it.
    pub fn of(url: &str) -> Result<(Tls, String), StoreError> {
        let (wish, url) = read(url)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("ring knows the default versions of TLS");
        let config = if wish.is_verified {
            let roots = authorities(wish.authorities.as_deref())?;
            builder.with_root_certificates(roots).with_no_client_auth()
        } else {
            let anybody = Arc::new(Anybody { provider });
            builder.dangerous().with_custom_certificate_verifier(anybody).with_no_client_auth()
        };
        Ok((Tls { config: Arc::new(config) }, url))
    }
}

fn misconfigured(text: String) -> StoreError {
    StoreError::Misconfigured(text)
}

/// Takes out of the query what the driver does not know.
fn read(url: &str) -> Result<(Wish, String), StoreError> {
    let mut wish = Wish::default();
    let Some((address, query)) = url.split_once('?') else { return Ok((wish, url.to_owned())) };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", "verify-full")) => {
                wish.is_verified = true;
                rest.push("sslmode=require");
            }
            Some(("sslmode", "disable" | "prefer" | "require")) => rest.push(pair),
            Some(("sslmode", _)) => {
                let text = "sslmode must be disable, prefer, require or verify-full";
                return Err(misconfigured(text.to_owned()));
            }
            Some(("sslrootcert", path)) if path.contains('%') => {
                let text = "sslrootcert must be a path without escapes";
                return Err(misconfigured(text.to_owned()));
            }
            Some(("sslrootcert", path)) => {
                wish.authorities = Some(path.to_owned());
                wish.is_verified = true;
            }
            Some(_) | None => rest.push(pair),
        }
    }
    let query = rest.join("&");
    let url = if query.is_empty() { address.to_owned() } else { format!("{address}?{query}") };
    Ok((wish, url))
}

fn authorities(file: Option<&str>) -> Result<RootCertStore, StoreError> {
    let Some(path) = file else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let broken = |why: String| misconfigured(format!("sslrootcert {path}: {why}"));
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(Path::new(path));
    for certificate in certificates.map_err(|error| broken(error.to_string()))? {
        let certificate = certificate.map_err(|error| broken(error.to_string()))?;
        roots.add(certificate).map_err(|error| broken(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(broken("holds no certificate".to_owned()));
    }
    Ok(roots)
}

/// Whoever answers is taken for the database, as `prefer` and `require` mean it. What it signs
/// must still be signed by the key of the certificate it shows.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl<S> MakeTlsConnect<S> for Tls
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type TlsConnect = Handshake;
    type Error = InvalidDnsNameError;

    fn make_tls_connect(&mut self, host: &str) -> Result<Handshake, InvalidDnsNameError> {
        let name = ServerName::try_from(host.to_owned())?;
        Ok(Handshake { config: Arc::clone(&self.config), name })
    }
}

/// One handshake to be made.
pub(super) struct Handshake {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl<S> TlsConnect<S> for Handshake
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    type Stream = Stream<S>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream<S>>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        let connecting = tokio_rustls::TlsConnector::from(self.config).connect(self.name, stream);
        Box::pin(async move { connecting.await.map(|inner| Stream { inner: Box::new(inner) }) })
    }
}

/// An encrypted connection.
pub(super) struct Stream<S> {
    inner: Box<tokio_rustls::client::TlsStream<S>>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> TlsStream for Stream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, authorities: Option<&str>, is_verified: bool, driver: &str) {
        let (wish, url) = read(&format!("postgres://u:p@h/d{query}")).expect("reads");
        let authorities = authorities.map(str::to_owned);
        assert_eq!(wish, Wish { authorities, is_verified });
        assert_eq!(url, format!("postgres://u:p@h/d{driver}"));
    }

    #[test]
    fn the_words_of_the_url() {
        check("", None, false, "");
        check("?sslmode=prefer", None, false, "?sslmode=prefer");
        check("?sslmode=require", None, false, "?sslmode=require");
        check("?sslmode=verify-full", None, true, "?sslmode=require");
        check("?sslrootcert=/a/b.pem", Some("/a/b.pem"), true, "");
        check(
            "?connect_timeout=2&sslmode=require&sslrootcert=/ca",
            Some("/ca"),
            true,
            "?connect_timeout=2&sslmode=require",
        );
        for query in ["?sslmode=verify-ca", "?sslmode=", "?sslrootcert=%2Fca"] {
            assert!(read(&format!("postgres://h/d{query}")).is_err(), "{query}");
        }
    }
}
