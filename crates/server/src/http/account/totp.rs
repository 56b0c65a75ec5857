//! One-time codes: enrolled by password, on once a code was shown, off by password and code.

use axum::extract::State;
use domain::changes::Changes;
use domain::member::Member;
use domain::refusal::Refusal;
use domain::secret::Secret;
use domain::totp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::proof::{Judged, Proof, seed_of};
use super::{Done, OwnAccount, done, sign_in_failed};
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Json;

/// A seed for an authenticator app. Shown once.
#[derive(Serialize, ToSchema)]
pub struct TotpEnrolment {
    /// The seed in base32, to type in.
    pub secret: String,
    /// The same as a link, to show as a QR code.
    pub otpauth_uri: String,
}

#[derive(Deserialize, ToSchema)]
pub struct EnrollTotp {
    password: String,
}

/// Enroll an authenticator app
///
/// Takes the password, so that a stolen token does not lock its owner out.
/// Signing in asks for codes once the first one is confirmed. Enrolling again before that
/// replaces the seed.
#[utoipa::path(post, path = "/api/auth/totp/enroll", tag = "Account", operation_id = "enrollTotp",
    request_body = EnrollTotp, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = TotpEnrolment),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "The password is not right"),
        (status = 409, body = ErrorBody, description = "Codes are on already"),
        (status = 429, body = ErrorBody)))]
pub async fn enroll(
    State(app): State<Shared>,
    own: OwnAccount,
    Json(body): Json<EnrollTotp>,
) -> Result<axum::Json<TotpEnrolment>, ApiError> {
    let member = own.member(&app).await?;
    not_on_yet(&member)?;
    let proof = Proof::take(&app, &member, &Secret::new(body.password), None).await?;
    app.decide(|| keep_seed(&app, &own, &proof)).await?.map(axum::Json)
}

fn not_on_yet(member: &Member) -> Result<(), ApiError> {
    if member.totp_confirmed {
        let message = "One-time codes are on already; disable them first";
        return Err(ApiError::new(Code::AlreadyExists, message));
    }
    Ok(())
}

async fn keep_seed(
    app: &App,
    own: &OwnAccount,
    proof: &Proof,
) -> Result<(Changes, Result<TotpEnrolment, ApiError>), ApiError> {
    not_on_yet(&own.member(app).await?)?;
    let member = match proof.judge(app).await? {
        Judged::Refused(changes) => return Ok((changes, Err(sign_in_failed()))),
        Judged::Admitted(member) => member,
    };
    let drawn = entropy();
    let seed = &drawn.0[..totp::SEED_BYTES];
    let answer = TotpEnrolment {
        secret: totp::base32(seed),
        otpauth_uri: totp::enrolment_uri(seed, &member.email),
    };
    let sealed = app.keys.seal(&member.totp_purpose(), seed, entropy().nonce());
    let changes = audited(app, own, "member.totp_enrolled", member.enroll_totp(sealed));
    Ok((changes, Ok(answer)))
}

fn audited(app: &App, own: &OwnAccount, action: &str, member: Member) -> Changes {
    let mut fresh = app.fresh();
    let id = member.id;
    let mut changes = member.save(fresh.now());
    changes.insert(own.caller.audit(action, id, &mut fresh));
    changes
}

#[derive(Deserialize, ToSchema)]
pub struct ConfirmTotp {
    /// The six digits the app shows now.
    #[schema(example = "123456")]
    code: String,
}

/// Turn one-time codes on
#[utoipa::path(post, path = "/api/auth/totp/confirm", tag = "Account",
    operation_id = "confirmTotp", request_body = ConfirmTotp, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody, description = "The code is not right"),
        (status = 401, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "Codes are on already")))]
pub async fn confirm(
    State(app): State<Shared>,
    own: OwnAccount,
    Json(body): Json<ConfirmTotp>,
) -> Result<axum::Json<Done>, ApiError> {
    app.decide(|| turn_on(&app, &own, body.code.trim())).await?;
    Ok(done("Signing in takes a one-time code from now on"))
}

async fn turn_on(app: &App, own: &OwnAccount, code: &str) -> Result<(Changes, ()), ApiError> {
    let member = own.member(app).await?;
    not_on_yet(&member)?;
    if member.totp_sealed.is_none() {
        return Err(Refusal::invalid("code", "confirms nothing: enroll first").into());
    }
    let seed = seed_of(app, &member)?;
    let member = member.confirm_totp(&seed, code, app.now())?;
    Ok((audited(app, own, "member.totp_confirmed", member), ()))
}

#[derive(Deserialize, ToSchema)]
pub struct DisableTotp {
    /// The six digits the app shows now.
    #[schema(example = "123456")]
    code: String,
    password: String,
}

/// Turn one-time codes off
#[utoipa::path(post, path = "/api/auth/totp/disable", tag = "Account",
    operation_id = "disableTotp", request_body = DisableTotp, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "Password or code is not right"),
        (status = 429, body = ErrorBody)))]
pub async fn disable(
    State(app): State<Shared>,
    own: OwnAccount,
    Json(body): Json<DisableTotp>,
) -> Result<axum::Json<Done>, ApiError> {
    let member = own.member(&app).await?;
    let password = Secret::new(body.password);
    let code = Some(body.code.trim().to_owned());
    let proof = Proof::take(&app, &member, &password, code).await?;
    app.decide(|| turn_off(&app, &own, &proof)).await??;
    Ok(done("Signing in takes the password alone"))
}

async fn turn_off(
    app: &App,
    own: &OwnAccount,
    proof: &Proof,
) -> Result<(Changes, Result<(), ApiError>), ApiError> {
    match proof.judge(app).await? {
        Judged::Refused(changes) => Ok((changes, Err(sign_in_failed()))),
        Judged::Admitted(member) => {
            Ok((audited(app, own, "member.totp_disabled", member.forget_totp()), Ok(())))
        }
    }
}
