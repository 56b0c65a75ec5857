//! A table as the engines see it: every column in order, whoever declared it.
//!
//! The nouns' tables are declared with their rows; the log, the counters and the ledger here and
//! beside their decoding. Both engines make their statements from a relation, so that no
//! statement that writes exists twice.

use std::sync::OnceLock;

use domain::changes::Noun;

use crate::row::{Column, KeyOrigin, Kind, Table, frozen, mutable};
use crate::{counters, ledger, log, rows};

pub(crate) struct Relation {
    /// Its place in the catalog; engines keep their statements in the same order.
    pub id: usize,
    pub name: &'static str,
    pub key_origin: KeyOrigin,
    /// All columns. All relations but the log begin with `key` and `version`.
    pub columns: Vec<Column>,
}

impl Relation {
    /// The columns an update writes: the version and whatever is mutable.
    pub fn mutable(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns.iter().enumerate().filter(|(_, column)| column.is_mutable)
    }

    pub fn column_list(&self) -> String {
        self.columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    pub fn kinds(&self) -> Vec<Kind> {
        self.columns.iter().map(|column| column.kind).collect()
    }
}

/// Every relation: the nouns in the order of `rows::tables`, then the engine's own.
pub(crate) struct Catalog {
    pub relations: Vec<Relation>,
    by_noun: Vec<Option<usize>>,
    own: usize,
}

const KEY_AND_VERSION: [Column; 2] = [frozen("key", Kind::Key), mutable("version", Kind::Int)];

pub(crate) fn catalog() -> &'static Catalog {
    static CATALOG: OnceLock<Catalog> = OnceLock::new();
    CATALOG.get_or_init(Catalog::build)
}

impl Catalog {
    fn build() -> Catalog {
        let mut catalog = Catalog { relations: Vec::new(), by_noun: Vec::new(), own: 0 };
        for &table in rows::tables() {
            catalog.add_noun(table);
        }
        catalog.own = catalog.relations.len();
        catalog.add("log", KeyOrigin::Fresh, log::COLUMNS.to_vec());
        catalog.add("transfers", KeyOrigin::Fresh, led_by_key(ledger::TRANSFER_COLUMNS));
        catalog.add("accounts", KeyOrigin::Business, led_by_key(ledger::ACCOUNT_COLUMNS));
        catalog.add("counters", KeyOrigin::Business, led_by_key(counters::COLUMNS));
        catalog
    }

    fn add_noun(&mut self, table: &'static Table) {
        let at = table.noun as usize;
        if self.by_noun.len() <= at {
            self.by_noun.resize(at + 1, None);
        }
        self.by_noun[at] = Some(self.relations.len());
        self.add(table.name, table.key_origin, led_by_key(table.columns));
    }

    fn add(&mut self, name: &'static str, key_origin: KeyOrigin, columns: Vec<Column>) {
        let id = self.relations.len();
        self.relations.push(Relation { id, name, key_origin, columns });
    }

    pub fn noun(&self, noun: Noun) -> &Relation {
        let id = self.by_noun.get(noun as usize).copied().flatten();
        &self.relations[id.expect("every noun is declared with a table")]
    }

    pub fn log(&self) -> &Relation {
        &self.relations[self.own]
    }

    pub fn transfers(&self) -> &Relation {
        &self.relations[self.own + 1]
    }

    pub fn accounts(&self) -> &Relation {
        &self.relations[self.own + 2]
    }

    pub fn counters(&self) -> &Relation {
        &self.relations[self.own + 3]
    }
}

fn led_by_key(columns: &[Column]) -> Vec<Column> {
    KEY_AND_VERSION.iter().chain(columns).copied().collect()
}
