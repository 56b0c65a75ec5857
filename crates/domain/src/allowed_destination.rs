//! An allowed destination: an address a merchant lets refunds and named receivers be paid to.
//!
//! Refunds go to customers, so by default they go anywhere. A merchant who knows his payors may
//! require the list. A new entry counts after a delay, and so does no longer requiring the list: a
//! thief who comes to add his own address is seen before it is of use to him.

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::changes::{Changes, CounterMove, Noun, counter_key};
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, Version};
use crate::network::Network;
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// Addresses on a merchant's list, of one environment.
pub const DESTINATIONS_MAX: i64 = 200;

/// Whether the list binds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowList {
    #[default]
    Off,
    Required,
    /// Somebody no longer requires it; until then it binds.
    RequiredUntil(Timestamp),
}

/// What somebody chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllowListChoice {
    Off,
    Required,
}

impl AllowList {
    pub fn binds(self, now: Timestamp) -> bool {
        match self {
            AllowList::Off => false,
            AllowList::Required => true,
            AllowList::RequiredUntil(end) => now < end,
        }
    }

    /// Requiring it works at once; no longer requiring it after the delay.
    pub fn choose(self, choice: AllowListChoice, (now, delay_ms): (Timestamp, i64)) -> AllowList {
        match (choice, self) {
            (AllowListChoice::Required, _) => AllowList::Required,
            (AllowListChoice::Off, AllowList::Required) => {
                AllowList::RequiredUntil(now.plus_ms(delay_ms))
            }
            (AllowListChoice::Off, AllowList::Off | AllowList::RequiredUntil(_)) => self,
        }
    }

    pub fn view(self, now: Timestamp) -> AllowListView {
        let required_until = match self {
            AllowList::RequiredUntil(end) if now < end => Some(end.seconds()),
            AllowList::Off | AllowList::Required | AllowList::RequiredUntil(_) => None,
        };
        AllowListView { required: self.binds(now), required_until }
    }
}

/// Whether only what is on the list is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = AllowList)]
pub struct AllowListView {
    pub required: bool,
    /// Somebody no longer requires it, which counts from then on.
    pub required_until: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AllowedDestination {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    pub address: String,
    pub allowed_from: Timestamp,
    pub removed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl AllowedDestination {
    pub fn key(&self) -> RowKey {
        let whose = (self.merchant_id, self.environment);
        AllowedDestination::row_key(whose, self.network, &self.address)
    }

    /// `address` in its canonical spelling.
    pub fn row_key(
        (merchant, environment): (MerchantId, Environment),
        network: Network,
        address: &str,
    ) -> RowKey {
        let (merchant, environment) = (merchant.0.to_be_bytes(), environment.as_str().as_bytes());
        let parts = [&merchant[..], environment, network.as_str().as_bytes(), address.as_bytes()];
        RowKey::of("allowed_destination", &parts)
    }

    fn count_name(environment: Environment) -> String {
        format!("allowed_destinations.{}", environment.as_str())
    }

    /// The counter of a merchant's entries.
    pub fn count_key((merchant, environment): (MerchantId, Environment)) -> RowKey {
        counter_key(merchant, &AllowedDestination::count_name(environment))
    }

    /// Puts an address on the list, where it counts after `delay_ms`; once is enough.
    pub fn allow(
        known: Option<AllowedDestination>,
        (merchant_id, environment, network): (MerchantId, Environment, Network),
        address: &Address,
        (now, delay_ms): (Timestamp, i64),
        changes: &mut Changes,
    ) -> AllowedDestination {
        let is_new = known.is_none();
        if let Some(known) = &known
            && known.removed_at.is_none()
        {
            return known.clone();
        }
        let entry = AllowedDestination {
            merchant_id,
            environment,
            network,
            address: address.as_str().to_owned(),
            allowed_from: now.plus_ms(delay_ms),
            removed_at: None,
            created_at: now,
            version: known.map_or(0, |known| known.version),
        };
        entry.count(1, changes);
        if is_new {
            changes.insert(entry.clone());
        } else {
            changes.update(entry.clone());
        }
        entry
    }

    /// Takes it off the list at once; whether it was on it.
    pub fn remove(self, changes: &mut Changes, now: Timestamp) -> bool {
        if self.removed_at.is_some() {
            return false;
        }
        self.count(-1, changes);
        changes.update(AllowedDestination { removed_at: Some(now), ..self });
        true
    }

    fn count(&self, by: i64, changes: &mut Changes) {
        changes.counters.push(CounterMove {
            merchant_id: self.merchant_id,
            name: AllowedDestination::count_name(self.environment),
            by,
            floor: None,
            ceiling: (by > 0).then_some(DESTINATIONS_MAX),
        });
    }

    /// What is paid there now depends on this entry being as it was read.
    pub fn guard(&self, changes: &mut Changes) {
        changes.guard(Noun::AllowedDestination, self.key(), self.version);
    }

    pub fn view(&self, now: Timestamp) -> AllowedDestinationView {
        AllowedDestinationView {
            object: "allowed_destination",
            environment: self.environment,
            network: self.network,
            address: self.address.clone(),
            status: if now < self.allowed_from { "pending" } else { "active" },
            allowed_from: self.allowed_from.seconds(),
            created_at: self.created_at.seconds(),
        }
    }
}

/// Refuses an address that is not on a list that binds, or is too new on it.
pub fn check(
    list: AllowList,
    known: Option<&AllowedDestination>,
    now: Timestamp,
) -> Result<(), Refusal> {
    if !list.binds(now) {
        return Ok(());
    }
    let listed = known.filter(|known| known.removed_at.is_none());
    match listed {
        None => Err(Refusal::DestinationNotAllowed),
        Some(entry) if now < entry.allowed_from => {
            Err(Refusal::DestinationNotAllowedYet { from: entry.allowed_from })
        }
        Some(_) => Ok(()),
    }
}

/// An address that refunds and named receivers may be paid to.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = AllowedDestination)]
pub struct AllowedDestinationView {
    pub object: &'static str,
    pub environment: Environment,
    pub network: Network,
    pub address: String,
    /// `pending` until `allowed_from`, then `active`.
    pub status: &'static str,
    pub allowed_from: i64,
    pub created_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    #[test]
    fn leaving_the_list_takes_as_long_as_joining_it() {
        let left = AllowList::Required.choose(AllowListChoice::Off, (NOW, 1_000));
        assert!(left.binds(NOW.plus_ms(999)) && !left.binds(NOW.plus_ms(1_000)));
        // Saying so again does not put it off, and requiring it works at once.
        assert_eq!(left.choose(AllowListChoice::Off, (NOW.plus_ms(500), 1_000)), left);
        assert_eq!(left.choose(AllowListChoice::Required, (NOW, 1_000)), AllowList::Required);
        assert_eq!(AllowList::Off.choose(AllowListChoice::Off, (NOW, 1_000)), AllowList::Off);
    }
}
