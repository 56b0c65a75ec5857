//! `ton://transfer`: the coin in nanotons, a jetton in its own smallest unit.
//!
//! The text becomes a public comment of the transfer, so it is the invoice's id and nothing that
//! anybody wrote. Wallets refuse links with parameters they do not know: there are no others.

use super::PaymentRequest;
use super::link::Link;

pub fn uri(request: &PaymentRequest<'_>) -> String {
    with_prefix("ton://", request)
}

/// The same transfer under a wallet's own scheme or site.
pub fn with_prefix(prefix: &str, request: &PaymentRequest<'_>) -> String {
    Link::to(format!("{prefix}transfer/{}", request.to))
        .with_some("jetton", request.token.address)
        .with("amount", &request.amount.0.to_string())
        .with("text", &request.invoice_id.to_string())
        .done()
}
