//! Who moves bank money, by environment.
//!
//! Devnet has the sandbox unless a provider is named; mainnet has nobody until one is.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::environment::Environment;
use domain::secret::Secret;
use providers::ramp::bridge::BridgeConfig;
use serde::Deserialize;

const TIMEOUT_MS_DEFAULT: u64 = 15_000;
const TIMEOUT_MS_MAX: u64 = 60_000;

#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RampProviderConfigs {
    pub devnet: Option<RampProviderConfig>,
    pub mainnet: Option<RampProviderConfig>,
}

/// A provider over HTTP.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RampProviderConfig {
    pub kind: RampProviderKind,
    pub base_url: String,
    pub api_key: String,
    /// The account that payouts are paid from.
    pub prefunded_account_id: String,
    /// Where stablecoin bought on virtual accounts goes: the provider's name of the network, and
    /// an address of this house there. Without both no virtual account is opened.
    #[serde(default)]
    pub treasury_rail: Option<String>,
    #[serde(default)]
    pub treasury_address: Option<String>,
    /// The public key of its webhooks, as PEM.
    #[serde(default)]
    pub webhook_public_key: Option<String>,
    #[serde(default)]
    pub webhook_public_key_file: Option<PathBuf>,
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RampProviderKind {
    Bridge,
}

impl RampProviderConfigs {
    pub fn of(&self, environment: Environment) -> Option<&RampProviderConfig> {
        match environment {
            Environment::Devnet => self.devnet.as_ref(),
            Environment::Mainnet => self.mainnet.as_ref(),
        }
    }

    pub fn check(&self) -> anyhow::Result<()> {
        for config in self.devnet.iter().chain(&self.mainnet) {
            config.bridge()?;
        }
        Ok(())
    }
}

impl RampProviderConfig {
    pub fn bridge(&self) -> anyhow::Result<BridgeConfig> {
        let RampProviderKind::Bridge = self.kind;
        let base_url: url::Url =
            self.base_url.parse().context("ramp_providers: base_url is not a URL")?;
        let is_loopback = matches!(base_url.host(), Some(url::Host::Ipv4(ip)) if ip.is_loopback());
        if base_url.scheme() != "https" && !is_loopback {
            bail!("ramp_providers: base_url must be https");
        }
        let timeout_ms = self.timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
        if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
            bail!("ramp_providers: timeout_ms must be 1 to {TIMEOUT_MS_MAX}");
        }
        let webhook_public_key = match (&self.webhook_public_key, &self.webhook_public_key_file) {
            (Some(pem), _) => Some(pem.clone()),
            (None, Some(file)) => {
                let read = std::fs::read_to_string(file);
                Some(read.with_context(|| format!("cannot read {}", file.display()))?)
            }
            (None, None) => None,
        };
        Ok(BridgeConfig {
            base_url,
            api_key: Secret::new(self.api_key.clone()),
            prefunded_account_id: self.prefunded_account_id.clone(),
            treasury: self.treasury_rail.clone().zip(self.treasury_address.clone()),
            webhook_public_key,
            exchange_max: Duration::from_millis(timeout_ms),
        })
    }
}
