//! Sessions of ramp users: credentials his own client may hold, for one user and a short time.
//!
//! The scheme is the payors' (`session.rs`): a token that is the session's id under a keyed
//! permutation, and a signature over it. The rows are of another table, so that neither kind of
//! session opens what the other does.

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::environment::Environment;
use crate::ids::{Fresh, MerchantId, RampUserId, RowKey, SessionId, Version};
use crate::ramp_user::{RampUser, UserStatus};
use crate::refusal::Refusal;
use crate::secret::KeyRing;
use crate::session::{CredentialError, Credentials, Issued};
use crate::time::{SECOND_MS, Timestamp};

pub const EXPIRES_IN_SECONDS_DEFAULT: i64 = 3_600;
pub const EXPIRES_IN_SECONDS_MAX: i64 = 86_400;
pub const EXPIRES_IN_SECONDS_MIN: i64 = 60;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RampSession {
    pub id: SessionId,
    pub user_id: RampUserId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// What becomes of the sessions a user has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlierSessions {
    Keep,
    Revoke,
}

impl RampSession {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// Mints a session of a user.
    pub fn mint(
        user: &RampUser,
        expires_in_seconds: Option<i64>,
        earlier: EarlierSessions,
        fresh: &mut Fresh,
    ) -> Result<(RampSession, Changes), Refusal> {
        match user.status() {
            UserStatus::Active | UserStatus::InReview => {}
            UserStatus::Blocked | UserStatus::Closed => return Err(Refusal::UserClosed),
        }
        let seconds = expires_in_seconds.unwrap_or(EXPIRES_IN_SECONDS_DEFAULT);
        if !(EXPIRES_IN_SECONDS_MIN..=EXPIRES_IN_SECONDS_MAX).contains(&seconds) {
            let bounds = format!("{EXPIRES_IN_SECONDS_MIN} to {EXPIRES_IN_SECONDS_MAX}");
            return Err(Refusal::invalid("expires_in_seconds", format!("must be {bounds}")));
        }
        let mut changes = Changes::of(user.merchant_id);
        let issued_at = match earlier {
            EarlierSessions::Keep => {
                user.guard(&mut changes);
                fresh.now().max(user.sessions_from)
            }
            EarlierSessions::Revoke => {
                let sessions_from = fresh.now().max(user.sessions_from).plus_ms(1);
                changes.update(RampUser { sessions_from, ..user.clone() });
                sessions_from
            }
        };
        let session = RampSession {
            id: SessionId::fresh(fresh),
            user_id: user.id,
            merchant_id: user.merchant_id,
            environment: user.environment,
            issued_at,
            expires_at: fresh.now().plus_ms(seconds * SECOND_MS),
            version: 0,
        };
        changes.insert(session.clone());
        Ok((session, changes))
    }

    fn issued(&self) -> Issued {
        Issued { id: self.id, at: self.issued_at }
    }

    pub fn credentials(&self, keys: &KeyRing) -> Credentials {
        self.issued().credentials(keys)
    }

    /// Checks that `signature` was made for this session's token at the moment it was issued.
    pub fn verify(
        &self,
        keys: &KeyRing,
        token: &str,
        signature: &str,
    ) -> Result<(), CredentialError> {
        self.issued().verify(keys, token, signature)
    }

    /// Whether it opens anything now.
    pub fn is_open(&self, user: &RampUser, now: Timestamp) -> bool {
        let is_revoked = self.issued_at < user.sessions_from;
        let may_act = matches!(user.status(), UserStatus::Active | UserStatus::InReview);
        !is_revoked && may_act && now < self.expires_at
    }
}
