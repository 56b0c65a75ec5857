//! One harness for both engines: a new database per test and engine, dropped at its end.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use futures_util::FutureExt as _;
use store::{Store, StoreConfig};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

const VARIABLE: &str = "PEPAY_TEST_POSTGRES";

/// A database that one test owns.
pub struct Database {
    pub url: String,
    /// Where a SQLite file is; for PostgreSQL a place for whatever the test needs.
    pub directory: TempDir,
    name: Option<String>,
}

impl Database {
    pub fn sqlite() -> Database {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = format!("sqlite:{}", directory.path().join("store.db").display());
        Database { url, directory, name: None }
    }

    pub async fn postgres() -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Relaxed);
        let name = format!("store_test_{}_{number}", std::process::id());
        execute(&admin_url(), &format!("CREATE DATABASE {name}")).await;
        let directory = tempfile::tempdir().expect("a temporary directory");
        Database { url: url_of(&name), directory, name: Some(name) }
    }

    pub fn config(&self) -> StoreConfig {
        StoreConfig::new(self.url.clone())
    }

    pub async fn open(&self) -> Store {
        Store::open(self.config()).await.expect("the database opens")
    }

    pub fn is_postgres(&self) -> bool {
        self.name.is_some()
    }

    pub fn sqlite_path(&self) -> std::path::PathBuf {
        self.directory.path().join("store.db")
    }

    /// Runs a statement behind the store's back; on SQLite the store must be closed.
    pub async fn execute(&self, sql: &str) {
        if self.is_postgres() {
            return execute(&self.url, sql).await;
        }
        let connection = rusqlite::Connection::open(self.sqlite_path()).expect("opens");
        connection.execute_batch(sql).expect("runs");
    }

    async fn drop(self) {
        if let Some(name) = self.name {
            execute(&admin_url(), &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

/// Runs a test on a new database of each engine.
pub async fn for_each_engine(test: impl AsyncFn(&Database)) {
    on(Database::sqlite(), &test).await;
    on(Database::postgres().await, &test).await;
}

/// Runs a test on a new and open store of each engine.
pub async fn for_each_store(test: impl AsyncFn(&Store)) {
    for_each_engine(async |database| {
        let store = database.open().await;
        test(&store).await;
        store.close().await;
    })
    .await;
}

/// Runs a test that is about PostgreSQL alone.
pub async fn on_postgres(test: impl AsyncFn(&Database)) {
    on(Database::postgres().await, &test).await;
}

async fn on(database: Database, test: &impl AsyncFn(&Database)) {
    let url = database.url.clone();
    let outcome = AssertUnwindSafe(test(&database)).catch_unwind().await;
    database.drop().await;
    if let Err(panic) = outcome {
        eprintln!("the database was {url}");
        std::panic::resume_unwind(panic);
    }
}

fn admin_url() -> String {
    std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!("{VARIABLE} is not set: run the tests by `cargo xtask test`, which starts one")
    })
}

fn url_of(database: &str) -> String {
    let admin = admin_url();
    let (server, _) = admin.rsplit_once('/').expect("the URL names a database");
    format!("{server}/{database}")
}

/// The same database behind another port, where a proxy listens.
pub fn through_port(url: &str, port: u16) -> String {
    let (server, database) = url.rsplit_once('/').expect("the URL names a database");
    let (start, _) = server.rsplit_once(':').expect("the URL names a port");
    format!("{start}:{port}/{database}")
}

/// Where the PostgreSQL of the tests listens.
pub fn server_address() -> (String, u16) {
    let config: tokio_postgres::Config = admin_url().parse().expect("a URL");
    let host = match config.get_hosts() {
        [tokio_postgres::config::Host::Tcp(host), ..] => host.clone(),
        other => panic!("the tests reach PostgreSQL by TCP, not by {other:?}"),
    };
    (host, config.get_ports().first().copied().unwrap_or(5_432))
}

pub async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connects");
    tokio::spawn(connection);
    client
}

async fn execute(url: &str, sql: &str) {
    client(url).await.batch_execute(sql).await.expect("runs");
}
