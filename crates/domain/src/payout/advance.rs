//! What moves a payout on: a report of the other side, a human's word, a cancel.
//!
//! Reports arrive twice, late and out of order. Each is taken for what it says of the world now,
//! and only a step forwards is taken.

use super::{Attempt, Payout, PayoutStatus};
use crate::changes::Changes;
use crate::ids::Fresh;
use crate::kyc;
use crate::ledger::{AccountKind, Hold, Movement, Transfer, TransferReason};
use crate::money::TokenAmount;
use crate::provider::{PaidOut, PayoutReport, RampFailure};
use crate::ramp_user::RampUser;
use crate::refusal::Refusal;
use crate::screening_review::Verdict;

/// A payout, the hold of its money, and the user whose limits it counts against.
#[derive(Clone, Debug)]
pub struct Found {
    pub payout: Payout,
    pub hold: Hold,
    pub user: RampUser,
}

/// Takes a report, with what the other side calls the payout if it said so. None: nothing new, or
/// the hold ended after the payout was read: whoever ended it moved the payout too.
pub fn reduce(
    found: Found,
    (report, reference): (PayoutReport, Option<String>),
    fresh: &mut Fresh,
) -> Option<Changes> {
    let Found { mut payout, hold, user } = found;
    if payout.status.is_over() || !payout.attempt.has_begun() {
        return None;
    }
    let now = fresh.now();
    let mut changes = Changes::of(payout.merchant_id);
    let before = payout.clone();
    let was_accepted = matches!(payout.attempt, Attempt::Accepted { .. });
    let accept = |payout: &mut Payout| {
        if let Some(reference) = reference.clone() {
            payout.attempt = Attempt::Accepted { reference };
        }
    };
    match (payout.status, report) {
        // However they name it: it was paid, and then the bank did not keep it.
        (PayoutStatus::Paid, PayoutReport::Returned(why) | PayoutReport::Failed(why)) => {
            payout.failure = Some(why);
            payout.money_back(&mut changes, fresh);
            payout.step_to(PayoutStatus::Returned, &mut changes, now);
        }
        // What it came to may be told after that it was paid.
        (PayoutStatus::Paid, PayoutReport::Paid(settled)) => {
            payout.settle(settled, &mut changes, fresh);
        }
        // What was paid is not unpaid by a report that is late.
        (
            PayoutStatus::Paid,
            PayoutReport::Absent | PayoutReport::Processing | PayoutReport::InReview,
        ) => {}
        (_, PayoutReport::Absent) => match payout.attempt {
            Attempt::Unknown { refused: Some(why) } => {
                payout.fail((PayoutStatus::Failed, why), (hold, &user), &mut changes, fresh)?;
            }
            Attempt::Sending | Attempt::Unknown { refused: None } => {
                payout.attempt = Attempt::Absent;
            }
            // Accepted, and then not found: their books are behind.
            Attempt::None | Attempt::Absent | Attempt::Accepted { .. } => {}
        },
        (_, PayoutReport::Processing) => {
            accept(&mut payout);
            let is_their_review = payout.status == PayoutStatus::InReview && was_accepted;
            if payout.status != PayoutStatus::Submitted && !is_their_review {
                payout.step_to(PayoutStatus::Submitted, &mut changes, now);
            }
        }
        (_, PayoutReport::InReview) => {
            accept(&mut payout);
            if payout.status != PayoutStatus::InReview {
                payout.step_to(PayoutStatus::InReview, &mut changes, now);
            }
        }
        (_, PayoutReport::Paid(settled)) => {
            accept(&mut payout);
            payout.pay((hold, settled), &mut changes, fresh)?;
        }
        (_, PayoutReport::Failed(why)) => {
            payout.fail((PayoutStatus::Failed, why), (hold, &user), &mut changes, fresh)?;
        }
        (_, PayoutReport::Returned(why)) => {
            accept(&mut payout);
            payout.fail((PayoutStatus::Returned, why), (hold, &user), &mut changes, fresh)?;
        }
    }
    payout.look_count = if payout.status == before.status { payout.look_count + 1 } else { 0 };
    payout.next_at = match payout.status {
        PayoutStatus::Returned | PayoutStatus::Failed | PayoutStatus::Canceled => None,
        PayoutStatus::Paid => payout.next_return_look(now),
        PayoutStatus::Created
        | PayoutStatus::FundsReserved
        | PayoutStatus::InReview
        | PayoutStatus::Submitted => match payout.attempt {
            // Known not to be there: it may go at once.
            Attempt::Absent if before.attempt != Attempt::Absent => Some(now),
            Attempt::None
            | Attempt::Sending
            | Attempt::Unknown { .. }
            | Attempt::Absent
            | Attempt::Accepted { .. } => Some(payout.next_look(now)),
        },
    };
    changes.update(payout);
    Some(changes)
}

