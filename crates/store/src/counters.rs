//! Counters: numbers that many changes move at once, within bounds, one row each.
//!
//! The bound is judged inside the group, so that no two changes pass a floor together. Names begin
//! with what they count, so that those of one kind are a range of the index.

use domain::ids::RowKey;

use crate::error::StoreError;
use crate::relation::catalog;
use crate::row::{Column, Kind, Value, frozen, mutable};
use crate::store::Store;

pub(crate) const COLUMNS: &[Column] = &[
    frozen("merchant_id", Kind::Int),
    frozen("name", Kind::Text),
    // Counters with bounds are many: one for each thing on sale, and for each user and day.
    frozen("is_gauge", Kind::Int),
    // The last: see `counter_values`.
    mutable("value", Kind::Int),
];

/// Every counter without bounds of a range of names, summed over the merchants.
pub(crate) const SUMS: &str = "SELECT name, CAST(SUM(value) AS BIGINT) FROM counters \
     WHERE is_gauge = 1 AND name >= $1 AND name < $2 GROUP BY name ORDER BY name";

/// The gauges of the metrics page; what counts days or limits is not among them.
pub(crate) const GAUGES: (&str, &str) = ("invoices.", "invoices/");

impl Store {
    /// Every gauge by name, summed over the merchants: what the metrics page shows.
    pub async fn gauges(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let (from, until) = GAUGES;
        self.counters_between((from.to_owned(), until.to_owned())).await
    }

    /// The counters without bounds from one name up to but without another, in the order of their
    /// names.
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
        Ok(self.counter_values(&[key]).await?.first().copied().unwrap_or(0))
    }

    /// What each of these stands at, in their order; zero for what nothing ever moved.
    pub async fn counter_values(&self, keys: &[RowKey]) -> Result<Vec<i64>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.points_of(catalog().counters(), keys.to_vec()).await?;
        let value = |row: Option<Vec<Value>>| match row.and_then(|mut row| row.pop()) {
            Some(Value::Int(value)) => Ok(value),
            None => Ok(0),
            Some(Value::Null | Value::Text(_) | Value::Bytes(_) | Value::Key(_)) => {
                Err(StoreError::Corrupt { table: "counters", key: String::new(), column: "value" })
            }
        };
        rows.into_iter().map(value).collect()
    }
}
