//! EVM networks against anvil, a real node, with real ERC-20 contracts paid by ethers.
//!
//! Where a provider's quirk is needed (refusals, lags, lies), a proxy that misbehaves stands in
//! front of that node (`fault`); what it does not touch is the node's own answer.

mod arrivals;
mod basics;
mod faults;
mod inside;
mod lies;
mod reorgs;
mod sending;
mod testnet;
