//! A watch cursor: how far one network of one environment has been looked at.
//!
//! `position` is the chain's own (opaque) cursor. Head and times are kept beside it, so that views,
//! expiry and readiness can tell how far the watcher is behind.

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::ids::{RowKey, Version};
use crate::network::Network;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchCursor {
    pub environment: Environment,
    pub network: Network,
    /// The chain's own cursor.
    pub position: String,
    /// The newest block the chain reported.
    pub head_number: u64,
    /// The newest block whose transfers are all recorded.
    pub scanned_number: u64,
    /// The time of that block.
    pub scanned_at: Timestamp,
    /// When the chain last answered.
    pub answered_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl WatchCursor {
    pub fn key(&self) -> RowKey {
        WatchCursor::row_key(self.environment, self.network)
    }

    pub fn row_key(environment: Environment, network: Network) -> RowKey {
        let parts = [environment.as_str().as_bytes(), network.as_str().as_bytes()];
        RowKey::of("watch_cursor", &parts)
    }
}
