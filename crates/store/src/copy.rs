//! Moving house: every table of one database into another, empty one.

use crate::error::StoreError;
use crate::store::StoreConfig;

/// What `copy` wrote: rows per table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    pub tables: Vec<(String, u64)>,
}

pub async fn copy(
    from: &StoreConfig,
    to: &StoreConfig,
    progress: impl FnMut(&str, u64),
) -> Result<Copied, StoreError> {
    let _ = (from, to, progress);
    Err(StoreError::Misconfigured("not yet".to_owned()))
}
