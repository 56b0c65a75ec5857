//! The public API: routes, credentials, shapes of answers. Rules live in domain.
//!
//! A request passes the edge (ids, limits, headers, metrics), its extractors (credentials, body),
//! one handler, one decision and one commit.

pub mod account;
pub mod auth;
pub mod commerce;
pub mod devnet;
pub mod edge;
pub mod error;
pub mod extract;
pub mod hosted;
pub mod html;
pub mod idempotency;
pub mod limits;
pub mod merchant;
pub mod openapi;
pub mod ops;
pub mod page;
pub mod payor;
pub mod ramps;
pub mod router;
pub mod streams;
