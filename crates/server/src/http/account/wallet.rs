//! Signing in with a wallet: a message is given out, signed, and used up.
//!
//! A wallet opens the account of the member who lists it, and of nobody else. It stands for the
//! password and not for the code. Linking and unlinking take the password: a bearer token that was
//! stolen must not become a way in that stays.

use axum::extract::State;
use domain::challenge::{WalletChallenge, WalletType};
use domain::changes::Changes;
use domain::claim::Claim;
use domain::ids::{ChallengeId, MerchantId};
use domain::member::{Member, PasswordIs};
use domain::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::proof::{Judged, Proof, judge};
use super::sign_in::{SignedIn, open};
use super::{
    Done, Ending, OwnAccount, Stranger, done, end_sign_ins, member_by_claim, sign_in_failed,
};
use crate::app::{App, Shared};
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::Json;

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
    app.commit(changes).await?;
    Ok(axum::Json(answer))
}

/// A challenge, signed.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedChallenge {
    /// As the challenge said.
    challenge_id: String,
    /// Hex for EVM wallets, base58 for Solana.
    signature: String,
    wallet_address: String,
    wallet_type: WalletType,
    /// The six digits of the authenticator app, where one is enrolled.
    totp: Option<String>,
}

/// Sign in with a wallet
///
/// The wallet must be linked to a member; it stands for the password, not for the code.
#[utoipa::path(post, path = "/api/auth/wallet/verify", tag = "Account",
    operation_id = "walletVerify", request_body = SignedChallenge, security(()),
    responses(
        (status = 200, body = SignedIn),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody,
            description = "The signature is not this wallet's, nobody linked the wallet, or \
                TOTP_REQUIRED where a code is needed too"),
        (status = 429, body = ErrorBody, description = "SIGN_IN_LOCKED or RATE_LIMIT_EXCEEDED")))]
pub async fn verify(
    State(app): State<Shared>,
    stranger: Stranger,
    Json(body): Json<SignedChallenge>,
) -> Result<axum::Json<SignedIn>, ApiError> {
    app.decide(|| admit(&app, &stranger, &body)).await?.map(axum::Json)
}

async fn admit(
    app: &App,
    stranger: &Stranger,
    body: &SignedChallenge,
) -> Result<(Changes, Result<SignedIn, ApiError>), ApiError> {
    let used = used_up(app, body).await?;
    let member = member_by_claim(app, Member::wallet_key(&used.address)).await?;
    // The claim may lead to a member who gave the wallet up.
    let member = member.filter(|member| member.lists_wallet(&used.address));
    let member = member.ok_or_else(sign_in_failed)?;
    match judge(app, member, PasswordIs::Right, body.totp.as_deref())? {
        Judged::Refused(changes) => Ok((changes, Err(sign_in_failed()))),
        Judged::Admitted(member) => {
            let (mut changes, signed_in) = open(app, stranger, member);
            changes.update(used);
            Ok((changes, Ok(signed_in)))
        }
    }
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

/// A challenge, signed, and the proof that the account is yours.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkWallet {
    /// As the challenge said.
    challenge_id: String,
    /// Hex for EVM wallets, base58 for Solana.
    signature: String,
    wallet_address: String,
    wallet_type: WalletType,
    /// Your current password.
    password: String,
    /// The six digits of the authenticator app, where one is enrolled.
    totp: Option<String>,
}

/// Link a wallet to your account
///
/// Get a challenge for it first and sign that. Takes your password too, and a code where an
/// authenticator app is enrolled.
#[utoipa::path(post, path = "/api/auth/wallet/link", tag = "Account",
    operation_id = "walletLink", request_body = LinkWallet, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody,
            description = "The signature is not this wallet's, or password or code is not right"),
        (status = 409, body = ErrorBody, description = "Somebody linked this wallet already"),
        (status = 429, body = ErrorBody)))]
