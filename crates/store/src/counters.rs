//! Counters: numbers that many changes move at once, within bounds, one row each.
//!
//! The bound is judged inside the group, so that no two changes pass a floor together.

use domain::ids::RowKey;

use crate::error::StoreError;
use crate::row::{Column, Kind, Value, frozen, mutable};
use crate::store::Store;

pub(crate) const COLUMNS: &[Column] =
    &[frozen("merchant_id", Kind::Int), frozen("name", Kind::Text), mutable("value", Kind::Int)];

impl Store {
    /// Every counter by name, summed over the merchants: what the metrics page shows.
    pub async fn counters(&self) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = "SELECT name, CAST(SUM(value) AS BIGINT) FROM counters GROUP BY name \
                   ORDER BY name";
        let rows = self.select_cells(sql, &[Kind::Text, Kind::Int], Vec::new()).await?;
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
