//! The master key: from the configuration, or on devnet from a file that is made when missing.
//!
//! The database remembers the ids of the keys it was used with, so that a forgotten key is told
//! at start and by `pepay doctor` instead of by the first secret that does not open.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use domain::changes::Changes;
use domain::claim::Claim;
use domain::ids::{MerchantId, RowKey};
use domain::secret::KeyRing;
use store::{CommitError, Store};

use crate::clock::entropy;
use crate::commands::private_files::{make_directory, write_private};
use crate::config::Config;

pub fn file_in(data_dir: &Path) -> PathBuf {
    data_dir.join("master.key")
}

/// The configured keys, or none if the configuration names none.
pub fn configured(config: &Config) -> anyhow::Result<Option<KeyRing>> {
    let Some(text) = &config.master_key else { return Ok(None) };
    let current = KeyRing::parse_key(text).context("master_key")?;
    ring(config, &current).map(Some)
}

/// The key in the data directory, or none if there is no file.
pub fn from_file(config: &Config) -> anyhow::Result<Option<KeyRing>> {
    let path = file_in(&config.data_dir);
    let Some(text) = read(&path)? else { return Ok(None) };
    let current = KeyRing::parse_key(&text).with_context(|| path.display().to_string())?;
    ring(config, &current).map(Some)
}

/// Configured keys, else the file's, else a new file: only for devnet.
pub fn for_devnet(config: &Config) -> anyhow::Result<KeyRing> {
    if let Some(ring) = configured(config)? {
        return Ok(ring);
    }
    if let Some(ring) = from_file(config)? {
        return Ok(ring);
    }
    let key = *entropy().0;
    make_directory(&config.data_dir)?;
    let path = file_in(&config.data_dir);
    write_private(&path, format!("{}\n", KeyRing::key_text(&key)).as_bytes())?;
    ring(config, &key)
}

/// Whether the configured key is the one `pepay dev` made in this data directory.
pub fn is_dev_key(config: &Config) -> anyhow::Result<bool> {
    let Some(configured) = &config.master_key else { return Ok(false) };
    let file = read(&file_in(&config.data_dir))?;
    let configured = KeyRing::parse_key(configured).context("master_key")?;
    Ok(file.and_then(|text| KeyRing::parse_key(&text).ok()) == Some(configured))
}

fn ring(config: &Config, current: &[u8; 32]) -> anyhow::Result<KeyRing> {
    let older = config.previous_master_keys.iter().map(|text| KeyRing::parse_key(text));
    let older = older.collect::<Result<Vec<_>, _>>().context("previous_master_keys")?;
    Ok(KeyRing::new(current, &older))
}

fn read(path: &Path) -> anyhow::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

/// What a database knows of a key ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The current key, or one that rotation still lets in, was used here before.
    Yes,
    /// No key was used here yet.
    FirstKey,
    /// Only other keys were used here: what they sealed does not open.
    OtherKeys,
}

/// Held by the database once any key was used with it.
fn any_key() -> RowKey {
    RowKey::of("master_key", &[])
}

fn one_key(id: u32) -> RowKey {
    RowKey::of("master_key", &[&id.to_be_bytes()])
}

pub async fn known(store: &Store, keys: &KeyRing) -> anyhow::Result<Known> {
    if store.get::<Claim>(any_key()).await?.is_none() {
        return Ok(Known::FirstKey);
    }
    let keys = keys.ids().map(one_key).collect();
    let found = store.get_many::<Claim>(keys).await?;
    let is_known = found.iter().any(Option::is_some);
    Ok(if is_known { Known::Yes } else { Known::OtherKeys })
}

/// Writes down that the current key is used with this database.
pub async fn remember(store: &Store, keys: &KeyRing) -> anyhow::Result<Known> {
    let known = known(store, keys).await?;
    let current = one_key(keys.current_id());
    for claim in [any_key(), current] {
        if store.get::<Claim>(claim).await?.is_some() {
            continue;
        }
        let mut changes = Changes::of(MerchantId::HOUSE);
        changes.insert(Claim::new(claim, RowKey::of_integer(i64::from(keys.current_id()))));
        match store.commit(changes).await {
            // Another process that starts with the same key was first.
            Ok(_) | Err(CommitError::AlreadyExists { .. }) => {}
            Err(error) => bail!(error),
        }
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_devnet_key_is_made_once_and_only_its_owner_reads_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let config = Config { data_dir: directory.path().join("new"), ..Config::default() };
        let first = for_devnet(&config).expect("makes a key").current_id();
        assert_eq!(for_devnet(&config).expect("finds it").current_id(), first);
        let mode =
            |path: &Path| std::fs::metadata(path).expect("exists").permissions().mode() & 0o777;
        assert_eq!(mode(&file_in(&config.data_dir)), 0o600);
        assert_eq!(mode(&config.data_dir), 0o700);
        let text = std::fs::read_to_string(file_in(&config.data_dir)).expect("reads");
        let config = Config { master_key: Some(text), ..config };
        assert!(is_dev_key(&config).expect("compares"));
    }
}
