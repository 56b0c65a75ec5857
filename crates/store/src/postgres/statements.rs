//! The statements of every relation as PostgreSQL runs them: whole batches as arrays.
//!
//! Rows are found by their single-column key and nothing else, so that a plan made while a table
//! was empty is as good when it is full. An update that misses a row divides by zero on purpose:
//! the transaction fails, although its COMMIT is already on the way.

use std::sync::OnceLock;

use crate::migrations::Dialect;
use crate::relation::{Relation, catalog};

pub(super) struct Texts {
    pub insert: String,
    pub copy: String,
    pub update: String,
    pub versions: String,
    pub guards: String,
    pub points: String,
}

pub(super) const LANE: &str =
    "SELECT sequence, ledger_position FROM lanes WHERE lane = $1 FOR UPDATE";
pub(super) const LANE_UPDATE: &str =
    "UPDATE lanes SET sequence = $2, ledger_position = $3 WHERE lane = $1";
pub(super) const COUNTERS: &str =
    "SELECT key, version, value FROM counters WHERE key = ANY($1::uuid[])";
pub(super) const ACCOUNTS: &str =
    "SELECT key, version, balance, reserved FROM accounts WHERE key = ANY($1::uuid[])";
/// The database's own clock serves here: only leftovers of dead processes depend on it.
pub(super) const GROUP: &str = "INSERT INTO committers (key, last_group, seen_at) \
     VALUES ($1, $2, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)) \
     ON CONFLICT (key) DO UPDATE SET last_group = excluded.last_group, seen_at = excluded.seen_at";
pub(super) const LAST_GROUP: &str = "SELECT last_group FROM committers WHERE key = $1";
pub(super) const NEW_COMMITTER: &str = "SELECT gen_random_uuid()";
pub(super) const FORGET_COMMITTERS: &str = "DELETE FROM committers WHERE seen_at < \
     CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - 86400000";

/// The texts of a relation.
pub(super) fn texts(relation: &Relation) -> &'static Texts {
    static TEXTS: OnceLock<Vec<Texts>> = OnceLock::new();
    let all = TEXTS.get_or_init(|| catalog().relations.iter().map(make).collect());
    &all[relation.id]
}

fn make(relation: &Relation) -> Texts {
    let (name, columns) = (relation.name, relation.column_list());
    let arrays: Vec<String> = (1..)
        .zip(&relation.columns)
        .map(|(at, column)| format!("${at}::{}[]", Dialect::Postgres.type_name(column.kind)))
        .collect();
    let arrays = arrays.join(", ");
    Texts {
        insert: format!("INSERT INTO {name} ({columns}) SELECT * FROM UNNEST({arrays})"),
        copy: format!("COPY {name} ({columns}) FROM STDIN BINARY"),
        update: update(relation),
        versions: format!("SELECT key, version FROM {name} WHERE key = ANY($1::uuid[])"),
        guards: format!(
            "SELECT key, version FROM {name} WHERE key = ANY($1::uuid[]) ORDER BY key FOR SHARE"
        ),
        points: format!("SELECT {columns} FROM {name} WHERE key = ANY($1::uuid[])"),
    }
}

/// Parameters: keys, expected versions, the mutable columns, and how many rows there are.
fn update(relation: &Relation) -> String {
    let name = relation.name;
    let mut arrays = "$1::uuid[], $2::bigint[]".to_owned();
    let mut names = "key, expected".to_owned();
    let mut sets = Vec::new();
    let mut at = 2;
    for (_, column) in relation.mutable() {
        at += 1;
        let type_name = Dialect::Postgres.type_name(column.kind);
        arrays.push_str(&format!(", ${at}::{type_name}[]"));
        names.push_str(&format!(", {}", column.name));
        sets.push(format!("{0} = new.{0}", column.name));
    }
    let count = at + 1;
    let sets = sets.join(", ");
    format!(
        "WITH written AS (\
             UPDATE {name} AS old SET {sets} FROM UNNEST({arrays}) AS new ({names}) \
             WHERE old.key = ANY($1::uuid[]) AND old.key = new.key \
             AND old.version = new.expected RETURNING 1) \
         SELECT 1 / CASE WHEN COUNT(*) = ${count}::bigint THEN 1 ELSE 0 END FROM written"
    )
}
