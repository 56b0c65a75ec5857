//! Sui Payment Kit's transaction request.
//!
//! The nonce is required, at most 36 characters, and ends up in the payment's receipt on the chain:
//! it is the invoice's id. No registry is named, so a wallet pays to the address without one.

use super::PaymentRequest;
use super::link::Link;

/// How the chain itself calls its coin.
const SUI_COIN_TYPE: &str = "0x2::sui::SUI";

pub fn uri(request: &PaymentRequest<'_>) -> String {
    with_prefix("sui:", request)
}

/// The same request under a wallet's own scheme or site.
pub fn with_prefix(prefix: &str, request: &PaymentRequest<'_>) -> String {
    Link::to(format!("{prefix}pay"))
        .with("receiver", request.to.as_str())
        .with("amount", &request.amount.0.to_string())
        .with("coinType", request.token.address.unwrap_or(SUI_COIN_TYPE))
        .with("nonce", &request.invoice_id.to_string())
        .with("label", request.label())
        .with_some("message", request.message())
        .done()
}
