//! Where a parcel goes: as it was written, and as the post of its country writes it.
//!
//! An order keeps a copy, so that an address that is removed leaves no order without one.

use serde::{Deserialize, Serialize};

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

impl ShippingAddress {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }
}
