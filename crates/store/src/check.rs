//! What `pepay doctor` asks of the store: does the database keep its promises?
//!
//! Everything is read in pages and added up in Rust. The server may be writing meanwhile, so what
//! does not agree is looked at again before it is told; a finding is meant for a human.

use std::collections::{BTreeMap, HashMap};

use domain::ids::RowKey;
use domain::ledger::Balance;

use crate::error::StoreError;
use crate::migrations::{self, Dialect, FoundColumn};
use crate::row::{Kind, Value};
use crate::store::Store;

const PAGE: i64 = 1_000;
const LOG_WINDOW: i64 = 50_000;
/// How often sums that do not agree are read again, in case they were being written.
const ROUNDS_MAX: u32 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

/// Something `Store::check` found, in words for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFinding {
    pub severity: Severity,
    pub what: String,
    pub what_to_do: String,
}

impl CheckFinding {
    pub(crate) fn error(what: String, what_to_do: &str) -> CheckFinding {
        CheckFinding { severity: Severity::Error, what, what_to_do: what_to_do.to_owned() }
    }
}

const ASK_FOR_HELP: &str =
    "Stop paying out, keep a copy of the database as it is, and report this with the version";

impl Store {
    /// Schema, log and ledger. Takes a while on a large database; changes nothing.
    pub async fn check(&self) -> Result<Vec<CheckFinding>, StoreError> {
        let mut findings = self.check_schema().await?;
        findings.extend(self.check_settings().await?);
        for lane in 0..self.lanes() {
            findings.extend(self.check_log(lane).await?);
        }
        findings.extend(self.check_ledger().await?);
        Ok(findings)
    }

    async fn check_schema(&self) -> Result<Vec<CheckFinding>, StoreError> {
        let dialect = self.dialect();
        let kinds = [Kind::Text, Kind::Text, Kind::Text, Kind::Int];
        let rows = self.select_cells(dialect.columns_sql(), &kinds, Vec::new()).await?;
        let found: Vec<FoundColumn> = rows.into_iter().filter_map(FoundColumn::of).collect();
        let differences = migrations::differences(&found, dialect);
        let finding = |what| {
            CheckFinding::error(what, "Somebody changed the schema by hand: restore that column")
        };
        Ok(differences.into_iter().map(finding).collect())
    }

    /// Settings under which PostgreSQL forgets what it has acknowledged.
    async fn check_settings(&self) -> Result<Vec<CheckFinding>, StoreError> {
        if self.dialect() != Dialect::Postgres {
            return Ok(Vec::new());
        }
        let sql = "SELECT name FROM pg_settings \
                   WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'";
        let rows = self.select_cells(sql, &[Kind::Text], Vec::new()).await?;
        let finding = |row: Vec<Value>| match row.into_iter().next() {
            Some(Value::Text(name)) => Some(CheckFinding {
                severity: Severity::Warning,
                what: format!("PostgreSQL runs with {name} off: a crash may lose or damage data"),
                what_to_do: format!("Set {name} to on and restart PostgreSQL"),
            }),
            _ => None,
        };
        Ok(rows.into_iter().filter_map(finding).collect())
    }

    /// Every sequence from the first that is kept to the head, each once.
    async fn check_log(&self, lane: i64) -> Result<Vec<CheckFinding>, StoreError> {
        let mut findings = Vec::new();
        let before = self.log_head(lane).await?;
        let sql = "SELECT MIN(sequence), MAX(sequence) FROM log WHERE lane = $1";
        let params = vec![Value::Int(lane)];
        let ends = self.select_cells(sql, &[Kind::Int, Kind::Int], params).await?;
        let after = self.log_head(lane).await?;
        let (first, last) = match ends.first().map(Vec::as_slice) {
            Some([Value::Int(first), Value::Int(last)]) => (*first, *last),
            _ => (1, 0),
        };
        if !(before..=after).contains(&last) {
            let what = format!("lane {lane} of the log ends at {last}, its row says {after}");
            findings.push(CheckFinding::error(what, ASK_FOR_HELP));
        }
        let mut from = first;
        while from <= last {
            let to = last.min(from + LOG_WINDOW - 1);
            let missing = to - from + 1 - self.count_entries(lane, from, to).await?;
            if missing != 0 {
                let kept_from = self.first_entry(lane).await?;
                if kept_from > from {
                    // Swept while it was being counted.
                    from = kept_from;
                    continue;
                }
                let what = format!("lane {lane} of the log lacks {missing} of {from} to {to}");
                findings.push(CheckFinding::error(what, ASK_FOR_HELP));
            }
            from = to + 1;
        }
        Ok(findings)
    }

    /// The oldest entry that is kept; a sweep leaves at least the newest of all.
    async fn first_entry(&self, lane: i64) -> Result<i64, StoreError> {
        let sql = "SELECT MIN(sequence) FROM log WHERE lane = $1";
        let rows = self.select_cells(sql, &[Kind::Int], vec![Value::Int(lane)]).await?;
        match rows.first().map(Vec::as_slice) {
            Some([Value::Int(first)]) => Ok(*first),
            _ => Ok(0),
        }
    }

