//! What a judged group writes: rows per relation, each once and in its final state.
//!
//! A row is not copied to be written: cells are read where the change that brought them keeps
//! them, by column, which is how PostgreSQL takes them, or by row, which is how SQLite does.

use domain::ids::RowKey;

use crate::ledger::{AccountWrite, TransferWrite};
use crate::log::Placed;
use crate::relation::Relation;
use crate::row::Value;

/// One cell, borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellRef<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Sixteen bytes made on the spot: an amount or a balance.
    Wide([u8; 16]),
    Key(RowKey),
}

impl<'a> CellRef<'a> {
    pub fn maybe_key(key: Option<RowKey>) -> CellRef<'a> {
        key.map_or(CellRef::Null, CellRef::Key)
    }

    pub fn maybe_text(text: Option<&'a str>) -> CellRef<'a> {
        text.map_or(CellRef::Null, CellRef::Text)
    }
}

impl<'a> From<&'a Value> for CellRef<'a> {
    fn from(value: &'a Value) -> CellRef<'a> {
        match value {
            Value::Null => CellRef::Null,
            Value::Int(value) => CellRef::Int(*value),
            Value::Text(text) => CellRef::Text(text),
            Value::Bytes(bytes) => CellRef::Bytes(bytes),
            Value::Key(key) => CellRef::Key(*key),
        }
    }
}

/// A noun's row in its final state: frozen cells as inserted, mutable ones as last updated.
#[derive(Clone, Copy)]
pub(crate) struct NounWrite<'g> {
    pub key: RowKey,
    pub version: i64,
    /// The version found in the database; zero for a row that is new.
    pub expected: i64,
    pub base: &'g [Value],
    pub latest: &'g [Value],
}

pub(crate) struct CounterWrite<'g> {
    pub key: RowKey,
    pub version: i64,
    pub expected: i64,
    pub merchant_id: i64,
    pub name: &'g str,
    pub is_gauge: bool,
    pub value: i64,
}

pub(crate) enum Rows<'g> {
    Nouns(Vec<NounWrite<'g>>),
    Entries(Vec<Placed<'g>>),
    Transfers(Vec<TransferWrite<'g>>),
    Accounts(Vec<AccountWrite>),
    Counters(Vec<CounterWrite<'g>>),
    /// Rows with every column, as another database had them.
    Whole(Vec<Vec<Value>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Insert,
    Update,
}

/// All rows of one relation that are written in one way.
pub(crate) struct Batch<'g> {
    pub relation: &'static Relation,
    pub way: Way,
    pub rows: Rows<'g>,
}

impl Batch<'_> {
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Nouns(rows) => rows.len(),
            Rows::Entries(rows) => rows.len(),
            Rows::Transfers(rows) => rows.len(),
            Rows::Accounts(rows) => rows.len(),
            Rows::Counters(rows) => rows.len(),
            Rows::Whole(rows) => rows.len(),
        }
    }

    /// The cell of a row in a column of the relation.
    pub fn cell(&self, row: usize, column: usize) -> CellRef<'_> {
        match &self.rows {
            Rows::Nouns(rows) => {
                let row = &rows[row];
                match column {
                    0 => CellRef::Key(row.key),
                    1 => CellRef::Int(row.version),
                    _ => {
                        let is_mutable = self.relation.columns[column].is_mutable;
                        let cells = if is_mutable { row.latest } else { row.base };
                        cells.get(column - 2).map_or(CellRef::Null, CellRef::from)
                    }
                }
            }
            Rows::Entries(rows) => rows[row].cell(column),
            Rows::Transfers(rows) => rows[row].cell(column),
            Rows::Accounts(rows) => rows[row].cell(column),
            Rows::Counters(rows) => rows[row].cell(column),
            Rows::Whole(rows) => rows[row].get(column).map_or(CellRef::Null, CellRef::from),
        }
    }

    /// The version an updated row must still have.
    pub fn expected(&self, row: usize) -> i64 {
        match &self.rows {
            Rows::Nouns(rows) => rows[row].expected,
            Rows::Accounts(rows) => rows[row].expected,
            Rows::Counters(rows) => rows[row].expected,
            Rows::Entries(_) | Rows::Transfers(_) | Rows::Whole(_) => 0,
        }
    }
}

impl CounterWrite<'_> {
    fn cell(&self, column: usize) -> CellRef<'_> {
        match column {
            0 => CellRef::Key(self.key),
            1 => CellRef::Int(self.version),
            2 => CellRef::Int(self.merchant_id),
            3 => CellRef::Text(self.name),
            4 => CellRef::Int(self.is_gauge.into()),
            _ => CellRef::Int(self.value),
        }
    }
}
