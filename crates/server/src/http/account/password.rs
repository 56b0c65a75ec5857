//! Passwords: asked anew by mail, set by a mailed token, changed by who knows the old one.
//!
//! Asking for a reset answers the same at once whether or not anybody has that e-mail; what
//! follows is done afterwards.

use axum::extract::State;
use domain::changes::Changes;
use domain::claim::Claim;
use domain::ids::RowKey;
use domain::member::Member;
use domain::password::{PasswordReset, RESET_MS, check_length};
use domain::refusal::Refusal;
use domain::secret::{Secret, sha256};
use domain::time::MINUTE_MS;
use serde::Deserialize;
use store::CommitError;
use utoipa::ToSchema;

use super::proof::{Judged, Proof};
use super::{
    Done, Ending, OwnAccount, Stranger, active_member, done, end_sign_ins, member_by_claim,
    sign_in_failed,
};
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Json;
use crate::mail;

#[derive(Deserialize, ToSchema)]
pub struct ResetRequest {
    email: String,
}

/// Ask for a new password
///
/// Mails a link to the member who has this e-mail, at most once a minute. The answer does not
/// tell whether there is one.
#[utoipa::path(post, path = "/api/auth/password/reset", tag = "Account",
    operation_id = "requestPasswordReset", request_body = ResetRequest, security(()),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody),
        (status = 429, body = ErrorBody)))]
pub async fn request_reset(
    State(app): State<Shared>,
    _: Stranger,
    Json(body): Json<ResetRequest>,
) -> axum::Json<Done> {
    // The answer is the same: who floods this route must not learn that it is full, nor fill the
    // memory with what waits.
    let asked = done("If somebody has this e-mail, a link is on its way");
    let Some(permit) = app.desk.reset_permit() else {
        app.metrics.add("pepay_password_resets_dropped_total", 1);
        tracing::warn!("a password reset was dropped: too many are on their way");
        return asked;
    };
    let background = app.clone();
    app.tasks.spawn(async move {
        let _permit = permit;
        if let Err(error) = mail_reset(&background, body.email.trim()).await {
            tracing::warn!(error = format!("{error:#}"), "a password reset was not mailed");
        }
    });
    asked
}

async fn mail_reset(app: &App, email: &str) -> anyhow::Result<()> {
    let Some(member) = member_by_claim(app, Member::email_key(email)).await? else {
        return Ok(());
    };
    let mut fresh = app.fresh();
    let (token, mut changes) = PasswordReset::issue(&member, RESET_MS, &entropy(), &mut fresh);
    // One mail a minute: who asks for more does not fill somebody's mailbox.
    let minute = fresh.now().0.div_euclid(MINUTE_MS).to_be_bytes();
    let window = RowKey::of("password_reset_minute", &[&member.key().0, &minute]);
    changes.insert(Claim::new(window, member.key()));
    match app.commit(changes).await {
        Ok(_) => {}
        Err(CommitError::AlreadyExists { key, .. }) if key == window => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let message = mail::password_reset(&app.config, &member.email, &token);
    mail::send(app, message).await
}

#[derive(Deserialize, ToSchema)]
pub struct ConfirmReset {
    /// The token of the mail.
    token: String,
    /// The new password, 10 to 256 bytes.
    #[schema(min_length = 10, max_length = 256)]
    password: String,
}

/// Set a new password with a mailed token
///
/// Ends every sign-in of the member and unlinks his wallets; other mailed tokens work no more.
/// One-time codes stay as they are.
#[utoipa::path(post, path = "/api/auth/password/confirm", tag = "Account",
    operation_id = "confirmPasswordReset", request_body = ConfirmReset, security(()),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody, description = "The token does not work any more"),
        (status = 429, body = ErrorBody)))]
pub async fn confirm_reset(
    State(app): State<Shared>,
    stranger: Stranger,
    Json(body): Json<ConfirmReset>,
) -> Result<axum::Json<Done>, ApiError> {
    let password = Secret::new(body.password);
    check_length("password", password.expose())?;
    let token_hash = sha256(body.token.trim().as_bytes());
    // A token that does not work costs no hashing.
    redeemed(&app, token_hash).await?;
    let hash = app.desk.hash(&password, entropy()).await?;
    app.decide(|| set_by_token(&app, &stranger, token_hash, &hash)).await?;
    Ok(done("The password is set; sign in with it"))
}

async fn redeemed(app: &App, token_hash: [u8; 32]) -> Result<(PasswordReset, Member), ApiError> {
    let unknown = || ApiError::from(Refusal::invalid("token", "is not valid or has expired"));
    let claim = app.store.get::<Claim>(PasswordReset::claim_key(&token_hash)).await?;
    let claim = claim.ok_or_else(unknown)?;
    let reset = app.store.get::<PasswordReset>(claim.target).await?.ok_or_else(unknown)?;
    let member = active_member(app, reset.member_id).await?.ok_or_else(unknown)?;
    let reset = reset.redeem(&member, app.now())?;
    Ok((reset, member))
}

async fn set_by_token(
    app: &App,
    stranger: &Stranger,
    token_hash: [u8; 32],
    hash: &str,
) -> Result<(Changes, ()), ApiError> {
    let (reset, member) = redeemed(app, token_hash).await?;
    let mut fresh = app.fresh();
    let caller = stranger.admitted(&member);
    let id = member.id;
    let mut changes = member.reset_password(hash.to_owned()).save(fresh.now());
    changes.update(reset);
    changes.insert(caller.audit("member.password_reset", id, &mut fresh));
    end_sign_ins(app, id, Ending::All, fresh.now(), &mut changes).await?;
    Ok((changes, ()))
}

#[derive(Deserialize, ToSchema)]
pub struct ChangePassword {
    current_password: String,
    /// The new password, 10 to 256 bytes.
    #[schema(min_length = 10, max_length = 256)]
    password: String,
    /// The six digits of the authenticator app, where one is enrolled.
    totp: Option<String>,
}

/// Change your password
///
/// Ends every other sign-in of yours; tokens that were mailed before work no more.
#[utoipa::path(post, path = "/api/auth/password/change", tag = "Account",
    operation_id = "changePassword", request_body = ChangePassword,
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "The current password is not right"),
        (status = 429, body = ErrorBody)))]
pub async fn change(
    State(app): State<Shared>,
    own: OwnAccount,
    Json(body): Json<ChangePassword>,
) -> Result<axum::Json<Done>, ApiError> {
    let password = Secret::new(body.password);
    check_length("password", password.expose())?;
    let member = own.member(&app).await?;
    let current = Secret::new(body.current_password);
    let proof = Proof::take(&app, &member, &current, body.totp).await?;
    let hash = app.desk.hash(&password, entropy()).await?;
    app.decide(|| set_by_proof(&app, &own, &proof, &hash)).await??;
    Ok(done("The password is changed; your other sign-ins ended"))
}

async fn set_by_proof(
    app: &App,
    own: &OwnAccount,
    proof: &Proof,
    hash: &str,
) -> Result<(Changes, Result<(), ApiError>), ApiError> {
    let member = match proof.judge(app).await? {
        Judged::Refused(changes) => return Ok((changes, Err(sign_in_failed()))),
        Judged::Admitted(member) => member,
    };
    let mut fresh = app.fresh();
    let id = member.id;
    let mut changes = member.with_password(hash.to_owned()).save(fresh.now());
    changes.insert(own.caller.audit("member.password_changed", id, &mut fresh));
    end_sign_ins(app, id, Ending::AllBut(&own.claims), fresh.now(), &mut changes).await?;
    Ok((changes, Ok(())))
}
