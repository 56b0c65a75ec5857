//! What can go wrong in the store, as far as anybody branches on it.

use domain::ids::RowKey;

/// Why a commit did not happen. A refused change leaves no trace.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A row or guard is no longer at the version it was read: read and decide again.
    #[error("{table} {key:?} changed since it was read")]
    Conflict { table: &'static str, key: RowKey },
    /// A business key is taken.
    #[error("{table} {key:?} exists already")]
    AlreadyExists { table: &'static str, key: RowKey },
    /// A counter or balance would pass its floor or ceiling.
    #[error("counter {key:?} would pass its bound")]
    Insufficient { key: RowKey },
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or is shutting down; later it may be.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database refuses the change itself; asking again will not help.
    #[error("the database rejects the change: {0}")]
    Rejected(String),
    /// A row does not decode: somebody else wrote it, or the disk did.
    #[error("{table}.{column} of {key} does not decode")]
    Corrupt { table: &'static str, key: String, column: &'static str },
    /// The database's schema is newer than this program understands.
    #[error("the database has schema {found}, this program knows up to {known}: run a newer pepay")]
    TooNew { found: i64, known: i64 },
    /// A configuration that cannot work.
    #[error("{0}")]
    Misconfigured(String),
}
