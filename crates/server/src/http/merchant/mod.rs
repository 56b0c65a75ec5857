//! What a merchant's own server does: invoices, tokens, quotes, events, webhooks, its profile.
//!
//! `x-api-key` or a member's bearer token. A handler parses, reads, lets domain decide, commits
//! and answers; an object of another merchant or environment does not exist here.

pub mod admin;
pub mod events;
pub mod invoices;
pub mod ledger;
pub mod profile;
pub mod quotes;
pub mod refunds;
pub mod sending;
pub mod settlement;
pub mod tokens;
pub mod unmatched;
pub mod webhooks;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, Uri};
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::merchant::Merchant;
use domain::money::{AmountError, Usd};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::IntoParams;

use crate::app::{App, Shared};
use crate::http::error::{ApiError, Code};
use crate::http::extract::RawBody;
use crate::http::idempotency::Once;

/// Amounts of USD in requests have at most three decimals, the public unit.
const USD_PLACES: u32 = 3;

/// Which environment a member means; a key has its own.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct EnvironmentQuery {
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
}

/// A write as it came in: all that an idempotency key stands for.
pub struct Write {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    pub body: Bytes,
}

impl Write {
    pub fn once(&self, whose: (MerchantId, Environment)) -> Result<Once, ApiError> {
        Once::new(whose, &self.headers, (&self.method, &self.uri), &self.body)
    }
}

impl FromRequest<Shared> for Write {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, app: &Shared) -> Result<Write, ApiError> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        // The extractors before this one are done with the headers, so they are moved.
        let headers = std::mem::take(request.headers_mut());
        let RawBody(body) = RawBody::from_request(request, app).await?;
        Ok(Write { method, uri, headers, body })
    }
}

/// An amount of USD out of the decimal text of a JSON number.
pub fn usd(param: &'static str, raw: &RawValue) -> Result<Usd, ApiError> {
    Usd::parse(raw.get(), USD_PLACES).map_err(|error| {
        let message = match error {
            AmountError::NotANumber => "must be a JSON number, not below zero",
            AmountError::TooPrecise => "must not have more than three decimals",
            AmountError::TooLarge => "is too large",
        };
        ApiError::invalid(param, message)
    })
}

/// The merchant as the database has it: a change is not decided on a cached copy.
async fn current(app: &App, id: MerchantId) -> Result<Merchant, ApiError> {
    let merchant = app.store.get::<Merchant>(id.key()).await?;
    merchant.ok_or_else(|| ApiError::new(Code::ApiKeyInvalid, "The account no longer exists"))
}
