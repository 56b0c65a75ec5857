//! TON against a real TVM: wallets and jettons run as on the network, the indexer is stood in for.
//!
//! `tests/networks/ton-node.mjs` says what is real and what is not. Most tests share one.

mod bad_luck;
mod house;
mod jettons;
mod native;
