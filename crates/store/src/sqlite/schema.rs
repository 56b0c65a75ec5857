//! Bringing a SQLite file's schema up to date, and checking that it is the declared one.

use rusqlite::{Connection, TransactionBehavior};

use super::connect::unavailable;
use super::statements::read;
use crate::error::StoreError;
use crate::migrations::{self, Dialect, FoundColumn};
use crate::row::Kind;
use crate::store::MigrationReport;

const DIALECT: Dialect = Dialect::Sqlite;

pub(super) fn migrate(
    connection: &mut Connection,
    lanes: i64,
) -> Result<MigrationReport, StoreError> {
    let (from, minimum) = foundation(connection).map_err(|error| unavailable(&error))?;
    migrations::admit(from, minimum)?;
    let mut to = from;
    for (number, text) in migrations::steps_after(from, DIALECT) {
        step(connection, &text).map_err(|error| {
            StoreError::Misconfigured(format!("step {number} of the schema fails: {error}"))
        })?;
        to = number;
    }
    fix_lanes(connection, lanes)?;
    let found = columns(connection).map_err(|error| unavailable(&error))?;
    migrations::check(&found, DIALECT)?;
    Ok(MigrationReport { from, to })
}

fn foundation(connection: &mut Connection) -> rusqlite::Result<(i64, i64)> {
    step(connection, &migrations::foundation(DIALECT))?;
    let sql = "SELECT version, minimum_compatible FROM schema WHERE one = 1";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))
}

fn step(connection: &mut Connection, text: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    transaction.execute_batch(text)?;
    transaction.commit()
}

/// The number of lanes is fixed when the database is made: cursors and order depend on it.
fn fix_lanes(connection: &mut Connection, lanes: i64) -> Result<(), StoreError> {
    let count = |connection: &Connection| -> rusqlite::Result<i64> {
        connection.query_row("SELECT COUNT(*) FROM lanes", [], |row| row.get(0))
    };
    let found = count(connection).map_err(|error| unavailable(&error))?;
    if found == 0 {
        let lane = |lane: i64| format!("INSERT INTO lanes VALUES ({lane}, 0, 0);");
        let text: String = (0..lanes).map(lane).collect();
        return step(connection, &text).map_err(|error| unavailable(&error));
    }
    migrations::same_lanes(found, lanes)
}

fn columns(connection: &Connection) -> rusqlite::Result<Vec<FoundColumn>> {
    let mut statement = connection.prepare(DIALECT.columns_sql())?;
    let kinds = [Kind::Text, Kind::Text, Kind::Text, Kind::Int];
    let rows = statement.query_map([], |row| read(row, &kinds))?;
    rows.map(|row| Ok(FoundColumn::of(row?))).filter_map(Result::transpose).collect()
}
