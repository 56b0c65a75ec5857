//! The checks of single fields: each takes what somebody typed and answers it as banks write it.
//!
//! Spaces and hyphens between groups are forgiven, everything else is not. A check that a typing
//! error passes costs somebody his money, so each has a table of known answers and a property in
//! the tests.

use super::{FieldKind, Numbers};
use crate::country::Country;

type Checked = Result<String, String>;

/// Why an IBAN is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IbanError {
    Characters,
    Country,
    Length,
    CheckDigits,
}

pub(super) fn check(kind: FieldKind, text: &str, country: Country, before: &Numbers) -> Checked {
    match kind {
        FieldKind::Iban => iban_of(text, country),
        FieldKind::Aba => aba(text),
        FieldKind::Clabe => clabe(text),
        FieldKind::SortCode => digits_of(text, (6, 6)),
        FieldKind::Bsb => digits_of(text, (6, 6)),
        FieldKind::Ifsc => ifsc(text),
        FieldKind::Bic => bic(text, country),
        FieldKind::Cbu => cbu(text),
        FieldKind::Nuban => {
            let bank = before.get("bank_code").map_or("", String::as_str);
            nuban(bank, text)
        }
        FieldKind::NigerianBank => nigerian_bank(text),
        FieldKind::Rut => rut(text),
        FieldKind::CnpjOrCpf => cnpj_or_cpf(text),
        FieldKind::PixKeyType => one_of(text, &PIX_KEY_TYPES),
        FieldKind::PixKey => {
            let kind = before.get("pix_key_type").map_or("", String::as_str);
            pix_key(kind, text)
        }
        FieldKind::AccountDigits { least, most } | FieldKind::Digits { least, most } => {
            digits_of(text, (least, most))
        }
        FieldKind::AccountText { least, most } => account_text(text, (least, most)),
        FieldKind::Mobile { prefix, least, most } => mobile(text, prefix, (least, most)),
        FieldKind::OneOf(values) => one_of(text, values),
    }
}

/// Without what people put between groups.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !" -\u{a0}".contains(*letter)).collect()
}

fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|letter| letter.to_digit(10)).collect()
}

fn digits_of(text: &str, (least, most): (usize, usize)) -> Checked {
    let text = plain(text);
    let fits = (least..=most).contains(&text.len());
    if fits && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text);
    }
    let bounds = if least == most { format!("{least}") } else { format!("{least} to {most}") };
    Err(format!("must be {bounds} digits"))
}

fn account_text(text: &str, (least, most): (usize, usize)) -> Checked {
    let text = plain(text).to_uppercase();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let looks_like_iban = text.len() >= 15
        && text.bytes().take(2).all(|byte| byte.is_ascii_uppercase())
        && text.bytes().skip(2).take(2).all(|byte| byte.is_ascii_digit());
    if looks_like_iban && iban(&text).is_err_and(|error| error != IbanError::Country) {
        return Err("looks like an IBAN, and its check digits or its length are wrong".to_owned());
    }
    match is_plain && (least..=most).contains(&text.len()) {
        true => Ok(text),
        false => Err(format!("must be {least} to {most} letters and digits")),
    }
}

fn one_of(text: &str, values: &[&'static str]) -> Checked {
    let text = text.to_lowercase();
    match values.contains(&text.as_str()) {
        true => Ok(text),
        false => Err(format!("must be one of {}", values.join(", "))),
    }
}

/// How long an IBAN of each country is.
const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BI", 27),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DJ", 27),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FK", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MN", 20),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NI", 28),
    ("NL", 18),
    ("NO", 15),
    ("OM", 23),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("RU", 33),
    ("SA", 24),
    ("SC", 31),
    ("SD", 18),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("SO", 23),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
    ("YE", 30),
];

/// Reads an IBAN of any country that has them.
pub(super) fn iban(text: &str) -> Result<String, IbanError> {
    let text = plain(text).to_uppercase();
    if text.len() < 5 || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(IbanError::Characters);
    }
    if !text.bytes().skip(2).take(2).all(|byte| byte.is_ascii_digit()) {
        return Err(IbanError::Characters);
    }
    let length = IBAN_LENGTHS.iter().find(|(country, _)| *country == &text[..2]);
    let &(_, length) = length.ok_or(IbanError::Country)?;
    if text.len() != length {
        return Err(IbanError::Length);
    }
    let turned = text[4..].chars().chain(text[..4].chars());
    let rest = turned.fold(0, |rest, letter| {
        let value = letter.to_digit(36).expect("letters and digits only");
        if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 }
    });
    // Check digits below 02 or above 98 are never made, though some pass the sum.
    let is_made = (2..=98).contains(&text[2..4].parse::<u32>().unwrap_or(0));
    if rest == 1 && is_made { Ok(text) } else { Err(IbanError::CheckDigits) }
}

