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

    /// Sets a password by its hash; whoever does it has proved himself, so no lock remains. Mailed
    /// tokens of before are void.
    pub fn with_password(mut self, hash: String) -> Member {
        self.password_hash = Some(hash);
        self.credential_epoch += 1;
        self.record_success()
    }

    /// Sets a password by a mailed token. Who lost the password may have lost the account to
    /// somebody else, so wallets that were linked meanwhile go.
    pub fn reset_password(mut self, hash: String) -> Member {
        self.wallets.clear();
        self.with_password(hash)
    }

    pub fn lists_wallet(&self, wallet: &str) -> bool {
        self.wallets.iter().any(|listed| listed == wallet)
    }

    /// Lets a wallet sign this member in. `stale` is the wallet's claim if it has one, which then
    /// leads to a member who does not list the wallet any more.
    pub fn link_wallet(
        mut self,
        wallet: String,
        stale: Option<Claim>,
        now: Timestamp,
    ) -> Result<Changes, Refusal> {
        if self.wallets.len() >= WALLETS_MAX {
            let message = format!("cannot be linked: a member has at most {WALLETS_MAX}");
            return Err(Refusal::invalid("walletAddress", message));
        }
        let (key, target) = (Member::wallet_key(&wallet), self.key());
        self.wallets.push(wallet);
        let mut changes = self.save(now);
        match stale {
            None => changes.insert(Claim::new(key, target)),
            Some(claim) => changes.update(Claim { target, ..claim }),
        }
        Ok(changes)
    }

    /// Takes a wallet off the list; its claim stays and leads nowhere until somebody links it.
    pub fn unlink_wallet(mut self, wallet: &str) -> Option<Member> {
        let before = self.wallets.len();
        self.wallets.retain(|listed| listed != wallet);
        (self.wallets.len() < before).then_some(self)
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
        self.credential_epoch += 1;
        self.wallets.clear();
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
    use crate::changes::Record;
    use crate::ids::{Fresh, MerchantId, RowKey};
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
        assert!(member.clone().link_wallet("x".to_owned(), None, Timestamp(1)).is_ok());
        member.wallets.push("w".to_owned());
        assert!(member.link_wallet("x".to_owned(), None, Timestamp(1)).is_err());
    }

    #[test]
    fn a_claim_nobody_stands_behind_is_taken_over() {
        let stale = Claim { version: 3, ..Claim::new(Member::wallet_key("x"), RowKey([9; 16])) };
        let changes = member().link_wallet("x".to_owned(), Some(stale.clone()), Timestamp(1));
        let moved = Claim { target: member().key(), ..stale };
        assert!(changes.expect("links").updates.contains(&Record::from(moved)));
    }

    #[track_caller]
    fn check_wallets_go(change: impl FnOnce(Member) -> Member, epochs: i64) {
        let mut member = member();
        member.wallets = vec!["w".to_owned()];
        let changed = change(member);
        assert_eq!((changed.wallets.len(), changed.credential_epoch), (0, epochs));
    }

    #[test]
    fn new_credentials_end_the_old_ones() {
        check_wallets_go(|member| member.reset_password("hash".to_owned()), 1);
        check_wallets_go(|member| member.readmit(Role::Support), 1);
        check_wallets_go(|member| member.unlink_wallet("w").expect("it is listed"), 0);
        assert_eq!(member().with_password("hash".to_owned()).credential_epoch, 1);
        assert_eq!(member().unlink_wallet("w"), None);
    }
}
