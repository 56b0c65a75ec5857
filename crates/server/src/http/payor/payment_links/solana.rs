//! A Solana Pay transfer request.
//!
//! The reference is the invoice's own address. A token transfer goes to a token account that is
//! derived from it and would not name it anywhere; with the reference, whatever a wallet makes of
//! this link is found under the address itself. There is no memo: it would stay on the chain for
//! ever and tell nothing that the address does not.

use super::PaymentRequest;
use super::link::Link;

pub fn uri(request: &PaymentRequest<'_>) -> String {
    let to = request.to.as_str();
    Link::to(format!("solana:{to}"))
        .with("amount", &request.whole_amount())
        .with_some("spl-token", request.token.address)
        .with("reference", to)
        .with("label", request.label())
        .with_some("message", request.message())
        .done()
}
