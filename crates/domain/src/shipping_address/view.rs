//! A saved address as a merchant's list shows it.
//!
//! Its names are the list's own; checkout and orders write the same parts in snake_case.

use serde::Serialize;
use utoipa::ToSchema;

use super::ShippingAddress;
use crate::ids::ShippingAddressId;
use crate::network::Network;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceAddress)]
pub struct AddressView {
    pub address_id: ShippingAddressId,
    pub customer_id: Option<String>,
    pub wallet_address: Option<String>,
    pub wallet_network: Option<Network>,
    pub first_name: String,
    pub last_name: String,
    pub address_line1: String,
    pub address_line2: Option<String>,
    pub city: String,
    pub state: Option<String>,
    pub zip_code: String,
    pub country: String,
    pub phone_number: Option<String>,
    pub email: Option<String>,
    /// Whether it follows the rules of its country's post; else only its form was looked at.
    pub is_validated: bool,
    /// Epoch seconds.
    pub validated_at: Option<i64>,
    pub created_at: i64,
}

impl ShippingAddress {
    pub fn view(&self) -> AddressView {
        let postal = self.postal.clone();
        AddressView {
            address_id: self.id,
            customer_id: self.shopper.customer_id().map(str::to_owned),
            wallet_address: self.shopper.wallet_address().map(str::to_owned),
            wallet_network: self.shopper.wallet_network(),
            first_name: postal.first_name,
            last_name: postal.last_name,
            address_line1: postal.street_address,
            address_line2: postal.address_line2,
            city: postal.city,
            state: postal.state,
            zip_code: postal.zip_code,
            country: postal.country,
            phone_number: postal.phone,
            email: postal.email,
            is_validated: self.validated_at.is_some(),
            validated_at: self.validated_at.map(|at| at.seconds()),
            created_at: self.created_at.seconds(),
        }
    }
}
