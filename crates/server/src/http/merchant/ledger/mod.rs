//! The ledger over HTTP: balances, the postings that made them, exports and reports.
//!
//! Everything here only reads; whoever may read the merchant's invoices may read his books.

mod balances;
pub mod csv;
mod export;
mod reports;
mod transactions;

pub use balances::{__path_balances, balances};
pub use export::{__path_export, export};
pub use reports::{__path_invoices, __path_report, invoices, report};
pub use transactions::{__path_transactions, transactions};
