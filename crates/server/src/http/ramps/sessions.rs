//! Minting sessions of a user, for his own client.

use axum::extract::State;
use axum::response::Response;
use domain::ids::RampUserId;
use domain::member::Role;
use domain::ramp_session::{EarlierSessions, RampSession};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user_of;
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct CreateRampSession {
    /// How long it opens anything; 3600 if absent.
    #[schema(minimum = 60, maximum = 86_400)]
    expires_in_seconds: Option<i64>,
    /// Whether his earlier sessions end now.
    revoke_others: bool,
}

/// Credentials of one user. No `Debug`: whoever has them is him.
#[derive(Serialize, ToSchema)]
pub struct RampSessionView {
    /// Always `ramp_session`.
    pub object: &'static str,
    pub user_id: RampUserId,
    /// The header `x-session-token`.
    pub session_token: String,
    /// The header `x-signature`.
    pub signature: String,
    /// Epoch seconds.
    pub expires_at: i64,
}

/// Create a session of a user
///
/// With its two headers his own client reads corridors, his balances, transactions and payouts,
/// takes quotes and requests payouts, and nothing else.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users/{user_id}/sessions",
    tag = "Ramps",
    operation_id = "createRampSession",
    params(
        ("user_id" = RampUserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body(content = Option<CreateRampSession>),
    responses(
        (status = 200, description = "The credentials", body = RampSessionView),
        (status = 400, description = "The time is out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
        (status = 409, description = "USER_CLOSED", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let wanted: CreateRampSession = match write.body.is_empty() {
        true => CreateRampSession::default(),
        false => parse_json(&write.body)?,
    };
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let once = write.once(whose)?;
    once.answer(&app, || async {
        let user = user_of(&app, whose, id).await?;
        let earlier = match wanted.revoke_others {
            true => EarlierSessions::Revoke,
            false => EarlierSessions::Keep,
        };
        let seconds = wanted.expires_in_seconds;
        let (session, changes) = RampSession::mint(&user, seconds, earlier, &mut app.fresh())?;
        let credentials = session.credentials(&app.keys);
        let answer = Answer::ok(&RampSessionView {
            object: "ramp_session",
            user_id: user.id,
            session_token: credentials.session_token,
            signature: credentials.signature,
            expires_at: session.expires_at.seconds(),
        });
        Ok((changes, answer))
    })
    .await
}
