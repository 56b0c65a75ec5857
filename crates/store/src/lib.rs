//! What is kept: Changes in, versioned rows and the log out, on SQLite or PostgreSQL.
//!
//! `Store::commit` is the one door into the database. Waiting changes are judged and written in
//! groups, one transaction each. Only this crate contains SQL, and nothing outside its engine
//! files knows which engine runs.

mod api_keys;
mod audit;
mod cells;
mod challenges;
mod check;
mod claims;
mod commit;
mod copy;
mod counters;
mod deposit_addresses;
mod engine;
mod idempotency;
mod invoices;
mod ledger;
mod lists;
mod log;
mod members;
mod merchants;
mod migrations;
mod password_resets;
mod payments;
mod postgres;
mod quotes;
mod reader;
mod relation;
mod roof;
mod rows;
mod sequences;
mod sessions;
mod sign_ins;
mod simulated;
mod slots;
mod sqlite;
mod token_rules;
mod turns;
mod unmatched;
mod verifications;
mod watch_cursors;
mod write;

pub mod error;
pub mod plans;
pub mod row;
pub mod stats;
pub mod store;

pub use check::{CheckFinding, Severity};
pub use copy::{Copied, copy};
pub use error::{CommitError, StoreError};
pub use invoices::InvoiceFilter;
pub use lists::Page;
pub use stats::Stats;
pub use store::{Committed, MigrationReport, Store, StoreConfig};
pub use turns::Turn;
