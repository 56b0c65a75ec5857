//! Where deposit addresses come from, place by place: a keystore, a public key, a list, or for
//! simulated networks an address nobody holds a key to.
//!
//! What the operator named for one network wins over the environment's keystore. A simulated
//! network uses the keystore too if there is one, so that devnet shows the addresses it will show
//! when it has nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use chains::addresses::{AddressBook, NoAddress, SimulatedAddresses};
use chains::keys::Keystore;
use chains::keys::file::{KeystoreFile, path_in};
use chains::keys::signing::Signers;
use chains::keys::watch_only::WatchOnly;
use chains::keys::words::Words;
use domain::address::Address;
use domain::environment::Environment;

use super::Place;
use crate::config::{ChainConfig, Config};

/// Simulated addresses hold nothing, so their seed is no secret.
const SIMULATED_SEED: [u8; 32] = *b"pepay simulated deposit address!";
const LIST_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Every address book of this deployment.
pub struct Books {
    keystores: BTreeMap<Environment, Keystore>,
    /// The same words, as they sign.
    signers: BTreeMap<Environment, Arc<Signers>>,
    watch_only: BTreeMap<Place, WatchOnly>,
    simulated: SimulatedAddresses,
}

impl Books {
    pub fn open(config: &Config) -> anyhow::Result<Books> {
        let (mut keystores, mut signers) = (BTreeMap::new(), BTreeMap::new());
        for &environment in &config.environments {
            if let Some(words) = words(config, environment)? {
                keystores.insert(environment, Keystore::new(&words, environment)?);
                signers.insert(environment, Arc::new(Signers::new(&words, environment)?));
            }
        }
        let mut watch_only = BTreeMap::new();
        for (&environment, networks) in &config.chains {
            for (&network, chain) in networks {
                let place = (environment, network);
                let named = || format!("chains.{}.{}", environment.as_str(), network.as_str());
                if let Some(book) = watched(place, chain).with_context(named)? {
                    watch_only.insert(place, book);
                }
            }
        }
        let simulated = SimulatedAddresses::new(SIMULATED_SEED);
        Ok(Books { keystores, signers, watch_only, simulated })
    }

    /// Whether the keys of a place's addresses are elsewhere.
    pub fn is_watched_only(&self, place: Place) -> bool {
        self.watch_only.contains_key(&place)
    }

    /// Keys that sign for a place's addresses; none where those are only watched.
    pub fn signers(&self, place: Place) -> Option<Arc<Signers>> {
        match self.is_watched_only(place) {
            true => None,
            false => self.signers.get(&place.0).cloned(),
        }
    }

    /// What there is, for `pepay doctor`.
    pub fn summary(&self) -> String {
        let names = |keys: Vec<String>| {
            if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
        };
        let keystores = self.keystores.keys().map(|environment| environment.as_str().to_owned());
        let watched = self.watch_only.keys();
        let watched = watched.map(|(environment, network)| {
            format!("{} ({})", network.as_str(), environment.as_str())
        });
        let (keystores, watched) = (names(keystores.collect()), names(watched.collect()));
        format!("keystores: {keystores}; only watched: {watched}")
    }

    /// The address of an index; `is_simulated` says whether one without a key will do.
    pub fn address(
        &self,
        (environment, network): Place,
        index: u32,
        is_simulated: Simulated,
    ) -> Result<Address, NoAddress> {
        if let Some(book) = self.watch_only.get(&(environment, network)) {
            return book.address(network, environment, index);
        }
        if let Some(keystore) = self.keystores.get(&environment) {
            return keystore.address(network, environment, index);
        }
        match is_simulated {
            Simulated::Yes => self.simulated.address(network, environment, index),
            Simulated::No => Err(NoAddress::NoKeys),
        }
    }
}

/// Whether a network's money is only simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simulated {
    Yes,
    No,
}

fn words(config: &Config, environment: Environment) -> anyhow::Result<Option<Words>> {
    let path = path_in(&config.data_dir, environment);
    if !path.exists() {
        return Ok(None);
    }
    let file = KeystoreFile::read(&path).with_context(|| path.display().to_string())?;
    let Some(passphrase) = &config.keystore_passphrase else {
        bail!("{} needs PEPAY_KEYSTORE_PASSPHRASE to be opened", path.display());
    };
    let words = file
        .open(environment, passphrase)
        .with_context(|| format!("opening {}", path.display()))?;
    Ok(Some(words))
}

fn watched(place: Place, chain: &ChainConfig) -> anyhow::Result<Option<WatchOnly>> {
    let (environment, network) = place;
    if let Some(xpub) = &chain.xpub {
        return Ok(Some(WatchOnly::from_xpub(network, environment, xpub).context("xpub")?));
    }
    let Some(path) = &chain.addresses_file else { return Ok(None) };
    let shown = || format!("addresses_file {}", path.display());
    if std::fs::metadata(path).with_context(shown)?.len() > LIST_BYTES_MAX {
        bail!("{} is larger than 256 MiB", shown());
    }
    let text = std::fs::read_to_string(path).with_context(shown)?;
    Ok(Some(WatchOnly::from_list(network, environment, &text).with_context(shown)?))
}
