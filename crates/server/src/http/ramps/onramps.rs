//! On-ramps: bank money in, stablecoin to a wallet.

use std::sync::Mutex;

use axum::extract::State;
use axum::response::Response;
use domain::address::Address;
use domain::currency::Currency;
use domain::environment::Environment;
use domain::ids::{OnrampId, RampUserId};
use domain::onramp::{self, Onramp, OnrampAsk, OnrampStatus, OnrampView};
use domain::token::TokenId;
use providers::ramp::Pair;
use serde::{Deserialize, Serialize};
use store::OnrampFilter;
use utoipa::{IntoParams, ToSchema};

use super::RampCaller;
use super::access::{Acting, user};
use super::payouts::of_bound;
use super::quotes::amount;
use super::virtual_accounts::stable;
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{List, PageQuery};

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CreateOnramp {
    user_id: RampUserId,
    currency: Currency,
    /// What will come in, in whole units.
    #[schema(example = "100.00")]
    amount: String,
    /// What is bought: a stablecoin of USD; the usual one if absent.
    #[schema(value_type = Option<i64>)]
    token_id: Option<TokenId>,
    /// Where it goes, on the token's network.
    wallet_address: String,
    /// For bearer tokens; without it the account's current one.
    environment: Option<Environment>,
}

/// Start an on-ramp
///
/// The rate is held. Where to send the bank money is in `instructions` as soon as it is known.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/onramps",
    tag = "Ramps",
    operation_id = "createOnramp",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters.")),
    request_body = CreateOnramp,
    responses(
        (status = 200, description = "The on-ramp", body = OnrampView),
        (status = 400, description = "A field is missing or wrong", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "KYC_REQUIRED, or the credential does not open this",
            body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
        (status = 409, description = "LIMIT_EXCEEDED", body = ErrorBody),
        (status = 503, description = "There is no rate now", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreateOnramp = parse_json(&write.body)?;
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, body.environment).await?;
    let token = stable(acting.environment, body.token_id)?;
    let wallet = Address::parse(token.network, acting.environment, &body.wallet_address);
    let wallet = wallet.map_err(|error| {
        let message = format!("must be an address on {}: {error}", token.network.as_str());
        ApiError::invalid("wallet_address", message)
    })?;
    if app.screening.lists().hits_address(wallet.as_str()).is_some() {
        return Err(ApiError::invalid("wallet_address", "is not one that can be sent to"));
    }
    let amount = amount("amount", &body.amount, body.currency.decimals())?;
    let key = (acting.environment, Pair::dollars_in(body.currency));
    let rate = app.ramp_providers.rate(key, app.now()).await.map_err(|error| {
        tracing::warn!(%error, "no rate for an on-ramp");
        ApiError::new(Code::ServiceUnavailable, "There is no rate for this now").retry_after(5)
    })?;
    let rate = rate.ok_or_else(|| ApiError::invalid("currency", "is not served here"))?;
    let once = write.once(acting.whose())?;
    let ask = OnrampAsk {
        currency: body.currency,
        amount,
        token,
        wallet: wallet.as_str().to_owned(),
        rate,
        origin: acting.origin(once.key_text()),
    };
    let spending = Mutex::new(None);
    let made = async || {
        let user = user(&app, &acting, body.user_id).await?;
        let (onramp, changes, counted) = onramp::create(&user, ask.clone(), &mut app.fresh())?;
        *spending.lock().expect("nobody panics holding it") = Some(counted);
        Ok((changes, Answer::ok(&onramp.view())))
    };
    once.answer_bounded(&app, made, |key| of_bound(&spending, key)).await
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct OnrampQuery {
    /// Of one user.
    #[param(inline)]
    pub user_id: Option<RampUserId>,
    #[param(inline)]
    pub status: Option<OnrampStatus>,
    /// For bearer tokens; without it the account's current one.
    #[param(inline)]
    pub environment: Option<Environment>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OnrampList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<OnrampView>,
    pub has_more: bool,
}

/// List on-ramps
#[utoipa::path(
    get,
    path = "/api/v1/ramps/onramps",
    tag = "Ramps",
    operation_id = "listOnramps",
    params(PageQuery, OnrampQuery),
    responses(
        (status = 200, description = "A page, newest first", body = OnrampList),
        (status = 400, description = "A bad cursor, limit or filter", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(page): Query<PageQuery>,
    Query(query): Query<OnrampQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, query.environment).await?;
    let filter = OnrampFilter {
        merchant_id: acting.merchant_id,
        environment: acting.environment,
        user_id: query.user_id,
        status: query.status,
    };
    let rows = app.store.onramps(filter, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(|onramp| onramp.view())))
}

/// Read an on-ramp
#[utoipa::path(
    get,
    path = "/api/v1/ramps/onramps/{id}",
    tag = "Ramps",
    operation_id = "getOnramp",
    params(("id" = OnrampId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "The on-ramp", body = OnrampView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such on-ramp here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<OnrampId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let acting = Acting::of(&RampCaller::Merchant(caller), &app, query.environment).await?;
    let onramp = app.store.get::<Onramp>(id.key()).await?;
    let onramp = onramp.filter(|one| one.is_of(acting.merchant_id, acting.environment));
    let onramp = onramp.ok_or_else(|| ApiError::not_found("on-ramp"))?;
    Ok(Answer::ok(&onramp.view()))
}
