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

use crate::changes::{Changes, Noun};
use crate::commerce_rates::Destination;
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, ShippingAddressId, Version};
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

    /// What a shopper writes letter by letter as he did before is the same address.
    pub fn id_of(
        whose: (MerchantId, Environment),
        shopper: &Shopper,
        postal: &PostalAddress,
    ) -> ShippingAddressId {
        let PostalAddress {
            first_name, last_name, street_address, city, zip_code, country, ..
        } = postal;
        let texts = [first_name, last_name, street_address, city, zip_code, country];
        let PostalAddress { address_line2, state, phone, email, .. } = postal;
        let perhaps = [address_line2, state, phone, email].map(|text| text.as_deref());
        let list = shopper.list_key(whose);
        let mut parts: Vec<&[u8]> = vec![&list.0];
        parts.extend(texts.map(|text| text.as_bytes()));
        // What was left out is not what is empty.
        parts.extend(perhaps.map(|text| text.map_or(b"\0".as_slice(), str::as_bytes)));
        let RowKey(bytes) = RowKey::of("shipping address", &parts);
        ShippingAddressId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The address that was written, with what lies under its id. It is saved with an estimate: one
    /// that is in the shopper's list must still be there then.
    pub fn written(
        (whose, shopper): ((MerchantId, Environment), &Shopper),
        checked: &Checked,
        known: Option<ShippingAddress>,
        now: Timestamp,
        changes: &mut Changes,
    ) -> ShippingAddress {
        let version = match known {
            Some(known) if known.removed_at.is_none() => {
                known.must_stay(changes);
                return known;
            }
            Some(removed) => removed.version,
            None => 0,
        };
        let address = ShippingAddress {
            id: ShippingAddress::id_of(whose, shopper, &checked.postal),
            merchant_id: whose.0,
            environment: whose.1,
            shopper: shopper.clone(),
            postal: checked.postal.clone(),
            validated_at: checked.is_of_its_country.then_some(now),
            removed_at: None,
            created_at: now,
            version,
        };
        match version {
            0 => {
                // Two who write it at once: the second decides again, and finds it there.
                changes.guard(Noun::ShippingAddress, address.key(), 0);
                changes.insert(address.clone());
            }
            _ => changes.update(address.clone()),
        }
        address
    }

    /// What is decided on it counts only if nobody has removed it meanwhile.
    pub fn must_stay(&self, changes: &mut Changes) {
        changes.guard(Noun::ShippingAddress, self.key(), self.version);
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
