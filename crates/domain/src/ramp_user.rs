//! A ramp user: somebody a merchant moves money for, or the merchant himself (`self`).
//!
//! What identifies a person (birth date, numbers of documents) is sealed where it is kept and in no
//! view. A user who was found on a screening list waits for a human. A closed one takes no money.
//!
//! Invariant: whatever changes the public view tells of it in the same commit.

mod ask;
mod dust;
mod statement;
mod view;

pub use ask::{RampUserAsk, RampUserPatch, birth_date, document_number, name};
pub use dust::{DUST_MAX, Held, forfeit};
pub use statement::StatementLine;
pub use view::{KycView, RampUserView};

use serde::{Deserialize, Serialize};

use crate::changes::{Changes, Noun};
use crate::claim::Claim;
use crate::country::Country;
use crate::environment::Environment;
use crate::event::{EventType, NewEntry, Origin, created_data, erased_data, updated_data};
use crate::ids::{Fresh, MerchantId, RampUserId, ReviewId, RowKey, Version};
use crate::kyc::Standing;
use crate::provider::References;
use crate::refusal::Refusal;
use crate::screening_review::{ReviewSubject, ScreeningReview};
use crate::sealed::{Purpose, Sealed};
use crate::secret::{Entropy, KeyRing, SealError};
use crate::time::Timestamp;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserType {
    Individual,
    Business,
}

/// Whether a name or an address may be dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Screening {
    /// On no list, or cleared by a human.
    Clear,
    /// On a list: a human decides.
    InReview(ReviewId),
    /// A human refused it.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    Active,
    /// A human looks at it; no money moves meanwhile.
    InReview,
    /// A human refused it.
    Blocked,
    /// It takes no more money; personal data is gone, or about to go.
    Closed,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PostalAddress {
    #[schema(max_length = 140)]
    pub line1: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 140)]
    pub line2: Option<String>,
    #[schema(max_length = 70)]
    pub city: String,
    /// State, province or region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 70)]
    pub subdivision: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 20)]
    pub postal_code: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentType {
    Passport,
    NationalId,
    DriversLicense,
    TaxId,
    RegistrationNumber,
}

/// A document somebody is identified by. No Debug: it holds the number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Identification {
    #[serde(rename = "type")]
    pub kind: DocumentType,
    pub country: Country,
    #[schema(min_length = 2, max_length = 40)]
    pub number: String,
}

impl std::fmt::Debug for Identification {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Identification").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What is sealed of a person.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    pub identifications: Vec<Identification>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("<person>")
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RampUser {
    pub id: RampUserId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub kind: UserType,
    /// The merchant himself: his own treasury.
    pub is_self: bool,
    pub name: String,
    pub email: Option<String>,
    pub country: Country,
    pub address: Option<PostalAddress>,
    /// The merchant's own id of him.
    pub external_id: Option<String>,
    pub person: Option<Sealed>,
    pub has_birth_date: bool,
    pub identification_count: i64,
    pub screening: Screening,
    pub kyc: Standing,
    /// Sessions issued before this are revoked.
    pub sessions_from: Timestamp,
    pub bank_account_count: i64,
    /// What providers call him.
    pub references: References,
    pub closed_at: Option<Timestamp>,
    pub erased_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// What sealing takes: the keys, and bytes for one nonce.
#[derive(Clone, Copy)]
pub struct Sealing<'a> {
    pub keys: &'a KeyRing,
    pub entropy: &'a Entropy,
}

/// The claim of an external id, if somebody made it before, and whether he still holds it.
#[derive(Clone, Debug)]
pub struct HeldClaim {
    pub claim: Claim,
    pub is_abandoned: bool,
}

impl RampUser {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// What an external id is claimed under.
    pub fn external_id_key(
        (merchant_id, environment): (MerchantId, Environment),
        external_id: &str,
    ) -> RowKey {
        let parts = [merchant_id.0.to_be_bytes(), environment.code().to_be_bytes()];
        RowKey::of("ramp_user.external_id", &[&parts[0], &parts[1], external_id.as_bytes()])
    }

    /// What the merchant's own user is claimed under.
    pub fn self_key((merchant_id, environment): (MerchantId, Environment)) -> RowKey {
        let parts = [merchant_id.0.to_be_bytes(), environment.code().to_be_bytes()];
        RowKey::of("ramp_user.self", &[&parts[0], &parts[1]])
    }

    /// The business keys this user holds.
    pub fn claim_keys(&self) -> Vec<RowKey> {
        let whose = (self.merchant_id, self.environment);
        let external = self.external_id.as_deref().map(|id| RampUser::external_id_key(whose, id));
        external.into_iter().chain(self.is_self.then(|| RampUser::self_key(whose))).collect()
    }

    pub fn status(&self) -> UserStatus {
        match (self.closed_at, self.screening) {
            (Some(_), _) => UserStatus::Closed,
            (None, Screening::Clear) => UserStatus::Active,
            (None, Screening::InReview(_)) => UserStatus::InReview,
            (None, Screening::Refused) => UserStatus::Blocked,
        }
    }

    pub fn is_closed(&self) -> bool {
        self.closed_at.is_some()
    }

