//! Connections to PostgreSQL: one client, the task that drives it, and its prepared statements.
//!
//! A session that fails in any way that is not about a statement is dropped whole, and its task
//! with it; the next use connects anew.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, Connection, Socket, Statement};

use super::tls::{Stream, Tls};
use crate::error::StoreError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const STATEMENTS_MAX: usize = 512;

/// What a connection is for; each kind plans differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Rows are found by key, however small the table was when the statement was planned.
    Commit,
    Points,
    Lists,
    /// Deletes what no longer matters; what a crash undoes is swept again.
    Sweep,
    Plain,
}

impl Role {
    fn settings(self) -> &'static str {
        match self {
            // A nested loop or merge over the whole index would be as right, and slow.
            Role::Commit => {
                "SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off; \
                 SET enable_nestloop = off; SET enable_mergejoin = off; \
                 SET plan_cache_mode = force_generic_plan; \
                 SET synchronous_commit = on; \
                 SET idle_in_transaction_session_timeout = '10s'"
            }
            Role::Points => {
                "SET jit = off; SET enable_seqscan = off; \
                 SET plan_cache_mode = force_generic_plan; \
                 SET default_transaction_read_only = on"
            }
            Role::Lists => {
                "SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off; \
                 SET default_transaction_read_only = on; SET statement_timeout = '5s'"
            }
            Role::Sweep => {
                "SET jit = off; SET enable_seqscan = off; SET enable_bitmapscan = off; \
                 SET plan_cache_mode = force_generic_plan; SET synchronous_commit = off; \
                 SET statement_timeout = '5s'"
            }
            // What this one commits may be lost: it only notifies.
            Role::Plain => "SET jit = off; SET synchronous_commit = off",
        }
    }
}

/// Where the database is.
#[derive(Clone)]
pub(super) struct Target {
    config: Config,
    tls: Tls,
    /// How long anybody waits for it.
    pub patience: Duration,
}

impl Target {
    pub fn parse(url: &str, patience: Duration) -> Result<Target, StoreError> {
        let misconfigured = |text: String| StoreError::Misconfigured(text);
        let (tls, url) = Tls::of(url)?;
        let mut config: Config = url
            .parse()
            .map_err(|error| misconfigured(format!("the database URL does not parse: {error}")))?;
        config.connect_timeout(CONNECT_TIMEOUT.min(patience));
        config.keepalives_idle(KEEPALIVE_IDLE);
        if config.get_application_name().is_none() {
            config.application_name("pepay");
        }
        Ok(Target { config, tls, patience })
    }

    pub async fn connect(&self, role: Role) -> Result<Session, StoreError> {
        let (client, connection) = self.handshake().await?;
        let driver = tokio::spawn(async move {
            // Its users learn of the end by their own requests.
            let _ = connection.await;
        });
        Session::new(client, driver, role, self.patience).await
    }

    pub async fn handshake(
        &self,
    ) -> Result<(Client, Connection<Socket, Stream<Socket>>), StoreError> {
        let connecting = self.config.connect(self.tls.clone());
        let connecting = tokio::time::timeout(self.patience, connecting).await;
        let connected = connecting.map_err(|_| no_answer())?;
        connected.map_err(|error| connect_error(&error))
    }
}

pub(super) fn no_answer() -> StoreError {
    StoreError::Unavailable("PostgreSQL does not answer".to_owned())
}

pub(super) fn unavailable(error: &tokio_postgres::Error) -> StoreError {
    StoreError::Unavailable(describe(error))
}

/// The error with what the server said, which its `Display` leaves out.
pub(super) fn describe(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!("{} ({})", said.message(), said.code().code()),
        None => error.to_string(),
    }
}

fn connect_error(error: &tokio_postgres::Error) -> StoreError {
    let never = [
        SqlState::INVALID_CATALOG_NAME,
        SqlState::INVALID_PASSWORD,
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ];
    match error.code() {
        Some(code) if never.contains(code) => StoreError::Misconfigured(describe(error)),
        _ => unavailable(error),
    }
}

/// A connection and what is prepared on it.
pub(super) struct Session {
    pub client: Client,
    driver: JoinHandle<()>,
    statements: Mutex<HashMap<String, Statement>>,
    /// Whether it is not known in which state the server's side is.
    pub is_broken: bool,
}

impl Session {
    pub async fn new(
        client: Client,
        driver: JoinHandle<()>,
        role: Role,
        patience: Duration,
    ) -> Result<Session, StoreError> {
        let session = Session { client, driver, statements: Mutex::default(), is_broken: false };
        let settings = session.client.batch_execute(role.settings());
        let set = tokio::time::timeout(patience, settings).await.map_err(|_| no_answer())?;
        set.map_err(|error| unavailable(&error))?;
        Ok(session)
    }

    pub fn is_usable(&self) -> bool {
        !self.is_broken && !self.client.is_closed()
    }

    /// The statement of a text, prepared at its first use.
    pub async fn statement(&self, text: &str) -> Result<Statement, tokio_postgres::Error> {
        let known = self.statements().get(text).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(text).await?;
        let mut statements = self.statements();
        if statements.len() >= STATEMENTS_MAX {
            statements.clear();
        }
        statements.insert(text.to_owned(), statement.clone());
        Ok(statement)
    }

    fn statements(&self) -> MutexGuard<'_, HashMap<String, Statement>> {
        self.statements.lock().expect("nobody panics while holding this")
    }
}

impl Drop for Session {
    /// Closes the socket now, also when the other side has stopped answering.
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Whether the connection is gone or of no use any more, whatever the statement was.
pub(super) fn is_lost(error: &tokio_postgres::Error) -> bool {
    let Some(said) = error.as_db_error() else { return !is_encoding(error) };
    let class = said.code().code().get(..2).unwrap_or_default();
    let is_fatal = matches!(said.severity(), "FATAL" | "PANIC");
    // Connections, resources, operator intervention, system, configuration, internal errors.
    is_fatal
        || matches!(class, "08" | "53" | "57" | "58" | "F0" | "XX")
        || *said.code() == SqlState::READ_ONLY_SQL_TRANSACTION
        || *said.code() == SqlState::FEATURE_NOT_SUPPORTED
}

/// A parameter that could not even be put into a message.
fn is_encoding(error: &tokio_postgres::Error) -> bool {
    use std::error::Error as _;
    let is_io = |error: &(dyn std::error::Error + 'static)| error.is::<std::io::Error>();
    !error.is_closed() && !error.source().is_some_and(is_io)
}
