//! What a group needs to know of the database, and how that changes as Changes are accepted.
//!
//! `Wanted` lists what must be looked up before judging: versions of updated and guarded rows,
//! business keys that are to be taken, counters and accounts. Fresh keys are not looked up.

use std::collections::BTreeMap;

use domain::ids::RowKey;

use super::Prepared;
use super::keyed::{KeyMap, KeySet};
use crate::relation::{Relation, catalog};
use crate::row::Value;

/// Whether fresh keys are looked up too: only after one of them turned out to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookUp {
    WhatMayExist,
    Everything,
}

/// Keys to look up, per relation and each once.
#[derive(Default)]
pub(crate) struct Wanted {
    pub rows: Vec<(&'static Relation, Vec<RowKey>)>,
    pub guards: Vec<(&'static Relation, Vec<RowKey>)>,
    pub counters: Vec<RowKey>,
    pub accounts: Vec<RowKey>,
    pub lanes: Vec<i64>,
}

impl Wanted {
    pub fn of(group: &[Prepared], look_up: LookUp) -> Wanted {
        let mut seen = KeySet::default();
        let mut rows = PerRelation::default();
        let mut guards = PerRelation::default();
        let mut wanted = Wanted::default();
        for change in group {
            if !wanted.lanes.contains(&change.lane) {
                wanted.lanes.push(change.lane);
            }
            for row in &change.inserts {
                if row.is_business() || look_up == LookUp::Everything {
                    rows.add(row.relation, row.key, &mut seen);
                }
            }
            for row in &change.updates {
                rows.add(row.relation, row.key, &mut seen);
            }
            for guard in &change.guards {
                guards.add(guard.relation, guard.key, &mut seen);
            }
            for &(key, _) in &change.counters {
                if seen.insert((catalog().counters().id, key)) {
                    wanted.counters.push(key);
                }
            }
            for key in
                change.transfers.iter().flat_map(|transfer| [transfer.debit, transfer.credit])
            {
                if seen.insert((catalog().accounts().id, key)) {
                    wanted.accounts.push(key);
                }
            }
        }
        wanted.rows = rows.0.into_values().collect();
        wanted.guards = guards.0.into_values().collect();
        wanted
    }
}

#[derive(Default)]
struct PerRelation(BTreeMap<usize, (&'static Relation, Vec<RowKey>)>);

impl PerRelation {
    fn add(
        &mut self,
        relation: &'static Relation,
        key: RowKey,
        seen: &mut KeySet<(usize, RowKey)>,
    ) {
        if seen.insert((relation.id, key)) {
            self.0.entry(relation.id).or_insert_with(|| (relation, Vec::new())).1.push(key);
        }
    }
}

/// A noun's row: the version it stands at within this group, and what is to be written.
#[derive(Clone, Copy, Default)]
pub(crate) struct RowState<'g> {
    /// The version found in the database; zero if it is not there.
    pub loaded: i64,
    pub version: i64,
    pub write: Option<(&'g [Value], &'g [Value])>,
}

/// A counter, and the row it is kept in.
#[derive(Clone, Copy, Default)]
pub(crate) struct Number {
    /// The version found in the database; zero if it is not there.
    pub loaded: i64,
    pub value: i64,
    pub is_moved: bool,
}

/// An account's numbers, and the row they are kept in.
#[derive(Clone, Copy, Default)]
pub(crate) struct AccountState {
    /// The version found in the database; zero if it is not there.
    pub loaded: i64,
    pub balance: i128,
    /// Promised to leave; part of the balance.
    pub reserved: i128,
    pub is_moved: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneState {
    pub sequence: i64,
    pub ledger_position: i64,
}

/// The database as this group sees it.
#[derive(Default)]
pub(crate) struct View<'g> {
    pub rows: KeyMap<(usize, RowKey), RowState<'g>>,
    pub counters: KeyMap<RowKey, Number>,
    pub accounts: KeyMap<RowKey, AccountState>,
    pub lanes: BTreeMap<i64, LaneState>,
}

impl View<'_> {
    /// A row that was found.
    pub fn found(&mut self, relation: &Relation, key: RowKey, version: i64) {
        let state = RowState { loaded: version, version, write: None };
        self.rows.insert((relation.id, key), state);
    }

    pub fn found_counter(&mut self, key: RowKey, version: i64, value: i64) {
        self.counters.insert(key, Number { loaded: version, value, is_moved: false });
    }

    pub fn found_account(&mut self, key: RowKey, version: i64, numbers: (i128, i128)) {
        let (balance, reserved) = numbers;
        let state = AccountState { loaded: version, balance, reserved, is_moved: false };
        self.accounts.insert(key, state);
    }
}
