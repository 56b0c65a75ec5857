//! A follow cursor: how far a durable follower has worked through one lane of the log.
//!
//! It moves in the same commit as what the follower did, so a crash repeats nothing and loses
//! nothing. Retention never takes entries from beyond the slowest of these.

use crate::ids::{RowKey, Version};

/// The followers whose place in the log outlives the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follower {
    /// Makes deliveries out of events.
    Webhooks,
    /// Moves orders on by what became of their invoices.
    Orders,
    /// Mails receipts of what was paid.
    Receipts,
}

impl Follower {
    pub const ALL: [Follower; 3] = [Follower::Webhooks, Follower::Orders, Follower::Receipts];

    pub fn as_str(self) -> &'static str {
        match self {
            Follower::Webhooks => "webhooks",
            Follower::Orders => "orders",
            Follower::Receipts => "receipts",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowCursor {
    pub key: RowKey,
    /// The last entry that was worked off.
    pub sequence: i64,
    pub version: Version,
}

impl FollowCursor {
    pub fn key(&self) -> RowKey {
        self.key
    }

    pub fn row_key(follower: Follower, lane: i64) -> RowKey {
        RowKey::of("follow_cursor", &[follower.as_str().as_bytes(), &lane.to_be_bytes()])
    }

    /// Of the follower of the ledger, whose places are positions of the ledger and not of the log:
    /// it holds back nobody who forgets the log.
    pub fn of_ledger(lane: i64) -> RowKey {
        RowKey::of("ledger_cursor", &[&lane.to_be_bytes()])
    }

    /// Where a follower that never ran begins.
    pub fn at(follower: Follower, lane: i64, sequence: i64) -> FollowCursor {
        FollowCursor { key: FollowCursor::row_key(follower, lane), sequence, version: 0 }
    }
}
