//! Making a payout: quote taken, limits counted, money held, all in one commit.

use super::{Attempt, Payout, PayoutStatus};
use crate::bank_account::BankAccount;
use crate::changes::{Changes, Noun};
use crate::event::Origin;
use crate::ids::{Fresh, PayoutId, RampDepositId, ReviewId, TransferId};
use crate::kyc::{self, Spending};
use crate::ledger::{AccountKind, Hold, HoldAsk, Movement, TransferReason};
use crate::provider::PaidOut;
use crate::ramp_quote::RampQuote;
use crate::ramp_user::{RampUser, Screening};
use crate::refusal::Refusal;
use crate::screening_review::{ReviewSubject, ScreeningReview};

/// Everything the decision depends on.
#[derive(Clone, Debug)]
pub struct PayoutAsk<'a> {
    pub user: &'a RampUser,
    pub account: &'a BankAccount,
    pub quote: &'a RampQuote,
    /// Where a list has the user's or the holder's name now.
    pub hit: Option<String>,
    pub deposit_id: Option<RampDepositId>,
    pub origin: Origin,
}

/// What was decided, and what the commit may be refused for.
#[derive(Clone, Debug)]
pub struct Made {
    pub payout: Payout,
    pub changes: Changes,
    /// Tells which limit it is, if the commit was refused for its counter.
    pub spending: Spending,
}

/// The commit refuses what the user has not, and what passes his limits.
pub fn create(ask: PayoutAsk<'_>, fresh: &mut Fresh) -> Result<Made, Refusal> {
    let PayoutAsk { user, account, quote, .. } = ask;
    let now = fresh.now();
    if quote.user_id.is_some_and(|quoted| quoted != user.id) {
        return Err(Refusal::invalid("quote_id", "is of another user"));
    }
    if quote.bank_account_id.is_some_and(|quoted| quoted != account.id) {
        return Err(Refusal::invalid("bank_account_id", "is not the one of the quote"));
    }
    if (quote.country, quote.currency, quote.method)
        != (account.country, account.currency, account.method)
    {
        return Err(Refusal::invalid("bank_account_id", "is of another corridor than the quote"));
    }
    if account.user_id != user.id || account.deleted_at.is_some() {
        return Err(Refusal::invalid("bank_account_id", "is not an account of this user"));
    }
    let id = PayoutId::fresh(fresh);
    let mut changes = Changes::of(user.merchant_id);
    let review_id = review(&ask, id, &mut changes, fresh)?;
    // Whoever it was asked for: it is his who takes it.
    let taken = RampQuote { user_id: Some(user.id), ..quote.take(id, now)? };
    let level = kyc::require(user, quote.level, now)?;
    let spending = kyc::spend(user, level, quote.value, now)?;
    let mut payout = Payout {
        id,
        merchant_id: user.merchant_id,
        environment: user.environment,
        user_id: user.id,
        bank_account_id: account.id,
        quote_id: quote.id,
        deposit_id: ask.deposit_id,
        country: quote.country,
        method: quote.method,
        asset: quote.asset,
        source: quote.source,
        fee: quote.fee,
        currency: quote.currency,
        target: quote.target,
        rate: quote.rate.decimal(),
        value: quote.value,
        status: PayoutStatus::Created,
        failure: None,
        hold_id: TransferId(id.0),
        review_id,
        attempt: Attempt::None,
        sent_count: 0,
        first_sent_at: None,
        look_count: 0,
        next_at: Some(now),
        paid_at: None,
        settled: PaidOut::default(),
        created_at: now,
        updated_at: now,
        version: 0,
    };
    let movement = Movement {
        debit: payout.source_account(AccountKind::User),
        credit: payout.source_account(AccountKind::Exchange),
        amount: payout.source,
        reason: TransferReason::Payout,
        object: payout.key(),
    };
    let hold = Hold::place(HoldAsk { movement, expires_at: None }, &mut changes, fresh);
    payout.hold_id = hold.id;
    user.guard(&mut changes);
    changes.guard(Noun::BankAccount, account.key(), account.version);
    // A quote made for this very payout is not written yet.
    match quote.version {
        0 => changes.insert(taken),
        _ => changes.update(taken),
    }
    changes.counters.extend(spending.moves.clone());
    payout.tell_created(&mut changes, ask.origin);
    payout.step_to(PayoutStatus::FundsReserved, &mut changes, now);
    if payout.review_id.is_some() {
        payout.step_to(PayoutStatus::InReview, &mut changes, now);
    }
    changes.insert(payout.clone());
    Ok(Made { payout, changes, spending })
}

/// Whose word the payout waits for: the account's own review, or one of this payout.
fn review(
    ask: &PayoutAsk<'_>,
    id: PayoutId,
    changes: &mut Changes,
    fresh: &mut Fresh,
) -> Result<Option<ReviewId>, Refusal> {
    let PayoutAsk { user, account, hit, .. } = ask;
    match (account.screening, hit) {
        (Screening::Refused, _) => Err(Refusal::invalid("bank_account_id", "is blocked")),
        (Screening::InReview(review), _) => Ok(Some(review)),
        (Screening::Clear, None) => Ok(None),
        (Screening::Clear, Some(matched)) => {
            let whose = (user.merchant_id, user.environment);
            let address = format!("bank account {}", account.id);
            let subject = ReviewSubject::Destination { object: id.key(), address };
            let matched = matched.clone();
            let review = ScreeningReview::open(whose, subject, Some(user.id), matched, fresh);
            let id = review.id;
            changes.insert(review);
            Ok(Some(id))
        }
    }
}
