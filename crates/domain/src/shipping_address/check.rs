//! From an address as it was typed to one as its country's post writes it, or what is wrong.
//!
//! Countries whose rules are known here are checked by them: a state there is, a postcode of the
//! right form, and both of one place. Of all others only the form is looked at, and the answer says
//! so. Nothing is ever guessed: what does not fit is refused, naming its field.

use super::PostalAddress;
use super::postcodes::{self, Postcode};
use super::states::{self, Zip};
use crate::country::Country;
use crate::questions::normalize_email;
use crate::refusal::Refusal;

const NAME_MAX: usize = 100;
const STREET_MAX: usize = 200;
const CITY_MAX: usize = 100;
const STATE_MAX: usize = 100;
const POSTCODE_MAX: usize = 16;
const EMAIL_MAX: usize = 255;
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 5..=15;
const PHONE_CHARS_MAX: usize = 40;

/// How people write some countries instead of two letters.
const OTHER_NAMES: [(&str, &str); 9] = [
    ("USA", "US"),
    ("UNITED STATES", "US"),
    ("UNITED STATES OF AMERICA", "US"),
    ("CAN", "CA"),
    ("CANADA", "CA"),
    ("UK", "GB"),
    ("GBR", "GB"),
    ("GREAT BRITAIN", "GB"),
    ("UNITED KINGDOM", "GB"),
];

/// An address in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub postal: PostalAddress,
    /// Whether its country's own rules were asked; else only its form was.
    pub is_of_its_country: bool,
}

impl PostalAddress {
    pub fn checked(self) -> Result<Checked, Refusal> {
        let country = country(&self.country)?;
        let state = self.state.as_deref().map(|text| line("address.state", text, STATE_MAX));
        let state = state.transpose()?.filter(|text| !text.is_empty());
        let place = Place { country, state, zip_code: squeezed(&self.zip_code) };
        let (place, is_of_its_country) = place.checked()?;
        let postal = PostalAddress {
            first_name: needed("address.first_name", &self.first_name, NAME_MAX)?,
            last_name: needed("address.last_name", &self.last_name, NAME_MAX)?,
            street_address: needed("address.street_address", &self.street_address, STREET_MAX)?,
            address_line2: optional("address.address_line2", self.address_line2, STREET_MAX)?,
            city: titled(needed("address.city", &self.city, CITY_MAX)?),
            state: place.state,
            zip_code: place.zip_code,
            country: country.as_str().to_owned(),
            phone: self.phone.as_deref().map(phone).transpose()?.flatten(),
            email: self.email.as_deref().map(email).transpose()?.flatten(),
        };
        Ok(Checked { postal, is_of_its_country })
    }
}

/// The parts that have to fit each other.
struct Place {
    country: Country,
    state: Option<String>,
    zip_code: String,
}

impl Place {
    fn checked(self) -> Result<(Place, bool), Refusal> {
        match self.country.as_str() {
            "US" => self.in_the_us(),
            "CA" => self.in_canada(),
            _ => self.by_postcode(),
        }
    }

    fn in_the_us(self) -> Result<(Place, bool), Refusal> {
        let state = self.state_of(states::us_state, "must be a state of the US")?;
        let zip = Zip::parse(&self.zip_code).ok_or_else(|| {
            Refusal::invalid("address.zip_code", "must have 5 digits, or 9 like 12345-6789")
        })?;
        if !zip.is_in(state) {
            return Err(Refusal::invalid("address.zip_code", format!("is not in {state}")));
        }
        let zip_code = zip.to_string();
        Ok((Place { country: self.country, state: Some(state.to_owned()), zip_code }, true))
    }

    fn in_canada(self) -> Result<(Place, bool), Refusal> {
        let province = self.state_of(states::province, "must be a province of Canada")?;
        let zip_code = postcodes::canadian(&self.zip_code).ok_or_else(|| {
            Refusal::invalid("address.zip_code", "must be a postal code like K1A 0B1")
        })?;
        if !states::is_in_province(&zip_code, province) {
            return Err(Refusal::invalid("address.zip_code", format!("is not in {province}")));
        }
        Ok((Place { country: self.country, state: Some(province.to_owned()), zip_code }, true))
    }

    fn by_postcode(self) -> Result<(Place, bool), Refusal> {
        let state = self.state.map(short_upper);
        match postcodes::checked(self.country, &self.zip_code) {
            Postcode::Fits(zip_code) => Ok((Place { state, zip_code, ..self }, true)),
            Postcode::Wrong { example } => {
                let country = self.country.as_str();
                let message = format!("must be a postcode of {country} like {example}");
                Err(Refusal::invalid("address.zip_code", message))
            }
            Postcode::Unknown => {
                let zip_code = generic_postcode(&self.zip_code)?;
                Ok((Place { state, zip_code, ..self }, false))
            }
        }
    }

