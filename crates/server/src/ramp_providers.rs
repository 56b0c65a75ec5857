//! Who moves bank money for this house: the sandbox on devnet, or the operator's provider.
//!
//! Prices are asked for when a quote is and kept for a minute, so that quotes cost the provider
//! one request a minute and pair of currencies.

mod sandbox;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::environment::Environment;
use domain::provider::FxRate;
use domain::time::{MINUTE_MS, Timestamp};
use providers::ramp::bridge::Bridge;
use providers::ramp::{Pair, ProviderError, RampProvider};
use store::Store;

pub use self::sandbox::Sandbox;
use crate::clock::Clock;
use crate::config::Config;

const RATE_KEPT_MS: i64 = MINUTE_MS;

/// Rates by environment and currencies, and when each was asked for.
type Rates = HashMap<(Environment, Pair), (FxRate, Timestamp)>;

pub struct RampProviders {
    devnet: Desk,
    mainnet: Desk,
    rates: Mutex<Rates>,
}

/// Who serves an environment.
enum Desk {
    Sandbox(Arc<Sandbox>),
    Bridge(Arc<Bridge>),
    Nobody,
}

impl RampProviders {
    pub fn open(config: &Config, clock: &Clock, store: &Store) -> anyhow::Result<RampProviders> {
        let desk = |environment| {
            let named = config.ramp_providers.of(environment);
            anyhow::Ok(match (named, environment) {
                (Some(named), _) => Desk::Bridge(Arc::new(Bridge::new(named.bridge()?)?)),
                (None, Environment::Devnet) => {
                    Desk::Sandbox(Arc::new(Sandbox::new(store.clone(), clock.clone())))
                }
                (None, Environment::Mainnet) => Desk::Nobody,
            })
        };
        let (devnet, mainnet) = (desk(Environment::Devnet)?, desk(Environment::Mainnet)?);
        Ok(RampProviders { devnet, mainnet, rates: Mutex::default() })
    }

    fn desk(&self, environment: Environment) -> &Desk {
        match environment {
            Environment::Devnet => &self.devnet,
            Environment::Mainnet => &self.mainnet,
        }
    }

    pub fn provider(&self, environment: Environment) -> Option<Arc<dyn RampProvider>> {
        match self.desk(environment) {
            Desk::Sandbox(sandbox) => Some(sandbox.clone()),
            Desk::Bridge(bridge) => Some(bridge.clone()),
            Desk::Nobody => None,
        }
    }

    /// Devnet's sandbox, unless a provider stands there.
    pub fn sandbox(&self) -> Option<&Arc<Sandbox>> {
        match &self.devnet {
            Desk::Sandbox(sandbox) => Some(sandbox),
            Desk::Bridge(_) | Desk::Nobody => None,
        }
    }

    /// Everybody who sends webhooks under this name.
    pub fn named(&self, name: &str) -> Vec<Arc<dyn RampProvider>> {
        let is_it = |desk: &&Desk| matches!(desk, Desk::Bridge(_)) && name == "bridge";
        let provider = |desk: &Desk| -> Option<Arc<dyn RampProvider>> {
            match desk {
                Desk::Bridge(bridge) => Some(bridge.clone()),
                Desk::Sandbox(_) | Desk::Nobody => None,
            }
        };
        [&self.devnet, &self.mainnet].into_iter().filter(is_it).filter_map(provider).collect()
    }

    /// What one currency is in another, at most a minute old; none where it is not served.
    pub async fn rate(
        &self,
        (environment, pair): (Environment, Pair),
        now: Timestamp,
    ) -> Result<Option<FxRate>, ProviderError> {
        let key = (environment, pair);
        let kept = self.rates.lock().expect("nobody panics holding it").get(&key).copied();
        let is_fresh = |asked_at: Timestamp| now < asked_at.plus_ms(RATE_KEPT_MS);
        if let Some((rate, _)) = kept.filter(|(_, asked_at)| is_fresh(*asked_at)) {
            return Ok(Some(rate));
        }
        let Some(provider) = self.provider(environment) else { return Ok(None) };
        let rate = provider.rate(pair).await?;
        if let Some(rate) = rate {
            self.rates.lock().expect("nobody panics holding it").insert(key, (rate, now));
        }
        Ok(rate)
    }
}
