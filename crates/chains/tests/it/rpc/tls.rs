//! Nodes behind TLS: HTTP/2 where the node speaks it, and no answer from a stranger.

use std::sync::Arc;

use chains::rpc::{Nodes, RpcError};
use hyper::Version;
use rcgen::CertifiedKey;
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use serde_json::json;
use tokio_rustls::TlsAcceptor;

use super::{endpoint, limits, who};
use crate::fault::Faulty;

async fn node_that_speaks(protocols: &[&str]) -> (Faulty, RootCertStore) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("they belong together");
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (Faulty::json_rpc_over_tls(acceptor, |_, _| Ok(json!(3))).await, roots)
}

#[tokio::test]
async fn the_version_of_http_is_what_the_node_speaks() {
    for (protocols, expected) in [
        (["h2", "http/1.1"].as_slice(), Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let (one, roots) = node_that_speaks(protocols).await;
        let endpoints = vec![endpoint(&one.url)];
        let nodes = Nodes::trusting(roots, endpoints, limits()).expect("valid URL");
        assert_eq!(who(&nodes).await, Ok(3));
        assert_eq!(one.asked()[0].version, expected);
    }
}

#[tokio::test]
async fn a_certificate_of_a_stranger_is_not_trusted() {
    let (one, _) = node_that_speaks(&["h2"]).await;
    let nodes = Nodes::new(vec![endpoint(&one.url)], limits()).expect("valid URL");
    let name = one.url.replace("https://", "");
    let words = format!("{name} has no valid TLS certificate");
    assert_eq!(who(&nodes).await, Err(RpcError::Unavailable(words)));
    assert!(one.asked().is_empty());
}