    pub fn is_of(&self, merchant_id: MerchantId, environment: Environment) -> bool {
        self.merchant_id == merchant_id && self.environment == environment
    }

    /// Requires at commit that nobody closed, held or demoted this user meanwhile.
    pub fn guard(&self, changes: &mut Changes) {
        changes.guard(Noun::RampUser, self.key(), self.version);
    }

    /// What is sealed of him; nothing if nothing was ever said.
    pub fn open_person(&self, keys: &KeyRing) -> Result<Person, SealError> {
        match &self.person {
            Some(sealed) => sealed.open(person_purpose(self.id), keys),
            None => Ok(Person::default()),
        }
    }

    pub(crate) fn seal_person(&mut self, person: &Person, sealing: Sealing<'_>) {
        self.has_birth_date = person.birth_date.is_some();
        self.identification_count = i64::try_from(person.identifications.len()).unwrap_or(0);
        let purpose = person_purpose(self.id);
        self.person = Some(Sealed::of(person, purpose, sealing.keys, sealing.entropy));
    }

    /// The change that adds this user, his claims, and the review if a list has his name.
    pub fn enroll(
        mut self,
        held: Vec<HeldClaim>,
        hit: Option<String>,
        origin: Origin,
        fresh: &mut Fresh,
    ) -> (RampUser, Changes) {
        let now = fresh.now();
        let mut changes = Changes::of(self.merchant_id);
        for key in self.claim_keys() {
            let abandoned = held.iter().find(|one| one.claim.key == key && one.is_abandoned);
            match abandoned {
                Some(held) => changes.update(Claim { target: self.key(), ..held.claim.clone() }),
                None => changes.insert(Claim::new(key, self.key())),
            }
        }
        self.hold_if(hit, &mut changes, fresh);
        let data = created_data(&self.view(now));
        changes.tell(self.entry(EventType::RampUserCreated, data, origin, now));
        changes.insert(self.clone());
        (self, changes)
    }

    /// Puts this user before a human, if a list has his name.
    pub fn hold_if(&mut self, hit: Option<String>, changes: &mut Changes, fresh: &mut Fresh) {
        // What a human refused stays refused.
        if let Some(matched) = hit.filter(|_| self.screening != Screening::Refused) {
            self.hold(matched, changes, fresh);
        }
    }

    fn hold(&mut self, matched: String, changes: &mut Changes, fresh: &mut Fresh) {
        let whose = (self.merchant_id, self.environment);
        let subject = ReviewSubject::User(self.id);
        let review = ScreeningReview::open(whose, subject, Some(self.id), matched, fresh);
        self.screening = Screening::InReview(review.id);
        changes.insert(review);
    }

    /// Writes this user in place of `before`, with an event if anybody can see a difference.
    pub fn record_updated(
        mut self,
        before: &RampUser,
        changes: &mut Changes,
        origin: Origin,
        now: Timestamp,
    ) {
        if self == *before {
            return;
        }
        if self.view(now) != before.view(now) {
            self.updated_at = now;
            let data = updated_data(&before.view(now), &self.view(now));
            changes.tell(self.entry(EventType::RampUserUpdated, data, origin, now));
        }
        changes.update(self);
    }

    fn entry(&self, kind: EventType, data: String, origin: Origin, now: Timestamp) -> NewEntry {
        let whose = (self.merchant_id, self.environment);
        let mut entry = NewEntry::about(self.key(), whose, (kind, data), origin, now);
        entry.subject.customer_id = self.external_id.clone();
        entry
    }

    /// Takes no more money from here on; the first step of erasing.
    pub fn close(mut self, now: Timestamp) -> Result<RampUser, Refusal> {
        if self.erased_at.is_some() {
            return Err(Refusal::UserClosed);
        }
        self.closed_at = self.closed_at.or(Some(now));
        Ok(self)
    }

    /// It still had money after all.
    pub fn reopen(mut self) -> RampUser {
        self.closed_at = self.closed_at.filter(|_| self.erased_at.is_some());
        self
    }

    /// Forgets the person; what the ledger says of the id stays.
    pub fn erase(mut self, now: Timestamp) -> RampUser {
        self.name = ERASED_NAME.to_owned();
        (self.email, self.address, self.external_id) = (None, None, None);
        (self.person, self.has_birth_date, self.identification_count) = (None, false, 0);
        (self.is_self, self.kyc) = (false, Standing::default());
        self.screening = Screening::Clear;
        self.references = References::default();
        self.sessions_from = now.max(self.sessions_from).plus_ms(1);
        (self.closed_at, self.erased_at) = (self.closed_at.or(Some(now)), Some(now));
        self
    }
}

impl RampUser {
    /// Writes this user, who was just erased. The event does not tell who he was.
    pub fn record_erased(mut self, changes: &mut Changes, origin: Origin, now: Timestamp) {
        self.updated_at = now;
        let data = erased_data(&self.view(now));
        changes.tell(self.entry(EventType::RampUserUpdated, data, origin, now));
        changes.update(self);
    }
}

/// What stands in the place of a name that was erased.
pub const ERASED_NAME: &str = "(erased)";

fn person_purpose(id: RampUserId) -> Purpose {
    Purpose { name: "ramp_user.person", row: id.key() }
}

#[cfg(test)]
mod tests;
