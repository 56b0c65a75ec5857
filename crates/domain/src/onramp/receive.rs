//! What an on-ramp does with bank money that came: its user may have it, or a human decides.
//!
//! Between asking for an on-ramp and paying it lie up to two weeks, and a person may have been
//! suspended, or his approval have ended, in between. Such money is nobody's yet: it stands in
//! suspense, and the review says why.
//!
//! Invariant: `review_id` is there exactly as long as the bank money is in suspense.

use super::{LATE_LOOK_MS, Onramp, OnrampStatus, Sums, sums};
use crate::changes::Changes;
use crate::ids::Fresh;
use crate::kyc::{self, KycLevel};
use crate::ledger::{AccountKind, Asset, Hold, HoldAsk, Transfer, TransferReason};
use crate::money::TokenAmount;
use crate::provider::{OnrampReport, RampFailure};
use crate::ramp_user::RampUser;
use crate::screening_review::{ReviewSubject, ScreeningReview, Verdict};
use crate::time::Timestamp;
use crate::token::Token;

impl Onramp {
    /// What it gave back when it expired is counted again, in the day the money came.
    fn count_again(
        &mut self,
        (user, level): (&RampUser, KycLevel),
        changes: &mut Changes,
        now: Timestamp,
    ) -> Result<(), RampFailure> {
        if self.counted_at.is_some() {
            return Ok(());
        }
        let spending = kyc::spend(user, level, self.value, now);
        let spending = spending.map_err(|_| RampFailure::LimitExceeded)?;
        changes.counters.extend(spending.moves);
        self.counted_at = Some(now);
        Ok(())
    }

    /// Bank money that came for a user who may not have it: it waits with a human.
    fn hold_for_review(
        &mut self,
        (amount, why): (TokenAmount, String),
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) {
        use AccountKind::{Rail, Suspense};
        self.received = Some(amount);
        self.post((Rail, Suspense), amount, TransferReason::FiatReceived, changes, fresh);
        let (whose, user_id) = ((self.merchant_id, self.environment), Some(self.user_id));
        let subject = ReviewSubject::Onramp(self.id);
        let review = ScreeningReview::open(whose, subject, user_id, why, fresh);
        self.review_id = Some(review.id);
        changes.insert(review);
        self.step_to(OnrampStatus::InReview, changes, fresh.now());
        self.look_count = 0;
    }

    /// Moves bank money.
    fn post(
        &self,
        accounts: (AccountKind, AccountKind),
        amount: TokenAmount,
        reason: TransferReason,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) {
        let bank = (Asset::Currency(self.currency), amount);
        changes.transfer(Transfer::posted(self.movement(accounts, bank, reason), fresh));
    }

    /// Takes what came in, for what it is worth, and for whom it may be. None: its token is gone.
    pub(super) fn receive(
        &mut self,
        amount: TokenAmount,
        user: &RampUser,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Option<()> {
        let now = fresh.now();
        // Whoever is demoted, blocked or erased meanwhile is looked at again.
        user.guard(changes);
        let level = match kyc::require(user, KycLevel::Basic, now) {
            Ok(level) => level,
            Err(refusal) => {
                self.hold_for_review((amount, refusal.to_string()), changes, fresh);
                return Some(());
            }
        };
        self.take_in(amount, changes, fresh);
        match self.count_again((user, level), changes, now) {
            Ok(()) => self.begin(amount, user, changes, fresh),
            Err(why) => {
                self.failure = Some(why);
                self.end(OnrampStatus::Failed, user, changes, now);
                Some(())
            }
        }
    }

    /// What came in is the user's, is worth this much, and is held for that.
    fn begin(
        &mut self,
        amount: TokenAmount,
        user: &RampUser,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Option<()> {
        let (token, now) = (Token::by_id(self.token_id)?, fresh.now());
        match sums(amount.min(self.amount), self.currency, token, self.rate) {
            Some(Sums { target, fee }) => {
                (self.target, self.fee) = (target, fee);
                // Nothing else is paid from it, and it goes on whatever else the user owes.
                let ask = HoldAsk { movement: self.converted(amount), expires_at: None };
                self.hold_id = Some(Hold::pass_on(ask, changes, fresh).id);
                self.step_to(OnrampStatus::FiatReceived, changes, now);
                (self.look_count, self.next_at) = (0, Some(now));
            }
            None => {
                // It does not cover the fee.
                self.failure = Some(RampFailure::BankRejected);
                self.end(OnrampStatus::Failed, user, changes, now);
            }
        }
        Some(())
    }

    /// Late bank money that the commit found above a limit: it stays the user's, as bank money.
    pub fn keep_late(&self, report: &OnrampReport, fresh: &mut Fresh) -> Option<Changes> {
        let amount = report.amount().filter(|_| self.status == OnrampStatus::Expired)?;
        let mut after = self.clone();
        let mut changes = Changes::of(self.merchant_id);
        after.take_in(amount, &mut changes, fresh);
        after.failure = Some(RampFailure::LimitExceeded);
        after.step_to(OnrampStatus::Failed, &mut changes, fresh.now());
        after.next_at = None;
        changes.update(after);
        Some(changes)
    }

    /// A human of this house decided. It counts against no limit that it did not: whoever let it
    /// go knew of them. None: it does not wait any more.
    pub fn reviewed(
        &self,
        verdict: Verdict,
        user: &RampUser,
        fresh: &mut Fresh,
    ) -> Option<Changes> {
        use AccountKind::{Suspense, User};
        if self.status != OnrampStatus::InReview {
            return None;
        }
        let (mut after, amount, now) = (self.clone(), self.received?, fresh.now());
        let mut changes = Changes::of(self.merchant_id);
        match verdict {
            Verdict::Approve => {
                user.guard(&mut changes);
                let reason = TransferReason::FiatReceived;
                after.post((Suspense, User), amount, reason, &mut changes, fresh);
                after.review_id = None;
                after.begin(amount, user, &mut changes, fresh)?;
            }
            // It stays in suspense until it went back.
            Verdict::Reject => {
                after.failure = Some(RampFailure::DeclinedOnReview);
                after.end(OnrampStatus::Failed, user, &mut changes, now);
                after.next_at = Some(now.plus_ms(LATE_LOOK_MS));
            }
        }
        changes.update(after);
        Some(changes)
    }

    /// The bank money that waits with a human went back.
    pub(super) fn give_back_held(
        &mut self,
        user: &RampUser,
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Option<()> {
        use AccountKind::{Rail, Suspense};
        let reason = TransferReason::FiatRefunded;
        self.post((Suspense, Rail), self.received?, reason, changes, fresh);
        self.review_id = None;
        self.end(OnrampStatus::Refunded, user, changes, fresh.now());
        Some(())
    }

    /// Whether somebody said no and the bank money is still to go back.
    pub(super) fn is_refused(&self) -> bool {
        self.status == OnrampStatus::Failed && self.review_id.is_some()
    }
}
