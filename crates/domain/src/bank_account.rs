//! A ramp user's account at a bank or with an operator of mobile money: where payouts go.
//!
//! What it must say, and how each field is checked, is its corridor's. The numbers are sealed where
//! they are kept; the last characters of the main one are all anybody reads again.
//!
//! Invariant: what is kept passed every check of its corridor, in the form banks write it.

mod checks;

pub use checks::IbanError;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::changes::Changes;
use crate::corridor::{Corridor, NameCharset, PayoutMethod};
use crate::country::Country;
use crate::currency::Currency;
use crate::environment::Environment;
use crate::event::{EventType, NewEntry, Origin, created_data, erased_data, updated_data};
use crate::ids::{BankAccountId, Fresh, MerchantId, RampUserId, RowKey, Version};
use crate::provider::References;
use crate::ramp_user::{RampUser, Screening, Sealing};
use crate::refusal::Refusal;
use crate::screening_review::{ReviewSubject, ScreeningReview};
use crate::sealed::{Purpose, Sealed};
use crate::secret::{KeyRing, SealError};
use crate::time::Timestamp;

/// How many accounts a user can have that are not deleted.
pub const ACCOUNTS_MAX: i64 = 50;
const NAME_MAX: usize = 140;
const LAST_CHARACTERS: usize = 4;

/// One field of an account.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FieldSpec {
    pub name: &'static str,
    /// As errors name it: `account.iban`.
    pub param: &'static str,
    pub kind: FieldKind,
}

macro_rules! field {
    ($name:literal, $kind:expr) => {
        FieldSpec { name: $name, param: concat!("account.", $name), kind: $kind }
    };
}
pub(crate) use field;

/// How a field is checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldKind {
    /// ISO 13616, of the corridor's country: its length and the remainder of 97.
    Iban,
    /// Nine digits with their checksum.
    Aba,
    /// Eighteen digits with a check digit.
    Clabe,
    SortCode,
    Bsb,
    Ifsc,
    Bic,
    /// Twenty-two digits with two check digits.
    Cbu,
    /// Ten digits, with a check digit for banks of three digits.
    Nuban,
    /// Three digits, or six of a bank that has no check digit.
    NigerianBank,
    /// A number with its check digit, `12345678-5`.
    Rut,
    CnpjOrCpf,
    PixKeyType,
    PixKey,
    /// The number of an account.
    AccountDigits {
        least: usize,
        most: usize,
    },
    /// The number of an account, letters and digits.
    AccountText {
        least: usize,
        most: usize,
    },
    Digits {
        least: usize,
        most: usize,
    },
    /// A mobile number of the country with this prefix.
    Mobile {
        prefix: &'static str,
        least: usize,
        most: usize,
    },
    OneOf(&'static [&'static str]),
}

impl FieldKind {
    pub fn as_str(self) -> &'static str {
        match self {
            FieldKind::Iban => "iban",
            FieldKind::Aba => "aba_routing_number",
            FieldKind::Clabe => "clabe",
            FieldKind::SortCode => "sort_code",
            FieldKind::Bsb => "bsb",
            FieldKind::Ifsc => "ifsc",
            FieldKind::Bic => "bic",
            FieldKind::Cbu => "cbu",
            FieldKind::Nuban => "nuban",
            FieldKind::NigerianBank => "nigerian_bank_code",
            FieldKind::Rut => "rut",
            FieldKind::CnpjOrCpf => "cpf_or_cnpj",
            FieldKind::PixKeyType => "pix_key_type",
            FieldKind::PixKey => "pix_key",
            FieldKind::AccountDigits { .. } => "account_digits",
            FieldKind::AccountText { .. } => "account_text",
            FieldKind::Digits { .. } => "digits",
            FieldKind::Mobile { .. } => "mobile_number",
            FieldKind::OneOf(_) => "one_of",
        }
    }

    /// Whether this is the number money goes to, of which the last characters are shown.
    fn is_number(self) -> bool {
        match self {
            FieldKind::Iban
            | FieldKind::Clabe
            | FieldKind::Cbu
            | FieldKind::Nuban
            | FieldKind::PixKey
            | FieldKind::AccountDigits { .. }
            | FieldKind::AccountText { .. }
            | FieldKind::Mobile { .. } => true,
            FieldKind::Aba
            | FieldKind::SortCode
            | FieldKind::Bsb
            | FieldKind::Ifsc
            | FieldKind::Bic
            | FieldKind::NigerianBank
            | FieldKind::Rut
            | FieldKind::CnpjOrCpf
            | FieldKind::PixKeyType
            | FieldKind::Digits { .. }
            | FieldKind::OneOf(_) => false,
        }
    }
}

