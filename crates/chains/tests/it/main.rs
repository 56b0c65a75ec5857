//! The chains crate against real nodes and foreign wallets, one program for all networks.
//!
//! `cargo xtask test` installs what is needed. Every node is a child of this program on a loopback
//! port of its own, and ends with it.

mod fault;
mod nodes;
mod rpc;
mod ton;
