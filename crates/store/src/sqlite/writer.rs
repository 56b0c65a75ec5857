//! The one thread that writes: takes a group, judges it, writes it, commits once, answers all.
//!
//! Every group is one `BEGIN IMMEDIATE` … `COMMIT`. What another process could have changed in
//! between does not exist here: one server per file. Between two groups it may sweep for a moment.

use std::sync::Arc;

use domain::ids::RowKey;
use domain::ledger::balance_from_bytes;
use rusqlite::{CachedStatement, Connection, ErrorCode, OptionalExtension as _};
use tokio::sync::mpsc;

use super::checkpoint::Checkpoints;
use super::connect::{FileLock, unavailable};
use super::statements::texts;
use super::sweep::Request;
use crate::commit::Prepared;
use crate::commit::judge::{Judged, judge};
use crate::commit::queue::{Gatherer, Group, Verdict};
use crate::commit::view::{LaneState, LookUp, View, Wanted};
use crate::error::StoreError;
use crate::store::Shared;
use crate::write::{Batch, CellRef, Way};

pub(super) struct Writer {
    pub connection: Connection,
    pub gatherer: Gatherer,
    /// Whoever sends one nudges the gatherer after it.
    pub sweeps: mpsc::Receiver<Request>,
    pub shared: Arc<Shared>,
    pub checkpoints: Arc<Checkpoints>,
    /// Whether the last group met a database that cannot be written.
    pub is_failing: bool,
    /// Nobody else opens the file before the last group is written.
    pub _lock: Arc<FileLock>,
}

impl Writer {
    pub fn run(mut self) {
        while let Some(group) = self.gatherer.next_blocking(&self.shared.tally) {
            self.checkpoints.wait_while_held();
            if !group.is_empty() {
                self.group(group);
            }
            if let Ok(request) = self.sweeps.try_recv() {
                request.carry_out(&self.connection);
            }
            self.checkpoints.written();
            // Those just answered are likely to ask again: let them, so that they come together.
            std::thread::yield_now();
        }
    }

    fn group(&mut self, mut group: Group) {
        let changes = &group.changes;
        let verdicts = match attempt(&self.connection, changes) {
            Ok(verdicts) => {
                self.note(None);
                verdicts
            }
            Err(failure) if is_about_a_row(&failure) => {
                changes.iter().map(|change| self.alone(change)).collect()
            }
            Err(failure) => {
                self.note(Some(&failure));
                changes.iter().map(|_| Err(unavailable(&failure).into())).collect()
            }
        };
        group.callers.answer(verdicts, &self.shared.tally);
        self.shared.wake();
    }

    /// Logs when the database stops taking changes, and when it takes them again.
    fn note(&mut self, failure: Option<&rusqlite::Error>) {
        match failure {
            Some(failure) if !self.is_failing => {
                tracing::error!(error = %failure, "the database cannot be written");
            }
            None if self.is_failing => tracing::info!("the database can be written again"),
            Some(_) | None => {}
        }
        self.is_failing = failure.is_some();
    }

    fn alone(&mut self, change: &Prepared) -> Verdict {
        let attempted = attempt(&self.connection, std::slice::from_ref(change));
        let mut verdicts = attempted.unwrap_or_else(|failure| vec![Err(refusal(&failure).into())]);
        verdicts.pop().expect("one change, one verdict")
    }
}

/// Writes a group. If a fresh key turns out to be taken, looks everything up and judges again.
pub(super) fn attempt(
    connection: &Connection,
    group: &[Prepared],
) -> rusqlite::Result<Vec<Verdict>> {
    match write(connection, group, LookUp::WhatMayExist) {
        Err(failure) if is_unique_violation(&failure) => {
            write(connection, group, LookUp::Everything)
        }
        other => other,
    }
}

/// Of a change that was attempted alone.
pub(super) fn refusal(failure: &rusqlite::Error) -> StoreError {
    tracing::error!(error = %failure, "the database does not take a change");
    match is_about_a_row(failure) {
        true => StoreError::Rejected(failure.to_string()),
        false => unavailable(failure),
    }
}

fn write(
    connection: &Connection,
    group: &[Prepared],
    look_up: LookUp,
) -> rusqlite::Result<Vec<Verdict>> {
    let run = |sql: &str| -> rusqlite::Result<()> {
        connection.prepare_cached(sql)?.execute([]).map(drop)
    };
    if !connection.is_autocommit() {
        // An earlier roll-back failed, say of a full disk.
        run("ROLLBACK")?;
    }
    run("BEGIN IMMEDIATE")?;
    let written = write_group(connection, group, look_up).and_then(|verdicts| {
        run("COMMIT")?;
        Ok(verdicts)
    });
    if written.is_err() && !connection.is_autocommit() {
        run("ROLLBACK")?;
    }
    written
}

