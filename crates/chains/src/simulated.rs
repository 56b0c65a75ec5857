//! Simulated networks: a pure state machine over rows that the server keeps.
//!
//! The server loads a `SimulatedChain` and the transactions a question needs, calls a function of
//! this module with the time, and commits what it answers. Blocks are never rows: their numbers
//! follow from time, their hashes from number and fork, so a day without transfers costs nothing.
//!
//! `blocks` has numbers, times and hashes; `acts` changes a chain; `reads` and `scan` are the node
//! a watcher asks, with its faults. An adapter that loads rows makes a `Chain` of them.
//!
//! Invariant: the chain's row is read before its transactions. What is committed in between is
//! then told by the next scan: a reorg as a newer fork, a transaction as a fuller block.

mod acts;
mod blocks;
mod reads;
mod scan;
pub mod send;

pub use acts::{
    BLOCKS_AT_ONCE_MAX, FAULT_SECONDS_MAX, REORG_DEPTH_MAX, Reorg, SimulationRefusal, TransferAsk,
    fault, genesis, mine, reorg, reorg_range, submit,
};
pub use blocks::{block_ref, genesis_number, hash_of, head_number, time_of};
pub use reads::{canonical, head, look_up, transfers_to};
pub use scan::{ScanPlan, plan_scan, plan_scan_anew};

#[cfg(test)]
mod tests;
