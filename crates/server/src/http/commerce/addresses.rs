//! Where a merchant's shoppers have had things sent: their lists, and how a checkout adds to one.
//!
//! An address that is written again, letter by letter in its one spelling, is the same one.

use axum::extract::State;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::ShippingAddressId;
use domain::shipping_address::{AddressView, Checked, PostalAddress, ShippingAddress};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::shopper::{IdentityQuery, Place};
use super::{Enveloped, Told};
use crate::app::{App, Shared};
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::page::{LIMIT_MAX, bounded};

const LIMIT_DEFAULT: i64 = 20;
const OFFSET_MAX: i64 = 10_000;

/// An address as a form sends it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[schema(as = CommerceAddressRequest)]
pub struct AddressBody {
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: String,
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: String,
    #[schema(min_length = 1, max_length = 200)]
    pub street_address: String,
    #[schema(max_length = 200)]
    pub address_line2: Option<String>,
    #[schema(min_length = 1, max_length = 100)]
    pub city: String,
    /// By letters or by name; required in the US and in Canada.
    #[schema(max_length = 100)]
    pub state: Option<String>,
    /// Required where the country has postcodes.
    pub zip_code: Option<String>,
    /// Two letters of ISO 3166-1.
    pub country: String,
    pub phone: Option<String>,
    #[schema(format = "email", max_length = 255)]
    pub email: Option<String>,
}

impl AddressBody {
    fn checked(self) -> Result<Checked, ApiError> {
        let postal = PostalAddress {
            first_name: self.first_name,
            last_name: self.last_name,
            street_address: self.street_address,
            address_line2: self.address_line2,
            city: self.city,
            state: self.state,
            zip_code: self.zip_code.unwrap_or_default(),
            country: self.country,
            phone: self.phone,
            email: self.email,
        };
        Ok(postal.checked()?)
    }
}

/// Which address a checkout is given.
pub enum Given {
    Written(Checked),
    Saved(ShippingAddressId),
}

pub fn given_address(
    written: Option<AddressBody>,
    saved: Option<ShippingAddressId>,
) -> Result<Given, ApiError> {
    match (written, saved) {
        (Some(written), None) => Ok(Given::Written(written.checked()?)),
        (None, Some(id)) => Ok(Given::Saved(id)),
        (Some(_), Some(_)) => Err(ApiError::invalid("addressId", "excludes address")),
        (None, None) => Err(ApiError::invalid("address", "is required")),
    }
}

impl Given {
    /// The shopper's address that it is, or a new one; saved with `changes`.
    pub async fn of(
        &self,
        app: &App,
        place: &Place,
        changes: &mut Changes,
    ) -> Result<ShippingAddress, ApiError> {
        match self {
            Given::Saved(id) => {
                let address = address_of(app, place, *id).await?;
                address.must_stay(changes);
                Ok(address)
            }
            Given::Written(checked) => {
                let Place { whose, shopper } = place;
                let id = ShippingAddress::id_of(*whose, shopper, &checked.postal);
                let known = app.store.get::<ShippingAddress>(id.key()).await?;
                let place = (*whose, shopper);
                Ok(ShippingAddress::written(place, checked, known, app.now(), changes))
            }
        }
    }
}

/// A shopper's own address that he has not removed.
pub async fn address_of(
    app: &App,
    place: &Place,
    id: ShippingAddressId,
) -> Result<ShippingAddress, ApiError> {
    let address = app.store.get::<ShippingAddress>(id.key()).await?;
    let own = address.filter(|address| address.is_usable_by(place.whose, &place.shopper));
    own.ok_or_else(|| ApiError::not_found("address"))
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct AddressesQuery {
    /// The merchant's own number of the customer; or both of the wallet's fields.
    #[param(max_length = 255)]
    pub customer_id: Option<String>,
    pub wallet_address: Option<String>,
    /// One of the ten networks.
    pub wallet_network: Option<String>,
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 20)]
    pub limit: Option<String>,
    #[param(value_type = Option<i64>, minimum = 0, maximum = 100_000, default = 0)]
    pub offset: Option<String>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceAddressPage)]
pub struct AddressPage {
    /// Newest first.
    pub addresses: Vec<AddressView>,
    pub pagination: OffsetPage,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CommerceOffsetPage)]
pub struct OffsetPage {
    pub limit: i64,
    pub offset: i64,
    /// How many are on this page.
    pub count: usize,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CommerceAddressRemoved)]
pub struct AddressRemoved {
    pub address_id: ShippingAddressId,
}

/// List a customer's addresses
#[utoipa::path(get, path = "/api/v1/commerce/merchant/addresses",
    tag = "Commerce - Merchant Addresses", operation_id = "listMerchantAddresses",
    params(AddressesQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<AddressPage>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<AddressesQuery>,
) -> Result<Answer, ApiError> {
    let limit = bounded("limit", query.limit.as_deref(), LIMIT_DEFAULT, LIMIT_MAX)?;
    let offset = offset(query.offset.as_deref())?;
    let AddressesQuery { customer_id, wallet_address, wallet_network, environment, .. } = query;
    let identity = IdentityQuery { customer_id, wallet_address, wallet_network, environment };
    let place = identity.place(&app, &caller).await?;
    let shopper = place.shopper.list_key(place.whose);
    let addresses = app.store.shipping_addresses(shopper, offset, limit).await?;
    let addresses: Vec<AddressView> = addresses.iter().map(ShippingAddress::view).collect();
    let pagination = OffsetPage { limit, offset, count: addresses.len() };
    Ok(Answer::ok(&Enveloped::of(AddressPage { addresses, pagination })))
}

/// Remove an address
///
/// Orders that went there keep their own copy. Naming the customer is optional: then an address of
/// another one is not found.
#[utoipa::path(delete, path = "/api/v1/commerce/merchant/addresses/{address_id}",
    tag = "Commerce - Merchant Addresses", operation_id = "removeMerchantAddress",
    params(("address_id" = ShippingAddressId, Path), IdentityQuery),
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Told<AddressRemoved>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn remove(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Path(id): Path<ShippingAddressId>,
    Query(query): Query<IdentityQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let shopper = match query.names_nobody() {
        true => None,
        false => Some(query.place(&app, &caller).await?.shopper),
    };
    app.decide(async || -> Result<_, ApiError> {
        let address = app.store.get::<ShippingAddress>(id.key()).await?;
        let own = address.filter(|address| {
            address.is_usable_by(whose, shopper.as_ref().unwrap_or(&address.shopper))
        });
        let own = own.ok_or_else(|| ApiError::not_found("address"))?;
        let told = Told::of("Address removed", AddressRemoved { address_id: id });
        Ok((own.remove(app.now()), Answer::ok(&told)))
    })
    .await
}

/// A page's offset as queries write it.
pub(super) fn offset(text: Option<&str>) -> Result<i64, ApiError> {
    let Some(text) = text else { return Ok(0) };
    let number = text.parse::<i64>().ok().filter(|number| (0..=OFFSET_MAX).contains(number));
    number.ok_or_else(|| ApiError::invalid("offset", "must be a number from 0 to 10000"))
}
