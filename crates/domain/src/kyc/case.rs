//! One case: what a user is asked to prove, and how far that is.

use serde::{Deserialize, Serialize};

use super::{Approval, KycLevel, KycStatus};
use crate::changes::Changes;
use crate::environment::Environment;
use crate::event::Origin;
use crate::ids::{Fresh, KycCaseId, MerchantId, RampUserId, RowKey, Version};
use crate::ramp_user::RampUser;
use crate::refusal::Refusal;
use crate::time::{DAY_MS, Timestamp};

/// How long the link of a case can be opened.
pub const LINK_MS: i64 = 7 * DAY_MS;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KycCase {
    pub id: KycCaseId,
    pub user_id: RampUserId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub level: KycLevel,
    pub status: KycStatus,
    /// Where the person goes; none: the house's own page of the sandbox.
    pub provider_link: Option<String>,
    pub link_expires_at: Timestamp,
    pub submitted_at: Option<Timestamp>,
    pub decided_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// What is found out about a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approved,
    Rejected,
    InReview,
    NeedsInformation,
}

impl Outcome {
    pub fn status(self) -> KycStatus {
        match self {
            Outcome::Approved => KycStatus::Approved,
            Outcome::Rejected => KycStatus::Rejected,
            Outcome::InReview => KycStatus::InReview,
            Outcome::NeedsInformation => KycStatus::NeedsInformation,
        }
    }
}

impl KycCase {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// Whether the person can still answer.
    pub fn is_link_open(&self, user: &RampUser, now: Timestamp) -> bool {
        let is_waiting = matches!(self.status, KycStatus::Pending | KycStatus::NeedsInformation);
        let is_latest = user.kyc.case_id == Some(self.id);
        let is_latest = is_latest && !user.is_closed() && !user.kyc.is_suspended;
        is_waiting && is_latest && now < self.link_expires_at
    }

    /// Never backwards: what may still be found out about a case in this state.
    fn may_become(&self, to: KycStatus) -> bool {
        use KycStatus::{
            Approved, Expired, InReview, NeedsInformation, NotStarted, Pending, Rejected, Suspended,
        };
        match self.status {
            Pending | NeedsInformation => {
                matches!(to, InReview | Approved | Rejected | NeedsInformation)
            }
            InReview => matches!(to, Approved | Rejected | NeedsInformation),
            NotStarted | Approved | Rejected | Suspended | Expired => false,
        }
    }

    fn become_status(mut self, to: KycStatus, now: Timestamp) -> Result<KycCase, Refusal> {
        if !self.may_become(to) {
            return Err(Refusal::KycStep(self.status, to));
        }
        self.status = to;
        self.updated_at = now;
        Ok(self)
    }

    pub fn view(&self, hosted_url: Option<String>) -> KycCaseView {
        KycCaseView {
            object: "kyc_case",
            id: Some(self.id),
            user_id: self.user_id,
            environment: self.environment,
            status: self.status,
            level: Some(self.level),
            hosted_url,
            link_expires_at: Some(self.link_expires_at.seconds()),
            submitted_at: self.submitted_at.map(Timestamp::seconds),
            decided_at: self.decided_at.map(Timestamp::seconds),
            approved_level: None,
            approval_expires_at: None,
            created_at: Some(self.created_at.seconds()),
        }
    }
}

/// A case as its merchant reads it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = KycCase)]
pub struct KycCaseView {
    /// Always `kyc_case`.
    pub object: &'static str,
    /// Null before the first case.
    pub id: Option<KycCaseId>,
    pub user_id: RampUserId,
    pub environment: Environment,
    pub status: KycStatus,
    /// The level the case asks for.
    pub level: Option<KycLevel>,
    /// Where the person answers; null once nothing can be answered there.
    pub hosted_url: Option<String>,
    pub link_expires_at: Option<i64>,
    pub submitted_at: Option<i64>,
    pub decided_at: Option<i64>,
    /// The level that counts now.
    pub approved_level: Option<KycLevel>,
    /// When what is approved ends.
    pub approval_expires_at: Option<i64>,
    pub created_at: Option<i64>,
}

impl KycCaseView {
    /// With what the user's row adds: what counts now, and that an approval may have ended.
    pub fn of_user(self, user: &RampUser, now: Timestamp) -> KycCaseView {
        KycCaseView {
            status: user.kyc.status(now),
            approved_level: user.kyc.level(now),
            approval_expires_at: user.kyc.approval.map(|one| one.expires_at.seconds()),
            ..self
        }
    }

    /// Of a user who has no case yet.
    pub fn not_started(user: &RampUser) -> KycCaseView {
        KycCaseView {
            object: "kyc_case",
            id: None,
            user_id: user.id,
            environment: user.environment,
            status: KycStatus::NotStarted,
            level: None,
            hosted_url: None,
            link_expires_at: None,
            submitted_at: None,
            decided_at: None,
            approved_level: None,
            approval_expires_at: None,
            created_at: None,
        }
    }
}

