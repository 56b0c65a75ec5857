//! Sending on a real node: what is signed, what ethers reads of it, what becomes of it.
//!
//! The keys are of words that anvil gives nothing to, so an account has what a test gives it.

mod bad_luck;
mod nonces;
mod purse;
mod transfers;
