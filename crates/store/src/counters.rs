//! Counters: numbers that many changes move at once, within bounds, one row each.
//!
//! The bound is judged inside the group, so that no two changes pass a floor together. Names begin
//! with what they count, so that those of one kind are a range of the index.

use std::collections::HashMap;

use domain::ids::RowKey;

use crate::error::StoreError;
use crate::row::{Column, Kind, Value, frozen, mutable};
use crate::store::Store;

pub(crate) const COLUMNS: &[Column] = &[
    frozen("merchant_id", Kind::Int),
    frozen("name", Kind::Text),
    // Counters with bounds are many: one for each thing on sale, and for each user and day.
    frozen("is_gauge", Kind::Int),
    mutable("value", Kind::Int),
];

/// How many counters one statement reads.
const KEYS_MAX: usize = 500;

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
        let sql = "SELECT value FROM counters WHERE key = $1";
        let rows = self.select_cells(sql, &[Kind::Int], vec![Value::Key(key)]).await?;
        Ok(rows.first().and_then(|row| row.first()).map_or(0, |value| match value {
            Value::Int(value) => *value,
            Value::Null | Value::Text(_) | Value::Bytes(_) | Value::Key(_) => 0,
        }))
    }

    /// What each of these stands at, in their order; zero for what nothing ever moved.
    pub async fn counter_values(&self, keys: &[RowKey]) -> Result<Vec<i64>, StoreError> {
        let mut found: HashMap<RowKey, i64> = HashMap::with_capacity(keys.len());
        for some in keys.chunks(KEYS_MAX) {
            let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
            let sql =
                format!("SELECT key, value FROM counters WHERE key IN ({})", places.join(", "));
            let params = some.iter().map(|&key| Value::Key(key)).collect();
            for row in self.select_cells(&sql, &[Kind::Key, Kind::Int], params).await? {
                if let [Value::Key(key), Value::Int(value)] = row[..] {
                    found.insert(key, value);
                }
            }
        }
        Ok(keys.iter().map(|key| found.get(key).copied().unwrap_or(0)).collect())
    }
}