/// Starts a case, or answers the one that waits for the person already.
pub fn start(
    user: &RampUser,
    latest: Option<KycCase>,
    level: KycLevel,
    origin: Origin,
    fresh: &mut Fresh,
) -> Result<(KycCase, RampUser, Changes), Refusal> {
    let now = fresh.now();
    let mut changes = Changes::of(user.merchant_id);
    if user.is_closed() {
        return Err(Refusal::UserClosed);
    }
    if user.kyc.is_suspended {
        return Err(Refusal::KycStep(KycStatus::Suspended, KycStatus::Pending));
    }
    if user.kyc.level(now).is_some_and(|had| had >= level) {
        return Err(Refusal::invalid("level", "is approved already"));
    }
    match latest {
        Some(open) if open.level == level && open.is_link_open(user, now) => {
            return Ok((open, user.clone(), changes));
        }
        Some(open) if open.level >= level && open.status == KycStatus::InReview => {
            return Err(Refusal::KycStep(KycStatus::InReview, KycStatus::Pending));
        }
        Some(_) | None => {}
    }
    let case = KycCase {
        id: KycCaseId::fresh(fresh),
        user_id: user.id,
        merchant_id: user.merchant_id,
        environment: user.environment,
        level,
        status: KycStatus::Pending,
        provider_link: None,
        link_expires_at: now.plus_ms(LINK_MS),
        submitted_at: None,
        decided_at: None,
        created_at: now,
        updated_at: now,
        version: 0,
    };
    let mut after = user.clone();
    after.kyc.case_id = Some(case.id);
    after.kyc.case_status = KycStatus::Pending;
    after.kyc.requested = Some(level);
    after.clone().record_updated(user, &mut changes, origin, now);
    changes.insert(case.clone());
    Ok((case, after, changes))
}

/// What was found out moves the case, and the user with it if it is his latest.
pub fn decide(
    case: KycCase,
    user: &RampUser,
    outcome: Outcome,
    approval_ms: i64,
    now: Timestamp,
) -> Result<Changes, Refusal> {
    let mut changes = Changes::of(user.merchant_id);
    let mut after = user.clone();
    decide_into(case, &mut after, outcome, approval_ms, (&mut changes, now))?;
    after.record_updated(user, &mut changes, Origin::default(), now);
    Ok(changes)
}

/// The same, into a user that is being changed anyway.
pub(super) fn decide_into(
    case: KycCase,
    user: &mut RampUser,
    outcome: Outcome,
    approval_ms: i64,
    (changes, now): (&mut Changes, Timestamp),
) -> Result<(), Refusal> {
    let to = outcome.status();
    let mut case = case.become_status(to, now)?;
    if matches!(outcome, Outcome::Approved | Outcome::Rejected) {
        case.decided_at = Some(now);
    }
    if user.kyc.case_id == Some(case.id) {
        user.kyc.case_status = to;
        if outcome == Outcome::Approved {
            let expires_at = now.plus_ms(approval_ms);
            let approval = Approval { level: case.level, approved_at: now, expires_at };
            user.kyc.approval = Some(approval);
        }
    }
    changes.update(case);
    Ok(())
}

/// A human takes an approval back, for the time being, whatever case is under way.
pub fn suspend(case: KycCase, user: &RampUser, now: Timestamp) -> Result<Changes, Refusal> {
    if user.kyc.approval.is_none() || user.kyc.is_suspended {
        return Err(Refusal::KycStep(user.kyc.status(now), KycStatus::Suspended));
    }
    let mut after = user.clone();
    after.kyc.is_suspended = true;
    Ok(turn(case, (KycStatus::Approved, KycStatus::Suspended), (user, after), now))
}

/// A human lets a suspended approval count again.
pub fn reinstate(case: KycCase, user: &RampUser, now: Timestamp) -> Result<Changes, Refusal> {
    if !user.kyc.is_suspended {
        return Err(Refusal::KycStep(user.kyc.status(now), KycStatus::Approved));
    }
    let mut after = user.clone();
    after.kyc.is_suspended = false;
    Ok(turn(case, (KycStatus::Suspended, KycStatus::Approved), (user, after), now))
}

/// The user's standing changes, and his latest case with it if it says the same.
fn turn(
    mut case: KycCase,
    (from, to): (KycStatus, KycStatus),
    (before, after): (&RampUser, RampUser),
    now: Timestamp,
) -> Changes {
    let mut changes = Changes::of(before.merchant_id);
    if case.status == from && before.kyc.case_id == Some(case.id) {
        (case.status, case.updated_at) = (to, now);
        changes.update(case);
    }
    after.record_updated(before, &mut changes, Origin::default(), now);
    changes
}
