//! The nodes of one network: several URLs that are asked as if they were one that never fails.
//!
//! A request goes to the healthiest node and on to the next when it does not answer, answers
//! garbage or is too slow; a node that fails rests for a while that grows. Rates, times, bodies and
//! the number of requests under way are bounded. What a node *says* about a request (a refusal such
//! as "range too wide") is an answer and goes back to whoever asked.
//!
//! Dropping a request's future ends the request, whatever it waits for.
//!
//! Invariant: no URL leaves this module: hosts and ports only, since paths hold keys.

mod dial;
mod endpoint;
mod failure;
pub(crate) mod heads;
mod json_rpc;
mod limits;
mod node;
mod nodes;
mod order;
mod pace;
mod round;
mod standing;
mod transport;
mod wire;

pub use dial::first_that_answers;
pub use endpoint::{Endpoint, EndpointError};
pub use limits::Limits;
pub use nodes::{NodeId, Nodes};

use crate::chain::ChainError;
use thiserror::Error;

/// Why a request got no result.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RpcError {
    /// No node gave an answer that can be used.
    #[error("{0}")]
    Unavailable(String),
    /// A node understood the request and refused it: JSON-RPC's error, or an HTTP status 4xx.
    #[error("the node refused: {message} ({code})")]
    Refused { code: i64, message: String },
}

impl From<RpcError> for ChainError {
    fn from(error: RpcError) -> ChainError {
        ChainError::Unavailable(error.to_string())
    }
}
