//! What is asked for: a new user, or a change of one; every bound of it.

use super::{Identification, Person, PostalAddress, RampUser, Screening, Sealing, UserType};
use crate::country::Country;
use crate::environment::Environment;
use crate::ids::{Fresh, MerchantId, RampUserId};
use crate::kyc::Standing;
use crate::provider::References;
use crate::questions::normalize_email;
use crate::refusal::Refusal;
use crate::secret::SealError;
use crate::time::{DAY_MS, Timestamp};

pub const NAME_MAX: usize = 140;
const EXTERNAL_ID_MAX: usize = 255;
const IDENTIFICATIONS_MAX: usize = 5;
const NUMBER_MIN: usize = 2;
const NUMBER_MAX: usize = 40;
const AGE_YEARS_MAX: i64 = 130;

/// What a merchant says of a new user. Debug shows no number and no birth date.
#[derive(Clone)]
pub struct RampUserAsk {
    pub kind: UserType,
    pub is_self: bool,
    pub name: String,
    pub email: Option<String>,
    pub country: Country,
    pub address: Option<PostalAddress>,
    pub birth_date: Option<String>,
    pub identifications: Vec<Identification>,
    pub external_id: Option<String>,
}

/// What may be changed later; none: as it is.
#[derive(Clone, Default)]
pub struct RampUserPatch {
    pub name: Option<String>,
    pub email: Option<Option<String>>,
    pub country: Option<Country>,
    pub address: Option<Option<PostalAddress>>,
    pub birth_date: Option<String>,
    pub identifications: Option<Vec<Identification>>,
}

impl RampUser {
    /// A new user; nothing is written yet.
    pub fn create(
        (merchant_id, environment): (MerchantId, Environment),
        ask: RampUserAsk,
        sealing: Sealing<'_>,
        fresh: &mut Fresh,
    ) -> Result<RampUser, Refusal> {
        let now = fresh.now();
        if ask.is_self && ask.kind != UserType::Business {
            return Err(Refusal::invalid("self", "is for the type business only"));
        }
        let person = Person {
            birth_date: ask.birth_date.map(|text| birth_date(&text, now)).transpose()?,
            identifications: identifications(ask.identifications)?,
        };
        let mut user = RampUser {
            id: RampUserId::fresh(fresh),
            merchant_id,
            environment,
            kind: ask.kind,
            is_self: ask.is_self,
            name: name(&ask.name)?,
            email: ask.email.as_deref().map(email).transpose()?,
            country: ask.country,
            address: ask.address.map(address).transpose()?,
            external_id: ask.external_id.map(external_id).transpose()?,
            person: None,
            has_birth_date: false,
            identification_count: 0,
            screening: Screening::Clear,
            kyc: Standing::default(),
            sessions_from: Timestamp(0),
            bank_account_count: 0,
            references: References::default(),
            closed_at: None,
            erased_at: None,
            created_at: now,
            updated_at: now,
            version: 0,
        };
        if person != Person::default() {
            user.seal_person(&person, sealing);
        }
        Ok(user)
    }

    /// Changes what is given. What is sealed is opened for it and sealed anew.
    pub fn change(
        mut self,
        patch: RampUserPatch,
        sealing: Sealing<'_>,
        now: Timestamp,
    ) -> Result<Result<RampUser, SealError>, Refusal> {
        if self.is_closed() {
            return Err(Refusal::UserClosed);
        }
        if let Some(text) = patch.name {
            self.name = name(&text)?;
        }
        if let Some(text) = patch.email {
            self.email = text.as_deref().map(email).transpose()?;
        }
        self.country = patch.country.unwrap_or(self.country);
        if let Some(given) = patch.address {
            self.address = given.map(address).transpose()?;
        }
        let birth_date = patch.birth_date.map(|text| birth_date(&text, now)).transpose()?;
        let given = patch.identifications.map(identifications).transpose()?;
        if birth_date.is_none() && given.is_none() {
            return Ok(Ok(self));
        }
        let mut person = match self.open_person(sealing.keys) {
            Ok(person) => person,
            Err(error) => return Ok(Err(error)),
        };
        person.birth_date = birth_date.or(person.birth_date);
        person.identifications = given.unwrap_or(person.identifications);
        self.seal_person(&person, sealing);
        Ok(Ok(self))
    }
}