/// An account's fields, by name, as banks write them.
pub type Numbers = BTreeMap<String, String>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BankAccountStatus {
    Active,
    /// A human looks at it; nothing is paid out to it meanwhile.
    InReview,
    /// A human refused it.
    Blocked,
    Deleted,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankAccount {
    pub id: BankAccountId,
    pub user_id: RampUserId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub country: Country,
    pub currency: Currency,
    pub method: PayoutMethod,
    pub holder_name: String,
    pub last4: String,
    /// None once the person was erased.
    pub numbers: Option<Sealed>,
    pub screening: Screening,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
    /// What providers call it.
    pub references: References,
    #[serde(skip)]
    pub version: Version,
}

/// What a merchant says of a new account. No Debug: it holds numbers.
#[derive(Clone)]
pub struct BankAccountAsk {
    pub country: Country,
    pub currency: Currency,
    pub method: PayoutMethod,
    pub holder_name: String,
    pub fields: Numbers,
}

impl BankAccount {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn status(&self) -> BankAccountStatus {
        match (self.deleted_at, self.screening) {
            (Some(_), _) => BankAccountStatus::Deleted,
            (None, Screening::Clear) => BankAccountStatus::Active,
            (None, Screening::InReview(_)) => BankAccountStatus::InReview,
            (None, Screening::Refused) => BankAccountStatus::Blocked,
        }
    }

    /// A new account of a user; nothing is written yet.
    pub fn create(
        user: &RampUser,
        ask: BankAccountAsk,
        sealing: Sealing<'_>,
        fresh: &mut Fresh,
    ) -> Result<BankAccount, Refusal> {
        if user.is_closed() {
            return Err(Refusal::UserClosed);
        }
        if user.bank_account_count >= ACCOUNTS_MAX {
            return Err(Refusal::TooManyBankAccounts);
        }
        let corridor = corridor_of(&ask)?;
        let holder_name = holder_name(&ask.holder_name, corridor.method)?;
        let numbers = check_fields(corridor, &ask.fields)?;
        let id = BankAccountId::fresh(fresh);
        let now = fresh.now();
        Ok(BankAccount {
            id,
            user_id: user.id,
            merchant_id: user.merchant_id,
            environment: user.environment,
            country: ask.country,
            currency: ask.currency,
            method: ask.method,
            holder_name,
            last4: last_of(corridor, &numbers),
            numbers: Some(Sealed::of(&numbers, purpose(id), sealing.keys, sealing.entropy)),
            screening: Screening::Clear,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            references: References::default(),
            version: 0,
        })
    }

    /// The change that adds this account, with the review if a list has its holder.
    ///
    /// The user's row counts his accounts, so that two at once cannot both be the last.
    pub fn enroll(
        mut self,
        user: &RampUser,
        hit: Option<String>,
        origin: Origin,
        fresh: &mut Fresh,
    ) -> (BankAccount, Changes) {
        let now = fresh.now();
        let mut changes = Changes::of(self.merchant_id);
        if let Some(matched) = hit {
            let whose = (self.merchant_id, self.environment);
            let subject = ReviewSubject::BankAccount(self.id);
            let review = ScreeningReview::open(whose, subject, Some(user.id), matched, fresh);
            self.screening = Screening::InReview(review.id);
            changes.insert(review);
        }
        let count = user.bank_account_count + 1;
        changes.update(RampUser { bank_account_count: count, ..user.clone() });
        let data = created_data(&self.view());
        changes.tell(self.entry(EventType::RampBankAccountCreated, data, origin, now));
        changes.insert(self.clone());
        (self, changes)
    }

    /// Takes the account away; payouts under way to it go on.
    pub fn delete(
        &self,
        user: &RampUser,
        origin: Origin,
        now: Timestamp,
    ) -> (BankAccount, Changes) {
        let mut changes = Changes::of(self.merchant_id);
        if self.deleted_at.is_some() {
            return (self.clone(), changes);
        }
        let after = BankAccount { deleted_at: Some(now), ..self.clone() };
        let count = (user.bank_account_count - 1).max(0);
        changes.update(RampUser { bank_account_count: count, ..user.clone() });
        after.clone().record_updated(self, &mut changes, origin, now);
        (after, changes)
    }

    /// Forgets the numbers and whose they are. The event does not tell what they were.
    pub fn erase(&self, changes: &mut Changes, now: Timestamp) {
        let mut after = BankAccount {
            holder_name: crate::ramp_user::ERASED_NAME.to_owned(),
            last4: String::new(),
            numbers: None,
            references: References::default(),
            deleted_at: self.deleted_at.or(Some(now)),
            ..self.clone()
        };
        after.updated_at = now;
        let (kind, data) = (EventType::RampBankAccountUpdated, erased_data(&after.view()));
        changes.tell(after.entry(kind, data, Origin::default(), now));
        changes.update(after);
    }

    /// Writes this account in place of `before`, with an event.
    pub fn record_updated(
        mut self,
        before: &BankAccount,
        changes: &mut Changes,
        origin: Origin,
        now: Timestamp,
    ) {
        self.updated_at = now;
        let data = updated_data(&before.view(), &self.view());
        changes.tell(self.entry(EventType::RampBankAccountUpdated, data, origin, now));
        changes.update(self);
    }

    /// The numbers as they are sent to whoever pays out; none once they are erased.
    pub fn open_numbers(&self, keys: &KeyRing) -> Result<Option<Numbers>, SealError> {
        let opened = |sealed: &Sealed| sealed.open::<Numbers>(purpose(self.id), keys);
        self.numbers.as_ref().map(opened).transpose()
    }

    pub fn corridor(&self) -> Option<&'static Corridor> {
        Corridor::find(self.country, self.currency, self.method)
    }

    fn entry(&self, kind: EventType, data: String, origin: Origin, now: Timestamp) -> NewEntry {
        let whose = (self.merchant_id, self.environment);
        NewEntry::about(self.key(), whose, (kind, data), origin, now)
    }

    pub fn view(&self) -> BankAccountView {
        BankAccountView {
            object: "bank_account",
            id: self.id,
            user_id: self.user_id,
            environment: self.environment,
            status: self.status(),
            country: self.country,
            currency: self.currency,
            method: self.method,
            holder_name: self.holder_name.clone(),
            last4: self.last4.clone(),
            created_at: self.created_at.seconds(),
            updated_at: self.updated_at.seconds(),
        }
    }
}

