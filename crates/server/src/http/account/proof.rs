//! What a password and a code prove, and how their failures are counted.
//!
//! The slow comparison comes before the decision, so that deciding again after a conflict is
//! quick; a password that was changed in between proves nothing any more.

use domain::changes::Changes;
use domain::ids::MemberId;
use domain::member::{Member, PasswordIs, Verdict};
use domain::secret::Secret;

use super::{active_member, sign_in_failed};
use crate::app::App;
use crate::http::error::{ApiError, Code};

/// A password that was compared, and the code that came with it.
pub(super) struct Proof {
    member: MemberId,
    password: PasswordIs,
    hash: Option<String>,
    code: Option<String>,
}

pub(super) enum Judged {
    /// The member as he is to be written.
    Admitted(Member),
    /// The change that counts the failure.
    Refused(Changes),
}

pub(super) fn locked(seconds: u64) -> ApiError {
    ApiError::from(domain::refusal::Refusal::SignInLocked).retry_after(seconds.max(1))
}

impl Proof {
    pub async fn take(
        app: &App,
        member: &Member,
        password: &Secret,
        code: Option<String>,
    ) -> Result<Proof, ApiError> {
        let now = app.now();
        if member.is_locked(now) {
            return Err(locked(member.locked_seconds(now)));
        }
        let hash = member.password_hash.clone();
        let password = app.desk.compare(password, hash.as_deref()).await?;
        Ok(Proof { member: member.id, password, hash, code })
    }

    /// Judges the member as he is now.
    pub async fn judge(&self, app: &App) -> Result<Judged, ApiError> {
        let member = active_member(app, self.member).await?.ok_or_else(sign_in_failed)?;
        if member.password_hash != self.hash {
            return Err(sign_in_failed());
        }
        judge(app, member, self.password, self.code.as_deref())
    }
}

/// Judges a member by what was compared, and by the code where he has one.
pub(super) fn judge(
    app: &App,
    member: Member,
    password: PasswordIs,
    code: Option<&str>,
) -> Result<Judged, ApiError> {
    let now = app.now();
    let seed = if member.totp_confirmed { Some(seed_of(app, &member)?) } else { None };
    let seed = seed.as_deref().map(Vec::as_slice);
    let lock_seconds = member.locked_seconds(now);
    match member.judge(password, code, seed, now) {
        Verdict::Admitted(member) => Ok(Judged::Admitted(member)),
        Verdict::Refused(member) => Ok(Judged::Refused(member.save(now))),
        Verdict::CodeMissing => {
            let message = "This account takes a one-time code too";
            Err(ApiError::new(Code::TotpRequired, message))
        }
        Verdict::Locked => Err(locked(lock_seconds)),
    }
}

/// The opened TOTP seed of a member who has one.
pub(super) fn seed_of(
    app: &App,
    member: &Member,
) -> Result<impl std::ops::Deref<Target = Vec<u8>> + use<>, ApiError> {
    let sealed = member.totp_sealed.as_deref().unwrap_or_default();
    app.keys.open(&member.totp_purpose(), sealed).map_err(|error| {
        tracing::error!(%error, "a TOTP seed does not open");
        ApiError::new(Code::InternalServerError, "Something went wrong on our side")
    })
}
