//! The server from the outside: real HTTP, real stores, simulated chains, a manual clock.
//!
//! A file per feature; each test owns a whole house and reads like the rule it proves.

mod account;
mod api_keys;
mod commands;
mod commerce;
mod crash;
mod deliveries;
mod devnet;
mod edge;
mod events;
mod falls;
mod foreign;
mod fuzz;
mod hosted;
mod house;
mod idempotency;
mod invoice_lists;
mod invoices;
mod ledger;
mod mail;
mod members;
mod outage;
mod payments;
mod payor;
mod profile;
mod quotes;
mod ramps;
mod ramps_money;
mod rates;
mod retention;
mod settlement;
mod streams;
mod tokens;
mod verification;
mod watch;
mod webhooks;
