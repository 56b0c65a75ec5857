//! EIP-681: a payment in the coin, or a call of the token contract's `transfer`.
//!
//! The chain id is always named: without it a wallet pays on whichever network it happens to show.
//! Amounts are plain integers in the smallest unit. The standard also allows exponents, but not
//! every wallet reads them, and an integer cannot be misread.

use super::PaymentRequest;
use super::link::Link;

pub fn uri(request: &PaymentRequest<'_>) -> String {
    with_prefix("ethereum:", request)
}

/// The request after its scheme, which MetaMask's own links share with the standard.
pub fn with_prefix(prefix: &str, request: &PaymentRequest<'_>) -> String {
    let PaymentRequest { token, to, chain_id, .. } = request;
    let amount = request.amount.0.to_string();
    let link = match token.address {
        None => Link::to(format!("{prefix}{to}@{chain_id}")).with("value", &amount),
        Some(contract) => Link::to(format!("{prefix}{contract}@{chain_id}/transfer"))
            .with("address", to.as_str())
            .with("uint256", &amount),
    };
    link.done()
}
