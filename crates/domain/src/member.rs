//! A member: a person who may act for a merchant, and in which role.
//!
//! An e-mail belongs to one member, a wallet to one member; a merchant always keeps an owner.

mod credentials;
mod view;

pub use credentials::{PasswordIs, Verdict};
pub use view::MemberView;

use serde::{Deserialize, Serialize};

use crate::changes::{Changes, Noun};
use crate::claim::Claim;
use crate::event::Notice;
use crate::ids::{Fresh, MemberId, MerchantId, RowKey, Version};
use crate::merchant::{Merchant, notice};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// What a member may do.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything, changes nothing.
    Support,
    /// Everything but members, keys of mainnet and what the profile says of money and addresses.
    Developer,
    /// Everything.
    Owner,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Support => "support",
            Role::Developer => "developer",
            Role::Owner => "owner",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: MemberId,
    pub merchant_id: MerchantId,
    pub email: String,
    pub role: Role,
    /// A removed member keeps the row, for the audit log.
    pub is_active: bool,
    /// argon2id, PHC form; none until a password was set.
    pub password_hash: Option<String>,
    /// The TOTP seed, sealed for this member.
    pub totp_sealed: Option<Vec<u8>>,
    pub totp_confirmed: bool,
    /// The last TOTP step that was used: a code works once.
    pub totp_last_step: i64,
    pub failed_sign_ins: i64,
    pub locked_until: Option<Timestamp>,
    /// Canonical wallet addresses that sign this member in: the truth about it. A claim leads from
    /// a wallet to the member who listed it last.
    pub wallets: Vec<String>,
    /// How often the password was set or taken away. Mailed tokens of an earlier count are void.
    #[serde(default)]
    pub credential_epoch: i64,
    pub created_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl std::fmt::Debug for Member {
    /// Names the member and tells nothing he signs in with.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Member")
            .field("id", &self.id)
            .field("merchant_id", &self.merchant_id)
            .field("role", &self.role)
            .field("is_active", &self.is_active)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// Failures in a row before sign-in is locked for a while.
pub const SIGN_IN_FAILURES_MAX: i64 = 5;
const LOCK_MS_BASE: i64 = 30_000;
const LOCK_DOUBLINGS_MAX: i64 = 7;

impl Member {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn email_key(email: &str) -> RowKey {
        RowKey::of("member_email", &[email.to_lowercase().as_bytes()])
    }

    pub fn wallet_key(wallet: &str) -> RowKey {
        RowKey::of("member_wallet", &[wallet.as_bytes()])
    }

    pub fn new(merchant_id: MerchantId, email: &str, role: Role, fresh: &mut Fresh) -> Member {
        Member {
            id: MemberId::fresh(fresh),
            merchant_id,
            email: email.to_owned(),
            role,
            is_active: true,
            password_hash: None,
            totp_sealed: None,
            totp_confirmed: false,
            totp_last_step: 0,
            failed_sign_ins: 0,
            locked_until: None,
            wallets: Vec::new(),
            credential_epoch: 0,
            created_at: fresh.now(),
            version: 0,
        }
    }

    /// Adds a member; the e-mail must be free.
    #[expect(clippy::should_implement_trait, reason = "this adds a row, not a number")]
    pub fn add(self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        changes.insert(Claim::new(Member::email_key(&self.email), self.key()));
        changes.tell(notice(self.merchant_id, Notice::MemberChanged, self.key(), now));
        changes.insert(self);
        changes
    }

    pub fn is_locked(&self, now: Timestamp) -> bool {
        self.locked_until.is_some_and(|until| now < until)
    }

    /// Counts a failed sign-in; from the fifth on each locks for twice as long.
    pub fn record_failure(mut self, now: Timestamp) -> Member {
        self.failed_sign_ins += 1;
        let beyond = self.failed_sign_ins - SIGN_IN_FAILURES_MAX;
        if beyond >= 0 {
            let lock_ms = LOCK_MS_BASE << beyond.min(LOCK_DOUBLINGS_MAX);
            self.locked_until = Some(now.plus_ms(lock_ms));
        }
        self
    }

    pub fn record_success(mut self) -> Member {
        self.failed_sign_ins = 0;
        self.locked_until = None;
        self
    }

    /// Changes the role or removes the member; the last owner stays an owner.
    ///
    /// The merchant row is rewritten too: of two owners who leave at once, one meets a conflict.
    pub fn change_role(
        mut self,
        role: Option<Role>,
        owners: usize,
        merchant: Merchant,
        now: Timestamp,
    ) -> Result<(Member, Changes), Refusal> {
        let leaves = self.role == Role::Owner && role != Some(Role::Owner);
        if leaves && owners <= 1 {
            return Err(Refusal::LastOwner);
        }
        match role {
            Some(role) => self.role = role,
            None => {
                self.is_active = false;
                self.wallets.clear();
            }
        }
        let mut changes = merchant.save(now);
        changes.tell(notice(self.merchant_id, Notice::MemberChanged, self.key(), now));
        changes.guard(Noun::Member, self.key(), self.version);
        changes.update(self.clone());
        Ok((self, changes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> (Member, Merchant) {
        let mut fresh = Fresh::new(Timestamp(1), [1; 16]);
        let member = Member::new(MerchantId(1), "a@example.com", Role::Owner, &mut fresh);
        (member, Merchant::new(MerchantId(1), "Shop", "a@example.com", Timestamp(1)))
    }

    #[test]
    fn the_last_owner_cannot_go() {
        let (member, merchant) = owner();
        let leave = |role, owners| {
            member.clone().change_role(role, owners, merchant.clone(), Timestamp(2)).err()
        };
        assert_eq!(leave(None, 1), Some(Refusal::LastOwner));
        assert_eq!(leave(Some(Role::Support), 1), Some(Refusal::LastOwner));
        assert_eq!(leave(Some(Role::Support), 2), None);
        assert_eq!(leave(Some(Role::Owner), 1), None);
    }

    #[test]
    fn a_removed_member_gives_his_wallets_up() {
        let (mut member, merchant) = owner();
        member.wallets = vec!["w".to_owned()];
        let removed = member.change_role(None, 2, merchant, Timestamp(2)).expect("may go").0;
        assert!(removed.wallets.is_empty() && !removed.is_active);
    }

    #[test]
    fn a_member_prints_without_what_he_signs_in_with() {
        let (mut member, _) = owner();
        member.password_hash = Some("$argon2id$".to_owned());
        member.totp_sealed = Some(vec![201, 202]);
        let text = format!("{member:?}");
        assert!(text.contains(&format!("{:?}", member.id)), "{text}");
        for hidden in ["argon2id", "201", "example.com"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }

    #[test]
    fn failures_lock_for_longer_and_longer() {
        let (mut member, _) = owner();
        for _ in 0..4 {
            member = member.record_failure(Timestamp(0));
        }
        assert!(!member.is_locked(Timestamp(1)));
        member = member.record_failure(Timestamp(0));
        assert!(member.is_locked(Timestamp(29_999)) && !member.is_locked(Timestamp(30_000)));
        member = member.record_failure(Timestamp(0));
        assert!(member.is_locked(Timestamp(59_999)));
        assert!(!member.record_success().is_locked(Timestamp(0)));
    }
}
