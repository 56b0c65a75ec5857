//! The simulator's routes: what a test does to the world outside, with devnet credentials only.

pub mod chains;
pub mod ramps;
pub mod transfer_request;

use std::sync::Arc;

use domain::environment::Environment;
use domain::network::Network;

use crate::app::App;
use crate::http::error::{ApiError, Code};
use crate::simulated::SimulatedNode;

/// The simulated devnet network, unless this deployment talks to a real one.
pub fn simulated_node(app: &App, network: Network) -> Result<&Arc<SimulatedNode>, ApiError> {
    app.networks.simulated(network).ok_or_else(|| {
        let (name, devnet) = (network.as_str(), Environment::Devnet.as_str());
        let message = format!("{name} is a real network on this {devnet}");
        ApiError::new(Code::NetworkNotSimulated, message)
    })
}
