//! How well a user is known: cases, levels, and the two gates every move of money passes.
//!
//! A case asks for one level: `pending → in_review → approved | rejected | needs_information`,
//! and `approved → suspended`. What was approved ends after a while. `require` says whether a user
//! may do something at all, `spend` how much, as counters with ceilings that hold under races.
//!
//! Invariant: the user's row says how his latest case stands, in the commit that changes the case.

mod case;
mod limits;
mod page;

pub use case::{KycCase, KycCaseView, Outcome, decide, reinstate, start, suspend};
pub use limits::{LimitPassed, LimitPeriod, Spending, give_back, spend};
pub use page::{PageToken, Submission, submit};

use serde::{Deserialize, Serialize};

use crate::ids::KycCaseId;
use crate::ramp_user::{RampUser, UserStatus};
use crate::refusal::Refusal;
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KycStatus {
    NotStarted,
    /// The person has not answered yet.
    Pending,
    InReview,
    Approved,
    Rejected,
    /// The person is to answer again.
    NeedsInformation,
    /// Was approved; a human took that back.
    Suspended,
    /// Was approved, too long ago.
    Expired,
}

impl KycStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            KycStatus::NotStarted => "not_started",
            KycStatus::Pending => "pending",
            KycStatus::InReview => "in_review",
            KycStatus::Approved => "approved",
            KycStatus::Rejected => "rejected",
            KycStatus::NeedsInformation => "needs_information",
            KycStatus::Suspended => "suspended",
            KycStatus::Expired => "expired",
        }
    }
}

/// In ascending order: a higher level may do what a lower one may.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum KycLevel {
    Basic,
    Standard,
    Enhanced,
}

impl KycLevel {
    pub const ALL: [KycLevel; 3] = [KycLevel::Basic, KycLevel::Standard, KycLevel::Enhanced];

    pub fn as_str(self) -> &'static str {
        match self {
            KycLevel::Basic => "basic",
            KycLevel::Standard => "standard",
            KycLevel::Enhanced => "enhanced",
        }
    }
}

/// What was approved, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub level: KycLevel,
    pub approved_at: Timestamp,
    pub expires_at: Timestamp,
}

/// How a user stands: his latest case, and what was approved before or by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Of the latest case.
    pub case_status: KycStatus,
    pub case_id: Option<KycCaseId>,
    pub requested: Option<KycLevel>,
    pub approval: Option<Approval>,
    pub is_suspended: bool,
}

impl Default for Standing {
    fn default() -> Standing {
        Standing {
            case_status: KycStatus::NotStarted,
            case_id: None,
            requested: None,
            approval: None,
            is_suspended: false,
        }
    }
}

impl Standing {
    pub fn status(&self, now: Timestamp) -> KycStatus {
        match (self.is_suspended, self.case_status, self.approval) {
            (true, _, _) => KycStatus::Suspended,
            (false, KycStatus::Approved, Some(approval)) if approval.expires_at <= now => {
                KycStatus::Expired
            }
            (false, status, _) => status,
        }
    }

    /// The level that counts now.
    pub fn level(&self, now: Timestamp) -> Option<KycLevel> {
        let approval = self.approval.filter(|approval| now < approval.expires_at);
        approval.filter(|_| !self.is_suspended).map(|approval| approval.level)
    }
}

/// What is missing before money moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KycNeed {
    pub needed: KycLevel,
    pub had: Option<KycLevel>,
    pub status: KycStatus,
    pub user: UserStatus,
}

impl std::fmt::Display for KycNeed {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.user {
            UserStatus::InReview => return out.write_str("The user is in review"),
            UserStatus::Blocked => return out.write_str("The user is blocked"),
            UserStatus::Closed => return out.write_str("The user is closed"),
            UserStatus::Active => {}
        }
        let had = self.had.map_or("none", KycLevel::as_str);
        let (needed, status) = (self.needed.as_str(), self.status.as_str());
        write!(out, "KYC level {needed} is needed; the user has {had}, status {status}")
    }
}

/// Whether a user may do what needs a level: he is active, and known that well now.
pub fn require(user: &RampUser, needed: KycLevel, now: Timestamp) -> Result<KycLevel, Refusal> {
    let (status, had) = (user.kyc.status(now), user.kyc.level(now));
    let need = KycNeed { needed, had, status, user: user.status() };
    match (user.status(), had) {
        (UserStatus::Active, Some(level)) if level >= needed => Ok(level),
        (
            UserStatus::Active | UserStatus::InReview | UserStatus::Blocked | UserStatus::Closed,
            _,
        ) => Err(Refusal::KycRequired(need)),
    }
}

#[cfg(test)]
mod tests;
