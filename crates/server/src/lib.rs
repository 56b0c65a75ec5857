//! What runs: HTTP, workers and commands over one `App`.
//!
//! A request is read → decide → commit → answer. A worker is one step, looped by main. All state
//! goes through `store.commit`; all rules live in domain.

pub mod acceptance;
pub mod app;
pub mod cache;
pub mod catalog;
pub mod clock;
pub mod commands;
pub mod config;
pub mod escrow;
pub mod http;
pub mod language;
pub mod lost_payouts;
pub mod mail;
pub mod merchants;
pub mod metrics;
pub mod networks;
pub mod ordering;
pub mod outbound;
pub mod ramp_pricing;
pub mod ramp_providers;
pub mod rates;
pub mod realtime;
pub mod refunding;
pub mod releasing;
pub mod routes;
pub mod screening;
pub mod screening_reviews;
pub mod sending;
pub mod settling;
pub mod simulated;
pub mod watch;
pub mod workers;
