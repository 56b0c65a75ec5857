//! Whose cart, estimate or address a request is about: the merchant's word, or the shopper's token.
//!
//! Every request names its shopper in one of two ways: the merchant's own number for him, or his
//! wallet. What is another shopper's does not exist.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::shopper::{Shopper, ShopperAsk};
use domain::sign_in::{Audience, OwnCartClaims, read_token};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, Shared};
use crate::http::auth::{AnyCaller, Caller, take_payor_allowance};
use crate::http::error::{ApiError, Code};
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

/// A shopper by his own token: his cart, and nothing else.
///
/// A server sends its commerce key with it; a browser has the token alone.
pub struct OwnCart(pub Place);

impl FromRequestParts<Shared> for OwnCart {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        let has_key = ["x-api-key", "x-commerce-api-key"]
            .iter()
            .any(|name| parts.headers.contains_key(*name));
        let caller = match has_key {
            true => Some(AnyCaller::from_request_parts(parts, app).await?.0),
            false => {
                take_payor_allowance(parts, app)?;
                None
            }
        };
        let header = parts.headers.get("user-authorization");
        let token = header.and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let token = token.ok_or_else(|| {
            let message = "Send User-Authorization: Bearer with the customer's token";
            ApiError::new(Code::AuthenticationRequired, message)
        })?;
        let place = opened(app, token).await?;
        if let Some(caller) = caller {
            let environment = caller.environment(app, None).await?;
            if (caller.merchant_id, environment) != place.whose {
                let message = "The token was not made for this key's merchant and environment";
                return Err(ApiError::new(Code::InsufficientScope, message));
            }
        }
        Ok(OwnCart(place))
    }
}

async fn opened(app: &App, token: &str) -> Result<Place, ApiError> {
    let invalid = || ApiError::new(Code::TokenInvalid, "The customer's token is not valid");
    let claims: OwnCartClaims = read_token(&app.keys, token).ok_or_else(invalid)?;
    if claims.aud != Audience::OwnCart || claims.exp <= app.now().seconds() {
        return Err(invalid());
    }
    let OwnCartClaims { merchant, environment, shopper, .. } = claims;
    let known = app.merchant(merchant).await?.ok_or_else(invalid)?;
    if !app.config.serves(environment) {
        let message = "This deployment does not serve the token's environment";
        return Err(ApiError::new(Code::EnvironmentMismatch, message));
    }
    if environment.is_live() && !known.has_mainnet_access {
        let message = "Mainnet is not enabled for this account";
        return Err(ApiError::new(Code::MainnetNotEnabled, message));
    }
    Ok(Place { whose: (merchant, environment), shopper })
}
