//! The other outside world: who moves bank money and who sells, in words that are our own.
//!
//! Providers report and carry out; domain decides. Nothing here sees the store, and nothing a
//! provider says in its own words (names, ids, raw states, texts) gets further than this crate.

pub mod http;
pub mod ramp;
pub mod retail;