fn write_group(
    connection: &Connection,
    group: &[Prepared],
    look_up: LookUp,
) -> rusqlite::Result<Vec<Verdict>> {
    let wanted = Wanted::of(group, look_up);
    let view = load(connection, &wanted)?;
    let Judged { verdicts, batches, lanes } = judge(group, view);
    for batch in &batches {
        write_batch(connection, batch)?;
    }
    let sql = "UPDATE lanes SET sequence = ?2, ledger_position = ?3 WHERE lane = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    for (lane, state) in lanes {
        statement.execute([lane, state.sequence, state.ledger_position])?;
    }
    Ok(verdicts)
}

fn load<'g>(connection: &Connection, wanted: &Wanted) -> rusqlite::Result<View<'g>> {
    let mut view = View::default();
    let sql = "SELECT sequence, ledger_position FROM lanes WHERE lane = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    for &lane in &wanted.lanes {
        let state = statement.query_row([lane], |row| {
            Ok(LaneState { sequence: row.get(0)?, ledger_position: row.get(1)? })
        })?;
        view.lanes.insert(lane, state);
    }
    for (relation, keys) in wanted.rows.iter().chain(&wanted.guards) {
        let mut statement = connection.prepare_cached(&texts(relation).version)?;
        for &key in keys {
            let version = statement.query_row([CellRef::Key(key)], |row| row.get(0)).optional()?;
            if let Some(version) = version {
                view.found(relation, key, version);
            }
        }
    }
    let sql = "SELECT version, value FROM counters WHERE key = ?1";
    each(connection, sql, &wanted.counters, |key, row| {
        view.found_counter(key, row.get(0)?, row.get(1)?);
        Ok(())
    })?;
    let sql = "SELECT version, balance, reserved FROM accounts WHERE key = ?1";
    each(connection, sql, &wanted.accounts, |key, row| {
        let numbers = [row.get(1)?, row.get(2)?].map(balance_from_bytes);
        view.found_account(key, row.get(0)?, numbers.into());
        Ok(())
    })?;
    Ok(view)
}

fn each(
    connection: &Connection,
    sql: &str,
    keys: &[RowKey],
    mut found: impl FnMut(RowKey, &rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    for &key in keys {
        statement.query_row([CellRef::Key(key)], |row| found(key, row)).optional()?;
    }
    Ok(())
}

fn write_batch(connection: &Connection, batch: &Batch<'_>) -> rusqlite::Result<()> {
    match batch.way {
        Way::Insert => {
            let mut statement = connection.prepare_cached(&texts(batch.relation).insert)?;
            (0..batch.len()).try_for_each(|row| insert(&mut statement, batch, row))
        }
        Way::Update => {
            let mut statement = connection.prepare_cached(&texts(batch.relation).update)?;
            (0..batch.len()).try_for_each(|row| update(&mut statement, batch, row))
        }
    }
}

fn insert(
    statement: &mut CachedStatement<'_>,
    batch: &Batch<'_>,
    row: usize,
) -> rusqlite::Result<()> {
    for column in 0..batch.relation.columns.len() {
        statement.raw_bind_parameter(column + 1, batch.cell(row, column))?;
    }
    statement.raw_execute().map(drop)
}

fn update(
    statement: &mut CachedStatement<'_>,
    batch: &Batch<'_>,
    row: usize,
) -> rusqlite::Result<()> {
    let mut at = 0;
    for (column, _) in batch.relation.mutable() {
        at += 1;
        statement.raw_bind_parameter(at, batch.cell(row, column))?;
    }
    statement.raw_bind_parameter(at + 1, batch.cell(row, 0))?;
    statement.raw_bind_parameter(at + 2, CellRef::Int(batch.expected(row)))?;
    let changed = statement.raw_execute()?;
    assert_eq!(changed, 1, "the row was found at this version in this transaction");
    Ok(())
}

fn is_unique_violation(error: &rusqlite::Error) -> bool {
    let unique =
        [rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE, rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY];
    let code = error.sqlite_error().map(|error| error.extended_code);
    code.is_some_and(|code| unique.contains(&code))
}

/// Whether one row of the group is at fault, and not the disk, memory or a lock.
fn is_about_a_row(error: &rusqlite::Error) -> bool {
    match error.sqlite_error_code() {
        Some(code) => matches!(
            code,
            ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch
        ),
        None => true,
    }
}