fn iban_of(text: &str, country: Country) -> Checked {
    let read = iban(text).map_err(|error| match error {
        IbanError::Characters => "must be an IBAN".to_owned(),
        IbanError::Country => "names a country that has no IBAN".to_owned(),
        IbanError::Length => "is not as long as an IBAN of its country".to_owned(),
        IbanError::CheckDigits => "has wrong check digits".to_owned(),
    })?;
    match &read[..2] == country.as_str() {
        true => Ok(read),
        false => Err(format!("must be an IBAN of {}", country.as_str())),
    }
}

/// A routing number: weights 3, 7, 1.
pub(super) fn aba(text: &str) -> Checked {
    let text = digits_of(text, (9, 9))?;
    let sum = weighted(&text, &[3, 7, 1]);
    // The first two digits are a district, or those of thrift institutions and the like.
    let district = text[..2].parse::<u32>().unwrap_or(99);
    let is_district = matches!(district, 1..=12 | 21..=32 | 61..=72 | 80);
    match sum % 10 == 0 && is_district {
        true => Ok(text),
        false => Err("has a wrong checksum".to_owned()),
    }
}

fn weighted(text: &str, weights: &[u32]) -> u32 {
    let digits = digits(text).unwrap_or_default();
    digits.iter().zip(weights.iter().cycle()).map(|(digit, weight)| digit * weight).sum()
}

/// Weights 3, 7, 1, each product by its last digit.
pub(super) fn clabe(text: &str) -> Checked {
    let text = digits_of(text, (18, 18))?;
    let all = digits(&text).unwrap_or_default();
    let products = all.iter().take(17).zip([3, 7, 1].iter().cycle());
    let sum: u32 = products.map(|(digit, weight)| digit * weight % 10).sum();
    match (10 - sum % 10) % 10 == all[17] {
        true => Ok(text),
        false => Err("has a wrong check digit".to_owned()),
    }
}

/// Bank and branch with one check digit, the account with another.
pub(super) fn cbu(text: &str) -> Checked {
    let text = digits_of(text, (22, 22))?;
    let checks = |part: &str, weights: &[u32]| {
        let (body, last) = part.split_at(part.len() - 1);
        let sum = weighted(body, weights);
        digits(last) == Some(vec![(10 - sum % 10) % 10])
    };
    let is_right = checks(&text[..8], &[7, 1, 3, 9, 7, 1, 3])
        && checks(&text[8..], &[3, 9, 7, 1, 3, 9, 7, 1, 3, 9, 7, 1, 3]);
    if is_right { Ok(text) } else { Err("has a wrong check digit".to_owned()) }
}

pub(super) fn ifsc(text: &str) -> Checked {
    let text = plain(text).to_uppercase();
    let bytes = text.as_bytes();
    let is_one = bytes.len() == 11
        && bytes[..4].iter().all(u8::is_ascii_uppercase)
        && bytes[4] == b'0'
        && bytes[5..].iter().all(u8::is_ascii_alphanumeric);
    if is_one { Ok(text) } else { Err("must be an IFSC: four letters, 0, six more".to_owned()) }
}

pub(super) fn bic(text: &str, country: Country) -> Checked {
    let text = plain(text).to_uppercase();
    let bytes = text.as_bytes();
    let is_one = matches!(bytes.len(), 8 | 11)
        && bytes[..4].iter().all(u8::is_ascii_alphanumeric)
        && bytes[4..6].iter().all(u8::is_ascii_uppercase)
        && bytes[6..].iter().all(u8::is_ascii_alphanumeric);
    if !is_one {
        return Err("must be a BIC of 8 or 11 characters".to_owned());
    }
    match &text[4..6] == country.as_str() {
        true => Ok(text),
        false => Err(format!("must be a BIC of {}", country.as_str())),
    }
}

fn nigerian_bank(text: &str) -> Checked {
    let text = plain(text);
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match is_number && matches!(text.len(), 3 | 5 | 6) {
        true => Ok(text),
        false => Err("must be a bank code of 3, 5 or 6 digits".to_owned()),
    }
}

/// Ten digits; the last checks bank and serial where the bank's code has three.
pub(super) fn nuban(bank: &str, text: &str) -> Checked {
    let text = digits_of(text, (10, 10))?;
    if bank.len() != 3 {
        return Ok(text);
    }
    let sum = weighted(&format!("{bank}{}", &text[..9]), &[3, 7, 3]);
    match digits(&text[9..]) == Some(vec![(10 - sum % 10) % 10]) {
        true => Ok(text),
        false => Err("has a wrong check digit for that bank".to_owned()),
    }
}

