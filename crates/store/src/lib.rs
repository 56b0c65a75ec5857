//! What is kept: Changes in, versioned rows and the log out, on SQLite or PostgreSQL.
//!
//! `Store::commit` is the one door into the database. Waiting changes are judged and written in
//! groups, one transaction each. Only this crate contains SQL, and nothing outside its engine
//! files knows which engine runs.

mod api_keys;
mod audit;
mod cells;
mod challenges;
mod claims;
mod deposit_addresses;
mod idempotency;
mod invoices;
mod lists;
mod members;
mod merchants;
mod password_resets;
mod payments;
mod quotes;
mod rows;
mod sequences;
mod sessions;
mod sign_ins;
mod simulated;
mod slots;
mod token_rules;
mod unmatched;
mod verifications;
mod watch_cursors;

pub mod error;
pub mod row;
pub mod stats;
pub mod store;

pub use error::{CommitError, StoreError};
pub use invoices::InvoiceFilter;
pub use lists::Page;
pub use stats::Stats;
pub use store::{
    CheckFinding, Committed, Copied, MigrationReport, Severity, Store, StoreConfig, Turn, copy,
};
