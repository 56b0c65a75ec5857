//! A payout: what a user has in his balance, as bank money on his account.
//!
//! `created → funds_reserved → submitted → paid`, with `in_review`, `returned`, `failed`,
//! `canceled`; never backwards. The whole source amount is held in the commit that makes the
//! payout. What is told apart from the public state is the attempt to give it away: it is written
//! before anything is sent, and a lost answer leaves it `Unknown`, which is only ever asked about.
//!
//! Invariant: the money is captured, given back or returned exactly once, in the commit that moves
//! the state; and nothing is sent again before the other side said that it has never heard of it.

mod advance;
mod attempt;
mod create;
mod view;

pub use advance::{Found, cancel, give_up, reduce, reviewed};
pub use attempt::{record, send};
pub use create::{Made, PayoutAsk, create};
pub use view::PayoutView;

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::corridor::PayoutMethod;
use crate::country::Country;
use crate::currency::Currency;
use crate::environment::Environment;
use crate::event::{EventType, NewEntry, Origin, created_data, updated_data};
use crate::ids::{
    BankAccountId, MerchantId, PayoutId, RampDepositId, RampQuoteId, RampUserId, ReviewId, RowKey,
    TransferId, Version,
};
use crate::ledger::{Account, AccountKind, Asset};
use crate::money::{TokenAmount, Usd, mul_div_ceil};
use crate::provider::{Funds, Handle, PaidOut, RampFailure};
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

const MICROS_PER_CENT: u128 = 10_000;
/// How soon one that is on its way is asked about, at first and at last.
const LOOK_MS_MIN: i64 = 2 * SECOND_MS;
const LOOK_MS_MAX: i64 = 10 * MINUTE_MS;
/// What was paid may come back: it is asked about daily for this long.
const RETURN_LOOK_MS: i64 = DAY_MS;
pub const RETURNS_UNTIL_MS: i64 = 45 * DAY_MS;
/// The other side tells repetitions by their id for a day; well before that nothing is sent again.
pub const RESEND_UNTIL_MS: i64 = 12 * HOUR_MS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PayoutStatus {
    Created,
    /// The whole source amount is held.
    FundsReserved,
    /// Somebody looks at it: of this house before it is given away, of the bank's side after.
    InReview,
    /// On its way to the bank account.
    Submitted,
    Paid,
    /// It came back, and so did the money.
    Returned,
    /// It did not happen; the money is free again.
    Failed,
    Canceled,
}

impl PayoutStatus {
    pub const ALL: [PayoutStatus; 8] = [
        PayoutStatus::Created,
        PayoutStatus::FundsReserved,
        PayoutStatus::InReview,
        PayoutStatus::Submitted,
        PayoutStatus::Paid,
        PayoutStatus::Returned,
        PayoutStatus::Failed,
        PayoutStatus::Canceled,
    ];

    /// Stored, and filtered by.
    pub fn code(self) -> i64 {
        self as i64
    }

    /// Nothing comes after it.
    pub fn is_over(self) -> bool {
        match self {
            PayoutStatus::Returned | PayoutStatus::Failed | PayoutStatus::Canceled => true,
            PayoutStatus::Created
            | PayoutStatus::FundsReserved
            | PayoutStatus::InReview
            | PayoutStatus::Submitted
            | PayoutStatus::Paid => false,
        }
    }
}

/// How far giving it away has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attempt {
    /// Nothing was sent.
    None,
    /// It is being sent, or whoever sent it died.
    Sending,
    /// The answer was lost: ask. A refusal after a lost answer is not believed before that.
    Unknown {
        refused: Option<RampFailure>,
    },
    /// They have never heard of it: it may be sent once more, under the same id.
    Absent,
    Accepted {
        reference: String,
    },
}

