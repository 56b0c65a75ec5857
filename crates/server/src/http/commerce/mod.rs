//! Commerce over HTTP: what a shop is built with, from the first search to the parcel at the door.
//!
//! Bodies and answers are camelCase but for whose they are (`customer_id`, `wallet_address`,
//! `wallet_network`); a success is `{"success":true,"data":…}`. Both key headers open it, with keys
//! of either scope, and a member's bearer token.

pub mod addresses;
pub mod cart_prices;
pub mod carts;
pub mod catalog;
pub mod checkout_invoice;
pub mod customers;
pub mod estimates;
pub mod fulfilment;
pub mod orders;
pub mod own_cart;
pub mod payments;
pub mod products;
pub mod rates;
pub mod refund_destination;
pub mod search;
pub mod shopper;
pub mod simulate;
mod simulated_refund;
pub mod status;

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

/// A success that says in words what was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Told<T> {
    /// Always true.
    pub success: bool,
    pub message: &'static str,
    pub data: T,
}

impl<T> Told<T> {
    pub fn of(message: &'static str, data: T) -> Told<T> {
        Told { success: true, message, data }
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
