//! What happened on chain: the words every network answers in, and the networks themselves.
//!
//! Chains report and decide nothing; what a transfer means is decided in the domain crate. This
//! crate never sees the store or randomness: time and fresh ids are parameters, so that a
//! simulation can choose them. Only the ways to the nodes measure time: how long a request takes,
//! how long a node rests.

pub mod addresses;
pub mod cardano;
pub mod chain;
pub mod evm;
pub mod hashes;
pub mod keys;
pub mod rpc;
pub mod send;
pub mod simulated;
pub mod solana;
pub mod sui;
pub mod ton;
