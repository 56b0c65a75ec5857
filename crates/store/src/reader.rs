//! Reads the cells of the engine's own relations, one after the other.
//!
//! The nouns have `Cells` for this; the log, the ledger and the counters are no nouns.

use domain::environment::Environment;
use domain::ids::RowKey;

use crate::error::StoreError;
use crate::row::{Column, Value};

pub(crate) struct Reader {
    table: &'static str,
    columns: &'static [Column],
    cells: std::vec::IntoIter<Value>,
    at: usize,
    /// Which row it is, for the message when it does not decode.
    pub row: String,
}

impl Reader {
    pub fn new(table: &'static str, columns: &'static [Column], cells: Vec<Value>) -> Reader {
        Reader { table, columns, cells: cells.into_iter(), at: 0, row: String::new() }
    }

    fn take(&mut self) -> Value {
        self.at += 1;
        self.cells.next().unwrap_or(Value::Null)
    }

    pub fn int(&mut self) -> Result<i64, StoreError> {
        match self.take() {
            Value::Int(value) => Ok(value),
            Value::Null | Value::Text(_) | Value::Bytes(_) | Value::Key(_) => Err(self.corrupt()),
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

    /// Sixteen bytes: an amount or a balance.
    pub fn wide(&mut self) -> Result<[u8; 16], StoreError> {
        match self.take() {
            Value::Bytes(bytes) => bytes.try_into().map_err(|_| self.corrupt()),
            Value::Null | Value::Int(_) | Value::Text(_) | Value::Key(_) => Err(self.corrupt()),
        }
    }

    pub fn environment(&mut self) -> Result<Environment, StoreError> {
        self.coded(Environment::from_code)
    }

    /// An enum by its code.
    pub fn coded<T>(&mut self, from_code: fn(i64) -> Option<T>) -> Result<T, StoreError> {
        let code = self.int()?;
        from_code(code).ok_or_else(|| self.corrupt())
    }

    /// An enum by its code, or nothing.
    pub fn maybe_coded<T>(
        &mut self,
        from_code: fn(i64) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        match self.take() {
            Value::Null => Ok(None),
            Value::Int(code) => from_code(code).map(Some).ok_or_else(|| self.corrupt()),
            Value::Text(_) | Value::Bytes(_) | Value::Key(_) => Err(self.corrupt()),
        }
    }

    /// The cell that was read last is not what it must be.
    pub fn corrupt(&self) -> StoreError {
        let column = self.columns.get(self.at.saturating_sub(1));
        StoreError::Corrupt {
            table: self.table,
            key: self.row.clone(),
            column: column.map_or("?", |column| column.name),
        }
    }
}
