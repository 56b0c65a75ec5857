//! Passwords under argon2id, and the reset token that replaces a forgotten one.
//!
//! Hashing is slow on purpose: callers run it off the request threads. A reset token works once,
//! and not after the password was set in another way.

use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Algorithm, Argon2, Params, Version as Argon2Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::claim::Claim;
use crate::ids::{Fresh, MemberId, ResetId, RowKey, Version};
use crate::member::Member;
use crate::refusal::Refusal;
use crate::secret::{Entropy, Secret, sha256};
use crate::time::{DAY_MS, HOUR_MS, Timestamp};

pub const LENGTH_MIN: usize = 10;
pub const LENGTH_MAX: usize = 256;
/// How long a mailed token works: asked for by the member, or sent with an invitation.
pub const RESET_MS: i64 = HOUR_MS;
pub const INVITATION_MS: i64 = 7 * DAY_MS;
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// A mailed token that lets its holder set a new password, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordReset {
    pub id: ResetId,
    pub member_id: MemberId,
    /// SHA-256 of the token that was mailed.
    pub token_hash: [u8; 32],
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
    /// The member's count when the token was mailed: a password that was set since voids it.
    #[serde(default)]
    pub credential_epoch: i64,
    #[serde(skip)]
    pub version: Version,
}

impl std::fmt::Debug for PasswordReset {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("PasswordReset")
            .field("id", &self.id)
            .field("member_id", &self.member_id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl PasswordReset {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// A token to mail, and the change that makes it work for `valid_ms`.
    pub fn issue(
        member: &Member,
        valid_ms: i64,
        entropy: &Entropy,
        fresh: &mut Fresh,
    ) -> (Secret, Changes) {
        let token = Secret::new(URL_SAFE_NO_PAD.encode(&entropy.0[..]));
        let reset = PasswordReset {
            id: ResetId::fresh(fresh),
            member_id: member.id,
            token_hash: sha256(token.expose().as_bytes()),
            expires_at: fresh.now().plus_ms(valid_ms),
            used_at: None,
            credential_epoch: member.credential_epoch,
            version: 0,
        };
        let mut changes = Changes::of(member.merchant_id);
        changes.insert(Claim::new(PasswordReset::claim_key(&reset.token_hash), reset.key()));
        changes.insert(reset);
        (token, changes)
    }

    /// Uses the token up, if it still works for `member`.
    pub fn redeem(mut self, member: &Member, now: Timestamp) -> Result<PasswordReset, Refusal> {
        let is_void = self.member_id != member.id
            || !member.is_active
            || self.credential_epoch != member.credential_epoch;
        if is_void || self.used_at.is_some() || now >= self.expires_at {
            return Err(Refusal::invalid("token", "is not valid or has expired"));
        }
        self.used_at = Some(now);
        Ok(self)
    }

    /// The claim that finds a reset by the hash of its token.
    pub fn claim_key(token_hash: &[u8; 32]) -> RowKey {
        RowKey::of("password_reset", &[token_hash])
    }
}

pub fn check_length(param: &'static str, password: &str) -> Result<(), Refusal> {
    if (LENGTH_MIN..=LENGTH_MAX).contains(&password.len()) {
        return Ok(());
    }
    let message = format!("must have {LENGTH_MIN} to {LENGTH_MAX} bytes");
    Err(Refusal::invalid(param, message))
}

pub fn hash(password: &str, entropy: &Entropy) -> String {
    let salt = SaltString::encode_b64(&entropy.0[..16]).expect("sixteen bytes are a salt");
    let hash = hasher().hash_password(password.as_bytes(), &salt);
    hash.expect("parameters are valid").to_string()
}

pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
}

/// A hash no password has: verified against when an account is unknown, so that time does not
/// tell which e-mails exist.
pub fn decoy_hash() -> &'static str {
    "$argon2id$v=19$m=19456,t=2,p=1$cGVwYXlkZWNveXNhbHQ$\
     3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8"
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("constants are in range");
    Argon2::new(Algorithm::Argon2id, Argon2Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::changes::Record;
    use crate::ids::MerchantId;
    use crate::member::Role;

    #[test]
    fn a_reset_token_works_once_and_in_time() {
        let mut fresh = Fresh::new(Timestamp(0), [1; 16]);
        let member = Member::new(MerchantId(1), "a@b.example", Role::Owner, &mut fresh);
        let (token, changes) =
            PasswordReset::issue(&member, RESET_MS, &Entropy::new([3; 32]), &mut fresh);
        let Some(Record::PasswordReset(reset)) = changes.inserts.last() else {
            panic!("a row is made")
        };
        assert_eq!(reset.token_hash, sha256(token.expose().as_bytes()));
        assert!(!format!("{reset:?}").contains("token_hash"));
        let redeem = |reset: &PasswordReset, now| reset.clone().redeem(&member, Timestamp(now));
        let used = redeem(reset, RESET_MS - 1).expect("in time");
        assert!(redeem(reset, RESET_MS).is_err());
        assert!(redeem(&used, 1).is_err());
        let other = Member::new(MerchantId(1), "b@b.example", Role::Owner, &mut fresh);
        for holder in [
            member.clone().with_password("hash".to_owned()),
            member.clone().readmit(Role::Owner),
            Member { is_active: false, ..member.clone() },
            other,
        ] {
            assert!(reset.clone().redeem(&holder, Timestamp(1)).is_err(), "{holder:?}");
        }
    }

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let hash = hash("correct horse", &Entropy::new([1; 32]));
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse", &hash));
        assert!(!verify("battery staple", &hash));
        assert!(!verify("", decoy_hash()));
    }
}
