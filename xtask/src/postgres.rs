//! A private PostgreSQL in a temporary directory, gone without a trace when nobody needs it.
//!
//! It is held by a *keeper*: this same program in a process group of its own, which starts the
//! server, reports its URL and then waits for its standard input to close. That happens however
//! the command that asked for it ends (done, failed, Ctrl-C, killed), so the keeper always gets to
//! stop the server, by the server's own pid, and to remove the directory.
//!
//! `fsync` stays on: whether an acknowledged commit survives is what the tests are about.

use std::fs::DirBuilder;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{install, process};

/// Where the tests find their PostgreSQL. If it is set already, that one is used as it is.
pub const URL_VARIABLE: &str = "PEPAY_TEST_POSTGRES";
/// The hidden command under which this program runs as the keeper.
pub const KEEPER_COMMAND: &str = "postgres-keeper";

/// The user that Debian's package creates; PostgreSQL refuses to run as root.
const SYSTEM_USER: &str = "postgres";
const CONNECTIONS_MAX: u16 = 200;
const POLL: Duration = Duration::from_millis(100);
const START_POLLS_MAX: u32 = 600;
const STOP_POLLS_MAX: u32 = 150;
/// A free port may be taken by somebody else before the server binds it.
const START_ATTEMPTS_MAX: u32 = 3;

/// The PostgreSQL of one run; it stops when this is dropped.
pub struct Postgres {
    pub url: String,
    keeper: Option<Keeper>,
}

struct Keeper {
    process: Child,
    /// Held open for as long as the server is needed; never written to.
    lifeline: Option<ChildStdin>,
}

/// The URL the environment names, if it names one.
pub fn given() -> Option<String> {
    std::env::var(URL_VARIABLE).ok().filter(|url| !url.is_empty())
}

/// `cargo xtask postgres`: for a developer who runs single tests or looks around with psql.
pub fn foreground() -> Result<()> {
    install::postgres()?;
    let (keeper, url) = Keeper::start()?;
    println!("{url}");
    eprintln!("export {URL_VARIABLE}={url}\nCtrl-C stops it and removes its data.");
    let mut postgres = Postgres { url, keeper: Some(keeper) };
    let keeper = postgres.keeper.as_mut().expect("put there one line above");
    loop {
        // Not `wait`: that would close the lifeline.
        if let Some(status) = keeper.process.try_wait()? {
            bail!("PostgreSQL ended by itself ({status})");
        }
        thread::sleep(POLL);
    }
}

impl Postgres {
    pub fn start() -> Result<Postgres> {
        if let Some(url) = given() {
            return Ok(Postgres { url, keeper: None });
        }
        let (keeper, url) = Keeper::start()?;
        Ok(Postgres { url, keeper: Some(keeper) })
    }
}

impl Keeper {
    fn start() -> Result<(Keeper, String)> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(KEEPER_COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // Ctrl-C in the terminal must reach us and not the keeper, which cleans up after us.
            .process_group(0)
            .spawn()
            .context("cannot start the keeper of the private PostgreSQL")?;
        let lifeline = process.stdin.take();
        let mut answers = BufReader::new(process.stdout.take().context("stdout is a pipe")?);
        let keeper = Keeper { process, lifeline };

        let mut url = String::new();
        answers.read_line(&mut url)?;
        ensure!(!url.is_empty(), "the private PostgreSQL did not start; its reason is above");
        Ok((keeper, url.trim().to_owned()))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        if let Err(error) = self.process.wait() {
            eprintln!("the keeper of the private PostgreSQL cannot be awaited: {error}");
        }
    }
}

/// The keeper's whole life, in its own process.
pub fn keep() -> Result<()> {
    let bin = programs().context("PostgreSQL is not installed")?;
    let directory = Directory::create()?;
    let account = Account::choose(&directory.0)?;

    let data = directory.0.join("data");
    account.run(
        Command::new(bin.join("initdb"))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--no-sync", "--pgdata"])
            .arg(&data),
    )?;
    let mut server = Server::start(&bin, &directory.0, &account)?;

    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", server.port);
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{url}").and_then(|()| stdout.flush()).context("nobody wants the URL")?;
    hold(&mut server)
}

/// Returns when standard input closes, or with an error when the server ends first.
fn hold(server: &mut Server) -> Result<()> {
    let (closed, closing) = mpsc::channel::<()>();
    thread::spawn(move || {
        // Whatever the read returns, the other end is gone; dropping the sender tells so.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(closed);
    });
    while closing.recv_timeout(POLL) == Err(RecvTimeoutError::Timeout) {
        if let Some(status) = server.process.try_wait()? {
            bail!("PostgreSQL ended by itself ({status}): {}", server.log());
        }
    }
    Ok(())
}

