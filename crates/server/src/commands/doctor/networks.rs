//! `pepay doctor` on networks: the keys open, and every node that is configured answers.
//!
//! It asks each real network for its head, so it may take some seconds where nodes are slow. No
//! database is needed, so that a server that runs can be looked at as well.

use std::sync::Arc;
use std::time::Duration;

use chains::chain::Chain;
use domain::environment::Environment;
use domain::network::Network;
use futures_util::future::join_all;

use super::Finding;
use crate::config::{ChainConfig, Config};
use crate::networks::{Books, open_real};

const ANSWER_MAX: Duration = Duration::from_secs(15);

pub async fn all(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    match Books::open(config) {
        Ok(books) => findings.push(Finding::ok("keys", books.summary())),
        Err(error) => {
            let to_do = "set PEPAY_KEYSTORE_PASSPHRASE, or correct what it names";
            findings.push(Finding::fail("keys", format!("{error:#}"), to_do));
        }
    }
    let places = config.environments.iter().flat_map(|&environment| {
        Network::ALL.into_iter().map(move |network| (environment, network))
    });
    let real = places.filter_map(|place| {
        let chain = config.chain(place).filter(|chain| chain.is_real())?;
        Some(network(place, chain))
    });
    findings.extend(join_all(real).await.into_iter().flatten());
    findings
}

async fn network(place: (Environment, Network), config: &ChainConfig) -> Vec<Finding> {
    let name = format!("{} ({})", place.1.as_str(), place.0.as_str());
    match open_real(place, config) {
        Ok(chain) => look(&name, &chain).await,
        Err(error) => {
            let to_do = "correct the section it names";
            vec![Finding::fail("network", format!("{name}: {error:#}"), to_do)]
        }
    }
}

async fn look(name: &str, chain: &Arc<dyn Chain>) -> Vec<Finding> {
    let head = match tokio::time::timeout(ANSWER_MAX, chain.head()).await {
        Ok(Ok(head)) => Finding::ok("network", format!("{name}: head {}", head.number)),
        Ok(Err(error)) => {
            let to_do = "look at its rpc_urls: without it nothing is seen there";
            Finding::fail("network", format!("{name}: {error}"), to_do)
        }
        Err(_) => {
            let to_do = "look at its rpc_urls, or raise request_timeout_ms";
            Finding::fail("network", format!("{name}: no answer in time"), to_do)
        }
    };
    let complaints = chain.health().into_iter().filter_map(|node| {
        let what = format!("{name}: {}: {}", node.name, node.complaint?);
        Some(Finding::warn("node", what, "ask its operator, or name another"))
    });
    std::iter::once(head).chain(complaints).collect()
}
