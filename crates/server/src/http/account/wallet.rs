//! Signing in with a wallet: a message is given out, signed, and used up.
//!
//! A wallet opens the account of the member who linked it, and of nobody else.

use axum::extract::State;
use domain::challenge::{WalletChallenge, WalletType};
use domain::changes::Changes;
use domain::ids::{ChallengeId, MerchantId};
use domain::member::Member;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sign_in::{SignedIn, open};
use super::{Done, OwnAccount, Stranger, done, member_by_claim, sign_in_failed};
use crate::app::{App, Shared};
use crate::http::error::{ApiError, Code};
use crate::http::extract::Json;
use crate::http::openapi::ErrorBody;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeRequest {
    #[schema(example = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F")]
    wallet_address: String,
    wallet_type: WalletType,
}

/// A message for the wallet to sign.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    pub challenge_id: ChallengeId,
    /// Sign exactly this text.
    pub message: String,
    /// Epoch seconds.
    pub expires_at: i64,
}

/// Get a message for a wallet to sign
#[utoipa::path(post, path = "/api/auth/wallet/challenge", tag = "Account",
    operation_id = "walletChallenge", request_body = ChallengeRequest, security(()),
    responses(
        (status = 200, body = Challenge),
        (status = 400, body = ErrorBody),
        (status = 429, body = ErrorBody)))]
pub async fn challenge(
    State(app): State<Shared>,
    _: Stranger,
    Json(body): Json<ChallengeRequest>,
) -> Result<axum::Json<Challenge>, ApiError> {
    let base = app.config.public_url.trim_end_matches('/');
    let host = base.split_once("://").map_or(base, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host);
    let mut fresh = app.fresh();
    let issued = fresh.now().rfc3339();
    let made = WalletChallenge::new(
        body.wallet_type,
        &body.wallet_address,
        (host, base),
        &issued,
        &mut fresh,
    )?;
    let answer = Challenge {
        challenge_id: made.id,
        message: made.message.clone(),
        expires_at: made.expires_at.seconds(),
    };
    let mut changes = Changes::of(MerchantId::HOUSE);
    changes.insert(made);
    app.store.commit(changes).await?;
    Ok(axum::Json(answer))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedChallenge {
    /// As the challenge said.
    challenge_id: String,
    /// Hex for EVM wallets, base58 for Solana.
    signature: String,
    wallet_address: String,
    wallet_type: WalletType,
}

/// Sign in with a wallet
///
/// The wallet must be linked to a member.
#[utoipa::path(post, path = "/api/auth/wallet/verify", tag = "Account",
    operation_id = "walletVerify", request_body = SignedChallenge, security(()),
    responses(
        (status = 200, body = SignedIn),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody,
            description = "The signature is not this wallet's, or nobody linked the wallet"),
        (status = 429, body = ErrorBody)))]
pub async fn verify(
    State(app): State<Shared>,
    stranger: Stranger,
    Json(body): Json<SignedChallenge>,
) -> Result<axum::Json<SignedIn>, ApiError> {
    app.store.decide(|| admit(&app, &stranger, &body)).await.map(axum::Json)
}

async fn admit(
    app: &App,
    stranger: &Stranger,
    body: &SignedChallenge,
) -> Result<(Changes, SignedIn), ApiError> {
    let used = used_up(app, body).await?;
    let member = member_by_claim(app, Member::wallet_key(&used.address)).await?;
    let (mut changes, signed_in) = open(app, stranger, member.ok_or_else(sign_in_failed)?);
    changes.update(used);
    Ok((changes, signed_in))
}

/// The challenge, used up by a genuine signature of the wallet it was made for.
async fn used_up(app: &App, body: &SignedChallenge) -> Result<WalletChallenge, ApiError> {
    let address = WalletChallenge::canonical(body.wallet_type, &body.wallet_address)?;
    let id = ChallengeId::parse(&body.challenge_id).ok_or_else(sign_in_failed)?;
    let made = app.store.get::<WalletChallenge>(id.key()).await?.ok_or_else(sign_in_failed)?;
    if made.address != address || made.wallet_type != body.wallet_type {
        return Err(sign_in_failed());
    }
    Ok(made.verify(&body.signature, app.now())?)
}

/// Link a wallet to your account
///
/// Get a challenge for it first and sign that.
#[utoipa::path(post, path = "/api/auth/wallet/link", tag = "Account",
    operation_id = "walletLink", request_body = SignedChallenge, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "The signature is not this wallet's"),
        (status = 409, body = ErrorBody, description = "Somebody linked this wallet already")))]
pub async fn link(
    State(app): State<Shared>,
    own: OwnAccount,
    Json(body): Json<SignedChallenge>,
) -> Result<axum::Json<Done>, ApiError> {
    let linked = app.store.decide(|| link_to(&app, &own, &body)).await;
    linked.map_err(|error: ApiError| {
        let taken = "This wallet belongs to a member already";
        if error.code == Code::AlreadyExists { ApiError::new(error.code, taken) } else { error }
    })?;
    Ok(done("This wallet signs you in"))
}

async fn link_to(
    app: &App,
    own: &OwnAccount,
    body: &SignedChallenge,
) -> Result<(Changes, ()), ApiError> {
    let used = used_up(app, body).await?;
    let member = own.member(app).await?;
    let mut fresh = app.fresh();
    let mut changes = member.link_wallet(used.address.clone(), fresh.now())?;
    changes.insert(own.caller.audit("member.wallet_linked", &used.address, &mut fresh));
    changes.update(used);
    Ok((changes, ()))
}
