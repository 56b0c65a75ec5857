//! Judging a group in arrival order, against a view that changes as Changes are accepted.
//!
//! Each Changes is all or nothing: what it did to the view is undone when any part of it is
//! refused, so that a refused one leaves no trace and hurts no neighbour. Nothing here does I/O.

use std::collections::BTreeMap;

use domain::changes::CounterMove;
use domain::ids::RowKey;
use domain::ledger::{Account, Cover};

use super::view::{AccountState, LaneState, Number, RowState, View};
use super::{Prepared, PreparedRow, PreparedTransfer};
use crate::error::CommitError;
use crate::ledger::{AccountWrite, TransferWrite};
use crate::log::Placed;
use crate::relation::{Relation, catalog};
use crate::store::Committed;
use crate::write::{Batch, CounterWrite, NounWrite, Rows, Way};

/// What became of each Changes of a group, and what is to be written for the accepted ones.
pub(crate) struct Judged<'g> {
    pub verdicts: Vec<Result<Committed, CommitError>>,
    pub batches: Vec<Batch<'g>>,
    pub lanes: Vec<(i64, LaneState)>,
}

pub(crate) fn judge<'g>(group: &'g [Prepared], view: View<'g>) -> Judged<'g> {
    let mut judge = Judge {
        view,
        undo: Vec::new(),
        entries: Vec::new(),
        transfers: Vec::new(),
        counter_names: BTreeMap::new(),
        accounts: BTreeMap::new(),
    };
    let verdicts = group.iter().map(|change| judge.change(change)).collect();
    judge.finish(verdicts)
}

struct Judge<'g> {
    view: View<'g>,
    undo: Vec<Undo<'g>>,
    entries: Vec<Placed<'g>>,
    transfers: Vec<TransferWrite<'g>>,
    counter_names: BTreeMap<RowKey, &'g CounterMove>,
    accounts: BTreeMap<RowKey, Account>,
}

/// How the view was before one step of the Changes at hand.
enum Undo<'g> {
    Row((usize, RowKey), RowState<'g>),
    Counter(RowKey, Number),
    Account(RowKey, AccountState),
}

impl<'g> Judge<'g> {
    fn change(&mut self, change: &'g Prepared) -> Result<Committed, CommitError> {
        self.undo.clear();
        let lane_before = self.view.lanes.get(&change.lane).copied().unwrap_or_default();
        let transfers_before = self.transfers.len();
        match self.steps(change) {
            Ok(()) => Ok(self.place(change)),
            Err(refusal) => {
                self.roll_back();
                self.transfers.truncate(transfers_before);
                self.view.lanes.insert(change.lane, lane_before);
                Err(refusal)
            }
        }
    }

    fn steps(&mut self, change: &'g Prepared) -> Result<(), CommitError> {
        for guard in &change.guards {
            let state = self.view.rows.get(&(guard.relation.id, guard.key));
            if state.map_or(0, |state| state.version) != guard.version {
                return Err(conflict(guard.relation, guard.key));
            }
        }
        for row in &change.inserts {
            self.insert(row)?;
        }
        for row in &change.updates {
            self.update(row)?;
        }
        for (key, by) in &change.counters {
            self.count(*key, by)?;
        }
        for transfer in &change.transfers {
            self.transfer(transfer, change.lane)?;
        }
        Ok(())
    }

    fn insert(&mut self, row: &'g PreparedRow) -> Result<(), CommitError> {
        let at = (row.relation.id, row.key);
        let before = self.view.rows.get(&at).copied().unwrap_or_default();
        if before.version != 0 {
            let (table, key) = (row.relation.name, row.key);
            return Err(CommitError::AlreadyExists { table, key });
        }
        let write = Some((&row.cells[..], &row.cells[..]));
        self.put(at, before, RowState { version: 1, write, ..before });
        Ok(())
    }

    fn update(&mut self, row: &'g PreparedRow) -> Result<(), CommitError> {
        let at = (row.relation.id, row.key);
        let before = self.view.rows.get(&at).copied().unwrap_or_default();
        if before.version == 0 || before.version != row.version {
            return Err(conflict(row.relation, row.key));
        }
        let base = before.write.map_or(&row.cells[..], |(base, _)| base);
        let write = Some((base, &row.cells[..]));
        self.put(at, before, RowState { version: before.version + 1, write, ..before });
        Ok(())
    }

    fn put(&mut self, at: (usize, RowKey), before: RowState<'g>, after: RowState<'g>) {
        self.undo.push(Undo::Row(at, before));
        self.view.rows.insert(at, after);
    }

    fn count(&mut self, key: RowKey, by: &'g CounterMove) -> Result<(), CommitError> {
        let before = self.view.counters.get(&key).copied().unwrap_or_default();
        let refusal = CommitError::Insufficient { key };
        let value = before.value.checked_add(by.by).ok_or_else(|| refusal.clone())?;
        let is_too_low = by.floor.is_some_and(|floor| value < floor && by.by <= 0);
        let is_too_high = by.ceiling.is_some_and(|ceiling| value > ceiling && by.by >= 0);
        if is_too_low || is_too_high {
            return Err(refusal);
        }
        self.undo.push(Undo::Counter(key, before));
        self.view.counters.insert(key, Number { value, is_moved: true, ..before });
        self.counter_names.entry(key).or_insert(by);
        Ok(())
    }