/// A human of this house decided on a payout that waits for it. None: it does not wait any more.
pub fn reviewed(found: Found, verdict: Verdict, fresh: &mut Fresh) -> Option<Changes> {
    let Found { mut payout, hold, user } = found;
    if payout.status != PayoutStatus::InReview || payout.review_id.is_none() {
        return None;
    }
    let mut changes = Changes::of(payout.merchant_id);
    match verdict {
        Verdict::Approve => {
            // It stays in review until it is on its way: states do not go back.
            payout.review_id = None;
            payout.next_at = Some(fresh.now());
        }
        Verdict::Reject => {
            let why = RampFailure::DeclinedOnReview;
            payout.fail((PayoutStatus::Failed, why), (hold, &user), &mut changes, fresh)?;
            payout.next_at = None;
        }
    }
    changes.update(payout);
    Some(changes)
}

/// Takes a payout back that was not given away yet. Whoever is about to send it writes its row
/// first: of the two, one meets a conflict.
pub fn cancel(found: Found, fresh: &mut Fresh) -> Result<(Payout, Changes), Refusal> {
    let Found { mut payout, hold, user } = found;
    let is_waiting = match payout.status {
        PayoutStatus::FundsReserved | PayoutStatus::InReview => !payout.attempt.has_begun(),
        PayoutStatus::Created
        | PayoutStatus::Submitted
        | PayoutStatus::Paid
        | PayoutStatus::Returned
        | PayoutStatus::Failed
        | PayoutStatus::Canceled => false,
    };
    if !is_waiting {
        return Err(Refusal::PayoutNotCancelable);
    }
    let mut changes = Changes::of(payout.merchant_id);
    let freed = payout.free((hold, &user), &mut changes, fresh);
    freed.ok_or(Refusal::PayoutNotCancelable)?;
    payout.step_to(PayoutStatus::Canceled, &mut changes, fresh.now());
    payout.next_at = None;
    changes.update(payout.clone());
    Ok((payout, changes))
}

/// The operator gives up a payout that nobody can tell about, of which it was reported just now
/// that it never came: the money is free.
pub fn give_up(
    found: Found,
    report: PayoutReport,
    fresh: &mut Fresh,
) -> Result<(Payout, Changes), Refusal> {
    let Found { mut payout, hold, user } = found;
    let refused = Refusal::PayoutNotCancelable;
    if report != PayoutReport::Absent || payout.may_be_given_up(fresh.now()).is_none() {
        return Err(refused);
    }
    let mut changes = Changes::of(payout.merchant_id);
    let end = (PayoutStatus::Failed, RampFailure::RouteUnavailable);
    payout.fail(end, (hold, &user), &mut changes, fresh).ok_or(refused)?;
    payout.next_at = None;
    changes.update(payout.clone());
    Ok((payout, changes))
}