/// A name of somebody: one to 140 characters, none of them a control.
pub fn name(text: &str) -> Result<String, Refusal> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if text.is_empty() || text.chars().count() > NAME_MAX {
        return Err(Refusal::invalid("name", format!("must be 1 to {NAME_MAX} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Refusal::invalid("name", "must not hold control characters"));
    }
    Ok(text)
}

/// A day of the past, of somebody who may be alive: `YYYY-MM-DD`.
pub fn birth_date(text: &str, now: Timestamp) -> Result<String, Refusal> {
    let refuse = || Refusal::invalid("birth_date", "must be a day of the past as YYYY-MM-DD");
    let text = text.trim();
    let at = Timestamp::parse(&format!("{text}T00:00:00Z")).ok_or_else(refuse)?;
    let oldest = now.plus_ms(-AGE_YEARS_MAX * 366 * DAY_MS);
    if text.len() != 10 || at > now || at < oldest {
        return Err(refuse());
    }
    Ok(text.to_owned())
}

pub(crate) fn identifications(given: Vec<Identification>) -> Result<Vec<Identification>, Refusal> {
    if given.len() > IDENTIFICATIONS_MAX {
        let message = format!("must be at most {IDENTIFICATIONS_MAX}");
        return Err(Refusal::invalid("identifications", message));
    }
    given
        .into_iter()
        .map(|one| {
            let number = document_number(&one.number)?;
            Ok(Identification { number, ..one })
        })
        .collect()
}

/// The number of a document: letters, digits and the marks that stand between them.
pub fn document_number(text: &str) -> Result<String, Refusal> {
    let text = text.trim().to_uppercase();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " -./".contains(c);
    let fits = (NUMBER_MIN..=NUMBER_MAX).contains(&text.len());
    if !fits || !text.chars().all(is_plain) {
        let message = format!("must be {NUMBER_MIN} to {NUMBER_MAX} letters and digits");
        return Err(Refusal::invalid("identifications.number", message));
    }
    Ok(text)
}

fn email(text: &str) -> Result<String, Refusal> {
    normalize_email(text).ok_or_else(|| Refusal::invalid("email", "must be an e-mail address"))
}

fn external_id(text: String) -> Result<String, Refusal> {
    let is_plain = !text.is_empty() && !text.chars().any(char::is_control);
    if !is_plain || text.chars().count() > EXTERNAL_ID_MAX {
        let message = format!("must be 1 to {EXTERNAL_ID_MAX} printable characters");
        return Err(Refusal::invalid("external_id", message));
    }
    Ok(text)
}

fn address(given: PostalAddress) -> Result<PostalAddress, Refusal> {
    let part = |param: &'static str, text: String, max: usize| {
        let text = text.trim().to_owned();
        let fits = !text.is_empty() && text.chars().count() <= max;
        if !fits || text.chars().any(char::is_control) {
            return Err(Refusal::invalid(param, format!("must be 1 to {max} characters")));
        }
        Ok(text)
    };
    let maybe = |param: &'static str, text: Option<String>, max: usize| {
        text.filter(|text| !text.trim().is_empty()).map(|text| part(param, text, max)).transpose()
    };
    Ok(PostalAddress {
        line1: part("address.line1", given.line1, 140)?,
        line2: maybe("address.line2", given.line2, 140)?,
        city: part("address.city", given.city, 70)?,
        subdivision: maybe("address.subdivision", given.subdivision, 70)?,
        postal_code: maybe("address.postal_code", given.postal_code, 20)?,
    })
}
