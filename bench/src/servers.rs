//! The servers under measurement, each a process of its own.
//!
//! Every engine is started by the same kind of command line, writes its key to `dev.env` and is
//! spoken to over HTTP only, so none is favoured. A server ends with the value that holds it,
//! by its own pid, on every way out of the bench.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::{Duration, SystemTime};

use crate::client::Target;
use crate::connection::Connection;
use crate::fresh;
use crate::postgres::Postgres;
use crate::process;
use anyhow::{Context, Result, bail, ensure};

const READY_TIMEOUT: Duration = Duration::from_secs(60);
const READY_POLL: Duration = Duration::from_millis(2);
const GENTLE_END_MS_MAX: u64 = 15_000;

static NOTED: Once = Once::new();

/// In the order in which they run: what the ratios refer to comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Engine {
    /// Pepay with a commit that does nothing.
    Roof,
    /// axum + sqlx + PostgreSQL, a transaction per request.
    Baseline,
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Roof => "roof",
            Self::Baseline => "baseline",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }
}

/// Where the servers of one bench live: a temporary directory and, once needed, a PostgreSQL.
pub struct Site {
    postgres: Option<Postgres>,
    directory: tempfile::TempDir,
    homes: u32,
}

impl Site {
    pub fn new() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("pepay-bench-").tempdir()?;
        Ok(Self { postgres: None, directory, homes: 0 })
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// A place for one server: an empty data directory and an empty database.
    pub async fn home(&mut self, engine: Engine) -> Result<Home> {
        self.homes += 1;
        let data_dir = self.directory.path().join(format!("{}-{}", engine.name(), self.homes));
        fs::create_dir(&data_dir)?;
        let database_url = match engine {
            Engine::Roof => "roof:".to_owned(),
            Engine::Sqlite => format!("sqlite:{}", data_dir.join("pepay.db").display()),
            Engine::Postgres | Engine::Baseline => {
                if self.postgres.is_none() {
                    self.postgres = Some(Postgres::start(&std::env::temp_dir()).await?);
                }
                let postgres = self.postgres.as_mut().context("it was started above")?;
                let url = postgres.create_database().await?;
                postgres.checkpoint().await?;
                url
            }
        };
        Ok(Home { engine, data_dir, database_url })
    }

    /// Processor seconds of a server and, if its engine needs it, of the database.
    pub fn cpu_seconds(&self, server: &Server) -> Result<f64> {
        let own = process::tree_cpu_seconds(server.pid())?;
        match (server.engine, &self.postgres) {
            (Engine::Postgres | Engine::Baseline, Some(postgres)) => {
                Ok(own + postgres.cpu_seconds()?)
            }
            (Engine::Roof | Engine::Sqlite | Engine::Postgres | Engine::Baseline, _) => Ok(own),
        }
    }
}

/// What survives a server: its data.
pub struct Home {
    pub engine: Engine,
    pub data_dir: PathBuf,
    pub database_url: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Data {
    Fresh,
    Kept,
}

pub struct Server {
    child: Child,
    engine: Engine,
    address: SocketAddr,
    api_key: String,
    /// From the start of the process to its first 200 of `/readyz`.
    pub ready_after: Duration,
}

impl Server {
    pub async fn start(home: &Home, data: Data) -> Result<Self> {
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let log_path = home.data_dir.with_extension("log");
        let log = File::options().create(true).append(true).open(&log_path)?;
        let mut command = command(home, address, data)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let spawned = fresh::now();
        let child = command.spawn().with_context(|| format!("starting {command:?}"))?;
        let (engine, api_key) = (home.engine, String::new());
        let ready_after = Duration::ZERO;
        let mut server = Self { child, engine, address, api_key, ready_after };
        while !is_ready(address).await {
            let ended = server.child.try_wait()?;
            if ended.is_some() || fresh::now() - spawned > READY_TIMEOUT {
                let log = fs::read_to_string(&log_path).unwrap_or_default();
                bail!("{} did not become ready ({ended:?}):\n{log}", engine.name());
            }
            tokio::time::sleep(READY_POLL).await;
        }
        server.ready_after = fresh::now() - spawned;
        server.api_key = api_key_in(&home.data_dir)?;
        Ok(server)
    }

    pub fn target(&self) -> Target {
        Target { address: self.address, api_key: self.api_key.clone() }
    }

    pub fn engine(&self) -> Engine {
        self.engine
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it the way a power cut would: SIGKILL.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Ends it the way an operator would: SIGTERM, and time to finish.
    pub fn stop(mut self) {
        end_gently(&mut self.child, "TERM");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only where the process has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(home: &Home, address: SocketAddr, data: Data) -> Result<Command> {
    let mut command = match home.engine {
        Engine::Baseline => {
            let mut command = Command::new(std::env::current_exe()?);
            command.arg("baseline");
            command
        }
        Engine::Roof | Engine::Sqlite | Engine::Postgres => {
            let mut command = Command::new(pepay_binary()?);
            command.arg("dev");
            if data == Data::Fresh {
                command.arg("--fresh");
            }
            // `bench sockets` opens all its streams with one key.
            command.env("PEPAY_WS_CONNECTIONS_PER_MERCHANT", "100000");
            command.env("PEPAY_WS_CONNECTIONS", "100000");
            command
        }
    };
    command.args(["--port", &address.port().to_string(), "--database-url", &home.database_url]);
    command.arg("--data-dir").arg(&home.data_dir).env("RUST_LOG", "warn");
    Ok(command)
}

/// `pepay` beside this executable; built first if it is not there.
pub fn pepay_binary() -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("pepay");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if !path.exists() {
        eprintln!("{} is missing; running `cargo build --release` for it", path.display());
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let built = Command::new(cargo)
            .args(["build", "--release", "--bin", "pepay"])
            .current_dir(&workspace)
            .stdout(Stdio::null())
            .status()?;
        ensure!(built.success(), "`cargo build --release` of the server failed");
        ensure!(path.exists(), "the bench must run as a release build, so that {path:?} is one");
    }
    let built = fs::metadata(&path)?.modified()?;
    NOTED.call_once(|| {
        if changed_since(&workspace.join("crates"), built) {
            eprintln!("note: the sources are newer than {}", path.display());
        }
    });
    Ok(path)
}

/// Is any Rust file below the directory newer?
fn changed_since(directory: &Path, built: SystemTime) -> bool {
    fs::read_dir(directory).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        let is_newer =
            || entry.metadata().and_then(|data| data.modified()).is_ok_and(|m| m > built);
        if path.is_dir() {
            changed_since(&path, built)
        } else {
            path.extension().is_some_and(|extension| extension == "rs") && is_newer()
        }
    })
}

async fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\n\r\n");
    connection.exchange(request.as_bytes()).await.is_ok_and(|answer| answer.status == 200)
}

fn api_key_in(data_dir: &Path) -> Result<String> {
    env_in(data_dir, "PEPAY_API_KEY")
}

/// What a server of `pepay dev` wrote down of itself.
pub fn env_in(data_dir: &Path, name: &str) -> Result<String> {
    let path = data_dir.join("dev.env");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {path:?}"))?;
    let value = |line: &str| Some(line.strip_prefix(name)?.strip_prefix('=')?.trim().to_owned());
    text.lines().find_map(value).with_context(|| format!("{path:?} has no {name}"))
}

/// A port nobody listens on.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Sends the signal, waits, and ends the process by force if it stays.
pub fn end_gently(child: &mut Child, signal: &str) {
    let _ = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
    for _ in 0..GENTLE_END_MS_MAX / 10 {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}
