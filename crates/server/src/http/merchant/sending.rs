//! The operator's hand on the tap: pausing everything that is sent on a network.

use axum::extract::State;
use domain::environment::Environment;
use domain::network::Network;
use domain::network_pause::{NetworkPause, Sending};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::Shared;
use crate::http::auth::Operator;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Json;
use crate::http::idempotency::Answer;
use crate::http::page::List;

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
