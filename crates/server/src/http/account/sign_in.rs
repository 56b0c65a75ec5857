//! Signing in with a password, staying signed in, signing out.
//!
//! Every failure looks and lasts alike, whether the e-mail, the password or the code was wrong.

use axum::extract::State;
use domain::changes::Changes;
use domain::member::{Member, MemberView};
use domain::secret::Secret;
use domain::sign_in::{ACCESS_MS, Refreshed, SignIn};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::proof::{Judged, Proof, locked};
use super::{
    Done, OwnAccount, Stranger, active_member, done, gone, member_by_claim, sign_in_failed,
};
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Json;

#[derive(Deserialize, ToSchema)]
pub struct SignInRequest {
    #[schema(example = "demo@pepay.local")]
    email: String,
    password: String,
    /// The six digits of the authenticator app, where one is enrolled.
    #[schema(example = "123456")]
    totp: Option<String>,
}

/// Tokens of a member who has signed in.
#[derive(Serialize, ToSchema)]
pub struct SignedIn {
    /// Send it as `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Milliseconds until the access token ends.
    pub expires_in: i64,
    /// Works once: each refresh gives a new one.
    pub refresh_token: String,
    pub member: MemberView,
}

impl SignedIn {
    pub fn new(app: &App, sign_in: &SignIn, refresh_token: &Secret, member: &Member) -> SignedIn {
        SignedIn {
            access_token: sign_in.access_token(&app.keys, app.now()).expose().to_owned(),
            token_type: "Bearer",
            expires_in: ACCESS_MS,
            refresh_token: refresh_token.expose().to_owned(),
            member: MemberView::from(member),
        }
    }
}

/// The change that signs a member in, and the tokens.
///
/// The member is always written with it, so that a new password or a removal at the same moment
/// does not miss this sign-in.
pub(super) fn open(app: &App, stranger: &Stranger, member: Member) -> (Changes, SignedIn) {
    let mut fresh = app.fresh();
    let (token, sign_in) = SignIn::open(&member, &entropy(), &mut fresh);
    let answer = SignedIn::new(app, &sign_in, &token, &member);
    let mut changes = Changes::of(member.merchant_id);
    let caller = stranger.admitted(&member);
    changes.insert(caller.audit("member.signed_in", member.id, &mut fresh));
    changes.insert(sign_in);
    changes.update(member);
    (changes, answer)
}

/// Sign in with e-mail and password
///
/// Five failures in a row lock the account for a while, each further one for longer.
#[utoipa::path(post, path = "/api/auth/sign-in", tag = "Account", operation_id = "signIn",
    request_body = SignInRequest, security(()),
    responses(
        (status = 200, body = SignedIn),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody,
            description = "SIGN_IN_FAILED, or TOTP_REQUIRED where a code is needed too"),
        (status = 429, body = ErrorBody, description = "SIGN_IN_LOCKED or RATE_LIMIT_EXCEEDED")))]
pub async fn sign_in(
    State(app): State<Shared>,
    stranger: Stranger,
    Json(body): Json<SignInRequest>,
) -> Result<axum::Json<SignedIn>, ApiError> {
    let email = Member::email_key(body.email.trim());
    let password = Secret::new(body.password);
    let Some(member) = member_by_claim(&app, email).await? else {
        if let Some(seconds) = app.desk.stranger_lock(email, app.now()) {
            return Err(locked(seconds));
        }
        app.desk.compare(&password, None).await?;
        app.desk.count_stranger(email, app.fresh());
        return Err(sign_in_failed());
    };
    let proof = Proof::take(&app, &member, &password, body.totp).await?;
    app.decide(|| admit(&app, &stranger, &proof)).await?.map(axum::Json)
}

/// The change that signs in or counts the failure, and what is answered then.
async fn admit(
    app: &App,
    stranger: &Stranger,
    proof: &Proof,
) -> Result<(Changes, Result<SignedIn, ApiError>), ApiError> {
    match proof.judge(app).await? {
        Judged::Refused(changes) => Ok((changes, Err(sign_in_failed()))),
        Judged::Admitted(member) => {
            let (changes, signed_in) = open(app, stranger, member);
            Ok((changes, Ok(signed_in)))
        }
    }
}

#[derive(Deserialize, ToSchema)]
pub struct RefreshRequest {
    refresh_token: String,
}

/// Take a refresh token for new tokens
///
/// A refresh token works once. If it comes a second time somebody else holds it too, and the
/// sign-in ends.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "Account", operation_id = "refreshSignIn",
    request_body = RefreshRequest, security(()),
    responses(
        (status = 200, body = SignedIn),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "The token is not valid any more"),
        (status = 429, body = ErrorBody)))]
pub async fn refresh(
    State(app): State<Shared>,
    stranger: Stranger,
    Json(body): Json<RefreshRequest>,
) -> Result<axum::Json<SignedIn>, ApiError> {
    let token = Secret::new(body.refresh_token);
    app.decide(|| renew(&app, &stranger, &token)).await?.map(axum::Json)
}

async fn renew(
    app: &App,
    stranger: &Stranger,
    token: &Secret,
) -> Result<(Changes, Result<SignedIn, ApiError>), ApiError> {
    let refused = || ApiError::new(Code::TokenInvalid, "The refresh token is not valid");
    let id = SignIn::named_by(token.expose()).ok_or_else(refused)?;
    let sign_in = app.store.get::<SignIn>(id.key()).await?.ok_or_else(refused)?;
    let member = active_member(app, sign_in.member_id).await?.ok_or_else(refused)?;
    let mut changes = Changes::of(member.merchant_id);
    match sign_in.refresh(token, &entropy(), app.now()) {
        Refreshed::Closed | Refreshed::Forged => Err(refused()),
        Refreshed::Renewed(token, sign_in) => {
            let signed_in = SignedIn::new(app, &sign_in, &token, &member);
            changes.update(sign_in);
            Ok((changes, Ok(signed_in)))
        }
        Refreshed::Reused(sign_in) => {
            let caller = stranger.admitted(&member);
            let action = "member.refresh_token_reused";
            changes.insert(caller.audit(action, member.id, &mut app.fresh()));
            changes.tell(sign_in.end_told(app.now()));
            changes.update(sign_in);
            Ok((changes, Err(refused())))
        }
    }
}

/// Sign out
///
/// Ends this sign-in with its tokens, at once.
#[utoipa::path(post, path = "/api/auth/sign-out", tag = "Account", operation_id = "signOut",
    security(("bearerAuth" = [])),
    responses((status = 200, body = Done), (status = 401, body = ErrorBody)))]
pub async fn sign_out(
    State(app): State<Shared>,
    own: OwnAccount,
) -> Result<axum::Json<Done>, ApiError> {
    app.decide(|| end(&app, &own)).await?;
    Ok(done("Signed out"))
}

async fn end(app: &App, own: &OwnAccount) -> Result<(Changes, ()), ApiError> {
    let mut fresh = app.fresh();
    let mut changes = Changes::of(own.caller.merchant_id);
    let sign_in = app.store.get::<SignIn>(own.claims.sign_in.key()).await?.ok_or_else(gone)?;
    changes.tell(sign_in.end_told(fresh.now()));
    changes.update(sign_in.end(fresh.now()));
    changes.insert(own.caller.audit("member.signed_out", own.claims.sub, &mut fresh));
    Ok((changes, ()))
}
