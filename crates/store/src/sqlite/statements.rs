//! The statements of every relation as SQLite runs them, and how cells are bound and read.
//!
//! Placeholders are numbered as on PostgreSQL; only the mark in front of the number differs.

use std::sync::OnceLock;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Row, Statement};

use crate::relation::{Relation, catalog};
use crate::row::{Kind, Value};
use crate::write::CellRef;

pub(super) struct Texts {
    pub insert: String,
    pub update: String,
    pub version: String,
    pub point: String,
}

/// The texts of a relation.
pub(super) fn texts(relation: &Relation) -> &'static Texts {
    static TEXTS: OnceLock<Vec<Texts>> = OnceLock::new();
    let all = TEXTS.get_or_init(|| catalog().relations.iter().map(make).collect());
    &all[relation.id]
}

fn make(relation: &Relation) -> Texts {
    let (name, columns) = (relation.name, relation.column_list());
    let count = relation.columns.len();
    let marks: Vec<String> = (1..=count).map(|at| format!("?{at}")).collect();
    let marks = marks.join(", ");
    // Bound in this order: the mutable columns, then the key, then the expected version.
    let sets: Vec<String> = (1..)
        .zip(relation.mutable())
        .map(|(at, (_, column))| format!("{} = ?{at}", column.name))
        .collect();
    let (key, expected) = (sets.len() + 1, sets.len() + 2);
    let sets = sets.join(", ");
    Texts {
        insert: format!("INSERT INTO {name} ({columns}) VALUES ({marks})"),
        update: format!("UPDATE {name} SET {sets} WHERE key = ?{key} AND version = ?{expected}"),
        version: format!("SELECT version FROM {name} WHERE key = ?1"),
        point: format!("SELECT {columns} FROM {name} WHERE key = ?1"),
    }
}

/// `$1` as SQLite writes it; texts hold no other dollar sign.
pub(super) fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

impl ToSql for CellRef<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            CellRef::Null => ValueRef::Null,
            CellRef::Int(value) => ValueRef::Integer(*value),
            CellRef::Text(text) => ValueRef::Text(text.as_bytes()),
            CellRef::Bytes(bytes) => ValueRef::Blob(bytes),
            CellRef::Wide(bytes) => ValueRef::Blob(bytes),
            CellRef::Key(key) => ValueRef::Blob(&key.0),
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

pub(super) fn bind(statement: &mut Statement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    for (at, value) in (1..).zip(params) {
        statement.raw_bind_parameter(at, CellRef::from(value))?;
    }
    Ok(())
}

/// A row's cells. One that is not of its kind stays what it is, and will not decode.
pub(super) fn read(row: &Row<'_>, kinds: &[Kind]) -> rusqlite::Result<Vec<Value>> {
    let cell = |(at, kind): (usize, &Kind)| {
        Ok(match row.get_ref(at)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(value) => Value::Int(value),
            ValueRef::Real(value) => Value::Text(value.to_string()),
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => Value::Bytes(text.to_owned()),
            },
            ValueRef::Blob(bytes) => match (kind, <[u8; 16]>::try_from(bytes)) {
                (Kind::Key, Ok(key)) => Value::Key(domain::ids::RowKey(key)),
                _ => Value::Bytes(bytes.to_owned()),
            },
        })
    };
    kinds.iter().enumerate().map(cell).collect()
}
