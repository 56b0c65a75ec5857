//! TLS to PostgreSQL: a server that insists on it, and what each `sslmode` makes of that.
//!
//! The server is the tests' own PostgreSQL behind a front that takes TLS only, with a certificate
//! of an authority nobody but this test knows.

use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use store::{Store, StoreConfig, StoreError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::engines::{on_postgres, server_address, through_port};
use crate::given::claiming;

/// What a client sends to ask for TLS.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// A front of PostgreSQL that speaks TLS only; its port, and its certificate as a file has it.
async fn front(name: &str) -> (u16, String) {
    let made = generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
    let CertifiedKey { cert, signing_key } = made;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a key and its certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("bound").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(carry(client, acceptor.clone()));
        }
    });
    (port, cert.pem())
}

async fn carry(mut client: TcpStream, acceptor: TlsAcceptor) {
    let mut first = [0; 8];
    if client.read_exact(&mut first).await.is_err() || first != ASKS_FOR_TLS {
        // Whoever does not ask for TLS is not served.
        return;
    }
    client.write_all(b"S").await.expect("the client waits");
    let Ok(mut client) = acceptor.accept(client).await else { return };
    let mut server = TcpStream::connect(server_address()).await.expect("PostgreSQL listens");
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

async fn opens(url: &str, port: u16, query: &str) -> Result<(), StoreError> {
    let (base, _) = url.split_once('?').unwrap_or((url, ""));
    let url = format!("{}?{query}", through_port(base, port));
    let config = StoreConfig { unavailable_after_ms: 1_500, ..StoreConfig::new(url) };
    let store = Store::open(config).await?;
    store.commit(claiming(query)).await.expect("commits");
    store.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sslmode_does_what_it_says() {
    on_postgres(async |database| {
        let (host, _) = server_address();
        let (port, pem) = front(&host).await;
        let (other_port, other_pem) = front("elsewhere.example").await;
        let directory = tempfile::tempdir().expect("a directory");
        let file = |name: &str, text: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, text).expect("writes");
            path.display().to_string()
        };
        let (own, other) = (file("own.pem", &pem), file("other.pem", &other_pem));
        let empty = file("empty.pem", "");
        let attempt = async |port: u16, query: String| opens(&database.url, port, &query).await;
        for query in [
            "sslmode=prefer".to_owned(),
            "sslmode=require".to_owned(),
            format!("sslmode=require&sslrootcert={own}"),
            format!("sslmode=verify-full&sslrootcert={own}"),
        ] {
            assert_eq!(attempt(port, query.clone()).await, Ok(()), "{query}");
        }
        for (port, query) in [
            (port, "sslmode=disable".to_owned()),
            // Public authorities do not know it.
            (port, "sslmode=verify-full".to_owned()),
            (port, format!("sslmode=verify-full&sslrootcert={other}")),
            (port, format!("sslmode=require&sslrootcert={other}")),
            // Known, but of another host.
            (other_port, format!("sslmode=verify-full&sslrootcert={other}")),
        ] {
            let refused = attempt(port, query.clone()).await;
            assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{query}: {refused:?}");
        }
        for query in [
            format!("sslmode=verify-full&sslrootcert={empty}"),
            "sslmode=verify-full&sslrootcert=/nowhere.pem".to_owned(),
            "sslmode=perhaps".to_owned(),
        ] {
            let refused = attempt(port, query.clone()).await;
            assert!(matches!(refused, Err(StoreError::Misconfigured(_))), "{query}: {refused:?}");
        }
    })
    .await;
}
