//! A PostgreSQL database of a test's own, and a line to it that a test can cut.

use std::net::SocketAddr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use uuid::Uuid;

/// Made on the PostgreSQL of the tests; it goes with the value.
pub struct Database {
    pub url: String,
    server: String,
    name: String,
}

impl Database {
    pub async fn create() -> Database {
        let server = std::env::var("PEPAY_TEST_POSTGRES");
        let server = server.expect("PEPAY_TEST_POSTGRES is set by `cargo xtask test`");
        let fresh: Uuid = server::clock::Clock::System.fresh().uuid();
        let name = format!("house_{}", fresh.simple());
        execute(&server, &format!("CREATE DATABASE {name}")).await;
        let (base, _) = server.rsplit_once('/').expect("the URL names a database");
        Database { url: format!("{base}/{name}"), server, name }
    }

    /// The leases of processes that died end now, as they would by themselves some seconds later.
    pub async fn end_leases(&self) {
        execute(&self.url, "UPDATE slots SET leased_until = 0").await;
    }

    /// Ends the connections that tell which processes are alive; each is made anew.
    pub async fn end_sessions_with_locks(&self) {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_locks \
                   JOIN pg_database ON oid = database \
                   WHERE datname = current_database() AND locktype = 'advisory'";
        execute(&self.url, sql).await;
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // The test's own runtime is ending: a thread of its own drops the database.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let sql = format!("DROP DATABASE {name} WITH (FORCE)");
            runtime.expect("a runtime").block_on(execute(&server, &sql));
        });
        let _ = dropping.join();
    }
}

async fn execute(server: &str, sql: &str) {
    let connected = tokio_postgres::connect(server, tokio_postgres::NoTls).await;
    let (client, connection) = connected.expect("PostgreSQL answers");
    let driver = tokio::spawn(connection);
    client.batch_execute(sql).await.expect("runs");
    drop(client);
    let _ = driver.await;
}

/// How the line to the database is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Good,
    /// Connections are reset, also new ones.
    Cut,
    /// Nothing arrives any more, and nothing says so.
    Silent,
}

/// A TCP proxy in front of the database. Whenever it is set, what was connected before ends.
pub struct Proxy {
    pub url: String,
    line: watch::Sender<Line>,
}

impl Proxy {
    pub async fn start(database_url: &str) -> Proxy {
        let parsed = url::Url::parse(database_url).expect("a URL");
        let host = parsed.host_str().expect("a host").to_owned();
        let target = (host, parsed.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address: SocketAddr = listener.local_addr().expect("an address");
        let (line, changes) = watch::channel(Line::Good);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, target.clone(), changes.clone()));
            }
        });
        let mut url = parsed;
        url.set_host(Some("127.0.0.1")).expect("takes a host");
        url.set_port(Some(address.port())).expect("takes a port");
        Proxy { url: url.into(), line }
    }

    /// Also where the line was so already: then connections are cut once.
    pub fn set(&self, line: Line) {
        self.line.send_replace(line);
    }
}

async fn carry(mut client: TcpStream, target: (String, u16), mut changes: watch::Receiver<Line>) {
    let line = *changes.borrow_and_update();
    if line == Line::Good {
        let mut server = TcpStream::connect(target).await.expect("PostgreSQL listens");
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = changes.changed() => {}
        }
        let line = *changes.borrow_and_update();
        if line == Line::Silent {
            let _ = changes.changed().await;
        }
        let _ = server.set_zero_linger();
    } else if line == Line::Silent {
        let _ = changes.changed().await;
    }
    let _ = client.set_zero_linger();
}
