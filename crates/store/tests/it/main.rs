//! The store's tests: every promise it makes, on both engines.
//!
//! PostgreSQL comes from `cargo xtask test`, which starts a private one. Each test makes databases
//! of its own and drops them. No test is skipped: without PostgreSQL they fail and say so.

mod commerce_samples;
mod commit;
mod copying;
mod crash;
mod deliveries;
mod engines;
mod given;
mod history;
mod ledger;
mod lists;
mod log;
mod migrate;
mod money_samples;
mod order_samples;
mod other_lists;
mod outages;
mod plans;
mod processes;
mod proxy;
mod ramp_samples;
mod reading;
mod rows;
mod samples;
mod sweep;
mod tls;
