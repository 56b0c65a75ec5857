//! A claim: a business key that only one row may hold.
//!
//! Narrow by design (two keys), because these keys are random and their index is written
//! everywhere at once. A transfer claims its payment, an e-mail its member, a key hash its key.

use crate::ids::{RowKey, Version};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub key: RowKey,
    /// The row that holds the key.
    pub target: RowKey,
    pub version: Version,
}

impl Claim {
    pub fn new(key: RowKey, target: RowKey) -> Claim {
        Claim { key, target, version: 0 }
    }

    pub fn key(&self) -> RowKey {
        self.key
    }
}