impl Attempt {
    /// Whether something may be on its way.
    pub fn has_begun(&self) -> bool {
        match self {
            Attempt::None => false,
            Attempt::Sending
            | Attempt::Unknown { .. }
            | Attempt::Absent
            | Attempt::Accepted { .. } => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payout {
    pub id: PayoutId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub user_id: RampUserId,
    pub bank_account_id: BankAccountId,
    pub quote_id: RampQuoteId,
    /// The deposit to a liquidation address it follows from.
    pub deposit_id: Option<RampDepositId>,
    pub country: Country,
    pub method: PayoutMethod,
    pub asset: Asset,
    pub source: TokenAmount,
    pub fee: TokenAmount,
    pub currency: Currency,
    pub target: TokenAmount,
    pub rate: String,
    /// What was counted against the user's limits.
    pub value: Usd,
    pub status: PayoutStatus,
    pub failure: Option<RampFailure>,
    pub hold_id: TransferId,
    /// A human of this house decides before it is given away.
    pub review_id: Option<ReviewId>,
    pub attempt: Attempt,
    /// How often it was sent, and first when.
    pub sent_count: i64,
    pub first_sent_at: Option<Timestamp>,
    /// How often it was asked about since something changed.
    pub look_count: i64,
    /// When to go on with it; none: never by itself.
    pub next_at: Option<Timestamp>,
    pub paid_at: Option<Timestamp>,
    /// What the other side says was really paid, once it did.
    pub settled: PaidOut,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

impl Payout {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn is_of(&self, merchant_id: MerchantId, environment: Environment) -> bool {
        self.merchant_id == merchant_id && self.environment == environment
    }

    /// How the other side knows it.
    pub fn handle(&self) -> Handle {
        let reference = match &self.attempt {
            Attempt::Accepted { reference } => Some(reference.clone()),
            Attempt::None | Attempt::Sending | Attempt::Unknown { .. } | Attempt::Absent => None,
        };
        Handle { id: self.key(), reference, currency: self.currency }
    }

    /// What the other side is given for the target. A token that promises no price is the house's
    /// to sell: they are given what it was worth.
    pub fn funds(&self) -> Funds {
        let net = TokenAmount(self.source.0.saturating_sub(self.fee.0));
        let is_volatile = self.asset.token().is_some_and(|token| token.stable.is_none());
        let micros = u128::try_from(self.value.0).unwrap_or(0);
        let cents = mul_div_ceil(micros, net.0, self.source.0.saturating_mul(MICROS_PER_CENT));
        match cents.filter(|_| is_volatile) {
            Some(cents) => {
                let asset = Asset::Currency(Currency::USD);
                Funds { asset, amount: TokenAmount(cents) }
            }
            None => Funds { asset: self.asset, amount: net },
        }
    }

    /// Whether the next step is to send it.
    pub fn is_to_be_sent(&self) -> bool {
        let is_open = match self.status {
            PayoutStatus::FundsReserved | PayoutStatus::Submitted => true,
            PayoutStatus::InReview => self.review_id.is_none(),
            PayoutStatus::Created
            | PayoutStatus::Paid
            | PayoutStatus::Returned
            | PayoutStatus::Failed
            | PayoutStatus::Canceled => false,
        };
        is_open && matches!(self.attempt, Attempt::None | Attempt::Absent)
    }

    /// Whether nobody knows if it went and nobody may send it again. None: no.
    pub fn may_be_given_up(&self, now: Timestamp) -> Option<()> {
        let is_lost = match self.attempt {
            Attempt::Sending | Attempt::Unknown { .. } | Attempt::Absent => true,
            Attempt::None | Attempt::Accepted { .. } => false,
        };
        let is_open = !self.status.is_over() && self.status != PayoutStatus::Paid;
        let is_old = self.first_sent_at.is_some_and(|at| at.plus_ms(RESEND_UNTIL_MS) <= now);
        (is_lost && is_open && is_old).then_some(())
    }

    fn source_account(&self, kind: AccountKind) -> Account {
        self.account(kind, self.asset)
    }

    fn currency_account(&self, kind: AccountKind) -> Account {
        self.account(kind, Asset::Currency(self.currency))
    }

    fn account(&self, kind: AccountKind, asset: Asset) -> Account {
        let owner = match kind {
            AccountKind::User => Some(self.user_id.key()),
            AccountKind::Clearing
            | AccountKind::Merchant
            | AccountKind::Suspense
            | AccountKind::Rail
            | AccountKind::Exchange
            | AccountKind::Fees
            | AccountKind::NetworkFees
            | AccountKind::GasTank
            | AccountKind::CommerceEscrow => None,
        };
        Account { merchant_id: self.merchant_id, environment: self.environment, kind, asset, owner }
    }

    /// When to ask next about one that is on its way: later and later.
    fn next_look(&self, now: Timestamp) -> Timestamp {
        let doublings = u32::try_from(self.look_count.clamp(0, 16)).unwrap_or(16);
        now.plus_ms((LOOK_MS_MIN << doublings).min(LOOK_MS_MAX))
    }

    /// When to ask again whether one that was paid came back.
    fn next_return_look(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.paid_at.unwrap_or(self.created_at).plus_ms(RETURNS_UNTIL_MS);
        Some(now.plus_ms(RETURN_LOOK_MS)).filter(|next| *next <= until)
    }

    /// Whether its money is on its way, or may still come back.
    pub fn may_come_back(&self, now: Timestamp) -> bool {
        let until = self.paid_at.unwrap_or(self.created_at).plus_ms(RETURNS_UNTIL_MS);
        match self.status {
            PayoutStatus::Returned | PayoutStatus::Failed | PayoutStatus::Canceled => false,
            PayoutStatus::Paid => now < until,
            PayoutStatus::Created
            | PayoutStatus::FundsReserved
            | PayoutStatus::InReview
            | PayoutStatus::Submitted => true,
        }
    }

    fn tell_created(&self, changes: &mut Changes, origin: Origin) {
        let data = created_data(&self.view());
        changes.tell(self.entry(EventType::RampPayoutCreated, data, origin, self.created_at));
    }

    /// Tells of a step to `status` and takes it.
    fn step_to(&mut self, status: PayoutStatus, changes: &mut Changes, now: Timestamp) {
        let before = self.view();
        self.status = status;
        self.tell_updated(&before, changes, now);
    }

    fn tell_updated(&mut self, before: &PayoutView, changes: &mut Changes, now: Timestamp) {
        self.updated_at = now;
        let data = updated_data(before, &self.view());
        let entry = self.entry(EventType::RampPayoutUpdated, data, Origin::default(), now);
        changes.tell(entry);
    }

    fn entry(&self, kind: EventType, data: String, origin: Origin, now: Timestamp) -> NewEntry {
        let whose = (self.merchant_id, self.environment);
        NewEntry::about(self.key(), whose, (kind, data), origin, now)
    }

    /// Something happened on the other side: look at once, whatever was planned.
    pub fn wake(mut self, now: Timestamp) -> Option<Changes> {
        let may_change = !self.status.is_over() && self.attempt.has_begun();
        let is_awake = self.next_at.is_some_and(|next| next <= now);
        if !may_change || is_awake {
            return None;
        }
        let mut changes = Changes::of(self.merchant_id);
        self.next_at = Some(now);
        changes.update(self);
        Some(changes)
    }

    /// Nobody could be asked just now.
    pub fn look_later(mut self, now: Timestamp) -> Changes {
        let mut changes = Changes::of(self.merchant_id);
        self.look_count += 1;
        self.next_at = Some(self.next_look(now));
        changes.update(self);
        changes
    }
}

#[cfg(test)]
pub(crate) mod tests;
