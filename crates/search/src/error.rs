//! What can go wrong in the index, as far as somebody does something about it.
//!
//! Invariant: no input of a shopper or a merchant is an error. What is left are disks.

use std::path::PathBuf;

use thiserror::Error;

/// Why an index was not opened. Damage is no reason: a damaged index is made anew.
#[derive(Debug, Error)]
pub enum OpenError {
    #[error("another process keeps its search index in {0}")]
    InUse(PathBuf),
    #[error("the search index in {path} cannot be made: {source}")]
    Directory { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Engine(#[from] SearchError),
}

/// The index's files cannot be read or written. Whoever owns the index opens it again.
#[derive(Debug, Error)]
#[error("the search index cannot be read or written: {0}")]
pub struct SearchError(pub(crate) tantivy::TantivyError);

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> SearchError {
        SearchError(error)
    }
}

impl From<std::io::Error> for SearchError {
    fn from(error: std::io::Error) -> SearchError {
        SearchError(error.into())
    }
}
