//! `dev.env`: where `pepay dev` keeps what the database only holds as hashes.
//!
//! Plain `KEY=value` lines, for shells and tests. Written whole or not at all, for the owner only.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use domain::secret::Secret;

use crate::commands::private_files::write_private;

/// What the file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevEnv {
    pub api_url: String,
    pub api_key: Secret,
    pub commerce_api_key: Secret,
    pub metrics_token: Secret,
    pub email: String,
    pub password: Secret,
}

/// What a file said, as far as it said anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub api_key: Option<Secret>,
    pub commerce_api_key: Option<Secret>,
    pub metrics_token: Option<Secret>,
    pub password: Option<Secret>,
}

pub fn file_in(data_dir: &Path) -> PathBuf {
    data_dir.join("dev.env")
}

impl Found {
    pub fn read(data_dir: &Path) -> anyhow::Result<Found> {
        let path = file_in(data_dir);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Found::parse(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Found::default()),
            Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
        }
    }

    fn parse(text: &str) -> Found {
        let value = |name: &str| {
            let named = |line: &str| {
                let (key, value) = line.split_once('=')?;
                (key.trim() == name && !value.trim().is_empty()).then(|| Secret::new(value.trim()))
            };
            text.lines().find_map(named)
        };
        Found {
            api_key: value("PEPAY_API_KEY"),
            commerce_api_key: value("PEPAY_COMMERCE_API_KEY"),
            metrics_token: value("PEPAY_METRICS_TOKEN"),
            password: value("PEPAY_PASSWORD"),
        }
    }
}

impl DevEnv {
    pub fn write(&self, data_dir: &Path) -> anyhow::Result<()> {
        write_private(&file_in(data_dir), self.render().as_bytes())
    }

    fn render(&self) -> String {
        let lines = [
            ("PEPAY_API_URL", self.api_url.as_str()),
            ("PEPAY_API_KEY", self.api_key.expose()),
            ("PEPAY_COMMERCE_API_KEY", self.commerce_api_key.expose()),
            ("PEPAY_METRICS_TOKEN", self.metrics_token.expose()),
            ("PEPAY_EMAIL", self.email.as_str()),
            ("PEPAY_PASSWORD", self.password.expose()),
        ];
        lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_found_again() {
        let env = DevEnv {
            api_url: "http://127.0.0.1:3000".into(),
            api_key: Secret::new("sk_test_1"),
            commerce_api_key: Secret::new("ck_test_1"),
            metrics_token: Secret::new("token"),
            email: "demo@pepay.local".into(),
            password: Secret::new("pass"),
        };
        let found = Found::parse(&env.render());
        assert_eq!(found.api_key, Some(env.api_key));
        assert_eq!(found.commerce_api_key, Some(env.commerce_api_key));
        assert_eq!(found.metrics_token, Some(env.metrics_token));
        assert_eq!(found.password, Some(env.password));
        assert_eq!(Found::parse("PEPAY_API_KEY=\nnonsense\n"), Found::default());
    }
}
