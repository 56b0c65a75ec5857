//! Payouts that nobody can tell about, as the operator gives them up.
//!
//! The merchant cannot: whether the money went is for whoever holds the account to know.

use axum::extract::State;
use domain::ids::PayoutId;
use domain::payout::PayoutView;

use crate::app::Shared;
use crate::http::auth::Operator;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Path;
use crate::http::idempotency::Answer;
use crate::lost_payouts::{self, GiveUpError};

impl From<GiveUpError> for ApiError {
    fn from(error: GiveUpError) -> ApiError {
        match error {
            GiveUpError::Unknown => ApiError::not_found("payout"),
            GiveUpError::Refused(refusal) => refusal.into(),
            GiveUpError::Commit(error) => error.into(),
            GiveUpError::Nobody | GiveUpError::Unasked(_) => {
                ApiError::new(Code::Busy, "The payout cannot be asked about now").retry_after(60)
            }
        }
    }
}

/// Give up a payout
///
/// One that was sent, is not known, and is too old to be sent again. It is asked about once more,
/// and fails, its money free, only if it is not there.
#[utoipa::path(
    post,
    path = "/api/admin/ramps/payouts/{id}/give-up",
    tag = "Ramps",
    operation_id = "giveUpPayout",
    params(("id" = PayoutId, Path)),
    responses(
        (status = 200, description = "The payout, failed", body = PayoutView),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
        (status = 404, description = "No such payout", body = ErrorBody),
        (status = 409, description = "PAYOUT_NOT_CANCELABLE: it is known, or may yet be sent; \
            BUSY: it cannot be asked about now", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn give_up(
    State(app): State<Shared>,
    _: Operator,
    Path(id): Path<PayoutId>,
) -> Result<Answer, ApiError> {
    let with = (&app.store, &app.clock);
    Ok(Answer::ok(&lost_payouts::give_up(with, &app.ramp_providers, id).await?.view()))
}