pub async fn link(
    State(app): State<Shared>,
    own: OwnAccount,
    Json(body): Json<LinkWallet>,
) -> Result<axum::Json<Done>, ApiError> {
    let member = own.member(&app).await?;
    let proof = Proof::take(&app, &member, &Secret::new(body.password), body.totp).await?;
    let signed = SignedChallenge {
        challenge_id: body.challenge_id,
        signature: body.signature,
        wallet_address: body.wallet_address,
        wallet_type: body.wallet_type,
        totp: None,
    };
    app.decide(|| link_to(&app, &own, &proof, &signed)).await.map_err(as_taken)??;
    Ok(done("This wallet signs you in"))
}

/// Of two members who link a wallet at once the second meets the claim of the first.
fn as_taken(error: ApiError) -> ApiError {
    let taken = "This wallet belongs to a member already";
    if error.code == Code::AlreadyExists { ApiError::new(error.code, taken) } else { error }
}

async fn link_to(
    app: &App,
    own: &OwnAccount,
    proof: &Proof,
    body: &SignedChallenge,
) -> Result<(Changes, Result<(), ApiError>), ApiError> {
    let member = match proof.judge(app).await? {
        Judged::Refused(changes) => return Ok((changes, Err(sign_in_failed()))),
        Judged::Admitted(member) => member,
    };
    let used = used_up(app, body).await?;
    let stale = stale_claim(app, &used.address).await?;
    let mut fresh = app.fresh();
    let mut changes = member.link_wallet(used.address.clone(), stale, fresh.now())?;
    changes.insert(own.caller.audit("member.wallet_linked", &used.address, &mut fresh));
    changes.update(used);
    Ok((changes, Ok(())))
}

/// The claim of a wallet that nobody lists any more, if there is one.
async fn stale_claim(app: &App, wallet: &str) -> Result<Option<Claim>, ApiError> {
    let Some(claim) = app.store.get::<Claim>(Member::wallet_key(wallet)).await? else {
        return Ok(None);
    };
    let holder = app.store.get::<Member>(claim.target).await?;
    if holder.is_some_and(|holder| holder.lists_wallet(wallet)) {
        return Err(as_taken(ApiError::new(Code::AlreadyExists, "")));
    }
    Ok(Some(claim))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnlinkWallet {
    #[schema(example = "0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F")]
    wallet_address: String,
    wallet_type: WalletType,
    /// Your current password.
    password: String,
    /// The six digits of the authenticator app, where one is enrolled.
    totp: Option<String>,
}

/// Unlink a wallet from your account
///
/// It signs nobody in until somebody links it. Ends every other sign-in of yours, because the
/// wallet may have opened them.
#[utoipa::path(post, path = "/api/auth/wallet/unlink", tag = "Account",
    operation_id = "walletUnlink", request_body = UnlinkWallet, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = Done),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody, description = "Password or code is not right"),
        (status = 404, body = ErrorBody, description = "You did not link this wallet"),
        (status = 429, body = ErrorBody)))]
pub async fn unlink(
    State(app): State<Shared>,
    own: OwnAccount,
    Json(body): Json<UnlinkWallet>,
) -> Result<axum::Json<Done>, ApiError> {
    let address = WalletChallenge::canonical(body.wallet_type, &body.wallet_address)?;
    let member = own.member(&app).await?;
    let proof = Proof::take(&app, &member, &Secret::new(body.password), body.totp).await?;
    app.decide(|| unlink_from(&app, &own, &proof, &address)).await??;
    Ok(done("This wallet signs you in no more; your other sign-ins ended"))
}

async fn unlink_from(
    app: &App,
    own: &OwnAccount,
    proof: &Proof,
    address: &str,
) -> Result<(Changes, Result<(), ApiError>), ApiError> {
    let member = match proof.judge(app).await? {
        Judged::Refused(changes) => return Ok((changes, Err(sign_in_failed()))),
        Judged::Admitted(member) => member,
    };
    let mut fresh = app.fresh();
    let id = member.id;
    let member = member.unlink_wallet(address).ok_or_else(|| ApiError::not_found("wallet"))?;
    let mut changes = member.save(fresh.now());
    changes.insert(own.caller.audit("member.wallet_unlinked", address, &mut fresh));
    end_sign_ins(app, id, Ending::AllBut(&own.claims), fresh.now(), &mut changes).await?;
    Ok((changes, Ok(())))
}