impl Payout {
    /// The held money goes; what passes through the rails is written beside it.
    /// None if the hold ended meanwhile: the payout is not as it was read any more.
    fn pay(
        &mut self,
        (hold, settled): (Hold, PaidOut),
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Option<()> {
        let now = fresh.now();
        if matches!(self.status, PayoutStatus::FundsReserved) {
            self.step_to(PayoutStatus::Submitted, changes, now);
        }
        let whole = hold.amount;
        hold.capture(whole, changes, fresh).ok()?;
        self.settled = settled;
        for movement in self.through_rails().into_iter().chain(self.difference()) {
            if movement.amount > TokenAmount::ZERO {
                changes.transfer(Transfer::posted(movement, fresh));
            }
        }
        self.paid_at = Some(now);
        self.step_to(PayoutStatus::Paid, changes, now);
        Some(())
    }

    /// The fee, and what the bank account gets.
    fn through_rails(&self) -> [Movement; 2] {
        let object = self.key();
        let fee = Movement {
            debit: self.source_account(AccountKind::Exchange),
            credit: self.source_account(AccountKind::Fees),
            amount: self.fee,
            reason: TransferReason::PayoutFee,
            object,
        };
        let target = Movement {
            debit: self.currency_account(AccountKind::Exchange),
            credit: self.currency_account(AccountKind::Rail),
            amount: self.target,
            reason: TransferReason::Conversion,
            object,
        };
        [fee, target]
    }

    /// What the bank account got more or less than its quote said: the house's, not the user's.
    fn difference(&self) -> Option<Movement> {
        let (rail, fees) =
            (self.currency_account(AccountKind::Rail), self.currency_account(AccountKind::Fees));
        let (received, target) = (self.settled.received?.0, self.target.0);
        let (debit, credit) = if received < target { (rail, fees) } else { (fees, rail) };
        let amount = TokenAmount(received.abs_diff(target));
        let reason = TransferReason::PayoutDifference;
        Some(Movement { debit, credit, amount, reason, object: self.key() })
    }

    /// Takes what it came to, once.
    fn settle(&mut self, settled: PaidOut, changes: &mut Changes, fresh: &mut Fresh) {
        if self.settled.received.is_some() || settled.received.is_none() {
            return;
        }
        let before = self.view();
        self.settled = settled;
        if let Some(movement) = self.difference()
            && movement.amount > TokenAmount::ZERO
        {
            changes.transfer(Transfer::posted(movement, fresh));
        }
        self.tell_updated(&before, changes, fresh.now());
    }

    /// The mirror image of paying: everything back where it was, the fee included.
    fn money_back(&self, changes: &mut Changes, fresh: &mut Fresh) {
        let source = Movement {
            debit: self.source_account(AccountKind::User),
            credit: self.source_account(AccountKind::Exchange),
            amount: self.source,
            reason: TransferReason::PayoutReturned,
            object: self.key(),
        };
        let [fee, target] = self.through_rails();
        for movement in self.difference().into_iter().chain([target, fee, source]) {
            if movement.amount > TokenAmount::ZERO {
                let Movement { debit, credit, .. } = movement;
                let reason = TransferReason::PayoutReturned;
                let back = Movement { debit: credit, credit: debit, reason, ..movement };
                changes.transfer(Transfer::posted(back, fresh));
            }
        }
    }

    fn fail(
        &mut self,
        (status, why): (PayoutStatus, RampFailure),
        (hold, user): (Hold, &RampUser),
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Option<()> {
        self.failure = Some(why);
        self.free((hold, user), changes, fresh)?;
        self.step_to(status, changes, fresh.now());
        Some(())
    }

    /// The money is the user's to spend again, and so is what it took of his limits. None if the
    /// hold ended meanwhile.
    fn free(
        &self,
        (hold, user): (Hold, &RampUser),
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> Option<()> {
        hold.release(changes, fresh).ok()?;
        changes.counters.extend(kyc::give_back(user, self.value, self.created_at));
        Some(())
    }
}