fn purpose(id: BankAccountId) -> Purpose {
    Purpose { name: "bank_account.numbers", row: id.key() }
}

fn corridor_of(ask: &BankAccountAsk) -> Result<&'static Corridor, Refusal> {
    let rows = || crate::corridor::all().iter().filter(|row| row.country == ask.country);
    let found = Corridor::find(ask.country, ask.currency, ask.method);
    found.ok_or_else(|| match () {
        () if rows().next().is_none() => Refusal::invalid("country", "has no corridor"),
        () if !rows().any(|row| row.currency == ask.currency) => {
            Refusal::invalid("currency", "is not sent to that country")
        }
        () => Refusal::invalid("method", "does not exist for that country and currency"),
    })
}

/// A name as the rail carries it: too long or of other letters is refused, never cut.
fn holder_name(text: &str, method: PayoutMethod) -> Result<String, Refusal> {
    const PARAM: &str = "holder_name";
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = words.join(" ");
    let rule = method.name_rule();
    let length_max = rule.length_max.min(NAME_MAX);
    let length = name.chars().count();
    if length == 0 || length > length_max {
        let message = format!("must be 1 to {length_max} characters for {}", method.as_str());
        return Err(Refusal::invalid(PARAM, message));
    }
    let is_mark = |letter: char| " /-?:().,'+&".contains(letter);
    let is_carried = |letter: char| match rule.charset {
        NameCharset::BasicLatin => letter.is_ascii_alphanumeric() || is_mark(letter),
        NameCharset::Latin => {
            let is_latin = letter.is_alphabetic() && (letter as u32) < 0x250;
            letter.is_ascii_alphanumeric() || is_mark(letter) || is_latin
        }
        NameCharset::Any => letter.is_alphanumeric() || is_mark(letter),
    };
    if !name.chars().all(is_carried) || !name.chars().any(char::is_alphabetic) {
        let message = format!("holds characters that {} does not carry", method.as_str());
        return Err(Refusal::invalid(PARAM, message));
    }
    Ok(name)
}

fn check_fields(corridor: &Corridor, given: &Numbers) -> Result<Numbers, Refusal> {
    let mut checked = Numbers::new();
    for field in corridor.fields {
        let text = given.get(field.name).map_or("", |text| text.trim());
        if text.is_empty() {
            return Err(Refusal::invalid(field.param, "is required"));
        }
        let fine = checks::check(field.kind, text, corridor.country, &checked);
        let value = fine.map_err(|message| Refusal::invalid(field.param, message))?;
        checked.insert(field.name.to_owned(), value);
    }
    Ok(checked)
}

/// The last characters of the number money goes to, and never more than half of it.
fn last_of(corridor: &Corridor, numbers: &Numbers) -> String {
    let main = corridor.fields.iter().rev().find(|field| field.kind.is_number());
    let number = main.and_then(|field| numbers.get(field.name)).map_or("", String::as_str);
    let letters: Vec<char> = number.chars().collect();
    let shown = LAST_CHARACTERS.min(letters.len() / 2);
    letters[letters.len() - shown..].iter().collect()
}

/// Where payouts of a user go.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
#[schema(as = BankAccount)]
pub struct BankAccountView {
    /// Always `bank_account`.
    pub object: &'static str,
    pub id: BankAccountId,
    pub user_id: RampUserId,
    pub environment: Environment,
    pub status: BankAccountStatus,
    pub country: Country,
    pub currency: Currency,
    pub method: PayoutMethod,
    pub holder_name: String,
    /// The last characters of the number; the rest is never answered again.
    pub last4: String,
    pub created_at: i64,
    pub updated_at: i64,
}

#[cfg(test)]
mod tests;
