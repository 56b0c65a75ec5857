//! What a screening list had, and what a human made of it.
//!
//! Whatever was hit is held until an operator decides, once. Where on which list it stood is for
//! him alone: no public object tells it.

use serde::{Deserialize, Serialize};

use crate::audit::AuditEntry;
use crate::bank_account::BankAccount;
use crate::changes::Changes;
use crate::environment::Environment;
use crate::event::Origin;
use crate::ids::{
    BankAccountId, Fresh, MerchantId, OnrampId, RampDepositId, RampUserId, ReviewId, RowKey,
    Version,
};
use crate::ramp_deposit::RampDeposit;
use crate::ramp_user::{RampUser, Screening};
use crate::refusal::Refusal;
use crate::time::Timestamp;

/// What is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewSubject {
    User(RampUserId),
    BankAccount(BankAccountId),
    /// Money on its way to an address: what waits for it looks at the review.
    Destination {
        object: RowKey,
        address: String,
    },
    /// Bank money a user may not have: the merchant asks, or it is sent back by hand.
    Deposit(RampDepositId),
    /// The same of an on-ramp, which looks at the review.
    Onramp(OnrampId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewStatus {
    Open,
    Approved,
    Rejected,
}

/// Whether it waits for a human.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewState {
    #[default]
    Open,
    Decided,
}

/// What a human says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    Reject,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScreeningReview {
    pub id: ReviewId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub subject: ReviewSubject,
    pub user_id: Option<RampUserId>,
    /// The list and its line, or the gate that money did not pass.
    pub matched: String,
    pub status: ReviewStatus,
    pub created_at: Timestamp,
    pub decided_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

/// What a review is about, as it is now.
#[derive(Clone, Debug)]
pub enum Held {
    User(Box<RampUser>),
    BankAccount(Box<BankAccount>),
    /// Bank money, and whose it would be.
    Deposit(Box<RampDeposit>, Box<RampUser>),
    /// Whose on-ramp it is.
    Onramp(Box<RampUser>),
    /// A destination, or something that is gone.
    Nothing,
}

impl ScreeningReview {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn open(
        (merchant_id, environment): (MerchantId, Environment),
        subject: ReviewSubject,
        user_id: Option<RampUserId>,
        matched: String,
        fresh: &mut Fresh,
    ) -> ScreeningReview {
        ScreeningReview {
            id: ReviewId::fresh(fresh),
            merchant_id,
            environment,
            subject,
            user_id,
            matched,
            status: ReviewStatus::Open,
            created_at: fresh.now(),
            decided_at: None,
            version: 0,
        }
    }

    /// Lets what was held go, or refuses it for good; with an entry in the audit log.
    pub fn decide(
        mut self,
        held: Held,
        verdict: Verdict,
        fresh: &mut Fresh,
    ) -> Result<(ScreeningReview, Changes), Refusal> {
        if self.status != ReviewStatus::Open {
            return Err(Refusal::ReviewDecided);
        }
        let now = fresh.now();
        let (status, screening, action) = match verdict {
            Verdict::Approve => (ReviewStatus::Approved, Screening::Clear, "ramp.review.approved"),
            Verdict::Reject => (ReviewStatus::Rejected, Screening::Refused, "ramp.review.rejected"),
        };
        let mut changes = Changes::of(self.merchant_id);
        let waits_for_this = |screening| screening == Screening::InReview(self.id);
        match held {
            Held::User(user) if waits_for_this(user.screening) => {
                let after = RampUser { screening, ..(*user).clone() };
                after.record_updated(&user, &mut changes, Origin::default(), now);
            }
            Held::BankAccount(account) if waits_for_this(account.screening) => {
                let after = BankAccount { screening, ..(*account).clone() };
                after.record_updated(&account, &mut changes, Origin::default(), now);
            }
            Held::Deposit(deposit, user) => match verdict {
                // The ledger keeps it in suspense, for nobody is there to give it to.
                Verdict::Approve if user.is_closed() => return Err(Refusal::UserClosed),
                Verdict::Approve => {
                    user.guard(&mut changes);
                    deposit.let_go(&mut changes, fresh);
                }
                Verdict::Reject => deposit.refuse(&mut changes, now),
            },
            Held::Onramp(user) if verdict == Verdict::Approve && user.is_closed() => {
                return Err(Refusal::UserClosed);
            }
            Held::User(_) | Held::BankAccount(_) | Held::Onramp(_) | Held::Nothing => {}
        }
        (self.status, self.decided_at) = (status, Some(now));
        changes.insert(AuditEntry::of_operator(self.merchant_id, action, self.id, fresh));
        changes.update(self.clone());
        Ok((self, changes))
    }

    pub fn view(&self) -> ScreeningReviewView {
        let (subject_type, subject_id, address) = match &self.subject {
            ReviewSubject::User(id) => ("ramp_user", id.to_string(), None),
            ReviewSubject::BankAccount(id) => ("bank_account", id.to_string(), None),
            ReviewSubject::Deposit(id) => ("ramp_deposit", id.to_string(), None),
            ReviewSubject::Onramp(id) => ("onramp", id.to_string(), None),
            ReviewSubject::Destination { object, address } => {
                ("destination", object.uuid().to_string(), Some(address.clone()))
            }
        };
        ScreeningReviewView {
            object: "screening_review",
            id: self.id,
            merchant_id: self.merchant_id,
            environment: self.environment,
            status: self.status,
            subject_type,
            subject_id,
            address,
            user_id: self.user_id,
            matched: self.matched.clone(),
            created_at: self.created_at.seconds(),
            decided_at: self.decided_at.map(Timestamp::seconds),
        }
    }
}

/// A hit on a screening list, as the operator sees it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = ScreeningReview)]
pub struct ScreeningReviewView {
    /// Always `screening_review`.
    pub object: &'static str,
    pub id: ReviewId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub status: ReviewStatus,
    /// `ramp_user`, `bank_account`, `ramp_deposit`, `onramp` or `destination`.
    pub subject_type: &'static str,
    pub subject_id: String,
    pub address: Option<String>,
    pub user_id: Option<RampUserId>,
    /// The list and its line, or the gate that money did not pass.
    pub matched: String,
    pub created_at: i64,
    pub decided_at: Option<i64>,
}
