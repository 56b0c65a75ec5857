//! Tokens of a merchant's customers: each opens one shopper's own cart for a while.
//!
//! A token is signed and not kept. It names its audience, so that no other route takes it.

use axum::extract::State;
use domain::environment::Environment;
use domain::member::Role;
use domain::network::Network;
use domain::sign_in::{Audience, OwnCartClaims, issue_token};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Enveloped;
use super::shopper::{OfShopper, named};
use crate::app::Shared;
use crate::http::auth::AnyCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Query, RawBody};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;

const TTL_SECONDS_DEFAULT: i64 = 3_600;
const TTL_SECONDS: std::ops::RangeInclusive<i64> = 60..=86_400;

#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateCustomerToken {
    /// How long it opens the cart.
    #[schema(minimum = 60, maximum = 86_400, default = 3_600)]
    pub ttl_seconds: Option<i64>,
}

/// No `Debug`: whoever has the token is the shopper.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CustomerToken {
    /// The header `User-Authorization: Bearer …` of `/api/commerce/cart`.
    pub token: String,
    pub network_environment: Environment,
    pub customer_id: Option<String>,
    pub wallet_address: Option<String>,
    pub wallet_network: Option<Network>,
    /// Epoch seconds.
    pub expires_at: i64,
}

/// Create a token for a customer's own client
///
/// With it a browser reads and changes this customer's cart, and nothing else.
#[utoipa::path(post, path = "/api/commerce/merchant/customers/tokens",
    tag = "Commerce - Shopper's Cart", operation_id = "createCustomerToken",
    params(EnvironmentQuery), request_body = OfShopper<CreateCustomerToken>,
    security(("commerceApiKey" = []), ("merchantApiKey" = []), ("bearerAuth" = [])),
    responses(
        (status = 200, body = Enveloped<CustomerToken>),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn create_token(
    State(app): State<Shared>,
    AnyCaller(caller): AnyCaller,
    Query(query): Query<EnvironmentQuery>,
    RawBody(body): RawBody,
) -> Result<Answer, ApiError> {
    caller.require_role(Role::Developer)?;
    let (place, ask): (_, CreateCustomerToken) =
        named(&app, &caller, query.environment, &body).await?;
    let ttl_seconds = ask.ttl_seconds.unwrap_or(TTL_SECONDS_DEFAULT);
    if !TTL_SECONDS.contains(&ttl_seconds) {
        return Err(ApiError::invalid("ttl_seconds", "must be 60 to 86400"));
    }
    let claims = OwnCartClaims {
        aud: Audience::OwnCart,
        merchant: place.whose.0,
        environment: place.whose.1,
        shopper: place.shopper,
        exp: app.now().seconds() + ttl_seconds,
    };
    let shopper = &claims.shopper;
    Ok(Answer::ok(&Enveloped::of(CustomerToken {
        token: issue_token(&app.keys, &claims),
        network_environment: claims.environment,
        customer_id: shopper.customer_id().map(str::to_owned),
        wallet_address: shopper.wallet_address().map(str::to_owned),
        wallet_network: shopper.wallet_network(),
        expires_at: claims.exp,
    })))
}
