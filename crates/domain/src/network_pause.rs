//! A pause: the operator stops everything that would be sent on one network, at once.
//!
//! It is looked at before every signature and every broadcast. What is on its way already is still
//! followed to its end.

use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::changes::Changes;
use crate::environment::Environment;
use crate::ids::{Fresh, MerchantId, RowKey, Version};
use crate::network::Network;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkPause {
    pub environment: Environment,
    pub network: Network,
    pub is_paused: bool,
    pub changed_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// What the operator wants of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sending {
    Paused,
    Open,
}

impl NetworkPause {
    pub fn key(&self) -> RowKey {
        NetworkPause::row_key(self.environment, self.network)
    }

    pub fn row_key(environment: Environment, network: Network) -> RowKey {
        let parts = [environment.as_str().as_bytes(), network.as_str().as_bytes()];
        RowKey::of("network_pause", &parts)
    }

    /// Writes what the operator wants, and that he wanted it.
    pub fn set(
        known: Option<NetworkPause>,
        (environment, network): (Environment, Network),
        sending: Sending,
        fresh: &mut Fresh,
    ) -> Changes {
        let mut changes = Changes::of(MerchantId::HOUSE);
        let (is_paused, action) = match sending {
            Sending::Paused => (true, "network.sending_paused"),
            Sending::Open => (false, "network.sending_resumed"),
        };
        let object = format!("{} ({})", network.as_str(), environment.as_str());
        changes.insert(AuditEntry::of_operator(MerchantId::HOUSE, action, object, fresh));
        let version = known.as_ref().map_or(0, |known| known.version);
        let changed_at = fresh.now();
        let pause = NetworkPause { environment, network, is_paused, changed_at, version };
        match known {
            None => changes.insert(pause),
            Some(_) => changes.update(pause),
        }
        changes
    }
}