    fn state_of(
        &self,
        find: fn(&str) -> Option<&'static str>,
        wrong: &'static str,
    ) -> Result<&'static str, Refusal> {
        let refuse = |message| Refusal::invalid("address.state", message);
        let text = self.state.as_deref().ok_or_else(|| refuse("is required in this country"))?;
        find(text).ok_or_else(|| refuse(wrong))
    }
}

fn country(text: &str) -> Result<Country, Refusal> {
    let text = squeezed(text).to_uppercase();
    let other = OTHER_NAMES.iter().find(|(name, _)| *name == text);
    Country::parse(other.map_or(&*text, |(_, code)| code)).ok_or_else(|| {
        Refusal::invalid("address.country", "must be a country in two letters of ISO 3166-1")
    })
}

fn generic_postcode(text: &str) -> Result<String, Refusal> {
    let is_of_one = |letter: char| letter.is_ascii_alphanumeric() || letter == ' ' || letter == '-';
    if text.len() <= POSTCODE_MAX && text.chars().all(is_of_one) {
        return Ok(text.to_ascii_uppercase());
    }
    let message = "must have at most 16 letters, digits, spaces or hyphens";
    Err(Refusal::invalid("address.zip_code", message))
}

/// One line of text, its spaces in order.
fn line(param: &'static str, text: &str, chars_max: usize) -> Result<String, Refusal> {
    let is_hidden = |letter: char| letter.is_control() || is_format(letter);
    let text = text.trim();
    if text.chars().any(is_hidden) {
        return Err(Refusal::invalid(param, "must not hold control characters"));
    }
    let text = squeezed(text);
    if text.chars().count() > chars_max {
        return Err(Refusal::invalid(param, format!("must have at most {chars_max} characters")));
    }
    Ok(text)
}

/// Turns the direction of text around or is not seen at all: on a parcel's label it only misleads.
fn is_format(letter: char) -> bool {
    let unseen = ['\u{200b}'..='\u{200f}', '\u{2028}'..='\u{202e}', '\u{2060}'..='\u{2069}'];
    letter == '\u{feff}' || unseen.iter().any(|range| range.contains(&letter))
}

fn needed(param: &'static str, text: &str, chars_max: usize) -> Result<String, Refusal> {
    let text = line(param, text, chars_max)?;
    match text.is_empty() {
        true => Err(Refusal::invalid(param, "is required")),
        false => Ok(text),
    }
}

fn optional(
    param: &'static str,
    text: Option<String>,
    chars_max: usize,
) -> Result<Option<String>, Refusal> {
    let text = text.map(|text| line(param, &text, chars_max)).transpose()?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// Digits, with a plus in front if there was one.
fn phone(text: &str) -> Result<Option<String>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let refuse =
        || Refusal::invalid("address.phone", "must be a telephone number of 5 to 15 digits");
    let (plus, rest) = match text.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", text),
    };
    let is_of_one = |letter: char| letter.is_ascii_digit() || " ().-/".contains(letter);
    if text.len() > PHONE_CHARS_MAX || !rest.chars().all(is_of_one) {
        return Err(refuse());
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    match PHONE_DIGITS.contains(&digits.len()) {
        true => Ok(Some(format!("{plus}{digits}"))),
        false => Err(refuse()),
    }
}

fn email(text: &str) -> Result<Option<String>, Refusal> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let email = normalize_email(text).filter(|email| email.chars().count() <= EMAIL_MAX);
    let refuse = || Refusal::invalid("address.email", "must be an e-mail address");
    email.map(Some).ok_or_else(refuse)
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// States outside of the known countries are codes if they are short, and names else.
fn short_upper(text: String) -> String {
    if text.chars().count() <= 3 { text.to_uppercase() } else { text }
}

/// A city that was typed in one case only.
fn titled(text: String) -> String {
    let letters = || text.chars().filter(|letter| letter.is_alphabetic());
    let is_one_case = letters().all(char::is_uppercase) || letters().all(char::is_lowercase);
    if !is_one_case {
        return text;
    }
    let mut is_first = true;
    let mut titled = String::with_capacity(text.len());
    for letter in text.chars() {
        match is_first {
            true => titled.extend(letter.to_uppercase()),
            false => titled.extend(letter.to_lowercase()),
        }
        is_first = !letter.is_alphanumeric() && letter != '\'' && letter != '\u{2019}';
    }
    titled
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
