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
    sending::confirm_exported(&app, body.id, &body.tx_hash).await.map_err(refused)?;
    let message = "The transfer is confirmed".to_owned();
    Ok(axum::Json(crate::http::account::Done { success: true, message }))
}

fn refused(error: anyhow::Error) -> ApiError {
    ApiError::new(Code::ValidationError, format!("{error:#}"))
}