    async fn count_entries(&self, lane: i64, from: i64, to: i64) -> Result<i64, StoreError> {
        let sql = "SELECT COUNT(*) FROM log \
                   WHERE lane = $1 AND sequence >= $2 AND sequence <= $3";
        let params = [lane, from, to].map(Value::Int).into();
        let rows = self.select_cells(sql, &[Kind::Int], params).await?;
        match rows.first().map(Vec::as_slice) {
            Some([Value::Int(count)]) => Ok(*count),
            _ => Ok(0),
        }
    }

    /// Balances are what the transfers make them, and every asset sums to zero.
    pub async fn check_ledger(&self) -> Result<Vec<CheckFinding>, StoreError> {
        let mut sums = Sums::default();
        let (mut gaps, mut differences) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS_MAX {
            for lane in 0..self.lanes() {
                self.add_transfers(lane, &mut sums, &mut gaps).await?;
            }
            differences = sums.compare(&self.all_accounts().await?);
            if differences.is_empty() {
                break;
            }
        }
        gaps.extend(differences);
        Ok(gaps)
    }

    /// Adds the transfers after those that were added before.
    async fn add_transfers(
        &self,
        lane: i64,
        sums: &mut Sums,
        gaps: &mut Vec<CheckFinding>,
    ) -> Result<(), StoreError> {
        loop {
            let position = *sums.positions.entry(lane).or_default();
            let tail = "WHERE lane = $1 AND position > $2 ORDER BY position LIMIT $3";
            let params = [lane, position, PAGE].map(Value::Int).into();
            let page = self.select_transfers(tail, params).await?;
            for transfer in &page {
                let expected = *sums.positions.entry(lane).or_default() + 1;
                if transfer.position != expected {
                    let found = transfer.position;
                    let what =
                        format!("lane {lane} of the ledger goes from {} to {found}", expected - 1);
                    gaps.push(CheckFinding::error(what, ASK_FOR_HELP));
                }
                sums.positions.insert(lane, transfer.position);
                let amount = i128::try_from(transfer.amount.0).unwrap_or(i128::MAX);
                let (moved, reserved) = (transfer.phase.moves(), transfer.phase.reserves());
                sums.add(transfer.debit, (-amount * moved, amount * reserved));
                sums.add(transfer.credit, (amount * moved, 0));
            }
            if page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    async fn all_accounts(&self) -> Result<Vec<(RowKey, Balance)>, StoreError> {
        let mut all: Vec<(RowKey, Balance)> = Vec::new();
        loop {
            let (tail, params) = match all.last() {
                None => ("ORDER BY key LIMIT $1", vec![Value::Int(PAGE)]),
                Some((last, _)) => (
                    "WHERE key > $1 ORDER BY key LIMIT $2",
                    vec![Value::Key(*last), Value::Int(PAGE)],
                ),
            };
            let page = self.select_accounts(tail, params).await?;
            let is_last = page.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}

/// What the transfers add up to, per account; and how far each lane was read.
#[derive(Default)]
struct Sums {
    /// Balance, and what of it is reserved.
    accounts: HashMap<RowKey, (i128, i128)>,
    positions: HashMap<i64, i64>,
}

impl Sums {
    fn add(&mut self, account: RowKey, (by, reserve_by): (i128, i128)) {
        let (balance, reserved) = self.accounts.entry(account).or_default();
        *balance = balance.saturating_add(by);
        *reserved = reserved.saturating_add(reserve_by);
    }

    fn compare(&self, accounts: &[(RowKey, Balance)]) -> Vec<CheckFinding> {
        let mut findings = Vec::new();
        let mut totals: BTreeMap<_, i128> = BTreeMap::new();
        for (key, Balance { account, balance, reserved }) in accounts {
            let (sum, held) = self.accounts.get(key).copied().unwrap_or_default();
            if sum != *balance {
                let what = format!("{account:?} stands at {balance}, its transfers make {sum}");
                findings.push(CheckFinding::error(what, ASK_FOR_HELP));
            }
            if held != *reserved {
                let what = format!("{account:?} has {reserved} reserved, its transfers {held}");
                findings.push(CheckFinding::error(what, ASK_FOR_HELP));
            }
            let total = totals.entry((account.environment, account.asset)).or_default();
            *total = total.saturating_add(*balance);
        }
        for ((environment, asset), total) in totals {
            if total != 0 {
                let environment = environment.as_str();
                let what =
                    format!("the ledger of {asset:?} ({environment}) sums to {total}, not to zero");
                findings.push(CheckFinding::error(what, ASK_FOR_HELP));
            }
        }
        let known: HashMap<_, ()> = accounts.iter().map(|(key, _)| (*key, ())).collect();
        for key in self.accounts.keys().filter(|key| !known.contains_key(key)) {
            let what = format!("there are transfers of account {key:?}, which does not exist");
            findings.push(CheckFinding::error(what, ASK_FOR_HELP));
        }
        findings
    }
}
