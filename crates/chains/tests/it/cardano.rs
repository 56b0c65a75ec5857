//! Cardano: payments by an independent wallet library under the real ledger rules.
//!
//! What answers is a double, `tests/networks/cardano-node.cjs`, which stands in for a node and the
//! Blockfrost before it: the ledger below it is a real one, the blocks and the HTTP are its own.

mod faults;
mod payments;
mod rollbacks;
mod world;
