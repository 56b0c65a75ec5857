//! `roof:` an engine that keeps nothing, so that a benchmark can measure everything else.
//!
//! A commit counts a sequence up and is done; authentication, parsing and rendering are the same
//! as ever. What was committed last is answered by key from a small map, so that a server can
//! start and requests find their merchant; lists are empty. It judges nothing, is in no
//! documentation for users, and must never be used for anything that is to be kept.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use domain::changes::Noun;
use domain::ids::RowKey;

use crate::commit::queue::Verdict;
use crate::commit::{Prepared, PreparedRow};
use crate::relation::{Relation, catalog};
use crate::row::Value;
use crate::store::{Committed, Shared};

const ROWS_MAX: usize = 30_000;
/// Rows of nouns that are made by the thousand push each other out: so many are kept of each.
const PASSING_MAX: usize = 1_000;
/// Of invoices more: a benchmark makes ten thousand and then reads them.
const INVOICES_MAX: usize = 12_000;

type Place = (usize, RowKey);

#[derive(Default)]
struct Kept {
    rows: HashMap<Place, Vec<Value>>,
    passing: HashMap<usize, VecDeque<Place>>,
}

pub(crate) struct Roof {
    shared: Arc<Shared>,
    sequence: AtomicI64,
    kept: Mutex<Kept>,
}

impl Roof {
    pub fn open(shared: Arc<Shared>) -> Roof {
        Roof { shared, sequence: AtomicI64::new(0), kept: Mutex::default() }
    }

    pub fn commit(&self, change: Prepared) -> Verdict {
        let entries = i64::try_from(change.entries.len()).expect("a change is small");
        let before = self.sequence.fetch_add(entries, Relaxed);
        let lane = change.lane;
        {
            let mut kept = self.kept.lock().expect("nobody panics while holding this");
            change.inserts.into_iter().for_each(|row| kept.put(row, 1));
            for row in change.updates {
                let version = row.version + 1;
                kept.put(row, version);
            }
        }
        let last_sequence = before + entries;
        let verdict = Ok(Committed { lane, first_sequence: before + 1, last_sequence });
        self.shared.tally.answered(&verdict);
        self.shared.wake();
        verdict
    }

    pub fn points(&self, relation: &Relation, keys: &[RowKey]) -> Vec<Option<Vec<Value>>> {
        let kept = self.kept.lock().expect("nobody panics while holding this");
        keys.iter().map(|&key| kept.rows.get(&(relation.id, key)).cloned()).collect()
    }
}

impl Kept {
    fn put(&mut self, row: PreparedRow, version: i64) {
        let place = (row.relation.id, row.key);
        if let Some(most) = passing_max(row.relation) {
            let passing = self.passing.entry(row.relation.id).or_default();
            passing.push_back(place);
            if passing.len() > most
                && let Some(oldest) = passing.pop_front()
            {
                self.rows.remove(&oldest);
            }
        } else if self.rows.len() >= ROWS_MAX && !self.rows.contains_key(&place) {
            return;
        }
        let lead = [Value::Key(row.key), Value::Int(version)];
        self.rows.insert(place, lead.into_iter().chain(row.cells).collect());
    }
}

/// How many rows are kept of a noun that passes; none of one that stays.
fn passing_max(relation: &Relation) -> Option<usize> {
    let is = |noun| catalog().noun(noun).id == relation.id;
    if is(Noun::Invoice) {
        return Some(INVOICES_MAX);
    }
    [Noun::Session, Noun::Idempotency, Noun::Payment].into_iter().any(is).then_some(PASSING_MAX)
}
