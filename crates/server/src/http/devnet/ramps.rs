//! The ramp simulator: decides what becomes of payouts, on-ramps and virtual accounts.
//!
//! It works on the sandbox alone: what the worker finds there it takes as it takes everything.

use axum::extract::State;
use domain::changes::Changes;
use domain::currency::Currency;
use domain::ids::{MerchantId, RowKey};
use domain::money::TokenAmount;
use domain::onramp::Onramp;
use domain::payout::{Payout, PayoutStatus};
use domain::sandbox::{SandboxCase, SandboxOutcome};
use domain::virtual_account::VirtualAccount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, Shared};
use crate::http::auth::DevnetCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Json, Path};
use crate::ramp_providers::Sandbox;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SimulatedKind {
    Payouts,
    Onramps,
    VirtualAccounts,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SimulateRamp {
    /// Of a payout: `paid`, `failed`, `returned` or `in_review`. Of an on-ramp: `fiat_received`,
    /// `failed` or `refunded`. Of a virtual account: `fiat_received`.
    outcome: SandboxOutcome,
    /// What came in on a virtual account, in whole units of its currency.
    #[schema(example = "100.00")]
    amount: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SimulatedAnswer {
    pub success: bool,
    /// The object as it is now; the worker takes it from here.
    #[schema(value_type = Object)]
    pub data: serde_json::Value,
}

/// Decide what becomes of a payout, an on-ramp or a virtual account
#[utoipa::path(
    post,
    path = "/api/v1/devnet/ramps/{kind}/{id}/simulate",
    tag = "Ramps",
    operation_id = "simulateRamp",
    params(
        ("kind" = inline(SimulatedKind), Path),
        ("id" = String, Path, description = "Its id"),
    ),
    request_body = SimulateRamp,
    responses(
        (status = 200, description = "It will", body = SimulatedAnswer),
        (status = 400, description = "Not an outcome of this kind", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "Not a devnet credential", body = ErrorBody),
        (status = 404, description = "No such object here", body = ErrorBody),
        (status = 409, description = "NETWORK_NOT_SIMULATED: a provider stands here",
            body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn simulate(
    State(app): State<Shared>,
    DevnetCaller(caller): DevnetCaller,
    Path((kind, id)): Path<(SimulatedKind, Uuid)>,
    Json(body): Json<SimulateRamp>,
) -> Result<axum::Json<SimulatedAnswer>, ApiError> {
    let real = || ApiError::new(Code::NetworkNotSimulated, "A provider stands on this devnet");
    let sandbox = app.ramp_providers.sandbox().ok_or_else(real)?;
    let (key, whose) = (RowKey::from(id), caller.merchant_id);
    let data = match kind {
        SimulatedKind::Payouts => payout(&app, sandbox, (key, whose), body.outcome).await?,
        SimulatedKind::Onramps => onramp(&app, sandbox, (key, whose), body.outcome).await?,
        SimulatedKind::VirtualAccounts => account(&app, sandbox, (key, whose), &body).await?,
    };
    Ok(axum::Json(SimulatedAnswer { success: true, data }))
}

fn wrong(outcomes: &str) -> ApiError {
    ApiError::invalid("outcome", format!("must be one of {outcomes} here"))
}

fn busy() -> ApiError {
    ApiError::new(Code::Busy, "Too many changes at once; try again").retry_after(1)
}

fn blank(object: RowKey, currency: Currency, amount: TokenAmount) -> SandboxCase {
    SandboxCase {
        object,
        outcome: SandboxOutcome::Paid,
        accepted_at: None,
        submitted: 0,
        asked: 0,
        currency,
        amount,
        received: Vec::new(),
        version: 0,
    }
}

/// Wakes the worker; if somebody else wrote the row, it is awake anyway.
async fn wake(app: &App, changes: Option<Changes>) {
    if let Some(changes) = changes
        && let Err(error) = app.commit(changes).await
    {
        tracing::debug!(%error, "a simulated outcome waits for its worker's next look");
    }
}

fn json(view: impl Serialize) -> serde_json::Value {
    serde_json::to_value(view).expect("views serialize")
}

async fn payout(
    app: &App,
    sandbox: &Sandbox,
    (key, whose): (RowKey, MerchantId),
    outcome: SandboxOutcome,
) -> Result<serde_json::Value, ApiError> {
    use SandboxOutcome::{Failed, InReview, Paid, Returned};
    let payout = app.store.get::<Payout>(key).await?;
    let payout = payout.filter(|one| one.merchant_id == whose && !one.environment.is_live());
    let payout = payout.ok_or_else(|| ApiError::not_found("payout"))?;
    if ![Paid, Failed, Returned, InReview].contains(&outcome) {
        return Err(wrong("paid, failed, returned, in_review"));
    }
    // A provider takes nothing back but a payout that was paid, and that only by returning it.
    let contradicts = payout.status == PayoutStatus::Paid && outcome != Returned;
    if payout.status.is_over() || contradicts {
        return Err(ApiError::invalid("outcome", "comes too late: this payout has ended"));
    }
    let blank = blank(key, payout.currency, payout.target);
    sandbox.force(blank, outcome).await.map_err(|_| busy())?;
    wake(app, payout.clone().wake(app.now())).await;
    Ok(json(payout.view()))
}

async fn onramp(
    app: &App,
    sandbox: &Sandbox,
    (key, whose): (RowKey, MerchantId),
    outcome: SandboxOutcome,
) -> Result<serde_json::Value, ApiError> {
    use SandboxOutcome::{Failed, FiatReceived, Refunded};
    let onramp = app.store.get::<Onramp>(key).await?;
    let onramp = onramp.filter(|one| one.merchant_id == whose && !one.environment.is_live());
    let onramp = onramp.ok_or_else(|| ApiError::not_found("on-ramp"))?;
    if ![FiatReceived, Failed, Refunded].contains(&outcome) {
        return Err(wrong("fiat_received, failed, refunded"));
    }
    // As with payouts: what has ended is not decided anew, but late bank money still comes.
    if !onramp.is_open() {
        return Err(ApiError::invalid("outcome", "comes too late: this on-ramp has ended"));
    }
    let blank = blank(key, onramp.currency, onramp.amount);
    sandbox.force(blank, outcome).await.map_err(|_| busy())?;
    wake(app, onramp.wake(app.now())).await;
    Ok(json(onramp.view()))
}

async fn account(
    app: &App,
    sandbox: &Sandbox,
    (key, whose): (RowKey, MerchantId),
    body: &SimulateRamp,
) -> Result<serde_json::Value, ApiError> {
    let account = app.store.get::<VirtualAccount>(key).await?;
    let account = account.filter(|one| one.merchant_id == whose && !one.environment.is_live());
    let account = account.ok_or_else(|| ApiError::not_found("virtual account"))?;
    if body.outcome != SandboxOutcome::FiatReceived {
        return Err(wrong("fiat_received"));
    }
    let text = body.amount.as_deref().unwrap_or("");
    let amount = TokenAmount::parse(text, account.currency.decimals());
    let amount = amount.ok().filter(|amount| (1..=1 << 60).contains(&amount.0));
    let amount = amount.ok_or_else(|| ApiError::invalid("amount", "must be a decimal string"))?;
    if !sandbox.receive(key, amount).await.map_err(|_| busy())? {
        return Err(ApiError::new(Code::Busy, "The account is not open yet").retry_after(1));
    }
    wake(app, account.wake(app.now())).await;
    Ok(json(account.view()))
}
