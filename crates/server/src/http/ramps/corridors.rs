//! Where money can be sent: countries, currencies, methods, and what each asks for.

use domain::corridor::{self, CorridorView, PayoutMethod};
use domain::country::Country;
use domain::currency::Currency;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::RampCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Query;
use crate::http::idempotency::Answer;
use crate::http::page::List;

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CorridorsQuery {
    /// Two letters of ISO 3166-1.
    pub country: Option<String>,
    /// Three letters of ISO 4217.
    pub currency: Option<String>,
    #[param(inline)]
    pub method: Option<PayoutMethod>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CorridorList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<CorridorView>,
    pub has_more: bool,
}

/// List corridors
///
/// Every way money goes to a country's banks or wallets, by country; all of them in one answer.
#[utoipa::path(
    get,
    path = "/api/v1/ramps/corridors",
    tag = "Ramps",
    operation_id = "listCorridors",
    params(CorridorsQuery),
    responses(
        (status = 200, description = "The corridors", body = CorridorList),
        (status = 400, description = "No such country, currency or method", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = []),
        ("sessionToken" = [], "sessionSignature" = [])),
)]
pub async fn list(_: RampCaller, Query(query): Query<CorridorsQuery>) -> Result<Answer, ApiError> {
    let country = query.country.as_deref().map(|text| {
        let refuse = || ApiError::invalid("country", "must be two letters of ISO 3166-1");
        Country::parse(text).ok_or_else(refuse)
    });
    let currency = query.currency.as_deref().map(|text| {
        let refuse = || ApiError::invalid("currency", "must be three letters of ISO 4217");
        Currency::parse(text).ok_or_else(refuse)
    });
    let (country, currency) = (country.transpose()?, currency.transpose()?);
    let data: Vec<CorridorView> = corridor::all()
        .iter()
        .filter(|row| country.is_none_or(|country| row.country == country))
        .filter(|row| currency.is_none_or(|currency| row.currency == currency))
        .filter(|row| query.method.is_none_or(|method| row.method == method))
        .map(corridor::Corridor::view)
        .collect();
    Ok(Answer::ok(&List { object: "list", data, has_more: false }))
}
