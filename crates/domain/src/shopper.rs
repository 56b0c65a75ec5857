//! Who buys: the merchant's own number for a customer, or a wallet.
//!
//! Carts, estimates, addresses and orders belong to a shopper of one merchant and environment. What
//! is another shopper's does not exist.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey};
use crate::network::Network;
use crate::refusal::Refusal;

const CUSTOMER_ID_MAX: usize = 255;

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shopper {
    Customer(String),
    Wallet { network: Network, address: String },
}

/// How a request names a shopper: one of the two ways, never both.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShopperAsk<'a> {
    pub customer_id: Option<&'a str>,
    pub wallet_address: Option<&'a str>,
    pub wallet_network: Option<&'a str>,
}

impl Shopper {
    pub fn parse(ask: ShopperAsk<'_>, environment: Environment) -> Result<Shopper, Refusal> {
        match (ask.customer_id, ask.wallet_address, ask.wallet_network) {
            (Some(id), None, None) => Shopper::customer(id),
            (None, Some(address), Some(network)) => Shopper::wallet(address, network, environment),
            (None, Some(_), None) => {
                Err(Refusal::invalid("wallet_network", "is required with wallet_address"))
            }
            (None, None, Some(_)) => {
                Err(Refusal::invalid("wallet_address", "is required with wallet_network"))
            }
            (None, None, None) => {
                let message = "is required, or wallet_address with wallet_network";
                Err(Refusal::invalid("customer_id", message))
            }
            (Some(_), _, _) => Err(Refusal::invalid("customer_id", "excludes a wallet")),
        }
    }

    fn customer(id: &str) -> Result<Shopper, Refusal> {
        let length = id.chars().count();
        if !(1..=CUSTOMER_ID_MAX).contains(&length) || id.chars().any(char::is_control) {
            return Err(Refusal::invalid("customer_id", "must be 1 to 255 printable characters"));
        }
        Ok(Shopper::Customer(id.to_owned()))
    }

    fn wallet(address: &str, network: &str, environment: Environment) -> Result<Shopper, Refusal> {
        let network = Network::parse(network)
            .ok_or_else(|| Refusal::invalid("wallet_network", "must be one of the ten networks"))?;
        let address = Address::parse(network, environment, address).map_err(|error| {
            let message = format!("must be an address on {}: {error}", network.as_str());
            Refusal::invalid("wallet_address", message)
        })?;
        Ok(Shopper::Wallet { network, address: address.as_str().to_owned() })
    }

    /// What one shopper's rows of a kind are found by.
    pub fn key(&self, kind: &str, (merchant, environment): (MerchantId, Environment)) -> RowKey {
        let place = [merchant.0.to_be_bytes(), environment.code().to_be_bytes()].concat();
        match self {
            Shopper::Customer(id) => RowKey::of(kind, &[&place, b"customer", id.as_bytes()]),
            Shopper::Wallet { network, address } => {
                let network = network.as_str().as_bytes();
                RowKey::of(kind, &[&place, b"wallet", network, address.as_bytes()])
            }
        }
    }

    /// What lists are filtered by.
    pub fn list_key(&self, whose: (MerchantId, Environment)) -> RowKey {
        self.key("shopper", whose)
    }

    pub fn customer_id(&self) -> Option<&str> {
        match self {
            Shopper::Customer(id) => Some(id),
            Shopper::Wallet { .. } => None,
        }
    }

    pub fn wallet_address(&self) -> Option<&str> {
        match self {
            Shopper::Customer(_) => None,
            Shopper::Wallet { address, .. } => Some(address),
        }
    }

    pub fn wallet_network(&self) -> Option<Network> {
        match self {
            Shopper::Customer(_) => None,
            Shopper::Wallet { network, .. } => Some(*network),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn param(ask: ShopperAsk<'_>) -> &'static str {
        match Shopper::parse(ask, Environment::Devnet) {
            Err(Refusal::Invalid { param, .. }) => param,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_shopper_is_named_in_exactly_one_way() {
        let of = |customer_id, wallet_address, wallet_network| ShopperAsk {
            customer_id,
            wallet_address,
            wallet_network,
        };
        let wallet = "0x0000000000000000000000000000000000000001";
        assert!(Shopper::parse(of(Some("c"), None, None), Environment::Devnet).is_ok());
        assert!(Shopper::parse(of(None, Some(wallet), Some("bsc")), Environment::Devnet).is_ok());
        assert_eq!(param(of(None, None, None)), "customer_id");
        assert_eq!(param(of(Some(""), None, None)), "customer_id");
        assert_eq!(param(of(Some("c"), Some(wallet), Some("bsc"))), "customer_id");
        assert_eq!(param(of(None, Some(wallet), None)), "wallet_network");
        assert_eq!(param(of(None, Some(wallet), Some("doge"))), "wallet_network");
        assert_eq!(param(of(None, Some("0x1"), Some("bsc"))), "wallet_address");
        assert_eq!(param(of(None, None, Some("bsc"))), "wallet_address");
    }
}
