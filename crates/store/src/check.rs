//! What `pepay doctor` asks of the store.

use crate::error::StoreError;
use crate::store::Store;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

/// Something `Store::check` found, in words for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckFinding {
    pub severity: Severity,
    pub what: String,
    pub what_to_do: String,
}

impl Store {
    pub async fn check(&self) -> Result<Vec<CheckFinding>, StoreError> {
        Ok(Vec::new())
    }
}
