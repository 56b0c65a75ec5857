//! A private PostgreSQL with its default settings.
//!
//! Only port, address and socket directory are set, so fsync and everything else that costs
//! time is as shipped. It lives in a temporary directory and ends with the bench. Its programs
//! refuse to run as root; then they run as the system user `postgres`. `PEPAY_BENCH_POSTGRES`
//! (a `postgres://` URL of a superuser's database) names another server to use instead.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use sqlx::{ConnectOptions, Connection};
use sqlx_postgres::{PgConnectOptions, PgConnection};

use crate::process;
use crate::servers::{end_gently, free_port};

const READY_MS_MAX: u64 = 30_000;

pub struct Postgres {
    /// `None`: a server of somebody else's, named by the environment.
    private: Option<Private>,
    base_url: String,
    databases: u32,
}

struct Private {
    child: Child,
    directory: tempfile::TempDir,
}

impl Postgres {
    pub async fn start(parent: &Path) -> Result<Self> {
        if let Ok(url) = std::env::var("PEPAY_BENCH_POSTGRES") {
            let (base_url, _database) = url.rsplit_once('/').context("PEPAY_BENCH_POSTGRES")?;
            return Ok(Self { private: None, base_url: base_url.to_owned(), databases: 0 });
        }
        let directory = tempfile::Builder::new().prefix("pepay-bench-pg-").tempdir_in(parent)?;
        let user = System::find(directory.path())?;
        let data = directory.path().join("data");
        let log = File::create(directory.path().join("log"))?;
        let mut initdb = user.command("initdb", directory.path());
        initdb.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8"]);
        initdb.args(["--locale=C", "--no-instructions"]);
        let done = initdb.stdout(log.try_clone()?).stderr(log.try_clone()?).status()?;
        ensure!(done.success(), "initdb failed: {}", tail(directory.path()));

        let port = free_port()?;
        let mut postgres = user.command("postgres", directory.path());
        postgres.arg("-D").arg(&data).arg("-p").arg(port.to_string());
        postgres.arg("-k").arg(directory.path()).args(["-c", "listen_addresses=127.0.0.1"]);
        let child = postgres.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn()?;
        let base_url = format!("postgres://postgres@127.0.0.1:{port}");
        let private = Some(Private { child, directory });
        let mut started = Self { private, base_url, databases: 0 };
        started.wait_until_ready().await?;
        Ok(started)
    }

    /// Creates an empty database and returns its URL.
    pub async fn create_database(&mut self) -> Result<String> {
        self.databases += 1;
        let name = format!("pepay_bench_{}_{}", std::process::id(), self.databases);
        let mut connection = self.connect().await?;
        sqlx::raw_sql(&format!("CREATE DATABASE {name}")).execute(&mut connection).await?;
        Ok(format!("{}/{name}", self.base_url))
    }

    /// Starts every measured run with the same amount of unwritten pages: none.
    pub async fn checkpoint(&self) -> Result<()> {
        let mut connection = self.connect().await?;
        sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
        Ok(())
    }

    /// Processor seconds of the server so far; of a server that is not ours unknown, so zero.
    pub fn cpu_seconds(&self) -> Result<f64> {
        self.private.as_ref().map_or(Ok(0.0), |own| process::tree_cpu_seconds(own.child.id()))
    }

    async fn connect(&self) -> Result<PgConnection> {
        let options: PgConnectOptions = format!("{}/postgres", self.base_url).parse()?;
        Ok(options.disable_statement_logging().connect().await?)
    }

    async fn wait_until_ready(&mut self) -> Result<()> {
        let mut waited_ms = 0;
        loop {
            let error = match self.connect().await {
                Ok(connection) => return Ok(connection.close().await?),
                Err(error) => error,
            };
            if let Some(own) = &mut self.private {
                let ended = own.child.try_wait()?.is_some();
                if ended || waited_ms > READY_MS_MAX {
                    bail!("PostgreSQL did not start ({error}): {}", tail(own.directory.path()));
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            waited_ms += 20;
        }
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown.
        end_gently(&mut self.child, "INT");
    }
}

/// Where the programs are, and whom they run as.
struct System {
    programs: PathBuf,
    as_postgres: bool,
}

impl System {
    /// Finds both, and hands the directory to the user the programs will run as.
    fn find(directory: &Path) -> Result<Self> {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
            .collect();
        versions.sort();
        let (_version, newest) = versions.pop().context(
            "no PostgreSQL under /usr/lib/postgresql: apt-get install postgresql, \
             or name a server in PEPAY_BENCH_POSTGRES",
        )?;
        let as_postgres = fs::metadata("/proc/self")?.uid() == 0;
        if as_postgres {
            let answer = Command::new("id").args(["-u", "postgres"]).output()?;
            let uid = String::from_utf8(answer.stdout)?.trim().parse();
            chown(directory, Some(uid.context("there is no system user postgres")?), None)?;
        }
        Ok(Self { programs: newest.join("bin"), as_postgres })
    }

    fn command(&self, program: &str, directory: &Path) -> Command {
        let path = self.programs.join(program);
        let mut command = if self.as_postgres {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--init-groups", "--"]);
            command.arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(directory);
        command
    }
}

fn tail(directory: &Path) -> String {
    fs::read_to_string(directory.join("log")).unwrap_or_default()
}
