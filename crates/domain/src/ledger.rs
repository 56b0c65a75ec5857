//! The double-entry ledger: every transfer debits one account and credits another alike.
//!
//! Accounts exist per merchant, environment and asset, so that no row is shared by merchants. The
//! sum of all balances of an asset is zero, always. Debits raise what we hold, credits what we owe.
//!
//! Money that is promised but not gone is reserved: it stays in the balance, and nothing that needs
//! cover may touch it. A reservation is captured or released, once.

mod account;
mod asset;
mod chain;
mod day;
mod hold;
mod transfer;
mod view;

pub use account::{Account, AccountKind, Balance, balance_bytes, balance_from_bytes};
pub use asset::Asset;
pub use chain::{ChainHead, ChainLink, PlacedTransfer};
pub use day::{Day, LedgerDay};
pub use hold::{Hold, HoldAsk, HoldClosed, HoldStatus};
pub use transfer::{Cover, Movement, Phase, Transfer, TransferReason};
pub(crate) use view::whole;
pub use view::{BalanceTransactionView, BalanceView, PostingView};
