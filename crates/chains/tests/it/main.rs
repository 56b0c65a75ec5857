//! The chains crate against real nodes and foreign wallets, one program for all networks.
//!
//! `cargo xtask test` installs what is needed. Every node is a child of this program on a loopback
//! port of its own, and ends with it.

mod cardano;
mod evm;
mod fault;
mod keys;
mod nodes;
mod rpc;
mod solana;
mod sui;
mod ton;