/// Chile's number: remainder of 11, with K for ten.
pub(super) fn rut(text: &str) -> Checked {
    let text: String = plain(text).chars().filter(|letter| *letter != '.').collect();
    let text = text.to_uppercase();
    let wrong = || "must be a RUT with its check digit".to_owned();
    if !text.is_ascii() || !(8..=9).contains(&text.len()) {
        return Err(wrong());
    }
    let (body, check) = text.split_at(text.len() - 1);
    let digits = digits(body).ok_or_else(wrong)?;
    let weights = [2, 3, 4, 5, 6, 7];
    let products = digits.iter().rev().zip(weights.iter().cycle());
    let sum: u32 = products.map(|(digit, weight)| digit * weight).sum();
    let expected = match 11 - sum % 11 {
        11 => '0',
        10 => 'K',
        other => char::from_digit(other, 10).ok_or_else(wrong)?,
    };
    if check.starts_with(expected) { Ok(format!("{body}-{check}")) } else { Err(wrong()) }
}

/// The remainder of 11 both of Brazil's numbers use.
fn brazilian(digits: &[u32], first_weight: u32, lowest_again: u32) -> u32 {
    let mut weight = first_weight;
    let sum: u32 = digits
        .iter()
        .map(|digit| {
            let product = digit * weight;
            weight = if weight == 2 { lowest_again } else { weight - 1 };
            product
        })
        .sum();
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}

/// Without the marks Brazil's numbers are written with.
fn plain_brazilian(text: &str) -> String {
    plain(text).chars().filter(|letter| !"./".contains(*letter)).collect()
}

pub(super) fn cpf(text: &str) -> Checked {
    let text = plain_brazilian(text);
    let wrong = || "must be a CPF with its check digits".to_owned();
    let all = digits(&text).filter(|all| all.len() == 11).ok_or_else(wrong)?;
    let is_one_digit = all.iter().all(|digit| *digit == all[0]);
    let is_right = brazilian(&all[..9], 10, 2) == all[9] && brazilian(&all[..10], 11, 2) == all[10];
    if is_right && !is_one_digit { Ok(text) } else { Err(wrong()) }
}

pub(super) fn cnpj(text: &str) -> Checked {
    let text = plain_brazilian(text);
    let wrong = || "must be a CNPJ with its check digits".to_owned();
    let all = digits(&text).filter(|all| all.len() == 14).ok_or_else(wrong)?;
    let is_one_digit = all.iter().all(|digit| *digit == all[0]);
    let is_right = brazilian(&all[..12], 5, 9) == all[12] && brazilian(&all[..13], 6, 9) == all[13];
    if is_right && !is_one_digit { Ok(text) } else { Err(wrong()) }
}

fn cnpj_or_cpf(text: &str) -> Checked {
    match plain_brazilian(text).len() {
        11 => cpf(text),
        14 => cnpj(text),
        _ => Err("must be a CPF or a CNPJ".to_owned()),
    }
}

const PIX_KEY_TYPES: [&str; 5] = ["cpf", "cnpj", "email", "phone", "random"];
const PIX_EMAIL_MAX: usize = 77;

pub(super) fn pix_key(kind: &str, text: &str) -> Checked {
    match kind {
        "cpf" => cpf(text),
        "cnpj" => cnpj(text),
        "email" => {
            let email = crate::questions::normalize_email(text);
            let email = email.filter(|email| email.len() <= PIX_EMAIL_MAX);
            email.ok_or_else(|| "must be an e-mail address of at most 77 characters".to_owned())
        }
        "phone" => mobile(text, "55", (10, 11)),
        _ => {
            let key = uuid::Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
            let key = key.map(|key| key.to_string());
            key.ok_or_else(|| "must be a random key in the form of a UUID".to_owned())
        }
    }
}

/// A mobile number in the form `+<prefix><number>`; `00` for `+` is forgiven.
pub(super) fn mobile(text: &str, prefix: &str, (least, most): (usize, usize)) -> Checked {
    let text: String = plain(text).chars().filter(|letter| !"()".contains(*letter)).collect();
    let wrong = || format!("must be a mobile number that starts with +{prefix}");
    let international = text.strip_prefix('+').or_else(|| text.strip_prefix("00"));
    let number = international.and_then(|rest| rest.strip_prefix(prefix)).ok_or_else(wrong)?;
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    // Côte d'Ivoire's numbers keep their leading zero.
    let is_number =
        is_number || (prefix == "225" && number.bytes().all(|byte| byte.is_ascii_digit()));
    match is_number && (least..=most).contains(&number.len()) {
        true => Ok(format!("+{prefix}{number}")),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests;
