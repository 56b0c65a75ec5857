//! Committing in groups: while one group is being written, the next gathers.
//!
//! `Prepared` is a Changes made ready on the caller's task, with its cells encoded. `judge` decides
//! which of a group may happen and in which final state each row is written. Both engines share
//! this; they differ only in how they look rows up and write them.

pub(crate) mod judge;
mod keyed;
pub(crate) mod queue;
pub(crate) mod view;

use domain::changes::{Changes, CounterMove, Guard, Record};
use domain::event::NewEntry;
use domain::ids::{MerchantId, RowKey};
use domain::ledger::Transfer;

use crate::relation::{Relation, catalog};
use crate::row::{KeyOrigin, Value};
use crate::rows;

/// A row of a change with its cells encoded.
pub(crate) struct PreparedRow {
    pub relation: &'static Relation,
    pub key: RowKey,
    /// The version it was read at; zero for a new one.
    pub version: i64,
    pub cells: Vec<Value>,
}

impl PreparedRow {
    fn new(record: Record) -> PreparedRow {
        let relation = catalog().noun(record.noun());
        let (key, version) = (record.key(), record.version());
        PreparedRow { relation, key, version, cells: rows::encode(record) }
    }

    pub fn is_business(&self) -> bool {
        self.relation.key_origin == KeyOrigin::Business
    }
}

pub(crate) struct PreparedGuard {
    pub relation: &'static Relation,
    pub key: RowKey,
    pub version: i64,
}

pub(crate) struct PreparedTransfer {
    pub transfer: Transfer,
    pub debit: RowKey,
    pub credit: RowKey,
}

/// A Changes that is ready to be judged and written.
pub(crate) struct Prepared {
    pub lane: i64,
    pub inserts: Vec<PreparedRow>,
    pub updates: Vec<PreparedRow>,
    pub guards: Vec<PreparedGuard>,
    pub counters: Vec<(RowKey, CounterMove)>,
    pub transfers: Vec<PreparedTransfer>,
    pub entries: Vec<NewEntry>,
}

impl Prepared {
    pub fn new(changes: Changes, lane: i64) -> Prepared {
        let transfer = |transfer: Transfer| PreparedTransfer {
            debit: transfer.debit.key(),
            credit: transfer.credit.key(),
            transfer,
        };
        Prepared {
            lane,
            inserts: changes.inserts.into_iter().map(PreparedRow::new).collect(),
            updates: changes.updates.into_iter().map(PreparedRow::new).collect(),
            guards: changes.guards.into_iter().map(prepare_guard).collect(),
            counters: changes.counters.into_iter().map(|by| (by.key(), by)).collect(),
            transfers: changes.transfers.into_iter().map(transfer).collect(),
            entries: changes.entries,
        }
    }

    /// How many rows this writes at most.
    pub fn row_count(&self) -> usize {
        let rows = self.inserts.len() + self.updates.len() + self.entries.len();
        rows + self.counters.len() + 3 * self.transfers.len()
    }

    /// About how many bytes this writes.
    pub fn byte_count(&self) -> usize {
        let cells = |row: &PreparedRow| row.cells.iter().map(cell_bytes).sum::<usize>();
        let rows = self.inserts.iter().chain(&self.updates).map(cells).sum::<usize>();
        let entries = self.entries.iter().map(|entry| entry.data.len() + 128).sum::<usize>();
        rows + entries + 64 * (self.counters.len() + 3 * self.transfers.len())
    }
}

fn prepare_guard(guard: Guard) -> PreparedGuard {
    let relation = catalog().noun(guard.noun);
    PreparedGuard { relation, key: guard.key, version: guard.version }
}

fn cell_bytes(value: &Value) -> usize {
    match value {
        Value::Null => 1,
        Value::Int(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Key(_) => 16,
    }
}

/// The lane of a merchant: a hash, so that neighbours do not share one, and the same for ever.
pub(crate) fn lane_of(merchant: MerchantId, lanes: i64) -> i64 {
    if lanes <= 1 {
        return 0;
    }
    let key = RowKey::of("lane", &[&merchant.0.to_be_bytes()]);
    let (head, _) = key.0.split_at(8);
    let number = u64::from_be_bytes(head.try_into().expect("eight of sixteen bytes"));
    i64::try_from(number % lanes.unsigned_abs()).expect("below the number of lanes")
}
