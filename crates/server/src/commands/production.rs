//! What stands in the way of real money: the conditions `pepay serve` and `pepay doctor` hold to.
//!
//! They apply once mainnet is served. A deployment for devnet only may be as open as it likes.

use anyhow::Context as _;
use domain::environment::Environment;
use store::Store;

use crate::commands::{demo, master_key};
use crate::config::Config;

/// One reason not to serve mainnet, and the way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    pub what: &'static str,
    pub what_to_do: &'static str,
}

/// What the configuration alone shows.
pub fn of_config(config: &Config) -> anyhow::Result<Vec<Obstacle>> {
    let mut obstacles = Vec::new();
    if !config.serves(Environment::Mainnet) {
        return Ok(obstacles);
    }
    if config.master_key.is_none() {
        obstacles.push(Obstacle {
            what: "mainnet is served without a master_key",
            what_to_do: "set PEPAY_MASTER_KEY to 32 random bytes (openssl rand -base64 32) and \
                         keep a copy where the backups are not",
        });
    }
    if master_key::is_dev_key(config)? {
        obstacles.push(Obstacle {
            what: "the master_key is the one that `pepay dev` made",
            what_to_do: "set PEPAY_MASTER_KEY to a new one (openssl rand -base64 32)",
        });
    }
    if !config.public_url.starts_with("https://") {
        obstacles.push(Obstacle {
            what: "public_url is not https",
            what_to_do: "set PEPAY_PUBLIC_URL to the https address payors reach this server by",
        });
    }
    if config.commerce.is_simulated() {
        obstacles.push(Obstacle {
            what: "commerce.retailer_url is `simulated`: orders would be paid and never placed",
            what_to_do: "name the URL of who places orders, or leave it out and send them yourself",
        });
    }
    Ok(obstacles)
}

/// What the database shows.
pub async fn of_database(config: &Config, store: &Store) -> anyhow::Result<Vec<Obstacle>> {
    let mut obstacles = Vec::new();
    if !config.serves(Environment::Mainnet) {
        return Ok(obstacles);
    }
    let demo = demo::demo_merchant(store).await.context("looking for demo merchants")?;
    if demo.is_some() {
        obstacles.push(Obstacle {
            what: "the database holds the demo merchant of `pepay dev`",
            what_to_do: "use a new database for production, filled by `pepay merchants create`",
        });
    }
    if store.api_key_demo_exists().await? {
        obstacles.push(Obstacle {
            what: "the database lets demo keys in",
            what_to_do: "revoke them: `pepay keys list`, then `pepay keys revoke ID`",
        });
    }
    Ok(obstacles)
}

/// All of them in one message, or nothing.
pub fn refuse(obstacles: &[Obstacle]) -> anyhow::Result<()> {
    if obstacles.is_empty() {
        return Ok(());
    }
    let line = |one: &Obstacle| format!("\n  {}\n    → {}", one.what, one.what_to_do);
    let lines: String = obstacles.iter().map(line).collect();
    anyhow::bail!("this deployment is not safe for mainnet:{lines}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_mainnet_asks_for_more() {
        let devnet = Config::default();
        assert_eq!(of_config(&devnet).expect("reads"), []);
        let mainnet = Config { environments: vec![Environment::Mainnet], ..devnet };
        let found = of_config(&mainnet).expect("reads");
        assert_eq!(found.len(), 2);
        let error = refuse(&found).expect_err("refuses").to_string();
        assert!(error.contains("PEPAY_MASTER_KEY") && error.contains("PEPAY_PUBLIC_URL"));
        let safe = Config {
            master_key: Some(domain::secret::KeyRing::key_text(&[7; 32])),
            public_url: "https://pay.example".to_owned(),
            ..mainnet
        };
        assert_eq!(of_config(&safe).expect("reads"), []);
    }
}
