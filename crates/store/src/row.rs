//! How a noun is a row: its table declared once, for both engines.
//!
//! Statements, decoding and the check of the migrated schema all come from this declaration.
//! Every row is found by one 16-byte key. Mutable rows carry a version, which the engine writes.

use domain::changes::Noun;
use domain::ids::RowKey;

use crate::error::StoreError;

/// What a column holds: `uuid`, `int8`, `text` or `bytea` on PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Key,
    Int,
    Text,
    Bytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub is_nullable: bool,
    /// Updates write the mutable columns only.
    pub is_mutable: bool,
}

/// A frozen column that is never null.
pub const fn frozen(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_nullable: false, is_mutable: false }
}

/// A mutable column that is never null.
pub const fn mutable(name: &'static str, kind: Kind) -> Column {
    Column { name, kind, is_nullable: false, is_mutable: true }
}

impl Column {
    pub const fn or_null(self) -> Column {
        Column { is_nullable: true, ..self }
    }
}

/// Whether a key is drawn fresh (never looked up at insert) or may be taken by another row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    Fresh,
    Business,
}

/// A table: `key` and `version` come first and are not listed in `columns`.
#[derive(Debug)]
pub struct Table {
    pub noun: Noun,
    pub name: &'static str,
    pub key_origin: KeyOrigin,
    pub columns: &'static [Column],
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
    Key(RowKey),
}

/// The cells of one row being decoded, in the order of the table's columns.
pub struct Cells<'a> {
    pub table: &'static Table,
    pub key: RowKey,
    pub version: i64,
    cells: std::slice::IterMut<'a, Value>,
    at: usize,
}

impl<'a> Cells<'a> {
    pub fn new(table: &'static Table, key: RowKey, version: i64, cells: &'a mut [Value]) -> Self {
        Cells { table, key, version, cells: cells.iter_mut(), at: 0 }
    }

    fn take(&mut self) -> Value {
        self.at += 1;
        self.cells.next().map_or(Value::Null, |cell| std::mem::replace(cell, Value::Null))
    }

    /// The column that was taken last does not decode.
    pub fn corrupt(&self) -> StoreError {
        let column = self.table.columns.get(self.at.saturating_sub(1));
        StoreError::Corrupt {
            table: self.table.name,
            key: self.key.uuid().to_string(),
            column: column.map_or("?", |column| column.name),
        }
    }

    pub fn int(&mut self) -> Result<i64, StoreError> {
        self.maybe_int()?.ok_or_else(|| self.corrupt())
    }

    pub fn maybe_int(&mut self) -> Result<Option<i64>, StoreError> {
        match self.take() {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(value)),
            Value::Text(_) | Value::Bytes(_) | Value::Key(_) => Err(self.corrupt()),
        }
    }

    pub fn text(&mut self) -> Result<String, StoreError> {
        self.maybe_text()?.ok_or_else(|| self.corrupt())
    }

    pub fn maybe_text(&mut self) -> Result<Option<String>, StoreError> {
        match self.take() {
            Value::Null => Ok(None),
            Value::Text(value) => Ok(Some(value)),
            Value::Int(_) | Value::Bytes(_) | Value::Key(_) => Err(self.corrupt()),
        }
    }

    pub fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        self.maybe_bytes()?.ok_or_else(|| self.corrupt())
    }

    pub fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.take() {
            Value::Null => Ok(None),
            Value::Bytes(value) => Ok(Some(value)),
            Value::Int(_) | Value::Text(_) | Value::Key(_) => Err(self.corrupt()),
        }
    }

    pub fn key(&mut self) -> Result<RowKey, StoreError> {
        self.maybe_key()?.ok_or_else(|| self.corrupt())
    }

    pub fn maybe_key(&mut self) -> Result<Option<RowKey>, StoreError> {
        match self.take() {
            Value::Null => Ok(None),
            Value::Key(value) => Ok(Some(value)),
            Value::Int(_) | Value::Text(_) | Value::Bytes(_) => Err(self.corrupt()),
        }
    }
}

/// A noun that is kept as rows of one table.
pub trait Row: Sized + Send + 'static {
    const TABLE: Table;

    /// The cells in the order of the table's columns (key and version not among them).
    fn encode(self) -> Vec<Value>;

    fn decode(cells: &mut Cells<'_>) -> Result<Self, StoreError>;
}
