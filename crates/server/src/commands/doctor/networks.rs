//! `pepay doctor` on networks: the keys open, and every node that is configured answers.
//!
//! It asks each real network for its head, so it may take some seconds where nodes are slow. No
//! database is needed, so that a server that runs can be looked at as well.

use std::sync::Arc;
use std::time::Duration;

use chains::chain::Chain;
use chains::send::{KeyRef, Sender};
use domain::environment::Environment;
use domain::money::TokenAmount;
use domain::network::Network;
use futures_util::future::join_all;

use super::Finding;
use crate::config::{ChainConfig, Config};
use crate::networks::{Books, open_real, open_sender};

const ANSWER_MAX: Duration = Duration::from_secs(15);

pub async fn all(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let books = match Books::open(config) {
        Ok(books) => {
            findings.push(Finding::ok("keys", books.summary()));
            Some(books)
        }
        Err(error) => {
            let to_do = "set PEPAY_KEYSTORE_PASSPHRASE, or correct what it names";
            findings.push(Finding::fail("keys", format!("{error:#}"), to_do));
            None
        }
    };
    let books = books.as_ref();
    let places = config.environments.iter().flat_map(|&environment| {
        Network::ALL.into_iter().map(move |network| (environment, network))
    });
    let real = places.filter_map(|place| {
        let chain = config.chain(place).filter(|chain| chain.is_real())?;
        Some(network(place, chain, books))
    });
    findings.extend(join_all(real).await.into_iter().flatten());
    findings
}

async fn network(
    place: (Environment, Network),
    config: &ChainConfig,
    books: Option<&Books>,
) -> Vec<Finding> {
    let name = format!("{} ({})", place.1.as_str(), place.0.as_str());
    match open_real(place, config) {
        Ok(chain) => {
            let mut findings = look(&name, &chain).await;
            if let Some(keys) = books.and_then(|books| books.signers(place))
                && let Ok(Some(sender)) = open_sender(place, config, keys)
            {
                findings.push(gas(&name, sender.as_ref()).await);
            }
            findings
        }
        Err(error) => {
            let to_do = "correct the section it names";
            vec![Finding::fail("network", format!("{name}: {error:#}"), to_do)]
        }
    }
}

/// Whether there is coin to pay this network with.
async fn gas(name: &str, sender: &dyn Sender) -> Finding {
    let Ok(wallet) = sender.address(KeyRef::Gas) else {
        return Finding::ok("gas", format!("{name}: nothing is sent from here"));
    };
    match tokio::time::timeout(ANSWER_MAX, sender.state(&wallet, None)).await {
        Ok(Ok(state)) if state.coin > TokenAmount::ZERO => {
            Finding::ok("gas", format!("{name}: {wallet} has {} base units", state.coin.0))
        }
        Ok(Ok(_)) => {
            let what = format!("{name}: {wallet} has no coin, so nothing can be sent");
            Finding::warn("gas", what, "send it some of the network's own coin")
        }
        Ok(Err(_)) | Err(_) => {
            let what = format!("{name}: the gas wallet could not be looked at");
            Finding::warn("gas", what, "look at its rpc_urls")
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
