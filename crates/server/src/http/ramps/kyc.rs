//! KYC over HTTP: starting a case, reading how it stands, and what devnet and operator decide.

use axum::extract::State;
use axum::response::Response;
use domain::audit::AuditEntry;
use domain::changes::Changes;
use domain::ids::{Fresh, KycCaseId, RampUserId};
use domain::kyc::{self, KycCase, KycCaseView, KycLevel, Outcome, PageToken};
use domain::member::Role;
use domain::ramp_user::RampUser;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::user_of;
use crate::app::{App, Shared};
use crate::http::auth::{DevnetCaller, MerchantCaller, Operator};
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Path, Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct StartKyc {
    /// What the user is to be approved for.
    level: KycLevel,
}

/// What is decided of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KycVerdict {
    Approved,
    Rejected,
    InReview,
    NeedsInformation,
    /// Of an approved case: it counts no more.
    Suspended,
    /// Of a suspended case: it counts again.
    Reinstated,
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub struct DecideKyc {
    outcome: KycVerdict,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct KycCaseAnswer {
    pub success: bool,
    pub data: KycCaseView,
}

/// Where the person answers, while anything can be answered there.
fn hosted_url(app: &App, case: &KycCase, user: &RampUser) -> Option<String> {
    if !case.is_link_open(user, app.now()) {
        return None;
    }
    if case.environment.is_live() {
        return case.provider_link.clone();
    }
    let base = app.config.public_url.trim_end_matches('/');
    let page = || format!("{base}/kyc/{}", PageToken::of(case.id, &app.keys));
    case.provider_link.clone().or_else(|| Some(page()))
}

fn view(app: &App, case: &KycCase, user: &RampUser) -> KycCaseView {
    case.view(hosted_url(app, case, user)).of_user(user, app.now())
}

async fn latest(app: &App, user: &RampUser) -> Result<Option<KycCase>, ApiError> {
    match user.kyc.case_id {
        Some(id) => Ok(app.store.get::<KycCase>(id.key()).await?),
        None => Ok(None),
    }
}

/// Start a KYC case
///
/// Answers the link where the person proves who he is. A case of the same level that waits for him
/// already is answered again.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users/{user_id}/kyc",
    tag = "Ramps",
    operation_id = "startKyc",
    params(
        ("user_id" = RampUserId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = StartKyc,
    responses(
        (status = 200, description = "The case", body = KycCaseView),
        (status = 400, description = "That level is approved already", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
        (status = 409, description = "KYC_STATE: a case is in review, or the user is suspended",
            body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn start(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let level = parse_json::<StartKyc>(&write.body)?.level;
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let once = write.once(whose)?;
    let origin = caller.origin(once.key_text());
    once.answer(&app, || async {
        let user = user_of(&app, whose, id).await?;
        let known = latest(&app, &user).await?;
        let mut fresh = app.fresh();
        let (case, after, changes) = kyc::start(&user, known, level, origin.clone(), &mut fresh)?;
        Ok((changes, Answer::ok(&view(&app, &case, &after))))
    })
    .await
}

/// Retrieve a user's KYC
///
/// His latest case, and the level that counts now.
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}/kyc",
    tag = "Ramps",
    operation_id = "getKyc",
    params(("user_id" = RampUserId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "The case", body = KycCaseView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let user = user_of(&app, (caller.merchant_id, environment), id).await?;
    let case = latest(&app, &user).await?;
    let shown = case.map(|case| view(&app, &case, &user));
    Ok(Answer::ok(&shown.unwrap_or_else(|| KycCaseView::not_started(&user))))
}

/// Decide a KYC case of devnet
#[utoipa::path(
    post,
    path = "/api/v1/devnet/ramps/kyc/{case_id}/simulate",
    tag = "Ramps",
    operation_id = "simulateKyc",
    params(("case_id" = KycCaseId, Path)),
    request_body = DecideKyc,
    responses(
        (status = 200, description = "The case", body = KycCaseAnswer),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "Not a devnet credential", body = ErrorBody),
        (status = 404, description = "No such case here", body = ErrorBody),
        (status = 409, description = "KYC_STATE: the case cannot go there", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn simulate(
    State(app): State<Shared>,
    DevnetCaller(caller): DevnetCaller,
    Path(id): Path<KycCaseId>,
    Json(body): Json<DecideKyc>,
) -> Result<axum::Json<KycCaseAnswer>, ApiError> {
    let decided = app.decide(|| async {
        let mut fresh = app.fresh();
        let (case, user) = known(&app, id).await?;
        let is_ours = case.merchant_id == caller.merchant_id && !case.environment.is_live();
        if !is_ours {
            return Err(ApiError::not_found("case"));
        }
        Ok((decided(&app, case, &user, body.outcome, &mut fresh)?, ()))
    });
    decided.await?;
    let (case, user) = known(&app, id).await?;
    Ok(axum::Json(KycCaseAnswer { success: true, data: view(&app, &case, &user) }))
}

/// Decide a user's latest KYC case, as the operator
#[utoipa::path(
    post,
    path = "/api/admin/ramps/users/{user_id}/kyc",
    tag = "Ramps",
    operation_id = "decideKyc",
    params(("user_id" = RampUserId, Path)),
    request_body = DecideKyc,
    responses(
        (status = 200, description = "The case", body = KycCaseView),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
        (status = 404, description = "No such user, or he has no case", body = ErrorBody),
        (status = 409, description = "KYC_STATE: the case cannot go there", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn decide(
    State(app): State<Shared>,
    _: Operator,
    Path(id): Path<RampUserId>,
    Json(body): Json<DecideKyc>,
) -> Result<Answer, ApiError> {
    let case_of = async || {
        let user = app.store.get::<RampUser>(id.key()).await?;
        let user = user.ok_or_else(|| ApiError::not_found("user"))?;
        let case = latest(&app, &user).await?.ok_or_else(|| ApiError::not_found("case"))?;
        Ok::<_, ApiError>((case, user))
    };
    app.decide(|| async {
        let mut fresh = app.fresh();
        let (case, user) = case_of().await?;
        let mut changes = decided(&app, case, &user, body.outcome, &mut fresh)?;
        let whose = user.merchant_id;
        changes.insert(AuditEntry::of_operator(whose, "ramp.kyc.decided", id, &mut fresh));
        Ok::<_, ApiError>((changes, ()))
    })
    .await?;
    let (case, user) = case_of().await?;
    Ok(Answer::ok(&view(&app, &case, &user)))
}

async fn known(app: &App, id: KycCaseId) -> Result<(KycCase, RampUser), ApiError> {
    let none = || ApiError::not_found("case");
    let case = app.store.get::<KycCase>(id.key()).await?.ok_or_else(none)?;
    let user = app.store.get::<RampUser>(case.user_id.key()).await?.ok_or_else(none)?;
    Ok((case, user))
}

fn decided(
    app: &App,
    case: KycCase,
    user: &RampUser,
    verdict: KycVerdict,
    fresh: &mut Fresh,
) -> Result<Changes, ApiError> {
    let now = fresh.now();
    let outcome = match verdict {
        KycVerdict::Approved => Outcome::Approved,
        KycVerdict::Rejected => Outcome::Rejected,
        KycVerdict::InReview => Outcome::InReview,
        KycVerdict::NeedsInformation => Outcome::NeedsInformation,
        KycVerdict::Suspended => return Ok(kyc::suspend(case, user, now)?),
        KycVerdict::Reinstated => return Ok(kyc::reinstate(case, user, now)?),
    };
    Ok(kyc::decide(case, user, outcome, app.config.ramps.approval_ms(), now)?)
}
