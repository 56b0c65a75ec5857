//! Webhooks of whoever moves bank money: verified, taken once, and never more than a reason to
//! look.
//!
//! What a webhook says of a state is not believed: the worker asks, and decides as it always does.

use axum::extract::State;
use axum::http::HeaderMap;
use domain::changes::Changes;
use domain::claim::Claim;
use domain::ids::RowKey;
use domain::onramp::Onramp;
use domain::payout::Payout;
use domain::provider::ProviderNews;
use domain::virtual_account::VirtualAccount;
use providers::ramp::{Delivery, Unverified};
use serde::Serialize;
use store::CommitError;
use utoipa::ToSchema;

use crate::app::{App, Shared};
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Path, RawBody};
use crate::http::idempotency::Answer;

const SIGNATURE: &str = "x-webhook-signature";
const TRIES_MAX: usize = 8;

#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookReceived {
    pub received: bool,
}

/// Receive a provider's webhook
///
/// For the operator's ramp provider only.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/providers/{name}/webhook",
    tag = "Ramps",
    operation_id = "receiveProviderWebhook",
    params(("name" = String, Path, description = "The provider's name")),
    responses(
        (status = 200, description = "It was taken, now or before", body = WebhookReceived),
        (status = 400, description = "It is too old, or makes no sense", body = ErrorBody),
        (status = 403, description = "SIGNATURE_INVALID", body = ErrorBody),
        (status = 404, description = "No such provider here", body = ErrorBody),
    ),
)]
pub async fn webhook(
    State(app): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Answer, ApiError> {
    let providers = app.ramp_providers.named(&name);
    let signature = headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let delivery = Delivery { signature, body: &body, now: app.now() };
    let mut refused = ApiError::not_found("provider");
    for provider in providers {
        match provider.verify_webhook(delivery) {
            Ok(news) => {
                for news in &news {
                    take(&app, news).await?;
                }
                return Ok(Answer::ok(&WebhookReceived { received: true }));
            }
            Err(why) => refused = refusal(why),
        }
    }
    Err(refused)
}

fn refusal(why: Unverified) -> ApiError {
    match why {
        Unverified::Signature => {
            ApiError::new(Code::SignatureInvalid, "The signature does not verify")
        }
        Unverified::Stale => ApiError::new(Code::ValidationError, "The signature is too old"),
        Unverified::Malformed => ApiError::new(Code::ValidationError, "The body makes no sense"),
    }
}

/// Wakes whoever looks after the object, once for each piece of news.
async fn take(app: &App, news: &ProviderNews) -> Result<(), ApiError> {
    for _ in 0..TRIES_MAX {
        let Some(mut changes) = wake(app, news.about).await? else { return Ok(()) };
        changes.insert(Claim::new(news.key, news.about));
        match app.commit(changes).await {
            Ok(_) | Err(CommitError::AlreadyExists { .. }) => return Ok(()),
            Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::new(Code::Busy, "Too many changes at once; try again").retry_after(1))
}

/// None: it is about nothing that can still change.
async fn wake(app: &App, about: RowKey) -> Result<Option<Changes>, ApiError> {
    let now = app.now();
    if let Some(payout) = app.store.get::<Payout>(about).await? {
        return Ok(payout.wake(now));
    }
    if let Some(onramp) = app.store.get::<Onramp>(about).await? {
        return Ok(onramp.wake(now));
    }
    let account = app.store.get::<VirtualAccount>(about).await?;
    Ok(account.and_then(|account| account.wake(now)))
}
