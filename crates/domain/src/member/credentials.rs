//! How a member proves who he is, and changes what he proves it with.
//!
//! A one-time code works once; a wrong password or code counts towards the lock, a missing code
//! does not. Sealed seeds and password hashes come in from outside: nothing here is slow.

use super::Member;
use crate::changes::{Changes, Noun};
use crate::claim::Claim;
use crate::event::Notice;
use crate::merchant::notice;
use crate::refusal::Refusal;
use crate::time::Timestamp;
use crate::totp;

const WALLETS_MAX: usize = 10;

/// What comparing the given password with the stored hash showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordIs {
    Right,
    Wrong,
}

/// What a sign-in comes to; the member is written in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Admitted(Member),
    Refused(Member),
    /// The password was right; a one-time code is needed too.
    CodeMissing,
    Locked,
}

impl Member {
    /// What the sealed seed is bound to.
    pub fn totp_purpose(&self) -> Vec<u8> {
        [b"member.totp:", &self.key().0[..]].concat()
    }

    /// Judges a sign-in. `seed` is the opened TOTP seed of a member who confirmed one.
    pub fn judge(
        self,
        password: PasswordIs,
        code: Option<&str>,
        seed: Option<&[u8]>,
        now: Timestamp,
    ) -> Verdict {
        if self.is_locked(now) {
            return Verdict::Locked;
        }
        match (password, seed, code) {
            (PasswordIs::Wrong, _, _) => Verdict::Refused(self.record_failure(now)),
            (PasswordIs::Right, None, _) => Verdict::Admitted(self.record_success()),
            (PasswordIs::Right, Some(_), None) => Verdict::CodeMissing,
            (PasswordIs::Right, Some(seed), Some(code)) => {
                match totp::verify(seed, code, self.totp_last_step, now) {
                    None => Verdict::Refused(self.record_failure(now)),
                    Some(step) => {
                        let member = Member { totp_last_step: step, ..self };
                        Verdict::Admitted(member.record_success())
                    }
                }
            }
        }
    }

    /// How long the lock lasts, in whole seconds, rounded up.
    pub fn locked_seconds(&self, now: Timestamp) -> u64 {
        let left_ms = self.locked_until.map_or(0, |until| now.ms_until(until).max(0));
        u64::try_from(left_ms).unwrap_or(0).div_ceil(1_000)
    }

    /// Keeps a new seed, which asks for nothing until it is confirmed.
    pub fn enroll_totp(mut self, sealed_seed: Vec<u8>) -> Member {
        self.totp_sealed = Some(sealed_seed);
        self.totp_confirmed = false;
        self.totp_last_step = 0;
        self
    }

    /// Turns the code on, if the app shows the right one.
    pub fn confirm_totp(
        mut self,
        seed: &[u8],
        code: &str,
        now: Timestamp,
    ) -> Result<Member, Refusal> {
        let step = totp::verify(seed, code, self.totp_last_step, now)
            .ok_or_else(|| Refusal::invalid("code", "is not the code of this moment"))?;
        self.totp_confirmed = true;
        self.totp_last_step = step;
        Ok(self)
    }

    pub fn forget_totp(mut self) -> Member {
        self.totp_sealed = None;
        self.totp_confirmed = false;
        self
    }

    /// Sets a password by its hash; whoever does it has proved himself, so no lock remains.
    pub fn with_password(mut self, hash: String) -> Member {
        self.password_hash = Some(hash);
        self.record_success()
    }

    /// Lets a wallet sign this member in; it must be nobody's yet.
    pub fn link_wallet(mut self, wallet: String, now: Timestamp) -> Result<Changes, Refusal> {
        if self.wallets.len() >= WALLETS_MAX {
            let message = format!("cannot be linked: a member has at most {WALLETS_MAX}");
            return Err(Refusal::invalid("walletAddress", message));
        }
        let claim = Claim::new(Member::wallet_key(&wallet), self.key());
        self.wallets.push(wallet);
        let mut changes = self.save(now);
        changes.insert(claim);
        Ok(changes)
    }

