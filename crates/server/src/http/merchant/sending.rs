//! The operator's hand on the tap: pausing everything that is sent on a network.

use axum::extract::State;
use domain::environment::Environment;
use domain::ids::SendId;
use domain::network::Network;
use domain::network_pause::{NetworkPause, Sending};
use domain::send::PlannedTransfer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::auth::Operator;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Json;
use crate::http::idempotency::Answer;
use crate::http::page::List;
use crate::releasing::{self, ReleaseError, Word};
use crate::sending;

#[derive(Deserialize, ToSchema)]
pub struct SetSending {
    environment: Environment,
    network: Network,
    sending: Sending,
}

/// Whether a network is sent on.
#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkSending {
    pub object: &'static str,
    pub environment: Environment,
    pub network: Network,
    pub sending: Sending,
    pub changed_at: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NetworkSendingList {
    pub object: &'static str,
    pub data: Vec<NetworkSending>,
    pub has_more: bool,
}

impl NetworkSending {
    fn of(pause: NetworkPause) -> NetworkSending {
        NetworkSending {
            object: "network_sending",
            environment: pause.environment,
            network: pause.network,
            sending: if pause.is_paused { Sending::Paused } else { Sending::Open },
            changed_at: pause.changed_at.seconds(),
        }
    }
}

/// Pause or resume sending on a network
///
/// Takes effect on the next signature and the next broadcast. What nodes have is followed on.
#[utoipa::path(post, path = "/api/admin/networks/sending", tag = "Account",
    operation_id = "setNetworkSending", request_body = SetSending,
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = NetworkSending),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody)))]
pub async fn set(
    State(app): State<Shared>,
    _: Operator,
    Json(body): Json<SetSending>,
) -> Result<axum::Json<NetworkSending>, ApiError> {
    let app = &app;
    let (place, sending) = ((body.environment, body.network), body.sending);
    let key = NetworkPause::row_key(place.0, place.1);
    app.decide(async || -> Result<_, ApiError> {
        let known = app.store.get::<NetworkPause>(key).await?;
        Ok((NetworkPause::set(known, place, sending, &mut app.fresh()), ()))
    })
    .await?;
    let (environment, network) = place;
    let object = "network_sending";
    let changed_at = app.now().seconds();
    Ok(axum::Json(NetworkSending { object, environment, network, sending, changed_at }))
}

/// List the networks that were ever paused
#[utoipa::path(get, path = "/api/admin/networks/sending", tag = "Account",
    operation_id = "listNetworkSending", security(("bearerAuth" = [])),
    responses(
        (status = 200, body = NetworkSendingList),
        (status = 401, body = ErrorBody)))]
pub async fn list(State(app): State<Shared>, _: Operator) -> Result<Answer, ApiError> {
    let pauses = app.store.network_pauses().await?;
    let data = pauses.into_iter().map(NetworkSending::of).collect();
    Ok(Answer::ok(&List { object: "list", data, has_more: false }))
}

#[derive(Deserialize, ToSchema)]
pub struct PlanQuestion {
    environment: Environment,
    network: Network,
}

/// What the operator is to sign.
#[derive(Debug, Serialize, ToSchema)]
pub struct SettlementPlan {
    pub object: &'static str,
    pub data: Vec<PlannedTransfer>,
    pub has_more: bool,
}

#[derive(Deserialize, ToSchema)]
pub struct ConfirmSend {
    id: SendId,
    /// As its network writes it.
    #[schema(min_length = 1, max_length = 128)]
    tx_hash: String,
}

/// Show the transfers of a network that the operator signs himself
#[utoipa::path(post, path = "/api/admin/settlement/plan", tag = "Account",
    operation_id = "planSettlement", request_body = PlanQuestion,
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = SettlementPlan),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody)))]
pub async fn plan(
    State(app): State<Shared>,
    _: Operator,
    Json(body): Json<PlanQuestion>,
) -> Result<Answer, ApiError> {
    let sends = sending::exported(&app.store, body.environment, body.network).await;
    let sends = sends.map_err(refused)?;
    let data = sends.iter().map(domain::send::Send::planned_transfer).collect();
    Ok(Answer::ok(&SettlementPlan { object: "list", data, has_more: false }))
}

/// Say that a planned transfer was sent
///
/// The transaction is looked up; it must pay exactly what was planned, and be final.
#[utoipa::path(post, path = "/api/admin/settlement/confirm", tag = "Account",
    operation_id = "confirmPlannedTransfer", request_body = ConfirmSend,
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = crate::http::account::Done),
        (status = 400, body = ErrorBody, description = "The transaction is not it"),
        (status = 401, body = ErrorBody)))]
pub async fn confirm(
    State(app): State<Shared>,
    _: Operator,
    Json(body): Json<ConfirmSend>,
) -> Result<axum::Json<crate::http::account::Done>, ApiError> {
    releasing::confirm_exported(&app, body.id, &body.tx_hash).await?;
    let message = "The transfer is confirmed".to_owned();
    Ok(axum::Json(crate::http::account::Done { success: true, message }))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendOutcome {
    NotSent,
    Sent,
}

#[derive(Deserialize, ToSchema)]
pub struct ReleaseSend {
    id: SendId,
    outcome: SendOutcome,
    /// With `sent`: the transaction, as its network writes it.
    #[schema(min_length = 1, max_length = 128)]
    tx_hash: Option<String>,
}

/// Say what became of a send that no node can tell about
///
/// Of one that waits for the operator, or whose transactions have been silent for a day. Refused
/// while a node knows a transaction of it, or one may still be included.
#[utoipa::path(post, path = "/api/admin/settlement/release", tag = "Account",
    operation_id = "releaseSend", request_body = ReleaseSend,
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = crate::http::account::Done),
        (status = 400, body = ErrorBody, description = "The transaction is not it"),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "SEND_NOT_RELEASABLE")))]
pub async fn release(
    State(app): State<Shared>,
    _: Operator,
    Json(body): Json<ReleaseSend>,
) -> Result<axum::Json<crate::http::account::Done>, ApiError> {
    let word = match (body.outcome, body.tx_hash) {
        (SendOutcome::NotSent, None) => Word::NotSent,
        (SendOutcome::Sent, Some(tx_hash)) => Word::Sent(tx_hash),
        (SendOutcome::NotSent, Some(_)) | (SendOutcome::Sent, None) => {
            return Err(ApiError::invalid("tx_hash", "goes with sent, and sent with it"));
        }
    };
    releasing::release(&app, body.id, &word).await?;
    let message = "The send is released".to_owned();
    Ok(axum::Json(crate::http::account::Done { success: true, message }))
}

impl From<ReleaseError> for ApiError {
    fn from(error: ReleaseError) -> ApiError {
        match error {
            ReleaseError::Unknown => ApiError::not_found("send"),
            ReleaseError::NotIt(why) => ApiError::new(Code::ValidationError, why),
            ReleaseError::Refused(refusal) => refusal.into(),
            ReleaseError::Commit(error) => error.into(),
            ReleaseError::Failed(error) => {
                tracing::warn!(error = format!("{error:#}"), "a send was not released");
                ApiError::new(Code::Busy, "Somebody else changed this at once; try again")
                    .retry_after(1)
            }
        }
    }
}

fn refused(error: anyhow::Error) -> ApiError {
    ApiError::new(Code::ValidationError, format!("{error:#}"))
}
