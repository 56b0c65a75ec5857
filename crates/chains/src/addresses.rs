//! Deposit addresses by derivation index: the one place an address to be paid to comes from.
//!
//! An index is given out once per invoice and environment and is good on all ten networks; the
//! networks of one family share the address. Simulated networks are served from here; the keystore
//! of real networks is the other implementation.
//!
//! Invariant: an index has one address for ever, and different indexes have different ones.

use domain::address::Address;
use domain::environment::Environment;
use domain::network::{Family, Network};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Where deposit addresses come from.
pub trait AddressBook: Send + Sync {
    fn address(
        &self,
        network: Network,
        environment: Environment,
        index: u32,
    ) -> Result<Address, NoAddress>;
}

/// Why there is no address to pay to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoAddress {
    #[error("no keys are set up for this network and environment")]
    NoKeys,
    #[error("the keys give no address at this index")]
    NoSuchIndex,
    #[error("the list of addresses is used up")]
    ListIsUsedUp,
}

/// Well-formed addresses nobody holds a key to, which is all a simulated network needs.
pub struct SimulatedAddresses {
    seed: [u8; 32],
}

impl SimulatedAddresses {
    pub fn new(seed: [u8; 32]) -> SimulatedAddresses {
        SimulatedAddresses { seed }
    }
}

impl AddressBook for SimulatedAddresses {
    /// Refuses mainnet: real money sent to such an address would be lost for ever.
    fn address(
        &self,
        network: Network,
        environment: Environment,
        index: u32,
    ) -> Result<Address, NoAddress> {
        if environment.is_live() {
            return Err(NoAddress::NoKeys);
        }
        let family = network.family();
        let mut hash = Sha256::new();
        hash.update(b"pepay simulated address");
        hash.update(self.seed);
        hash.update([family_code(family)]);
        hash.update(environment.code().to_be_bytes());
        hash.update(index.to_be_bytes());
        Ok(Address::from_payload(family, environment, &hash.finalize().into()))
    }
}

/// Part of every simulated address, so a code never changes.
fn family_code(family: Family) -> u8 {
    match family {
        Family::Evm => 0,
        Family::Solana => 1,
        Family::Ton => 2,
        Family::Cardano => 3,
        Family::Sui => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const DEVNET: Environment = Environment::Devnet;

    fn book(seed: u8) -> SimulatedAddresses {
        SimulatedAddresses::new([seed; 32])
    }

    #[test]
    fn every_address_is_one_its_network_accepts_in_canonical_spelling() {
        for network in Network::ALL {
            for index in [0, 1, 77, u32::MAX] {
                let address = book(1).address(network, DEVNET, index).unwrap();
                assert_eq!(Address::parse(network, DEVNET, address.as_str()), Ok(address));
            }
        }
    }

    #[test]
    fn an_index_has_one_address_for_ever() {
        let address = book(1).address(Network::Ethereum, DEVNET, 7).unwrap();
        assert_eq!(address.as_str(), "0x8580E0da4400e354D0CdE82546E4A65ACB59831d");
        assert_eq!(book(1).address(Network::Ethereum, DEVNET, 7), Ok(address.clone()));
        assert_ne!(book(2).address(Network::Ethereum, DEVNET, 7), Ok(address));
    }

    #[test]
    fn networks_of_one_family_share_the_address_and_nothing_else_does() {
        let mut distinct = HashSet::new();
        for index in 0..100 {
            for network in Network::ALL {
                distinct.insert(book(1).address(network, DEVNET, index).unwrap());
            }
        }
        assert_eq!(distinct.len(), 100 * 5);
    }

    #[test]
    fn mainnet_never_gets_an_address_without_a_key() {
        for network in Network::ALL {
            let refused = book(1).address(network, Environment::Mainnet, 0);
            assert_eq!(refused, Err(NoAddress::NoKeys));
        }
    }
}