    /// The change that writes this member, at the version it was read.
    pub fn save(self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        changes.tell(notice(self.merchant_id, Notice::MemberChanged, self.key(), now));
        changes.update(self);
        changes
    }

    /// Lets a member act again who was removed, in a role and with no credentials of before.
    pub fn readmit(mut self, role: super::Role) -> Member {
        self.is_active = true;
        self.role = role;
        self.password_hash = None;
        self.forget_totp().record_success()
    }

    /// The guard that the member is still as he was read.
    pub fn guard(&self, changes: &mut Changes) {
        changes.guard(Noun::Member, self.key(), self.version);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Fresh, MerchantId};
    use crate::member::Role;

    const SEED: &[u8] = b"12345678901234567890";

    fn member() -> Member {
        let mut fresh = Fresh::new(Timestamp(1), [1; 16]);
        Member::new(MerchantId(1), "a@example.com", Role::Owner, &mut fresh)
    }

    fn code(now: Timestamp) -> String {
        format!("{:06}", totp::code_at(SEED, totp::step_of(now)))
    }

    #[test]
    fn a_wrong_password_or_code_counts_and_a_missing_code_does_not() {
        let now = Timestamp(1_000_000);
        let judge = |password, code: Option<&str>| member().judge(password, code, Some(SEED), now);
        let failures = |verdict| match verdict {
            Verdict::Refused(member) => member.failed_sign_ins,
            Verdict::Admitted(_) | Verdict::CodeMissing | Verdict::Locked => -1,
        };
        assert_eq!(failures(judge(PasswordIs::Wrong, Some(&code(now)))), 1);
        assert_eq!(failures(judge(PasswordIs::Right, Some("000000"))), 1);
        assert_eq!(judge(PasswordIs::Right, None), Verdict::CodeMissing);
        assert!(matches!(judge(PasswordIs::Right, Some(&code(now))), Verdict::Admitted(_)));
    }

    #[test]
    fn a_code_signs_in_once() {
        let now = Timestamp(1_000_000);
        let sign_in =
            |member: Member| member.judge(PasswordIs::Right, Some(&code(now)), Some(SEED), now);
        let Verdict::Admitted(member) = sign_in(member()) else { panic!("the code is right") };
        assert!(matches!(sign_in(member), Verdict::Refused(_)));
    }

    #[test]
    fn while_locked_even_the_right_password_is_not_looked_at() {
        let mut member = member();
        for _ in 0..super::super::SIGN_IN_FAILURES_MAX {
            member = member.record_failure(Timestamp(0));
        }
        assert_eq!(member.locked_seconds(Timestamp(1)), 30);
        let judge = |now| member.clone().judge(PasswordIs::Right, None, None, Timestamp(now));
        assert_eq!(judge(29_999), Verdict::Locked);
        assert!(matches!(judge(30_000), Verdict::Admitted(_)));
    }

    #[test]
    fn a_seed_asks_for_nothing_until_it_is_confirmed() {
        let now = Timestamp(1_000_000);
        let enrolled = member().enroll_totp(vec![1]);
        assert!(!enrolled.totp_confirmed);
        assert!(enrolled.clone().confirm_totp(SEED, "000000", now).is_err());
        let confirmed = enrolled.confirm_totp(SEED, &code(now), now).expect("the right code");
        assert!(confirmed.totp_confirmed && !confirmed.forget_totp().totp_confirmed);
    }

    #[test]
    fn a_member_links_ten_wallets() {
        let mut member = member();
        member.wallets = vec!["w".to_owned(); WALLETS_MAX - 1];
        assert!(member.clone().link_wallet("x".to_owned(), Timestamp(1)).is_ok());
        member.wallets.push("w".to_owned());
        assert!(member.link_wallet("x".to_owned(), Timestamp(1)).is_err());
    }
}