    fn transfer(&mut self, row: &'g PreparedTransfer, lane: i64) -> Result<(), CommitError> {
        let transfer = &row.transfer;
        let refusal = || CommitError::Insufficient { key: row.debit };
        let amount = i128::try_from(transfer.amount.0).map_err(|_| refusal())?;
        let moved = amount * transfer.phase.moves();
        let reserved = amount * transfer.phase.reserves();
        let debit = self.post(row.debit, transfer.debit, (-moved, reserved))?;
        // Nothing is released twice, and no promise is given by one who has nothing.
        let is_short = debit.balance < debit.reserved && transfer.cover == Cover::Needed;
        if debit.reserved < 0 || is_short {
            return Err(refusal());
        }
        let credit = self.post(row.credit, transfer.credit, (moved, 0))?;
        let state = self.view.lanes.entry(lane).or_default();
        state.ledger_position += 1;
        self.transfers.push(TransferWrite {
            transfer,
            debit: row.debit,
            credit: row.credit,
            lane,
            position: state.ledger_position,
            debit_balance: debit.balance,
            credit_balance: credit.balance,
        });
        Ok(())
    }

    fn post(
        &mut self,
        key: RowKey,
        account: Account,
        (by, reserve_by): (i128, i128),
    ) -> Result<AccountState, CommitError> {
        let before = self.view.accounts.get(&key).copied().unwrap_or_default();
        let sum =
            |number: i128, by| number.checked_add(by).ok_or(CommitError::Insufficient { key });
        let after = AccountState {
            balance: sum(before.balance, by)?,
            reserved: sum(before.reserved, reserve_by)?,
            is_moved: true,
            ..before
        };
        self.undo.push(Undo::Account(key, before));
        self.view.accounts.insert(key, after);
        self.accounts.entry(key).or_insert(account);
        Ok(after)
    }

    /// Gives the entries of an accepted Changes their places in the log.
    fn place(&mut self, change: &'g Prepared) -> Committed {
        let lane = change.lane;
        let state = self.view.lanes.entry(lane).or_default();
        let first_sequence = state.sequence + 1;
        for entry in &change.entries {
            state.sequence += 1;
            self.entries.push(Placed { lane, sequence: state.sequence, entry });
        }
        Committed { lane, first_sequence, last_sequence: state.sequence }
    }

    fn roll_back(&mut self) {
        while let Some(step) = self.undo.pop() {
            match step {
                Undo::Row(at, before) => drop(self.view.rows.insert(at, before)),
                Undo::Counter(key, before) => drop(self.view.counters.insert(key, before)),
                Undo::Account(key, before) => drop(self.view.accounts.insert(key, before)),
            }
        }
    }

    fn finish(self, verdicts: Vec<Result<Committed, CommitError>>) -> Judged<'g> {
        let mut batches = noun_batches(&self.view);
        let (moved, new): (Vec<_>, Vec<_>) = self
            .view
            .counters
            .iter()
            .filter(|(_, number)| number.is_moved)
            .map(|(&key, number)| CounterWrite {
                key,
                version: number.loaded + 1,
                expected: number.loaded,
                merchant_id: self.counter_names[&key].merchant_id.0,
                name: &self.counter_names[&key].name,
                is_gauge: self.counter_names[&key].is_gauge(),
                value: number.value,
            })
            .partition(|counter| counter.expected > 0);
        add(&mut batches, catalog().counters(), Way::Insert, Rows::Counters(new));
        add(&mut batches, catalog().counters(), Way::Update, Rows::Counters(moved));
        let (moved, new): (Vec<_>, Vec<_>) = self
            .view
            .accounts
            .iter()
            .filter(|(_, state)| state.is_moved)
            .map(|(&key, state)| AccountWrite {
                key,
                version: state.loaded + 1,
                expected: state.loaded,
                account: self.accounts[&key],
                balance: state.balance,
                reserved: state.reserved,
            })
            .partition(|account| account.expected > 0);
        add(&mut batches, catalog().accounts(), Way::Insert, Rows::Accounts(new));
        add(&mut batches, catalog().accounts(), Way::Update, Rows::Accounts(moved));
        add(&mut batches, catalog().transfers(), Way::Insert, Rows::Transfers(self.transfers));
        add(&mut batches, catalog().log(), Way::Insert, Rows::Entries(self.entries));
        Judged { verdicts, batches, lanes: self.view.lanes.into_iter().collect() }
    }
}

fn conflict(relation: &Relation, key: RowKey) -> CommitError {
    CommitError::Conflict { table: relation.name, key }
}

fn add<'g>(batches: &mut Vec<Batch<'g>>, relation: &'static Relation, way: Way, rows: Rows<'g>) {
    let batch = Batch { relation, way, rows };
    if batch.len() > 0 {
        batches.push(batch);
    }
}

/// Rows per relation and way, in key order: neighbours in the index are written together.
fn noun_batches<'g>(view: &View<'g>) -> Vec<Batch<'g>> {
    let mut inserts: Vec<Vec<NounWrite<'g>>> = Vec::new();
    let mut updates: Vec<Vec<NounWrite<'g>>> = Vec::new();
    inserts.resize_with(catalog().relations.len(), Vec::new);
    updates.resize_with(catalog().relations.len(), Vec::new);
    for (&(relation, key), state) in &view.rows {
        let Some((base, latest)) = state.write else { continue };
        let (version, expected) = (state.version, state.loaded);
        let rows = if expected == 0 { &mut inserts } else { &mut updates };
        rows[relation].push(NounWrite { key, version, expected, base, latest });
    }
    let mut batches = Vec::new();
    for (way, rows) in [(Way::Insert, inserts), (Way::Update, updates)] {
        for (relation, mut rows) in catalog().relations.iter().zip(rows) {
            rows.sort_unstable_by_key(|row| row.key);
            add(&mut batches, relation, way, Rows::Nouns(rows));
        }
    }
    batches
}

#[cfg(test)]
mod tests;
