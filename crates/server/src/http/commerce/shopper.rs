//! Whose cart, estimate or address a request is about: the merchant's word, or the shopper's token.
//!
//! Every request names its shopper in one of two ways: the merchant's own number for him, or his
//! wallet. What is another shopper's does not exist.

use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::shopper::{Shopper, ShopperAsk};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::extract::parse_json;

/// A shopper of one merchant, in one environment.
#[derive(Clone, Debug)]
pub struct Place {
    pub whose: (MerchantId, Environment),
    pub shopper: Shopper,
}

/// Who buys: `customer_id`, or `wallet_address` with `wallet_network`.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = CommerceCustomerIdentifier)]
pub struct Identity {
    /// The merchant's own number of the customer, at most 255 characters.
    #[schema(max_length = 255)]
    pub customer_id: Option<String>,
    pub wallet_address: Option<String>,
    /// One of the ten networks.
    pub wallet_network: Option<String>,
}

/// A body that names its shopper, for the schema: who is named is read by itself.
#[derive(ToSchema)]
pub struct OfShopper<T: ToSchema> {
    #[serde(flatten)]
    pub identity: Identity,
    #[serde(flatten)]
    pub rest: T,
}

/// Who buys, in a query.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct IdentityQuery {
    /// The merchant's own number of the customer; or both of the wallet's fields.
    #[param(max_length = 255)]
    pub customer_id: Option<String>,
    pub wallet_address: Option<String>,
    /// One of the ten networks.
    pub wallet_network: Option<String>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
}

impl Identity {
    pub fn shopper(&self, environment: Environment) -> Result<Shopper, ApiError> {
        let ask = ShopperAsk {
            customer_id: self.customer_id.as_deref(),
            wallet_address: self.wallet_address.as_deref(),
            wallet_network: self.wallet_network.as_deref(),
        };
        Ok(Shopper::parse(ask, environment)?)
    }
}

impl IdentityQuery {
    pub fn names_nobody(&self) -> bool {
        self.customer_id.is_none() && self.wallet_address.is_none() && self.wallet_network.is_none()
    }

    /// Of a caller's shopper.
    pub async fn place(self, app: &App, caller: &Caller) -> Result<Place, ApiError> {
        let environment = caller.environment(app, self.environment).await?;
        let IdentityQuery { customer_id, wallet_address, wallet_network, .. } = self;
        let identity = Identity { customer_id, wallet_address, wallet_network };
        let shopper = identity.shopper(environment)?;
        Ok(Place { whose: (caller.merchant_id, environment), shopper })
    }
}

/// The shopper a body names, and all that it says besides.
///
/// Who is named is read first and by itself, so that a wrong type there names its field.
pub async fn named<T: DeserializeOwned>(
    app: &App,
    caller: &Caller,
    asked: Option<Environment>,
    body: &[u8],
) -> Result<(Place, T), ApiError> {
    let environment = caller.environment(app, asked).await?;
    let identity: Identity = parse_json(body)?;
    let ask = parse_json(body)?;
    let shopper = identity.shopper(environment)?;
    Ok((Place { whose: (caller.merchant_id, environment), shopper }, ask))
}
