//! Which deployment a command is about: its configuration, data directory and database.
//!
//! The file comes first, then `PEPAY_*` variables, then the flags of the command line.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use store::{Store, StoreConfig};

use crate::commands::file_lock;
use crate::commands::remote::Remote;
use crate::config::Config;

#[derive(Clone, Debug, Args)]
pub struct Place {
    /// Configuration file (TOML)
    #[arg(long, value_name = "FILE", env = "PEPAY_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where the database, keys and mail of this deployment are [default: .pepay]
    #[arg(long, value_name = "DIRECTORY")]
    pub data_dir: Option<PathBuf>,
    /// sqlite:PATH or postgres://… [default: SQLite in the data directory]
    #[arg(long, value_name = "URL")]
    pub database_url: Option<String>,
}

impl Place {
    pub fn load(&self) -> anyhow::Result<Config> {
        let mut config = Config::load(self.config.as_deref(), std::env::vars())?;
        if let Some(directory) = &self.data_dir {
            config.data_dir = directory.clone();
        }
        if let Some(url) = &self.database_url {
            config.database_url = Some(url.clone());
        }
        Ok(config)
    }
}

pub fn store_config(config: &Config) -> StoreConfig {
    StoreConfig { lanes: config.lanes, ..StoreConfig::new(config.database_url()) }
}

/// The file behind a `sqlite:` URL.
pub fn sqlite_path(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

pub async fn open(config: &Config) -> anyhow::Result<Store> {
    let url = config.database_url();
    Store::open(store_config(config)).await.with_context(|| {
        let is_served = sqlite_path(&url).is_some_and(|path| file_lock::is_taken(&path));
        let hint =
            if is_served { " (an embedded database has one user: stop the server)" } else { "" };
        format!("opening {}{hint}", shown(&url))
    })
}

/// Opens what must be there already.
pub async fn open_existing(config: &Config) -> anyhow::Result<Store> {
    check_exists(config)?;
    open(config).await
}

/// A mistyped path is an error, not a new database.
pub fn check_exists(config: &Config) -> anyhow::Result<()> {
    let url = config.database_url();
    if let Some(path) = sqlite_path(&url).filter(|path| !path.exists()) {
        anyhow::bail!(
            "there is no database at {}; name it with --data-dir or --database-url, \
             or make it with `pepay migrate`",
            path.display()
        );
    }
    Ok(())
}

/// The server that has the database to itself, if one runs.
pub fn server_of(config: &Config) -> anyhow::Result<Option<Remote>> {
    check_exists(config)?;
    let url = config.database_url();
    if !sqlite_path(&url).is_some_and(|path| file_lock::is_taken(&path)) {
        return Ok(None);
    }
    let Some(token) = &config.operator_token else {
        bail!("a server runs on this database: set operator_token, so that it can be asked");
    };
    let remote = Remote::of_operator(&format!("http://{}", config.listen), token);
    remote.context("asking the server").map(Some)
}

/// A database URL without its password.
pub fn shown(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(mut parsed) if parsed.password().is_some() => {
            let _ = parsed.set_password(Some("***"));
            parsed.to_string()
        }
        Ok(_) | Err(_) => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_databases_are_not_shown() {
        assert_eq!(shown("postgres://pepay:hunter2@db/x"), "postgres://pepay:***@db/x");
        assert_eq!(shown("sqlite:.pepay/pepay.db"), "sqlite:.pepay/pepay.db");
    }
}
