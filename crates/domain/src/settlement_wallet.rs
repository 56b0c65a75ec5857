//! A settlement wallet: where a merchant's money of one network goes.
//!
//! A new address is one nobody has used before, and the first thing a thief would change: it counts
//! only after a delay, and until then what was used before goes on being used.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, Version};
use crate::network::Network;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettlementWallet {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    /// None: it was taken away.
    pub address: Option<String>,
    pub usable_from: Timestamp,
    /// What is used until then.
    pub before: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl SettlementWallet {
    pub fn key(&self) -> RowKey {
        SettlementWallet::row_key(self.merchant_id, self.environment, self.network)
    }

    pub fn row_key(merchant: MerchantId, environment: Environment, network: Network) -> RowKey {
        let environment = environment.as_str().as_bytes();
        let parts = [&merchant.0.to_be_bytes()[..], environment, network.as_str().as_bytes()];
        RowKey::of("settlement_wallet", &parts)
    }

    /// Names an address, which counts after `delay_ms`; the same one again changes nothing.
    pub fn name(
        known: Option<SettlementWallet>,
        (merchant_id, environment, network): (MerchantId, Environment, Network),
        address: &Address,
        (now, delay_ms): (Timestamp, i64),
    ) -> SettlementWallet {
        let address = address.as_str().to_owned();
        let Some(known) = known else {
            return SettlementWallet {
                merchant_id,
                environment,
                network,
                address: Some(address),
                usable_from: now.plus_ms(delay_ms),
                before: None,
                created_at: now,
                updated_at: now,
                version: 0,
            };
        };
        if known.address.as_deref() == Some(&address) {
            return known;
        }
        let before = known.usable(now).map(str::to_owned);
        // Back to what is in use: nothing new to wait for.
        let is_in_use = before.as_deref() == Some(&address);
        let usable_from = if is_in_use { now } else { now.plus_ms(delay_ms) };
        let address = Some(address);
        SettlementWallet { address, usable_from, before, updated_at: now, ..known }
    }

    /// Takes it away at once: stopping needs no delay.
    pub fn take_away(self, now: Timestamp) -> SettlementWallet {
        SettlementWallet { address: None, before: None, updated_at: now, ..self }
    }

    /// Where money goes now.
    pub fn usable(&self, now: Timestamp) -> Option<&str> {
        let address = self.address.as_deref()?;
        if now >= self.usable_from { Some(address) } else { self.before.as_deref() }
    }

    pub fn view(&self, now: Timestamp) -> SettlementWalletView {
        let address = self.address.clone().unwrap_or_default();
        let is_usable = now >= self.usable_from;
        SettlementWalletView {
            object: "settlement_wallet",
            environment: self.environment,
            network: self.network,
            status: if is_usable { "active" } else { "pending" },
            address,
            usable_from: self.usable_from.seconds(),
            address_until_then: self.before.clone().filter(|_| !is_usable),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}

/// Where a network's money is settled to.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = SettlementWallet)]
pub struct SettlementWalletView {
    pub object: &'static str,
    pub environment: Environment,
    pub network: Network,
    /// `pending` until `usable_from`, then `active`.
    pub status: &'static str,
    pub address: String,
    pub usable_from: i64,
    /// What is used while the new address is pending.
    pub address_until_then: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Family;

    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    fn address(seed: u8) -> Address {
        Address::from_payload(Family::Evm, Environment::Devnet, &[seed; 32])
    }

    fn named(known: Option<SettlementWallet>, seed: u8, now: Timestamp) -> SettlementWallet {
        let whose = (MerchantId(1), Environment::Devnet, Network::Base);
        SettlementWallet::name(known, whose, &address(seed), (now, 1_000))
    }

    #[test]
    fn a_new_address_counts_after_its_delay_and_the_old_one_until_then() {
        let first = named(None, 1, NOW);
        assert_eq!(first.usable(NOW.plus_ms(999)), None);
        let later = NOW.plus_ms(1_000);
        assert_eq!(first.usable(later), Some(address(1).as_str()));
        let second = named(Some(first.clone()), 2, later);
        assert_eq!(second.usable(later.plus_ms(999)), Some(address(1).as_str()));
        // A third one in between does not bring the second forward.
        let third = named(Some(second.clone()), 3, later.plus_ms(500));
        assert_eq!(third.usable(later.plus_ms(1_000)), Some(address(1).as_str()));
        assert_eq!(third.usable(later.plus_ms(1_500)), Some(address(3).as_str()));
        let back = named(Some(second.clone()), 1, later.plus_ms(10));
        assert_eq!(back.usable(later.plus_ms(10)), Some(address(1).as_str()));
        assert_eq!(named(Some(second.clone()), 2, later.plus_ms(400)), second);
        assert_eq!(second.take_away(later).usable(later.plus_ms(9_000)), None);
    }
}
