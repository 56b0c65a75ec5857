//! CIP-13: an address and an amount of ADA.
//!
//! The standard has no word for native assets, and no proposal for one is common among wallets, so
//! a link for a token names the address alone: an amount would be read as ADA.

use super::PaymentRequest;
use super::link::Link;

pub fn uri(request: &PaymentRequest<'_>) -> String {
    let amount = request.whole_amount();
    let amount = request.token.address.is_none().then_some(amount.as_str());
    Link::to(format!("web+cardano:{}", request.to)).with_some("amount", amount).done()
}
