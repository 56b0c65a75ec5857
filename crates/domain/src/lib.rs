//! What is true: every noun, every rule of money, and no side effects.
//!
//! A decision is a pure function `(what is known, what is asked, now, fresh ids) -> Changes` or a
//! refusal. This crate knows nothing of SQL, HTTP, chains, clocks or randomness.

pub mod address;
pub mod api_key;
pub mod audit;
pub mod chain;
pub mod challenge;
pub mod changes;
pub mod claim;
pub mod currency;
pub mod delivery;
pub mod deposit_address;
pub mod environment;
pub mod event;
pub mod follow;
pub mod idempotency;
pub mod ids;
pub mod invoice;
pub mod ledger;
pub mod member;
pub mod merchant;
pub mod money;
pub mod network;
pub mod network_pause;
pub mod password;
pub mod payment;
pub mod public_address;
pub mod questions;
pub mod quote;
pub mod rate;
pub mod refund;
pub mod refusal;
pub mod retention;
pub mod secret;
pub mod send;
pub mod sequence;
pub mod session;
pub mod settlement;
pub mod settlement_rule;
pub mod settlement_wallet;
pub mod sign_in;
pub mod simulated;
pub mod slot;
pub mod stream_holder;
pub mod subnet;
pub mod time;
pub mod token;
pub mod token_rule;
pub mod totp;
pub mod unmatched;
pub mod verification;
pub mod watch;
pub mod webhook_endpoint;
pub mod webhook_signature;
