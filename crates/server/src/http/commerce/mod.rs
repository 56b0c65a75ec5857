//! Commerce over HTTP: what a shop is built with, from the first search to the parcel at the door.
//!
//! Bodies and answers are camelCase but for whose they are (`customer_id`, `wallet_address`,
//! `wallet_network`); a success is `{"success":true,"data":…}`. Both key headers open it, with keys
//! of either scope, and a member's bearer token.

pub mod catalog;
pub mod products;
pub mod search;

use serde::Serialize;
use utoipa::ToSchema;

/// A success.
#[derive(Debug, Serialize, ToSchema)]
pub struct Enveloped<T> {
    /// Always true.
    pub success: bool,
    pub data: T,
}

impl<T> Enveloped<T> {
    pub fn of(data: T) -> Enveloped<T> {
        Enveloped { success: true, data }
    }
}

/// A success that says when it was true.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dated<T> {
    /// Always true.
    pub success: bool,
    pub data: T,
    pub meta: Meta,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Meta {
    /// Epoch seconds.
    pub timestamp: i64,
}

impl<T> Dated<T> {
    pub fn at(now: domain::time::Timestamp, data: T) -> Dated<T> {
        Dated { success: true, data, meta: Meta { timestamp: now.seconds() } }
    }
}
