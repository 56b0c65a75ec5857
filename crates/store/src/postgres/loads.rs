//! The first round trip of a group: BEGIN, the lane's lock, and all look-ups in one pipeline.

use domain::ids::RowKey;
use domain::ledger::balance_from_bytes;
use futures_util::TryStreamExt as _;
use futures_util::future::join_all;
use tokio_postgres::{Client, Error, Row, Statement};

use super::attempt::Task;
use super::connect::Session;
use super::params::{Param, key_at};
use super::statements::{ACCOUNTS, COUNTERS, LANE, texts};
use crate::commit::view::{LaneState, View, Wanted};
use crate::relation::Relation;

/// What one statement looks up, and so where its rows belong.
enum Load {
    Versions(&'static Relation),
    Counters,
    Accounts,
}

/// The look-ups of a group, with their statements prepared.
pub(super) struct Loads {
    lane: Statement,
    loads: Vec<(Statement, Load, Vec<RowKey>)>,
}

impl Loads {
    /// Guards are locked where another lane might be writing them; with one lane nobody can.
    pub async fn prepare(session: &Session, wanted: Wanted, lanes: i64) -> Result<Loads, Error> {
        let mut loads = Vec::with_capacity(wanted.rows.len() + wanted.guards.len() + 2);
        for (relation, keys) in wanted.rows {
            let statement = session.statement(&texts(relation).versions).await?;
            loads.push((statement, Load::Versions(relation), keys));
        }
        for (relation, keys) in wanted.guards {
            let texts = texts(relation);
            let text = if lanes > 1 { &texts.guards } else { &texts.versions };
            loads.push((session.statement(text).await?, Load::Versions(relation), keys));
        }
        if !wanted.counters.is_empty() {
            loads.push((session.statement(COUNTERS).await?, Load::Counters, wanted.counters));
        }
        if !wanted.accounts.is_empty() {
            loads.push((session.statement(ACCOUNTS).await?, Load::Accounts, wanted.accounts));
        }
        Ok(Loads { lane: session.statement(LANE).await?, loads })
    }

    /// The lock is a statement of its own, so that those after it see the last group.
    pub async fn run(&self, client: &Client, lane: i64) -> Result<View<'static>, Error> {
        let mut tasks: Vec<Task<'_, Vec<Row>>> = vec![
            Box::pin(async { client.batch_execute("BEGIN").await.map(|()| Vec::new()) }),
            Box::pin(rows(client, &self.lane, Param::Int(lane))),
        ];
        for (statement, _, keys) in &self.loads {
            tasks.push(Box::pin(rows(client, statement, Param::Keys(keys))));
        }
        // First polled in this order, and sent at the first poll.
        let mut results = join_all(tasks).await.into_iter();
        let mut next = || results.next().unwrap_or_else(|| Ok(Vec::new()));
        next()?;
        let mut view = View::default();
        for row in next()? {
            let state = LaneState { sequence: row.try_get(0)?, ledger_position: row.try_get(1)? };
            view.lanes.insert(lane, state);
        }
        for (_, load, _) in &self.loads {
            found(&mut view, load, &next()?)?;
        }
        Ok(view)
    }
}

async fn rows(client: &Client, statement: &Statement, param: Param<'_>) -> Result<Vec<Row>, Error> {
    client.query_raw(statement, [param]).await?.try_collect().await
}

fn found(view: &mut View<'_>, load: &Load, rows: &[Row]) -> Result<(), Error> {
    for row in rows {
        let (key, version) = (key_at(row, 0)?, row.try_get(1)?);
        match load {
            Load::Versions(relation) => view.found(relation, key, version),
            Load::Counters => view.found_counter(key, version, row.try_get(2)?),
            Load::Accounts => {
                let numbers: [BalanceCell; 2] = [row.try_get(2)?, row.try_get(3)?];
                view.found_account(key, version, numbers.map(|number| number.0).into());
            }
        }
    }
    Ok(())
}

/// Sixteen bytes; anything else is an error, never a balance.
struct BalanceCell(i128);

impl tokio_postgres::types::FromSql<'_> for BalanceCell {
    fn from_sql(
        _: &tokio_postgres::types::Type,
        bytes: &[u8],
    ) -> Result<BalanceCell, Box<dyn std::error::Error + Sync + Send>> {
        Ok(BalanceCell(balance_from_bytes(bytes.try_into()?)))
    }

    fn accepts(kind: &tokio_postgres::types::Type) -> bool {
        *kind == tokio_postgres::types::Type::BYTEA
    }
}
