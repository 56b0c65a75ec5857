//! TON against a real TVM: wallets and jettons run as on the network, the indexer is stood in for.
//!
//! `tests/networks/ton-node.mjs` says what is real and what is not. Every test starts its own.

mod bad_luck;
mod house;
mod jettons;
mod native;
