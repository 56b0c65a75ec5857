//! Bringing a PostgreSQL schema up to date under a lock, and checking that it is the declared one.

use tokio_postgres::{Client, Error};

use super::connect::{Role, Target, unavailable};
use super::params::read;
use crate::error::StoreError;
use crate::migrations::{self, Dialect, FoundColumn};
use crate::store::MigrationReport;

const DIALECT: Dialect = Dialect::Postgres;
const SERVER_VERSION: &str = "SELECT CAST(current_setting('server_version_num') AS INTEGER)";
const SERVER_VERSION_MIN: i32 = 150_000;
/// Held by whoever migrates; released with the connection.
const ADVISORY_LOCK: &str = "SELECT pg_advisory_lock(7363829104417721)";

pub(super) async fn migrate(target: &Target, lanes: i64) -> Result<MigrationReport, StoreError> {
    let session = target.connect(Role::Plain).await?;
    let client = &session.client;
    let failed = |error: Error| unavailable(&error);
    client.batch_execute("SET synchronous_commit = on").await.map_err(failed)?;
    let row = client.query_one(SERVER_VERSION, &[]).await.map_err(failed)?;
    if row.get::<_, i32>(0) < SERVER_VERSION_MIN {
        let text = "PostgreSQL is too old: version 15 or newer is needed".to_owned();
        return Err(StoreError::Misconfigured(text));
    }
    client.batch_execute(ADVISORY_LOCK).await.map_err(failed)?;
    client.batch_execute(&migrations::foundation(DIALECT)).await.map_err(failed)?;
    let sql = "SELECT version, minimum_compatible FROM schema WHERE one = 1";
    let row = client.query_one(sql, &[]).await.map_err(failed)?;
    let (from, minimum) = (row.get(0), row.get(1));
    migrations::admit(from, minimum)?;
    let mut to = from;
    for (number, text) in migrations::steps_after(from, DIALECT) {
        let text = format!("BEGIN; {text} COMMIT");
        client.batch_execute(&text).await.map_err(|error| {
            let said = super::connect::describe(&error);
            StoreError::Misconfigured(format!("step {number} of the schema fails: {said}"))
        })?;
        to = number;
    }
    fix_lanes(client, lanes).await?;
    let found = columns(client).await.map_err(failed)?;
    migrations::check(&found, DIALECT)?;
    Ok(MigrationReport { from, to })
}

/// The number of lanes is fixed when the database is made: cursors and order depend on it.
async fn fix_lanes(client: &Client, lanes: i64) -> Result<(), StoreError> {
    let failed = |error: Error| unavailable(&error);
    let row = client.query_one("SELECT COUNT(*) FROM lanes", &[]).await.map_err(failed)?;
    let found: i64 = row.get(0);
    if found == 0 {
        let sql =
            "INSERT INTO lanes SELECT lane, 0, 0 FROM generate_series(0, $1::bigint - 1) lane";
        client.execute(sql, &[&lanes]).await.map_err(failed)?;
        return Ok(());
    }
    migrations::same_lanes(found, lanes)
}

async fn columns(client: &Client) -> Result<Vec<FoundColumn>, Error> {
    let rows = client.query(DIALECT.columns_sql(), &[]).await?;
    rows.iter().map(|row| read(row).map(FoundColumn::of)).filter_map(Result::transpose).collect()
}
