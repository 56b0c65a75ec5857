//! A deposit address: one derivation index per owner and environment, on every network family.
//!
//! The row is found by its address, so that a watcher matches a transfer with one look-up. The six
//! EVM networks share an address; `networks` says on which of them it was given out.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::environment::Environment;
use crate::ids::{InvoiceId, MerchantId, RampAddressId, RowKey, Version};
use crate::network::{Family, Network};
use crate::time::Timestamp;

/// Whose what arrives is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressOwner {
    Invoice(InvoiceId),
    /// A ramp user's own address.
    Ramp(RampAddressId),
}

impl AddressOwner {
    pub fn key(self) -> RowKey {
        match self {
            AddressOwner::Invoice(id) => id.key(),
            AddressOwner::Ramp(id) => id.key(),
        }
    }

    pub fn code(self) -> i64 {
        match self {
            AddressOwner::Invoice(_) => 0,
            AddressOwner::Ramp(_) => 1,
        }
    }

    pub fn from_parts(code: i64, key: RowKey) -> Option<AddressOwner> {
        match code {
            0 => Some(AddressOwner::Invoice(key.into())),
            1 => Some(AddressOwner::Ramp(key.into())),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepositAddress {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    /// Any network of the address's family.
    pub network: Network,
    pub address: String,
    pub owner: AddressOwner,
    pub index: u32,
    /// A bit per network the address was given out on.
    pub networks: i64,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl DepositAddress {
    pub fn key(&self) -> RowKey {
        DepositAddress::row_key(self.environment, self.network, &self.address)
    }

    /// `address` in its canonical spelling.
    pub fn row_key(environment: Environment, network: Network, address: &str) -> RowKey {
        let family: &[u8] = match network.family() {
            Family::Evm => b"evm",
            Family::Solana => b"solana",
            Family::Ton => b"ton",
            Family::Cardano => b"cardano",
            Family::Sui => b"sui",
        };
        let environment = environment.as_str().as_bytes();
        RowKey::of("deposit_address", &[environment, family, address.as_bytes()])
    }

    pub fn new(
        (merchant_id, environment): (MerchantId, Environment),
        network: Network,
        address: &Address,
        (owner, index): (AddressOwner, u32),
        now: Timestamp,
    ) -> DepositAddress {
        DepositAddress {
            merchant_id,
            environment,
            network,
            address: address.as_str().to_owned(),
            owner,
            index,
            networks: network.bit(),
            created_at: now,
            version: 0,
        }
    }

    pub fn is_given_out_on(&self, network: Network) -> bool {
        self.networks & network.bit() != 0
    }

    pub fn given_out_networks(&self) -> impl Iterator<Item = Network> {
        Network::ALL.into_iter().filter(|&network| self.is_given_out_on(network))
    }
}
