//! Outside retailers, by environment and shop: `[retailers.mainnet.amazon]`.
//!
//! A shop that is named here is asked over HTTP; on devnet it then takes the place of the demo
//! shop of that name. The merchant's own catalog (`other`) is never asked for outside.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use domain::environment::Environment;
use domain::retailer::Retailer;
use domain::secret::Secret;
use providers::retail::catalog::http::HttpCatalogConfig;
use serde::Deserialize;
use url::Url;

const TIMEOUT_MS_DEFAULT: u64 = 3_000;
const TIMEOUT_MS_MAX: u64 = 20_000;

pub type RetailerConfigs = BTreeMap<Environment, BTreeMap<Retailer, RetailerConfig>>;

/// A retailer's catalog over HTTP. No `Debug`: it holds a key.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetailerConfig {
    /// The base of its catalog; https, but on this very machine.
    pub catalog_url: String,
    #[serde(default)]
    pub api_key: Option<String>,
    /// How long a shopper's request waits for it.
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

impl RetailerConfig {
    pub fn http(&self, retailer: Retailer) -> anyhow::Result<HttpCatalogConfig> {
        let shop = retailer.as_str();
        if retailer == Retailer::Other {
            bail!("retailers: other is the merchant's own catalog");
        }
        let base_url: Url =
            self.catalog_url.parse().with_context(|| format!("retailers: {shop}: not a URL"))?;
        let is_loopback = matches!(base_url.host(), Some(url::Host::Ipv4(ip)) if ip.is_loopback());
        if base_url.scheme() != "https" && !(is_loopback && base_url.scheme() == "http") {
            bail!("retailers: {shop}: catalog_url must be https");
        }
        let timeout_ms = self.timeout_ms.unwrap_or(TIMEOUT_MS_DEFAULT);
        if !(1..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
            bail!("retailers: {shop}: timeout_ms must be 1 to {TIMEOUT_MS_MAX}");
        }
        let api_key = self.api_key.clone().map(Secret::new);
        Ok(HttpCatalogConfig { base_url, api_key, timeout: Duration::from_millis(timeout_ms) })
    }
}

/// Finds out at start what would fail at the first search.
pub fn check(configs: &RetailerConfigs) -> anyhow::Result<()> {
    for (retailer, config) in configs.values().flatten() {
        config.http(*retailer)?;
    }
    Ok(())
}