/// A running server, stopped when dropped.
struct Server {
    process: Child,
    port: u16,
    log_path: PathBuf,
}

impl Server {
    fn start(bin: &Path, directory: &Path, account: &Account) -> Result<Server> {
        let mut attempts_left = START_ATTEMPTS_MAX;
        loop {
            let mut server = Server::spawn(bin, directory, account)?;
            attempts_left -= 1;
            match server.await_ready(bin) {
                Ok(()) => return Ok(server),
                Err(error) if attempts_left == 0 => return Err(error),
                Err(_) => {}
            }
        }
    }

    fn spawn(bin: &Path, directory: &Path, account: &Account) -> Result<Server> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let log_path = directory.join("log");
        let log = std::fs::File::create(&log_path)?;
        let mut command = Command::new(bin.join("postgres"));
        command.arg("-D").arg(directory.join("data"));
        command.arg("-k").arg(directory);
        command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        command.args(["-c", &format!("max_connections={CONNECTIONS_MAX}"), "-c", "fsync=on"]);
        let process = account
            .command(&command)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start postgres")?;
        Ok(Server { process, port, log_path })
    }

    fn await_ready(&mut self, bin: &Path) -> Result<()> {
        let port = self.port.to_string();
        for _ in 0..START_POLLS_MAX {
            // First, so that another server on the same port is never taken for ours.
            if let Some(status) = self.process.try_wait()? {
                bail!("PostgreSQL did not start ({status}): {}", self.log());
            }
            let mut probe = Command::new(bin.join("pg_isready"));
            if process::succeeds(probe.args(["-q", "-h", "127.0.0.1", "-p", &port])) {
                return Ok(());
            }
            thread::sleep(POLL);
        }
        bail!("PostgreSQL was not ready within a minute: {}", self.log())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log_path).unwrap_or_default()
    }

    /// Asks for a fast shutdown, then insists.
    fn stop(&mut self) -> Result<()> {
        let pid = self.process.id().to_string();
        for _ in 0..STOP_POLLS_MAX {
            if self.process.try_wait()?.is_some() {
                return Ok(());
            }
            // Asked again each time: before its handlers are set up, a server ignores it.
            process::succeeds(Command::new("sh").args(["-c", "kill -INT \"$1\"", "sh", &pid]));
            thread::sleep(POLL);
        }
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("PostgreSQL (pid {}) cannot be stopped: {error:#}", self.process.id());
        }
    }
}

/// Who the server runs as.
enum Account {
    /// The caller, who owns the directory already.
    Caller { home: PathBuf },
    /// `SYSTEM_USER`, because the caller is root.
    System { home: PathBuf },
}

impl Account {
    fn choose(directory: &Path) -> Result<Account> {
        let home = directory.to_path_buf();
        if !process::is_root()? {
            return Ok(Account::Caller { home });
        }
        let id = |kind: &str| -> Result<u32> {
            let printed = process::output(Command::new("id").args([kind, SYSTEM_USER]))
                .with_context(|| format!("PostgreSQL wants the system user `{SYSTEM_USER}`"))?;
            Ok(printed.trim().parse()?)
        };
        chown(directory, Some(id("-u")?), Some(id("-g")?))?;
        Ok(Account::System { home })
    }

    /// The same command under this account. setpriv executes in place, so the pid is the server's.
    fn command(&self, command: &Command) -> Command {
        let (mut wrapped, home) = match self {
            Account::Caller { home } => (Command::new(command.get_program()), home),
            Account::System { home } => {
                let mut setpriv = Command::new("setpriv");
                setpriv.arg(format!("--reuid={SYSTEM_USER}"));
                setpriv.arg(format!("--regid={SYSTEM_USER}"));
                setpriv.args(["--init-groups", "--"]).arg(command.get_program());
                (setpriv, home)
            }
        };
        wrapped.args(command.get_args()).current_dir(home).env("HOME", home).env("LC_ALL", "C");
        wrapped
    }

    fn run(&self, command: &Command) -> Result<()> {
        process::output(&mut self.command(command)).map(|_| ())
    }
}

/// A temporary directory only its owner can enter, removed when dropped.
struct Directory(PathBuf);

impl Directory {
    fn create() -> Result<Directory> {
        let path = std::env::temp_dir().join(format!("pepay-postgres-{}", std::process::id()));
        DirBuilder::new()
            .mode(0o700)
            .create(&path)
            .with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Directory(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} cannot be removed: {error}", self.0.display());
        }
    }
}

/// The directory of initdb and postgres: Debian's newest, else where the search path has them.
pub fn programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = debian
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    versions.sort();
    let search_path = std::env::var_os("PATH").unwrap_or_default();
    let newest_first = versions.into_iter().rev().map(|(_, bin)| bin);
    newest_first
        .chain(std::env::split_paths(&search_path))
        .find(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file())
}
