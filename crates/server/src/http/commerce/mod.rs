//! Commerce over HTTP: what a shop is built with, from the first search to the parcel at the door.
//!
//! Bodies and answers are camelCase but for whose they are (`customer_id`, `wallet_address`,
//! `wallet_network`); a success is `{"success":true,"data":…}`. Both key headers open it, with keys
//! of either scope, and a member's bearer token.

pub mod checkout_invoice;
pub mod fulfilment;
pub mod orders;
pub mod payments;
pub mod refund_destination;
pub mod shopper;
pub mod simulate;
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
