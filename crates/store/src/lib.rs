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
mod deliveries;
mod delivery_attempts;
mod deposit_addresses;
mod engine;
mod events;
mod follow_cursors;
mod holds;
mod idempotency;
mod invoices;
mod ledger;
mod ledger_chain;
mod lists;
mod log;
mod members;
mod merchants;
mod migrations;
mod password_resets;
mod payments;
mod postgres;
mod processes;
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
mod sweep;
mod token_rules;
mod turns;
mod unmatched;
mod verifications;
mod watch_cursors;
mod webhook_endpoints;
mod write;

pub mod error;
mod network_pauses;
pub mod plans;
mod refunds;
pub mod row;
mod sends;
mod settlement_rules;
mod settlement_wallets;
mod settlements;
pub mod stats;
pub mod store;

pub use check::{CheckFinding, Severity};
pub use copy::{Copied, copy};
pub use deliveries::{DeliveryFilter, QueuePlace};
pub use error::{CommitError, StoreError};
pub use events::{EventFilter, Heading, Walk};
pub use invoices::InvoiceFilter;
pub use lists::Page;
pub use log::Notices;
pub use stats::Stats;
pub use store::{Committed, MigrationReport, Store, StoreConfig};
pub use sweep::{Sweep, Swept};
pub use turns::Turn;
