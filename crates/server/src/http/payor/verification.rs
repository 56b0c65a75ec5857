//! Manual verification: the payor says "I have paid", and the chain is looked at again, now.

use axum::extract::State;
use axum::http::StatusCode;
use chains::hashes::parse_transaction_hash;
use domain::network::Network;
use domain::verification::{VerificationView, choose_network, request};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{check_is, read_invoice};
use crate::app::Shared;
use crate::http::auth::Payor;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, RawBody, parse_json};

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct VerificationRequest {
    /// The network to look at; default: the one that is paid on, or the only one with an address.
    #[schema(value_type = Option<Network>)]
    pub network: Option<String>,
    /// The transaction to look up; without it the invoice's address is searched.
    pub tx_hash: Option<String>,
}

/// A verification job.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerificationAnswer {
    pub success: bool,
    pub data: VerificationView,
}

/// Look at the chain again
///
/// For a payment that does not show up. Starts a job and answers at once; one job runs per invoice
/// at a time, and asking again answers the running one.
#[utoipa::path(post, path = "/api/v1/invoice/{id}/verify",
    operation_id = "startManualVerification", tag = "Payment Sessions",
    params(("id" = String, Path, description = "The invoice of the session")),
    request_body(content = VerificationRequest, description = "May be left out"),
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 202, body = VerificationAnswer),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub async fn start(
    State(app): State<Shared>,
    payor: Payor,
    Path(id): Path<String>,
    RawBody(body): RawBody,
) -> Result<(StatusCode, axum::Json<VerificationAnswer>), ApiError> {
    check_is(&payor.invoice, &id)?;
    let ask = if body.is_empty() { VerificationRequest::default() } else { parse_json(&body)? };
    let asked = ask.network.as_deref().map(parse_network).transpose()?;
    let (app, ask, id) = (&app, &ask, payor.invoice.id);
    let job = app
        .decide(async || {
            let invoice = read_invoice(app, id).await?;
            let addresses = app.store.deposit_addresses_of_invoice(id).await?;
            let network = choose_network(&invoice, &addresses, asked)?;
            let tx_hash = ask.tx_hash.as_deref().map(|text| parse_hash(network, text));
            let latest = app.store.latest_verification(id).await?;
            let mut fresh = app.fresh();
            let (job, changes) =
                request(&invoice, network, tx_hash.transpose()?, latest, &mut fresh);
            Ok::<_, ApiError>((changes, job))
        })
        .await?;
    let answer = VerificationAnswer { success: true, data: job.view() };
    Ok((StatusCode::ACCEPTED, axum::Json(answer)))
}

pub(super) fn parse_network(text: &str) -> Result<Network, ApiError> {
    Network::parse(text).ok_or_else(|| ApiError::invalid("network", "is not a known network"))
}

fn parse_hash(network: Network, text: &str) -> Result<String, ApiError> {
    parse_transaction_hash(network, text).ok_or_else(|| {
        let message = format!("must be a transaction hash of {}", network.as_str());
        ApiError::invalid("tx_hash", message)
    })
}

/// Read the newest verification job
#[utoipa::path(get, path = "/api/v1/invoice/{id}/verify",
    operation_id = "getManualVerification", tag = "Payment Sessions",
    params(("id" = String, Path, description = "The invoice of the session")),
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = VerificationAnswer),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "Another invoice, or no job yet")))]
pub async fn retrieve(
    State(app): State<Shared>,
    payor: Payor,
    Path(id): Path<String>,
) -> Result<axum::Json<VerificationAnswer>, ApiError> {
    check_is(&payor.invoice, &id)?;
    let job = app.store.latest_verification(payor.invoice.id).await?;
    let job = job.ok_or_else(|| ApiError::not_found("verification job"))?;
    Ok(axum::Json(VerificationAnswer { success: true, data: job.view() }))
}
