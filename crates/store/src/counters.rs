//! Counters: numbers that many changes move at once, within bounds, one row each.
//!
//! The bound is judged inside the group, so that no two changes pass a floor together. Names begin
//! with what they count, so that those of one kind are a range of the index.

use domain::ids::RowKey;

use crate::error::StoreError;
use crate::row::{Column, Kind, Value, frozen, mutable};
use crate::store::Store;

pub(crate) const COLUMNS: &[Column] =
    &[frozen("merchant_id", Kind::Int), frozen("name", Kind::Text), mutable("value", Kind::Int)];

/// Every counter of a range of names, summed over the merchants.
pub(crate) const SUMS: &str = "SELECT name, CAST(SUM(value) AS BIGINT) FROM counters \
     WHERE name >= $1 AND name < $2 GROUP BY name ORDER BY name";

/// The gauges of the metrics page; what counts days or limits is not among them.
pub(crate) const GAUGES: (&str, &str) = ("invoices.", "invoices/");

impl Store {
    /// Every gauge by name, summed over the merchants: what the metrics page shows.
    pub async fn gauges(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let (from, until) = GAUGES;
        self.counters_between((from.to_owned(), until.to_owned())).await
    }

    /// The counters from one name up to but without another, in the order of their names.
    pub async fn counters_between(
        &self,
        (from, until): (String, String),
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let params = vec![Value::Text(from), Value::Text(until)];
        let rows = self.select_cells(SUMS, &[Kind::Text, Kind::Int], params).await?;
        let pair = |row: Vec<Value>| match <[Value; 2]>::try_from(row) {
            Ok([Value::Text(name), Value::Int(sum)]) => Ok((name, sum)),
            _ => {
                Err(StoreError::Corrupt { table: "counters", key: String::new(), column: "value" })
            }
        };
        rows.into_iter().map(pair).collect()
    }

    /// What one counter stands at; zero if nothing ever moved it.
    pub async fn counter(&self, key: RowKey) -> Result<i64, StoreError> {
        let sql = "SELECT value FROM counters WHERE key = $1";
        let rows = self.select_cells(sql, &[Kind::Int], vec![Value::Key(key)]).await?;
        Ok(rows.first().and_then(|row| row.first()).map_or(0, |value| match value {
            Value::Int(value) => *value,
            Value::Null | Value::Text(_) | Value::Bytes(_) | Value::Key(_) => 0,
        }))
    }
}
