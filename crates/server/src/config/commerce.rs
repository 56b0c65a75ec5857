//! Orders: how much has to be kept back for them, and who places them with outside retailers.
//!
//! `[commerce]` of the file. Without a retailer orders of outside products wait for the merchant.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use domain::money::Usd;
use providers::retail::placing::{HttpRetailer, Retailer, SimulatedRetailer};
use serde::Deserialize;
use url::{Host, Url};

/// Instead of a URL: a retailer in memory, who takes everything.
const SIMULATED: &str = "simulated";

/// Its key is in no log: there is no Debug.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CommerceConfig {
    /// In whole dollars, of each merchant; below it no order is made.
    pub escrow_minimum_usd: i64,
    /// Who places mainnet orders with outside retailers: the base of his routes.
    pub retailer_url: Option<String>,
    /// Sent to him as a bearer token.
    pub retailer_key: Option<String>,
}

impl CommerceConfig {
    pub fn escrow_minimum(&self) -> Usd {
        Usd::from_dollars(self.escrow_minimum_usd)
    }

    /// Who places mainnet orders, if anybody is named.
    pub fn retailer(&self) -> anyhow::Result<Option<Arc<dyn Retailer>>> {
        let Some(text) = &self.retailer_url else { return Ok(None) };
        if text == SIMULATED {
            return Ok(Some(Arc::new(SimulatedRetailer::default())));
        }
        let url = text.parse().context("commerce.retailer_url is not a URL")?;
        let key = self.retailer_key.clone().unwrap_or_default();
        Ok(Some(Arc::new(HttpRetailer::new(url, key))))
    }

    /// Whether orders of outside products are taken by nobody real.
    pub fn is_simulated(&self) -> bool {
        self.retailer_url.as_deref() == Some(SIMULATED)
    }

    pub fn check(&self) -> anyhow::Result<()> {
        if self.escrow_minimum_usd < 0 {
            bail!("commerce.escrow_minimum_usd must not be below zero");
        }
        if let Some(text) = self.retailer_url.as_ref().filter(|text| *text != SIMULATED) {
            let url: Url = text.parse().context("commerce.retailer_url is not a URL")?;
            let is_loopback = matches!(url.host(), Some(Host::Ipv4(ip)) if ip.is_loopback());
            if url.scheme() != "https" && !is_loopback {
                bail!("commerce.retailer_url must be https");
            }
        }
        Ok(())
    }
}
