//! Solana: payments made by the network's own wallet library, followed, looked up and taken away.
//!
//! The node is a double in parts: Surfpool executes every transaction with the network's real
//! virtual machine and programs, and `networks/solana-node.cjs` gives its answers the strictness
//! of a validator, chains its blocks and misbehaves on demand. Its header says what is whose.

mod faults;
mod node;
mod paying;
mod payments;
mod sending;
