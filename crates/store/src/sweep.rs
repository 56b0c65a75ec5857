//! Sweeping: deletes what is no longer kept, in bounded chunks from the left edge of an order.
//!
//! This is the store's own maintenance and no second door for state: what is swept can no longer
//! change any answer (`domain::retention` says when that is), so nothing is decided, logged or
//! guarded here. Every order it follows is one of insertion, so that a sweep never reads through
//! what it keeps, and the pages at the left edge become free whole.

use domain::ids::RowKey;
use domain::retention::Passing;
use domain::time::Timestamp;

use crate::error::StoreError;
use crate::lists::first_key_of;
use crate::row::{Kind, Value};
use crate::store::Store;

/// What is to be swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    Rows(Passing),
    /// The log of one lane, up to but without `before_sequence`: where its slowest follower is.
    Log {
        lane: i64,
        before_sequence: i64,
    },
}

/// What one chunk deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swept {
    pub rows: u64,
    /// Nothing that is old enough is left; else the chunk ended at its bound.
    pub is_done: bool,
}

impl Sweep {
    /// The table, for metrics.
    pub fn table(self) -> &'static str {
        match self {
            Sweep::Rows(passing) => Order::of(passing).table,
            Sweep::Log { .. } => "log",
        }
    }
}

impl Store {
    /// Deletes at most `limit` rows that are older than `before`, the oldest first.
    ///
    /// Commits go on meanwhile. A row that a commit is changing is left for a later sweep.
    pub async fn sweep(
        &self,
        what: Sweep,
        before: Timestamp,
        limit: i64,
    ) -> Result<Swept, StoreError> {
        self.engine().sweep(Chunk { what, before, limit }).await
    }
}

/// One call of `sweep`, as the engines carry it out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chunk {
    pub what: Sweep,
    pub before: Timestamp,
    pub limit: i64,
}

/// By what the rows of a table are found from the oldest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub table: &'static str,
    pub column: &'static str,
    pub kind: Kind,
}

impl Order {
    pub fn of(passing: Passing) -> Order {
        match passing {
            // Its key is a hash: the one table that has an index for this alone.
            Passing::Idempotency => Order::by_time("idempotency", "created_at"),
            // Renewed while it is used, so that its key tells too little.
            Passing::SignIn => Order::by_time("sign_ins", "expires_at"),
            Passing::Session => Order::by_key("sessions"),
            Passing::Quote => Order::by_key("quotes"),
            Passing::WalletChallenge => Order::by_key("wallet_challenges"),
            Passing::PasswordReset => Order::by_key("password_resets"),
            Passing::SimulatedTransaction => Order::by_key("simulated_transactions"),
            Passing::RampSession => Order::by_key("ramp_sessions"),
            Passing::Delivery => Order::by_key("deliveries"),
            Passing::DeliveryAttempt => Order::by_key("delivery_attempts"),
            Passing::Estimate => Order::by_key("estimates"),
            // Its key is a hash too, and it is changed as long as somebody shops.
            Passing::Cart => Order::by_time("carts", "changed_on"),
        }
    }

    /// Keys that begin with the 48 bits of their time.
    const fn by_key(table: &'static str) -> Order {
        Order { table, column: "key", kind: Kind::Key }
    }

    const fn by_time(table: &'static str, column: &'static str) -> Order {
        Order { table, column, kind: Kind::Int }
    }

    /// Before everything that can be in the order.
    pub fn start(self) -> Value {
        match self.kind {
            Kind::Key | Kind::Text | Kind::Bytes => Value::Key(RowKey([0; 16])),
            Kind::Int => Value::Int(0),
        }
    }

    /// Where the order stands at a moment.
    pub fn at(self, moment: Timestamp) -> Value {
        match self.kind {
            Kind::Key | Kind::Text | Kind::Bytes => Value::Key(first_key_of(moment)),
            Kind::Int => Value::Int(moment.0),
        }
    }

    /// Picks `place`, which names rows as the engine likes it, of the oldest rows: `$1` is where to
    /// begin, `$2` where to end, `$3` how many at most.
    pub fn oldest(self, place: &str) -> String {
        let Order { table, column, .. } = self;
        format!(
            "SELECT {place} FROM {table} WHERE {column} >= $1 AND {column} < $2 \
             ORDER BY {column} LIMIT $3"
        )
    }
}

/// The oldest entries of a lane: after `$2`, before `$3`.
pub(crate) const OLDEST_ENTRIES: &str = "SELECT sequence, created_at FROM log \
     WHERE lane = $1 AND sequence > $2 AND sequence < $3 ORDER BY sequence LIMIT $4";

pub(crate) const DELETE_ENTRIES: &str =
    "DELETE FROM log WHERE lane = $1 AND sequence > $2 AND sequence <= $3";

/// How many of the oldest entries go, and the last of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub count: usize,
    pub last: i64,
}

/// Of entries in order, those before the first that is kept: the log never has a gap.
pub(crate) fn cut(oldest: &[(i64, i64)], before: Timestamp) -> Option<Cut> {
    let count = oldest.iter().take_while(|(_, created_at)| *created_at < before.0).count();
    let (last, _) = oldest.get(count.checked_sub(1)?)?;
    Some(Cut { count, last: *last })
}

/// Whether a chunk ended because nothing was left.
pub(crate) fn swept(rows: usize, limit: i64) -> Swept {
    let rows = u64::try_from(rows).unwrap_or(u64::MAX);
    Swept { rows, is_done: rows < u64::try_from(limit).unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_is_cut_before_the_first_entry_that_is_kept() {
        let before = Timestamp(10);
        assert_eq!(cut(&[], before), None);
        assert_eq!(cut(&[(7, 10), (8, 1)], before), None);
        let some = cut(&[(5, 1), (6, 9), (7, 10), (8, 1)], before);
        assert_eq!(some, Some(Cut { count: 2, last: 6 }));
        assert_eq!(cut(&[(5, 1)], before), Some(Cut { count: 1, last: 5 }));
    }
}
