//! Which engine runs: the one place that forks, so that nothing above needs to know.

use std::path::Path;
use std::sync::Arc;

use domain::ids::RowKey;

use crate::commit::Prepared;
use crate::commit::queue::Verdict;
use crate::error::StoreError;
use crate::migrations::Dialect;
use crate::postgres::Postgres;
use crate::relation::Relation;
use crate::roof::Roof;
use crate::row::{Kind, Value};
use crate::sqlite::{Sqlite, Stepped};
use crate::store::{MigrationReport, Shared, StoreConfig};
use crate::sweep::{Chunk, Swept};

pub(crate) enum Engine {
    Sqlite(Sqlite),
    /// SQLite in a simulation.
    Stepped(Stepped),
    Postgres(Postgres),
    Roof(Roof),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Sqlite,
    Postgres,
    Roof,
}

impl Scheme {
    fn of(url: &str) -> Result<Scheme, StoreError> {
        match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => Ok(Scheme::Sqlite),
            Some("postgres" | "postgresql") => Ok(Scheme::Postgres),
            Some("roof") => Ok(Scheme::Roof),
            _ => {
                let message = "the database URL must begin with sqlite: or postgres://";
                Err(StoreError::Misconfigured(message.to_owned()))
            }
        }
    }
}

impl Engine {
    pub async fn open(config: &StoreConfig, shared: &Arc<Shared>) -> Result<Engine, StoreError> {
        match Scheme::of(&config.url)? {
            Scheme::Sqlite if config.fates.is_some() => {
                Stepped::open(config, Arc::clone(shared)).map(Engine::Stepped)
            }
            Scheme::Sqlite => {
                let (config, shared) = (config.clone(), Arc::clone(shared));
                blocking(move || Sqlite::open(&config, &shared)).await.map(Engine::Sqlite)
            }
            Scheme::Postgres => Postgres::open(config, shared).await.map(Engine::Postgres),
            Scheme::Roof => Ok(Engine::Roof(Roof::open(Arc::clone(shared)))),
        }
    }

    pub async fn migrate(config: &StoreConfig) -> Result<MigrationReport, StoreError> {
        match Scheme::of(&config.url)? {
            Scheme::Sqlite => {
                let config = config.clone();
                blocking(move || Sqlite::migrate(&config)).await
            }
            Scheme::Postgres => Postgres::migrate(config).await,
            Scheme::Roof => Ok(MigrationReport { from: 0, to: 0 }),
        }
    }

    pub async fn submit(&self, prepared: Prepared, shared: &Shared) -> Verdict {
        match self {
            Engine::Sqlite(sqlite) => sqlite.submitter().submit(prepared, &shared.tally).await,
            Engine::Stepped(stepped) => stepped.commit(prepared).await,
            Engine::Postgres(postgres) => {
                postgres.submitter(prepared.lane).submit(prepared, &shared.tally).await
            }
            Engine::Roof(roof) => roof.commit(prepared),
        }
    }

    /// Rows of one relation by key, in the order of the keys.
    pub async fn points(
        &self,
        relation: &'static Relation,
        keys: Vec<RowKey>,
    ) -> Result<Vec<Option<Vec<Value>>>, StoreError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.points(relation, keys).await,
            Engine::Stepped(stepped) => stepped.points(relation, &keys),
            Engine::Postgres(postgres) => postgres.points(relation, keys).await,
            Engine::Roof(roof) => Ok(roof.points(relation, &keys)),
        }
    }

    /// The rows of a statement that only reads.
    pub async fn rows(
        &self,
        sql: &str,
        kinds: &[Kind],
        params: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.rows(sql, kinds, params).await,
            Engine::Stepped(stepped) => stepped.rows(sql, kinds, &params),
            Engine::Postgres(postgres) => postgres.rows(sql, kinds, params).await,
            Engine::Roof(_) => Ok(Vec::new()),
        }
    }

    /// Deletes one chunk of what is no longer kept.
    pub async fn sweep(&self, chunk: Chunk) -> Result<Swept, StoreError> {
        match self {
            Engine::Sqlite(sqlite) => sqlite.sweep(chunk).await,
            Engine::Stepped(stepped) => stepped.sweep(chunk),
            Engine::Postgres(postgres) => postgres.sweep(chunk).await,
            Engine::Roof(_) => Ok(Swept { rows: 0, is_done: true }),
        }
    }

    pub async fn backup(config: &StoreConfig, to: &Path) -> Result<(), StoreError> {
        match Scheme::of(&config.url)? {
            Scheme::Sqlite => {
                let (url, to) = (config.url.clone(), to.to_owned());
                blocking(move || Sqlite::backup(&url, &to)).await
            }
            Scheme::Postgres => {
                let message = "this database is PostgreSQL: use pg_dump, or base backups with \
                               an archive of its write-ahead log";
                Err(StoreError::Misconfigured(message.to_owned()))
            }
            Scheme::Roof => Err(StoreError::Misconfigured("the roof keeps nothing".to_owned())),
        }
    }

    /// The database's clock in milliseconds, as SQL.
    pub fn time_sql(&self) -> &'static str {
        match self {
            Engine::Sqlite(_) | Engine::Stepped(_) | Engine::Roof(_) => {
                "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"
            }
            Engine::Postgres(_) => {
                "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
            }
        }
    }

    pub async fn close(&self) {
        match self {
            Engine::Sqlite(sqlite) => sqlite.close().await,
            Engine::Stepped(stepped) => stepped.close(),
            Engine::Postgres(postgres) => postgres.close().await,
            Engine::Roof(_) => {}
        }
    }

    pub fn dialect(&self) -> Dialect {
        match self {
            Engine::Sqlite(_) | Engine::Stepped(_) | Engine::Roof(_) => Dialect::Sqlite,
            Engine::Postgres(_) => Dialect::Postgres,
        }
    }

    pub fn name(&self) -> &'static str {
        match self {
            Engine::Sqlite(_) | Engine::Stepped(_) => "sqlite",
            Engine::Postgres(_) => "postgres",
            Engine::Roof(_) => "roof",
        }
    }
}

async fn blocking<T: Send + 'static>(
    run: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(run).await;
    done.unwrap_or_else(|error| Err(StoreError::Unavailable(error.to_string())))
}
