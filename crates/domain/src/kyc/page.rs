//! The sandbox's own page, where a person answers: its token, and what comes of an answer.
//!
//! The token names its case and carries a MAC under a key of the server, so that nobody guesses
//! one and nothing has to be kept. It opens one case, until that is answered or its time is over.
//! What comes out of an answer is decided by the last name, so that tests reach every outcome.

use super::case::{KycCase, Outcome, decide_into};
use crate::changes::Changes;
use crate::event::Origin;
use crate::ids::{Fresh, KycCaseId};
use crate::ramp_user::{
    DocumentType, Identification, RampUser, Sealing, birth_date, document_number, name,
};
use crate::refusal::Refusal;
use crate::secret::{KeyRing, SealError, decode_hex, encode_hex, equal, mac};
use crate::time::Timestamp;

const PURPOSE: &[u8] = b"kyc page ";
const MAC_BYTES: usize = 32;

/// What is in the link of a case.
pub struct PageToken;

impl PageToken {
    pub fn of(case: KycCaseId, keys: &KeyRing) -> String {
        let key = keys.token_macs().next().expect("a ring has a current key");
        let sum = mac(key, &message(case));
        encode_hex(&[&case.key().0[..], &sum].concat())
    }

    /// The case a token names; none if it was not made here.
    pub fn read(text: &str, keys: &KeyRing) -> Option<KycCaseId> {
        let bytes = decode_hex(text).filter(|bytes| bytes.len() == 16 + MAC_BYTES)?;
        let (id, given) = bytes.split_at(16);
        let case = KycCaseId(uuid::Uuid::from_slice(id).ok()?);
        keys.token_macs().any(|key| equal(&mac(key, &message(case)), given)).then_some(case)
    }
}

fn message(case: KycCaseId) -> Vec<u8> {
    [PURPOSE, &case.key().0[..]].concat()
}

/// What a person entered. No Debug: it holds numbers.
#[derive(Clone)]
pub struct Submission {
    pub name: String,
    pub birth_date: String,
    pub document_number: String,
    /// What a screening list has on the name that was entered.
    pub hit: Option<String>,
}

/// The last names that decide.
const MAGIC: [(&str, Outcome); 3] = [
    ("reject", Outcome::Rejected),
    ("review", Outcome::InReview),
    ("info", Outcome::NeedsInformation),
];

fn outcome_of(name: &str) -> Outcome {
    let last = name.split_whitespace().next_back().unwrap_or("");
    let magic = MAGIC.iter().find(|(word, _)| word.eq_ignore_ascii_case(last));
    magic.map_or(Outcome::Approved, |(_, outcome)| *outcome)
}

/// Takes an answer: seals what identifies the person, and moves the case.
pub fn submit(
    mut case: KycCase,
    before: &RampUser,
    given: Submission,
    (sealing, approval_ms): (Sealing<'_>, i64),
    fresh: &mut Fresh,
) -> Result<Result<(Outcome, Changes), SealError>, Refusal> {
    let now: Timestamp = fresh.now();
    if !case.is_link_open(before, now) {
        return Err(Refusal::KycLinkClosed);
    }
    let entered = name(&given.name)?;
    let birth_date = birth_date(&given.birth_date, now)?;
    let number = document_number(&given.document_number)
        .map_err(|_| Refusal::invalid("document_number", "must be 2 to 40 letters and digits"))?;
    let mut user = before.clone();
    let mut person = match user.open_person(sealing.keys) {
        Ok(person) => person,
        Err(error) => return Ok(Err(error)),
    };
    person.birth_date = Some(birth_date);
    person.identifications.retain(|one| one.kind != DocumentType::NationalId);
    let country = user.country;
    person.identifications.push(Identification { kind: DocumentType::NationalId, country, number });
    user.seal_person(&person, sealing);
    let mut changes = Changes::of(user.merchant_id);
    let mut outcome = outcome_of(&entered);
    if given.hit.is_some() {
        user.hold_if(given.hit, &mut changes, fresh);
        outcome = Outcome::InReview;
    }
    case.submitted_at = Some(now);
    decide_into(case, &mut user, outcome, approval_ms, (&mut changes, now))?;
    user.record_updated(before, &mut changes, Origin::default(), now);
    Ok(Ok((outcome, changes)))
}
