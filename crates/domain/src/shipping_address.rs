//! Where a parcel goes: as it was written, and as the post of its country writes it.
//!
//! An order keeps a copy, so that an address that is removed leaves no order without one.

mod check;
mod postcodes;
mod states;
mod view;

pub use check::Checked;
pub use states::us_state_of;
pub use view::AddressView;

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::commerce_rates::Destination;
use crate::environment::Environment;
use crate::ids::{Fresh, MerchantId, RowKey, ShippingAddressId, Version};
use crate::shopper::Shopper;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingAddress {
    pub id: ShippingAddressId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub shopper: Shopper,
    pub postal: PostalAddress,
    /// When it was found to be one of its country; none: only its form was looked at.
    pub validated_at: Option<Timestamp>,
    pub removed_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PostalAddress {
    pub first_name: String,
    pub last_name: String,
    pub street_address: String,
    pub address_line2: Option<String>,
    pub city: String,
    pub state: Option<String>,
    pub zip_code: String,
    /// Alpha-2.
    pub country: String,
    pub phone: Option<String>,
    pub email: Option<String>,
}

impl PostalAddress {
    pub fn destination(&self) -> Destination<'_> {
        Destination { country: &self.country, state: self.state.as_deref() }
    }
}

impl ShippingAddress {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn new(
        (merchant_id, environment): (MerchantId, Environment),
        shopper: Shopper,
        checked: Checked,
        fresh: &mut Fresh,
    ) -> ShippingAddress {
        let now = fresh.now();
        ShippingAddress {
            id: ShippingAddressId::fresh(fresh),
            merchant_id,
            environment,
            shopper,
            postal: checked.postal,
            validated_at: checked.is_of_its_country.then_some(now),
            removed_at: None,
            created_at: now,
            version: 0,
        }
    }

    /// Whether this is a shopper's address that he has not removed.
    pub fn is_usable_by(&self, whose: (MerchantId, Environment), shopper: &Shopper) -> bool {
        (self.merchant_id, self.environment) == whose
            && self.shopper == *shopper
            && self.removed_at.is_none()
    }

    /// Takes it out of the shopper's list. Orders have copies of their own.
    pub fn remove(mut self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        self.removed_at = Some(now);
        changes.update(self);
        changes
    }
}
